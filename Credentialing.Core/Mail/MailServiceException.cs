namespace Credentialing.Core.Mail;

/// <summary>A mail service did not accept an email, or refused the session. A retry may succeed.</summary>
/// <param name="message">The reply's codes. Never its text, which may contain an address.</param>
public sealed class MailServiceException(string message) : Exception(message)
{
    /// <summary>
    /// Whether the service refused only this email. It may accept others, and a retry within seconds gets the same reply. The next
    /// run retries.
    /// </summary>
    public bool ConcernsOnlyThisEmail { get; init; }
}
