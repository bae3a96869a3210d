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
/// Azure Communication Services. An email's operation id becomes that of the service's own operation. It is not documented that
/// the service sends an email of a known id only once; so it is asked first whether it has an email that may have been offered
/// before. It refuses an email as a whole for one address that it does not like, so all but plain ones are left out; what becomes
/// of each recipient after that is in its own logs.
/// </summary>
/// <param name="client">Its client, which must not retry by itself: how long to leave the service alone is decided for all emails together.</param>
/// <param name="options">Where emails come from.</param>
public sealed class AzureEmailSender(EmailClient client, IOptions<MailOptions> options) : IEmailSender
{
    /// <summary>How long to leave the service alone when it does not say: its shortest quota is by the minute.</summary>
    private static readonly TimeSpan DefaultRetryAfter = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    /// <exception cref="IOException">The service does not take the email; the message has its status and error code.</exception>
    public async Task<EmailOutcome> SendAsync(Email email, CancellationToken cancellationToken)
    {
        var recipients = email.To.Where(IsPlain).ToList();
        if (recipients.Count == 0)
            return new EmailOutcome.Refused();
        try
        {
            if (!email.IsRepeated || !await IsKnownAsync(email.OperationId, cancellationToken))
                await client.SendAsync(WaitUntil.Started, MessageOf(email, recipients), email.OperationId, cancellationToken);
            return new EmailOutcome.Accepted([.. email.To.Except(recipients).Select(recipient => recipient.Address)]);
        }
        catch (RequestFailedException failure) when (failure.Status is 429)
        {
            return new EmailOutcome.Throttled(RetryAfter(failure.GetRawResponse()));
        }
        catch (RequestFailedException failure)
        {
            // Without its message, which may name a recipient.
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"Communication Services does not take the email: {failure.Status} {failure.ErrorCode}."));
        }
    }

    /// <summary>Whether the service has an operation of that id, and it has not failed. What it says of one that it does not have is some 4xx.</summary>
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
        var mediaType = email.Attachment.MediaType.Split(';')[0]; // it takes no parameters
        message.Attachments.Add(new EmailAttachment(email.Attachment.FileName, mediaType, BinaryData.FromBytes(email.Attachment.Content)));
        return message;
    }

    /// <summary>Whether an address needs no quotes, no brackets, and no more than ASCII.</summary>
    private static bool IsPlain(EmailRecipient recipient) =>
        recipient.HasAddress && Ascii.IsValid(recipient.Address) && !recipient.Address.AsSpan().ContainsAny('"', '[');

    private static TimeSpan RetryAfter(Response? response) =>
        response is not null && response.Headers.TryGetValue("Retry-After", out var seconds) &&
        int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? TimeSpan.FromSeconds(number)
            : DefaultRetryAfter;
}

/// <summary>Adds the sender and its client.</summary>
public static class AzureEmailRegistration
{
    /// <summary>Has email sent by the resource at <see cref="AzureOptions.CommunicationEndpoint"/>, which is then required.</summary>
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

    /// <summary><see cref="EmailDelivery"/> retries, and knows when to pause.</summary>
    internal static EmailClientOptions WithoutRetries(EmailClientOptions options)
    {
        options.Retry.MaxRetries = 0;
        return options;
    }
}
