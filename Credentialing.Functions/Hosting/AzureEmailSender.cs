using System.Globalization;
using System.Text;
using Azure;
using Azure.Communication.Email;
using Azure.Core;
using Credentialing.Core.Mail;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using EmailAttachment = Azure.Communication.Email.EmailAttachment;

namespace Credentialing.Functions.Hosting;

/// <summary>
/// Sends email with Azure Communication Services. The email's operation id is used as the service's operation id. The service
/// does not document that it deduplicates by this id, so a repeated email is looked up before it is sent. One invalid address
/// makes the service reject the whole email, so addresses that are not plain ASCII are left out. The delivery status of each
/// recipient is in the service's own logs.
/// </summary>
/// <param name="client">The client. It must not retry: backoff is decided for all emails together.</param>
/// <param name="options">The sender's address.</param>
public sealed class AzureEmailSender(EmailClient client, IOptions<MailOptions> options) : IEmailSender
{
    /// <summary>Backoff if a 429 response has no Retry-After header. The service's shortest quota is per minute.</summary>
    private static readonly TimeSpan DefaultRetryAfter = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    /// <exception cref="MailServiceException">The service did not accept the email. The message contains the status and the error code.</exception>
    public async Task<EmailOutcome> SendAsync(Email email, CancellationToken cancellationToken)
    {
        var recipients = email.To.Where(IsPlain).ToList();
        if (recipients.Count == 0)
            return new EmailOutcome.Refused();
        try
        {
            if (!email.IsRepeated || !await IsKnownAsync(email.OperationId, cancellationToken))
                await client.SendAsync(WaitUntil.Started, MessageOf(email, recipients), email.OperationId, cancellationToken);
            return new EmailOutcome.Accepted([.. email.To.Except(recipients).Select(recipient => recipient.Address)], Deferred: []);
        }
        catch (RequestFailedException failure) when (failure.Status is 429)
        {
            return new EmailOutcome.Throttled(RetryAfter(failure.GetRawResponse()));
        }
        catch (RequestFailedException failure)
        {
            // The exception's message is left out: it may contain a recipient.
            throw new MailServiceException(string.Create(CultureInfo.InvariantCulture, $"Communication Services did not accept the email: {failure.Status} {failure.ErrorCode}."));
        }
    }

    /// <summary>Whether the service has an operation with that id that has not failed. An unknown id is some 4xx.</summary>
    private async Task<bool> IsKnownAsync(Guid operationId, CancellationToken cancellationToken)
    {
        try
        {
            await new EmailSendOperation(operationId.ToString(), client).UpdateStatusAsync(cancellationToken);
            return true;
        }
        catch (RequestFailedException unknown) when (unknown.Status is < 500 and not 429)
        {
            return false;
        }
    }

    private EmailMessage MessageOf(Email email, IEnumerable<EmailRecipient> recipients)
    {
        var message = new EmailMessage(
            options.Value.From,
            new EmailRecipients(recipients.Select(recipient => new EmailAddress(recipient.Address, recipient.Name))),
            new EmailContent(email.Subject) { PlainText = email.Text, Html = email.Html });
        var mediaType = email.Attachment.MediaType.Split(';')[0]; // the service accepts no media type parameters
        message.Attachments.Add(new EmailAttachment(email.Attachment.FileName, mediaType, BinaryData.FromBytes(email.Attachment.Content)));
        return message;
    }

    /// <summary>Whether an address is ASCII without quotes and brackets.</summary>
    private static bool IsPlain(EmailRecipient recipient) =>
        recipient.HasAddress && Ascii.IsValid(recipient.Address) && !recipient.Address.AsSpan().ContainsAny('"', '[');

    private static TimeSpan RetryAfter(Response? response) =>
        response is not null && response.Headers.TryGetValue("Retry-After", out var seconds) &&
        int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? TimeSpan.FromSeconds(number)
            : DefaultRetryAfter;
}

/// <summary>Registers the sender and its client.</summary>
public static class AzureEmailRegistration
{
    /// <summary>Sends email with the resource at <see cref="AzureOptions.CommunicationEndpoint"/>, which becomes required.</summary>
    public static IServiceCollection AddAzureEmailSender(this IServiceCollection services)
    {
        services.AddOptions<AzureOptions>().Validate(
            options => options.CommunicationEndpoint is not null,
            "Credentialing__Azure__CommunicationEndpoint: It is required, unless email is sent by SMTP (Credentialing__Mail__Smtp__Host).");
        return services
            .AddSingleton(provider => new EmailClient(
                provider.GetRequiredService<IOptions<AzureOptions>>().Value.CommunicationEndpoint,
                provider.GetRequiredService<TokenCredential>(),
                WithoutRetries(AzureRegistration.WithLimits(new EmailClientOptions()))))
            .AddSingleton<IEmailSender, AzureEmailSender>();
    }

    /// <summary>Disables the client's retries: <see cref="EmailDelivery"/> retries and backs off.</summary>
    internal static EmailClientOptions WithoutRetries(EmailClientOptions options)
    {
        options.Retry.MaxRetries = 0;
        return options;
    }
}
