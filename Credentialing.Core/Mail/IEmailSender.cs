namespace Credentialing.Core.Mail;

/// <summary>A mail service: Azure Communication Services or an SMTP server.</summary>
public interface IEmailSender
{
    /// <summary>Offers an email to the service, once.</summary>
    /// <param name="email">The email.</param>
    /// <param name="cancellationToken">Ends the wait; the email may have been taken all the same.</param>
    /// <exception cref="Exception">
    /// The service cannot be reached or has failed, whichever way: the email may have been taken or not. Offering it again
    /// is right, under the same <see cref="Email.OperationId"/>.
    /// </exception>
    Task<EmailOutcome> SendAsync(Email email, CancellationToken cancellationToken);
}
