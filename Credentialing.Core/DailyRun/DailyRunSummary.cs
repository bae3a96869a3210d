using System.Globalization;
using Credentialing.Core.Telemetry;

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

    /// <summary>The number of notices of changes that the mail service accepted, because they could not be sent at once.</summary>
    public int Notices { get; init; }

    /// <summary>The LEAs to whose coordinators an email was sent or refused, or had no recipient. To enumerate after the run.</summary>
    public IEnumerable<LeaId> Emailed { get; init; } = [];

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

    internal static DailyRunFailure Of(string where, string what, Exception? why) => new(where, why is null ? what : $"{what} ({FailureReason.Of(why)})");
}

/// <summary>A daily run completed with failures.</summary>
/// <param name="summary">The results of the run.</param>
public sealed class DailyRunFailedException(DailyRunSummary summary)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"{summary.Failures.Count} failures: {summary.FailuresInWords}"))
{
    /// <summary>The results of the run.</summary>
    public DailyRunSummary Summary { get; } = summary;
}
