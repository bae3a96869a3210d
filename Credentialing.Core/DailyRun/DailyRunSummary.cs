using System.Globalization;

namespace Credentialing.Core.DailyRun;

/// <summary>What a daily run has done.</summary>
/// <param name="Leas">How many LEAs it came to.</param>
/// <param name="Sent">How many reminders the mail service took.</param>
/// <param name="Posted">How many announcements MyTOMS took.</param>
/// <param name="Removed">How many announcements MyTOMS removed.</param>
/// <param name="Skipped">For how many LEAs there was nothing to do.</param>
/// <param name="WithoutRecipient">For how many LEAs a reminder was due, and nobody has an email address.</param>
/// <param name="Failures">What could not be done.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record DailyRunSummary(
    int Leas, int Sent, int Posted, int Removed, int Skipped, int WithoutRecipient, IReadOnlyList<DailyRunFailure> Failures, TimeSpan Elapsed)
{
    private const int Named = 20;

    /// <summary>The first twenty failures, in a line.</summary>
    internal string FailuresInWords => string.Join(" ", Failures.Take(Named))
        + (Failures.Count > Named ? string.Create(CultureInfo.InvariantCulture, $" And {Failures.Count - Named} more.") : "");
}

/// <summary>Something that a daily run could not do.</summary>
/// <param name="Where">The CDS code of the LEA, or the name of the table.</param>
/// <param name="What">What it was, in a sentence without personal data.</param>
public sealed record DailyRunFailure(string Where, string What)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Where}: {What}";

    /// <summary>Of an exception, only its type is told: its message may name a person.</summary>
    internal static DailyRunFailure Of(string where, string what, Exception? why) => new(where, why is null ? what : $"{what} ({why.GetType().Name})");
}

/// <summary>A daily run has done all that it could, and there was something that it could not do.</summary>
/// <param name="summary">What it has done.</param>
public sealed class DailyRunFailedException(DailyRunSummary summary)
    : Exception(string.Create(CultureInfo.InvariantCulture, $"{summary.Failures.Count} failures: {summary.FailuresInWords}"))
{
    /// <summary>What it has done.</summary>
    public DailyRunSummary Summary { get; } = summary;
}
