namespace Credentialing.Core.DailyRun;

/// <summary>The result of processing one LEA.</summary>
/// <param name="Sent">Whether the mail service accepted a reminder.</param>
/// <param name="Posted">Whether MyTOMS accepted an announcement.</param>
/// <param name="Removed">Whether MyTOMS permanently removed an announcement.</param>
/// <param name="WithoutRecipient">Whether a reminder is due but no recipient has an address.</param>
/// <param name="RetryAt">When to retry what is not done yet; null if there is no need to.</param>
/// <param name="Failures">The failures and their exceptions.</param>
/// <param name="DaysRemaining">Calendar days until expiry; null if there are no credentials, or the LEA could not be processed.</param>
internal sealed record LeaResult(
    bool Sent, bool Posted, bool Removed, bool WithoutRecipient, DateTimeOffset? RetryAt, IReadOnlyList<(string What, Exception? Why)> Failures, int? DaysRemaining = null)
{
    /// <summary>Whether there was nothing to do.</summary>
    internal bool IsEmpty => this is { Sent: false, Posted: false, Removed: false, WithoutRecipient: false, RetryAt: null, Failures.Count: 0 };

    internal static LeaResult Failed(string what, Exception? why) => new(false, false, false, false, null, [(what, why)]);

    /// <summary>Combines this result with that of a retry: what either has done is done; the rest is taken from the retry.</summary>
    internal LeaResult CombineWith(LeaResult later) =>
        later with { Sent = Sent || later.Sent, Posted = Posted || later.Posted, Removed = Removed || later.Removed };
}
