namespace Credentialing.Core.Mail;

/// <summary>A mail service: Azure Communication Services or an SMTP server.</summary>
public interface IEmailSender
{
    /// <summary>The timeout of one attempt.</summary>
    TimeSpan AttemptTimeout => TimeSpan.FromSeconds(30);

    /// <summary>Makes one attempt to send an email.</summary>
    /// <param name="email">The email.</param>
    /// <param name="cancellationToken">Cancels the wait. The service may have accepted the email nevertheless.</param>
    /// <exception cref="Exception">
    /// The service is unreachable or failed. The email may have been accepted. Retry with the same <see cref="Email.OperationId"/>.
    /// </exception>
    Task<EmailOutcome> SendAsync(Email email, CancellationToken cancellationToken);
}
