namespace Credentialing.Core.Mail;

/// <summary>The response of a mail service to an email.</summary>
public abstract record EmailOutcome
{
    private EmailOutcome()
    {
    }

    /// <summary>The service accepted the email for at least one recipient.</summary>
    /// <param name="Rejected">The addresses that it rejected permanently.</param>
    /// <param name="Deferred">The addresses that it rejected for now. Send the email again later, to these only.</param>
    public sealed record Accepted(IReadOnlyList<string> Rejected, IReadOnlyList<string> Deferred) : EmailOutcome;

    /// <summary>The service rejected all addresses permanently. Nothing was sent.</summary>
    public sealed record Refused : EmailOutcome;

    /// <summary>The service throttles or is unavailable. Nothing was sent.</summary>
    /// <param name="RetryAfter">How long to wait before the next request.</param>
    public sealed record Throttled(TimeSpan RetryAfter) : EmailOutcome;
}
