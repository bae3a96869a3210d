using System.Globalization;
using Azure;

namespace Credentialing.Core.Telemetry;

/// <summary>Describes a failure for one line of a log, without personal data.</summary>
public static class FailureReason
{
    /// <summary>
    /// Returns the cause in a few words, such as <c>HTTP 403</c> or <c>TimeoutException</c>. The message only of this project's own
    /// exceptions: the messages of others may contain a row key or an address, and those of the Azure clients have several lines.
    /// </summary>
    public static string Of(Exception failure) => failure switch
    {
        AggregateException { InnerExceptions: [.., var last] } => Of(last), // the clients throw it with the failure of each attempt
        RequestFailedException { Status: 0 } => "no response",
        RequestFailedException { Status: var status, ErrorCode: var code } => string.Create(CultureInfo.InvariantCulture, $"HTTP {status} {code}").TrimEnd(),
        HttpRequestException { StatusCode: { } status } => string.Create(CultureInfo.InvariantCulture, $"HTTP {(int)status}"),
        _ when failure.GetType().Assembly == typeof(FailureReason).Assembly => failure.Message.TrimEnd('.'),
        _ when failure.InnerException is { } inner => $"{failure.GetType().Name}: {Of(inner)}",
        _ => failure.GetType().Name,
    };
}
