using System.Globalization;
using System.Net.Security;
using System.Text;
using System.Text.RegularExpressions;
using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using MimeKit;

namespace Credentialing.Core.Mail;

/// <summary>
/// Sends email through an SMTP server (RFC 5321). Opens one connection per email. Thread safe.
/// <para>
/// SMTP has no idempotency keys. The Message-ID is derived from <see cref="Email.OperationId"/>, so that duplicates can be
/// recognised.
/// </para>
/// <para>
/// If the server accepts some addresses, all others count as rejected, also after a temporary error: the email cannot be sent
/// again to one recipient alone, and rejected addresses are reported. If the server rejects all addresses, and one of them with
/// a temporary error (4yz: RFC 5321, section 4.2.1), the whole email counts as not accepted for now.
/// </para>
/// </summary>
public sealed partial class SmtpEmailSender(IOptions<MailOptions> mail, IOptions<SmtpOptions> smtp, TimeProvider time) : IEmailSender
{
    /// <summary>The pause when a server throttles. SMTP has no field for it.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Validates the server's certificate; null for the default validation. For tests, which use self-signed certificates.
    /// </summary>
    internal RemoteCertificateValidationCallback? CertificateValidation { get; init; }

    /// <inheritdoc/>
    /// <exception cref="MailServiceException">The server did not accept the email. The message has the codes of its reply.</exception>
    /// <exception cref="NotSupportedException">The options require STARTTLS or authentication, which the server does not offer.</exception>
    /// <exception cref="SslHandshakeException">TLS failed, or the server's certificate is not valid.</exception>
    /// <exception cref="AuthenticationException">The server rejects the username and password.</exception>
    public async Task<EmailOutcome> SendAsync(Email email, CancellationToken cancellationToken)
    {
        var recipients = email.To.Select(to => to.Mailbox).OfType<MailboxAddress>().DistinctBy(recipient => recipient.Address, StringComparer.Ordinal).ToList();
        if (recipients.Count == 0)
            return new EmailOutcome.Refused();

        using var client = new Client { ServerCertificateValidationCallback = CertificateValidation };
        try
        {
            await ConnectAsync(client, cancellationToken);
            if (!client.Capabilities.HasFlag(SmtpCapabilities.UTF8))
                recipients.RemoveAll(NeedsUtf8);
            if (recipients.Count == 0)
                return new EmailOutcome.Refused();
            await SendAsync(client, email, recipients, cancellationToken);
        }
        catch (SmtpCommandException) when (client is { TookNobody: true, MayTakeLater: null })
        {
            return new EmailOutcome.Refused();
        }
        catch (SmtpCommandException failure)
        {
            var reply = client.MayTakeLater ?? new SmtpResponse(failure.StatusCode, failure.Message);
            return IsThrottling(reply)
                ? new EmailOutcome.Throttled(RetryAfter)
                : throw new MailServiceException($"The SMTP server did not accept the email: {Codes(reply)}.");
        }

        await SayGoodbyeAsync(client, cancellationToken);
        var taken = recipients.Select(recipient => recipient.Address).Except(client.Refused, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        return new EmailOutcome.Accepted([.. email.To.Where(to => to.Mailbox is not { } mailbox || !taken.Contains(mailbox.Address)).Select(to => to.Address)], Deferred: []);
    }

    private async Task ConnectAsync(Client client, CancellationToken cancellationToken)
    {
        var options = smtp.Value;
        var security = options.Security switch
        {
            SmtpSecurity.StartTls => SecureSocketOptions.StartTls, // throws if it is not offered, also if an attacker removed the offer
            SmtpSecurity.Tls => SecureSocketOptions.SslOnConnect,
            _ => SecureSocketOptions.None,
        };
        await client.ConnectAsync(options.Host, options.Port, security, cancellationToken);
        if (options is { Username: { } username, Password: { } password })
            await client.AuthenticateAsync(username, password, cancellationToken);
    }

    private async Task SendAsync(Client client, Email email, List<MailboxAddress> recipients, CancellationToken cancellationToken)
    {
        var from = new MailboxAddress(mail.Value.FromName, mail.Value.From);
        using var message = Compose(email, from, recipients);
        var format = FormatOptions.Default.Clone();
        format.International = recipients.Exists(NeedsUtf8);
        await client.SendAsync(format, message, from, recipients, cancellationToken);
    }

    /// <summary>Disconnects. Does not throw: the email was accepted, and an exception would cause a retry.</summary>
    private static async Task SayGoodbyeAsync(Client client, CancellationToken cancellationToken)
    {
        client.Timeout = (int)GoodbyeTimeout.TotalMilliseconds;
        try
        {
            await client.DisconnectAsync(quit: true, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The client throws only this one; it ignores other failures.
        }
    }

    private MimeMessage Compose(Email email, MailboxAddress from, IEnumerable<MailboxAddress> recipients)
    {
        var attachment = new MimePart(ContentType.Parse(email.Attachment.MediaType))
        {
            Content = new MimeContent(new MemoryStream(email.Attachment.Content.ToArray())),
            ContentDisposition = new ContentDisposition(ContentDisposition.Attachment),
            ContentTransferEncoding = ContentEncoding.Base64, // other encodings change the line ends of a text
            FileName = email.Attachment.FileName,
        };
        var message = new MimeMessage([from], recipients, email.Subject, new Multipart("mixed")
        {
            new MultipartAlternative(new TextPart("plain") { Text = email.Text }, new TextPart("html") { Text = email.Html }),
            attachment,
        })
        {
            MessageId = $"{email.OperationId:N}@{from.GetAddress(idnEncode: true).Split('@')[^1]}",
            Date = time.GetUtcNow(),
        };
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated"); // RFC 3834, section 5: prevents automatic replies
        return message;
    }

    /// <summary>
    /// Whether an address requires a server with SMTPUTF8 (RFC 6531). A domain can be encoded in ASCII, the local part cannot.
    /// </summary>
    private static bool NeedsUtf8(MailboxAddress recipient) => !Ascii.IsValid(recipient.GetAddress(idnEncode: true));

    /// <summary>
    /// Whether a reply means throttling (RFC 3463): 4.3.2 (system busy), 4.4.5 (network congestion), or 4.7.x (policy, which servers
    /// use for rate limits). Not with reply code 454: RFC 3207 and RFC 4954 use it for failures of TLS and authentication.
    /// </summary>
    private static bool IsThrottling(SmtpResponse reply) =>
        (int)reply.StatusCode is 421 or 450 or 451 or 452 && EnhancedCode().Match(reply.Response).Value is var code &&
        (code is "4.3.2" or "4.4.5" || code.StartsWith("4.7.", StringComparison.Ordinal));

    /// <summary>The codes of a reply, without its text, which may contain an address.</summary>
    private static string Codes(SmtpResponse reply) =>
        string.Create(CultureInfo.InvariantCulture, $"{(int)reply.StatusCode} {EnhancedCode().Match(reply.Response).Value}").TrimEnd();

    [GeneratedRegex(@"^[45]\.[0-9]{1,3}\.[0-9]{1,3}\b")]
    private static partial Regex EnhancedCode();

    /// <summary>An SMTP client that continues with the other recipients if the server rejects one.</summary>
    private sealed class Client : SmtpClient
    {
        private readonly List<string> refused = [];

        /// <summary>The addresses that the server rejected.</summary>
        internal IReadOnlyList<string> Refused => refused;

        /// <summary>Whether the server rejected all addresses.</summary>
        internal bool TookNobody { get; private set; }

        /// <summary>The reply with a temporary error; null if there was none, or an address was accepted.</summary>
        internal SmtpResponse? MayTakeLater => TookNobody ? mayTakeLater : null;

        private SmtpResponse? mayTakeLater;

        protected override void OnRecipientNotAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response)
        {
            if (response.StatusCode is SmtpStatusCode.ServiceNotAvailable)
                base.OnRecipientNotAccepted(message, mailbox, response); // 421: the server closes the connection (RFC 5321, section 3.8)
            refused.Add(mailbox.Address);
            if ((int)response.StatusCode < 500 && (mayTakeLater is null || IsThrottling(response)))
                mayTakeLater = response;
        }

        protected override void OnNoRecipientsAccepted(MimeMessage message)
        {
            TookNobody = true;
            base.OnNoRecipientsAccepted(message);
        }
    }
}
