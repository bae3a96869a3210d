namespace Credentialing.Core.DailyRun;

/// <summary>The result of processing one LEA, or of one part of it. By default, nothing was to do.</summary>
internal sealed record LeaResult
{
    /// <summary>Whether the mail service accepted a reminder.</summary>
    internal bool Sent { get; init; }

    /// <summary>The number of notices of changes that the mail service accepted.</summary>
    internal int Notices { get; init; }

    /// <summary>Whether MyTOMS accepted an announcement.</summary>
    internal bool Posted { get; init; }

    /// <summary>Whether MyTOMS permanently removed an announcement.</summary>
    internal bool Removed { get; init; }

    /// <summary>Whether a reminder is due but no recipient has an address.</summary>
    internal bool WithoutRecipient { get; init; }

    /// <summary>The number of addresses that the mail service has rejected permanently.</summary>
    internal int Rejected { get; init; }

    /// <summary>When to retry what is not done yet; null if there is no need to.</summary>
    internal DateTimeOffset? RetryAt { get; init; }

    /// <summary>The failures and their exceptions.</summary>
    internal IReadOnlyList<(string What, Exception? Why)> Failures { get; init; } = [];

    /// <summary>Calendar days until expiry; null if there are no credentials, or the LEA could not be processed.</summary>
    internal int? DaysRemaining { get; init; }

    internal static LeaResult Failed(string what, Exception? why) => new() { Failures = [(what, why)] };

    /// <summary>Combines this result with that of another part.</summary>
    internal LeaResult And(LeaResult other) => other with
    {
        Sent = Sent || other.Sent,
        Notices = Notices + other.Notices,
        Posted = Posted || other.Posted,
        Removed = Removed || other.Removed,
        Rejected = Math.Max(Rejected, other.Rejected),
        RetryAt = new[] { RetryAt, other.RetryAt }.Min(),
        Failures = [.. Failures, .. other.Failures],
    };
}
