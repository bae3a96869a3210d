using System.Globalization;
using Azure;
using Credentialing.Core.Mail;
using Credentialing.Core.Storage;

namespace Credentialing.Core.DailyRun;

/// <summary>The results of a daily run.</summary>
/// <param name="Leas">The number of LEAs processed.</param>
/// <param name="Sent">The number of reminders that the mail service accepted.</param>
/// <param name="Posted">The number of announcements posted to MyTOMS.</param>
/// <param name="Removed">The number of announcements removed from MyTOMS.</param>
/// <param name="Skipped">The number of LEAs for which there was nothing to do.</param>
/// <param name="WithoutRecipient">The number of LEAs with a due reminder but no recipient with an email address.</param>
/// <param name="Rejected">The number of addresses that the mail service has rejected permanently. Only a person can correct them.</param>
/// <param name="Failures">The failures, which a retry may resolve.</param>
/// <param name="Elapsed">The duration of the run.</param>
public sealed record DailyRunSummary(
    int Leas, int Sent, int Posted, int Removed, int Skipped, int WithoutRecipient, int Rejected, IReadOnlyList<DailyRunFailure> Failures, TimeSpan Elapsed)
{
    private const int Named = 20;

    /// <summary>The first 20 failures, in one line.</summary>
    internal string FailuresInWords => string.Join(" ", Failures.Take(Named))
        + (Failures.Count > Named ? string.Create(CultureInfo.InvariantCulture, $" And {Failures.Count - Named} more.") : "");
}

/// <summary>One failure of a daily run.</summary>
/// <param name="Where">The CDS code of the LEA, or the name of the table.</param>
/// <param name="What">A description without personal data.</param>
public sealed record DailyRunFailure(string Where, string What)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Where}: {What}";

    internal static DailyRunFailure Of(string where, string what, Exception? why) => new(where, why is null ? what : $"{what} ({Describe(why)})");

    /// <summary>
    /// Describes an exception without personal data: its type and status, and the message only of this project's own exceptions. The
    /// messages of others may contain a row key or an address.
    /// </summary>
    private static string Describe(Exception exception)
    {
        var type = exception.GetType().Name;
        var description = exception switch
        {
            UnreadableRowException or MailServiceException => $"{type}: {exception.Message}",
            RequestFailedException failed => string.Create(CultureInfo.InvariantCulture, $"{type} {failed.Status} {failed.ErrorCode}").TrimEnd(),
            HttpRequestException { StatusCode: { } status } => string.Create(CultureInfo.InvariantCulture, $"{type} {(int)status}"),
            _ => type,
        };
        return exception.InnerException is { } inner ? $"{description}, {Describe(inner)}" : description;
    }
}

/// <summary>A daily run completed with failures.</summary>
/// <param name="summary">The results of the run.</param>
public sealed class DailyRunFailedException(DailyRunSummary summary)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"{summary.Failures.Count} failures: {summary.FailuresInWords}"))
{
    /// <summary>The results of the run.</summary>
    public DailyRunSummary Summary { get; } = summary;
}
