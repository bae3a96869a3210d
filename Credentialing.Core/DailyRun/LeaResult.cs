namespace Credentialing.Core.DailyRun;

/// <summary>What came of looking at one LEA.</summary>
/// <param name="Sent">Whether the mail service took a reminder.</param>
/// <param name="Posted">Whether MyTOMS took an announcement.</param>
/// <param name="Removed">Whether MyTOMS removed an announcement for good.</param>
/// <param name="WithoutRecipient">Whether a reminder is due that nobody could get.</param>
/// <param name="RetryAt">When to look again for what could not be done yet; null if there is no need to.</param>
/// <param name="Failures">What could not be done, and why.</param>
/// <param name="DaysRemaining">Calendar days until its credentials end; null if it has none, or could not be looked at.</param>
internal sealed record LeaResult(
    bool Sent, bool Posted, bool Removed, bool WithoutRecipient, DateTimeOffset? RetryAt, IReadOnlyList<(string What, Exception? Why)> Failures, int? DaysRemaining = null)
{
    /// <summary>Whether there was nothing to do.</summary>
    internal bool IsEmpty => this is { Sent: false, Posted: false, Removed: false, WithoutRecipient: false, RetryAt: null, Failures.Count: 0 };

    internal static LeaResult Failed(string what, Exception? why) => new(false, false, false, false, null, [(what, why)]);

    /// <summary>This and a later visit together: what was done is done, and what is left is what the later one left.</summary>
    internal LeaResult CombineWith(LeaResult later) =>
        later with { Sent = Sent || later.Sent, Posted = Posted || later.Posted, Removed = Removed || later.Removed };
}
