namespace Credentialing.Core.Mail;

/// <summary>What became of an email that was offered to a mail service.</summary>
public abstract record EmailOutcome
{
    private EmailOutcome()
    {
    }

    /// <summary>The service took it, and will deliver it to all but some.</summary>
    /// <param name="Rejected">The addresses that it would not take.</param>
    public sealed record Accepted(IReadOnlyList<string> Rejected) : EmailOutcome;

    /// <summary>The service would take none of the addresses; nothing was sent.</summary>
    public sealed record Refused : EmailOutcome;

    /// <summary>The service has had enough for now; nothing was sent.</summary>
    /// <param name="RetryAfter">How long it asks to be left alone.</param>
    public sealed record Throttled(TimeSpan RetryAfter) : EmailOutcome;
}
