using System.Globalization;
using Azure;

namespace Credentialing.Core.Telemetry;

/// <summary>Describes why a call of an Azure service failed, for one line of the log.</summary>
public static class FailureReason
{
    /// <summary>
    /// Returns the cause in a few words, such as <c>HTTP 403</c>. Not the message: those of the Azure clients have several lines, and
    /// after retries, the exception contains that of each attempt.
    /// </summary>
    public static string Of(Exception failure) => failure switch
    {
        AggregateException { InnerExceptions: [.., var last] } => Of(last),
        RequestFailedException { Status: 0 } => "no response",
        RequestFailedException { Status: var status, ErrorCode: var code } => string.Create(CultureInfo.InvariantCulture, $"HTTP {status} {code}").TrimEnd(),
        TimeoutException or OperationCanceledException => "timeout",
        _ => failure.GetType().Name,
    };
}
