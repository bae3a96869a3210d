using System.Globalization;
using System.Net.Http.Headers;
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
/// does not document that it deduplicates by this id, so a repeated email is looked up before it is sent. Addresses that are not
/// plain ASCII are left out. If the service rejects an email because of another address, the email is sent to each recipient
/// separately. The delivery status of each recipient is in the service's own logs.
/// </summary>
/// <param name="client">The client. It must not retry: backoff is decided for all emails together.</param>
/// <param name="options">The sender's address.</param>
/// <param name="time">The clock.</param>
public sealed class AzureEmailSender(EmailClient client, IOptions<MailOptions> options, TimeProvider time) : IEmailSender
{
    /// <summary>
    /// The service's limit of recipients per request. Our emails have fewer: at most <c>Lea.MaxCoordinators</c>.
    /// </summary>
    public const int MaxRecipients = 50;

    /// <summary>Backoff if a 429 response has no Retry-After header. The service's shortest quota is per minute.</summary>
    private static readonly TimeSpan DefaultRetryAfter = TimeSpan.FromMinutes(1);

    /// <summary>Maximum backoff. The service's longest quota is per hour.</summary>
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromHours(1);

    /// <summary>The service may not find an email that it has just accepted. After this delay, it does.</summary>
    private static readonly TimeSpan LookupDelay = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    /// <remarks>Two lookups, the delay between them, and a send.</remarks>
    public TimeSpan AttemptTimeout => LookupDelay + (3 * AzureEmailRegistration.NetworkTimeout);

    /// <inheritdoc/>
    /// <exception cref="MailServiceException">The service did not accept the email. The message contains the status and the error code.</exception>
    public async Task<EmailOutcome> SendAsync(Email email, CancellationToken cancellationToken)
    {
        var supported = email.To.Where(IsSupported).ToList();
        var recipients = supported.DistinctBy(recipient => recipient.Mailbox, StringComparer.OrdinalIgnoreCase).ToList();
        if (recipients.Count == 0)
            return new EmailOutcome.Refused();
        var unsupported = email.To.Except(supported).Select(recipient => recipient.Address);
        try
        {
            var outcome = await SubmitAsync(email, recipients, email.OperationId, LookupDelay, cancellationToken);
            return outcome is EmailOutcome.Accepted ? new EmailOutcome.Accepted([.. unsupported], Deferred: []) : outcome;
        }
        catch (RequestFailedException badRequest)
        {
            if (recipients.Count == 1)
                throw Failure("did not accept the email", badRequest, concernsOnlyThisEmail: true);
            var rejected = new List<string>();
            foreach (var recipient in recipients)
            {
                try
                {
                    var outcome = await SubmitAsync(email, [recipient], OperationIdOf(email, recipient), TimeSpan.Zero, cancellationToken);
                    if (outcome is EmailOutcome.Throttled)
                        return outcome; // the retry looks up those that were accepted
                    if (outcome is EmailOutcome.Accepted)
                        continue;
                }
                catch (RequestFailedException)
                {
                    // Another 400: the address is invalid, or the email.
                }

                rejected.AddRange(supported.Where(to => to.Mailbox!.Equals(recipient.Mailbox, StringComparison.OrdinalIgnoreCase)).Select(to => to.Address));
            }

            return rejected.Count < supported.Count
                ? new EmailOutcome.Accepted([.. unsupported, .. rejected], Deferred: [])
                : throw Failure("did not accept the email", badRequest, concernsOnlyThisEmail: true);
        }
    }

    /// <summary>Looks up a repeated email, and sends it if the service does not have it.</summary>
    /// <param name="email">The email.</param>
    /// <param name="recipients">The recipients of this request.</param>
    /// <param name="operationId">The operation id of this request.</param>
    /// <param name="lookupDelay">The delay before a second lookup; zero for one lookup only.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="RequestFailedException">The service responded 400: it never accepts this request.</exception>
    private async Task<EmailOutcome> SubmitAsync(
        Email email, IReadOnlyList<EmailRecipient> recipients, Guid operationId, TimeSpan lookupDelay, CancellationToken cancellationToken)
    {
        if (email.IsRepeated && await FindAsync(operationId, lookupDelay, cancellationToken) is { } found)
            return found;
        try
        {
            await client.SendAsync(WaitUntil.Started, MessageOf(email, recipients), operationId, cancellationToken);
            return new EmailOutcome.Accepted([], []);
        }
        catch (RequestFailedException failure) when (failure.Status is 429)
        {
            return new EmailOutcome.Throttled(RetryAfter(failure.GetRawResponse()));
        }
        catch (RequestFailedException failure) when (failure.Status is not 400)
        {
            throw Failure("did not accept the email", failure, concernsOnlyThisEmail: failure.Status is > 400 and < 500 and not (401 or 403 or 408));
        }
    }

    /// <summary>Returns the outcome of an operation; null if the service does not know it.</summary>
    /// <exception cref="MailServiceException">The service did not report it.</exception>
    private async Task<EmailOutcome?> FindAsync(Guid operationId, TimeSpan lookupDelay, CancellationToken cancellationToken)
    {
        for (var delay = lookupDelay; ; delay = TimeSpan.Zero)
        {
            try
            {
                await new EmailSendOperation(operationId.ToString(), client).UpdateStatusAsync(cancellationToken);
                return new EmailOutcome.Accepted([], []);
            }
            catch (RequestFailedException failure) when (failure.Status is 200)
            {
                return new EmailOutcome.Refused(); // the operation has failed
            }
            catch (RequestFailedException unknown) when (unknown.Status is 404)
            {
                if (delay == TimeSpan.Zero)
                    return null;
            }
            catch (RequestFailedException failure)
            {
                throw Failure("did not report whether it has the email", failure, concernsOnlyThisEmail: failure.Status is 429);
            }

            await Task.Delay(delay, time, cancellationToken);
        }
    }

    /// <summary>The exception's message is left out: it may contain a recipient.</summary>
    private static MailServiceException Failure(string what, RequestFailedException failure, bool concernsOnlyThisEmail) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Communication Services {what}: {failure.Status} {failure.ErrorCode}."))
        {
            ConcernsOnlyThisEmail = concernsOnlyThisEmail,
        };

    /// <summary>The operation id of a request for one recipient.</summary>
    private static Guid OperationIdOf(Email email, EmailRecipient recipient) => OperationId.Of($"{email.OperationId}:{recipient.Mailbox!.ToUpperInvariant()}");

    private EmailMessage MessageOf(Email email, IEnumerable<EmailRecipient> recipients)
    {
        var message = new EmailMessage(
            options.Value.From,
            new EmailRecipients(recipients.Select(recipient => new EmailAddress(recipient.Mailbox!, recipient.Name))),
            new EmailContent(email.Subject) { PlainText = email.Text, Html = email.Html });
        if (email.Attachment is { } attachment)
        {
            var mediaType = attachment.MediaType.Split(';')[0]; // the service accepts no media type parameters
            message.Attachments.Add(new EmailAttachment(attachment.FileName, mediaType, BinaryData.FromBytes(attachment.Content)));
        }

        return message;
    }

    /// <summary>Whether the service takes the address. It does not support SMTPUTF8.</summary>
    private static bool IsSupported(EmailRecipient recipient) => recipient.Mailbox is { } mailbox && Ascii.IsValid(mailbox);

    /// <summary>Returns the value of Retry-After: seconds or a date (RFC 9110, section 10.2.3).</summary>
    private TimeSpan RetryAfter(Response? response)
    {
        if (response is null || !response.Headers.TryGetValue("Retry-After", out var value) || !RetryConditionHeaderValue.TryParse(value, out var condition))
            return DefaultRetryAfter;
        var delay = condition.Delta ?? (condition.Date!.Value - time.GetUtcNow());
        return delay < TimeSpan.Zero ? TimeSpan.Zero : delay < MaxRetryAfter ? delay : MaxRetryAfter;
    }
}

/// <summary>Registers the sender and its client.</summary>
public static class AzureEmailRegistration
{
    /// <summary>Timeout of each request. A timeout leaves open whether the service has the email, so it is generous.</summary>
    internal static readonly TimeSpan NetworkTimeout = TimeSpan.FromSeconds(25);

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
                WithEmailLimits(AzureRegistration.WithLimits(new EmailClientOptions()))))
            .AddSingleton<IEmailSender, AzureEmailSender>();
    }

    /// <summary>Sets the timeout, and disables the client's retries: <see cref="EmailDelivery"/> retries and backs off.</summary>
    internal static EmailClientOptions WithEmailLimits(EmailClientOptions options)
    {
        options.Retry.NetworkTimeout = NetworkTimeout;
        options.Retry.MaxRetries = 0;
        return options;
    }
}
