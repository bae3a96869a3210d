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
/// Sends email through an SMTP server (RFC 5321), each over a connection of its own.
/// <para>
/// SMTP knows no operation ids. The Message-ID is made of <see cref="Email.OperationId"/>, so that an email that was taken
/// twice can be recognised as one.
/// </para>
/// <para>
/// An address that the server does not take is rejected, for whatever reason, as long as it takes another: the email cannot be
/// offered again to one recipient alone, and whoever is named as rejected can at least be told otherwise. If it takes none, but
/// one of them may be taken later (RFC 5321, section 4.2.1: 4yz), the email as a whole was not taken for now.
/// </para>
/// </summary>
public sealed partial class SmtpEmailSender(IOptions<MailOptions> mail, IOptions<SmtpOptions> smtp, TimeProvider time) : IEmailSender
{
    /// <summary>How long to leave a server alone that throttles: SMTP has no way to say it.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Whether a server's certificate is to be trusted; null to trust whom this machine trusts. For tests, which make their own.</summary>
    internal RemoteCertificateValidationCallback? CertificateValidation { get; init; }

    /// <inheritdoc/>
    /// <exception cref="IOException">The server answered that it does not take the email; the message has the codes of its reply.</exception>
    /// <exception cref="NotSupportedException">The server does not offer STARTTLS or authentication, which it was to be used with.</exception>
    /// <exception cref="SslHandshakeException">The server is not whom it claims to be.</exception>
    /// <exception cref="AuthenticationException">The server does not accept the username and password.</exception>
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
                : throw new IOException($"The SMTP server does not take the email: {Codes(reply)}.");
        }

        await SayGoodbyeAsync(client, cancellationToken);
        var taken = recipients.Select(recipient => recipient.Address).Except(client.Refused, StringComparer.Ordinal).ToHashSet(StringComparer.Ordinal);
        return new EmailOutcome.Accepted([.. email.To.Where(to => to.Mailbox is not { } mailbox || !taken.Contains(mailbox.Address)).Select(to => to.Address)]);
    }

    private async Task ConnectAsync(Client client, CancellationToken cancellationToken)
    {
        var options = smtp.Value;
        var security = options.Security switch
        {
            SmtpSecurity.StartTls => SecureSocketOptions.StartTls, // fails where it is not offered, or somebody removed the offer
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

    /// <summary>Ends the connection. The email was taken, and would be sent once more if any failure were reported now.</summary>
    private static async Task SayGoodbyeAsync(Client client, CancellationToken cancellationToken)
    {
        client.Timeout = (int)GoodbyeTimeout.TotalMilliseconds;
        try
        {
            await client.DisconnectAsync(quit: true, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The only failure that the client reports by itself.
        }
    }

    private MimeMessage Compose(Email email, MailboxAddress from, IEnumerable<MailboxAddress> recipients)
    {
        var attachment = new MimePart(ContentType.Parse(email.Attachment.MediaType))
        {
            Content = new MimeContent(new MemoryStream(email.Attachment.Content.ToArray())),
            ContentDisposition = new ContentDisposition(ContentDisposition.Attachment),
            ContentTransferEncoding = ContentEncoding.Base64, // the only one that keeps the line ends of a text
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
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated"); // RFC 3834, section 5: so that no vacation notice answers
        return message;
    }

    /// <summary>Whether an address can be used with a server only that knows RFC 6531: a domain can be written in ASCII, what is before the @ cannot.</summary>
    private static bool NeedsUtf8(MailboxAddress recipient) => !Ascii.IsValid(recipient.GetAddress(idnEncode: true));

    /// <summary>
    /// Whether a reply says that the server has had enough for now (RFC 3463): 4.3.2, it is too busy; 4.4.5, its network is; or
    /// 4.7, its policy forbids it, which is how servers limit a rate (but not with 454: RFC 3207 and RFC 4954 have that for TLS and
    /// authentication out of order).
    /// </summary>
    private static bool IsThrottling(SmtpResponse reply) =>
        (int)reply.StatusCode is 421 or 450 or 451 or 452 && EnhancedCode().Match(reply.Response).Value is var code &&
        (code is "4.3.2" or "4.4.5" || code.StartsWith("4.7.", StringComparison.Ordinal));

    /// <summary>A reply without its text, which may name a recipient.</summary>
    private static string Codes(SmtpResponse reply) =>
        string.Create(CultureInfo.InvariantCulture, $"{(int)reply.StatusCode} {EnhancedCode().Match(reply.Response).Value}").TrimEnd();

    [GeneratedRegex(@"^[45]\.[0-9]{1,3}\.[0-9]{1,3}\b")]
    private static partial Regex EnhancedCode();

    /// <summary>A client that goes on with the other recipients when the server does not take one.</summary>
    private sealed class Client : SmtpClient
    {
        private readonly List<string> refused = [];

        /// <summary>The addresses that the server did not take.</summary>
        internal IReadOnlyList<string> Refused => refused;

        /// <summary>Whether these are all.</summary>
        internal bool TookNobody { get; private set; }

        /// <summary>The reply that one of them may be taken later; null if there was none, or another was taken.</summary>
        internal SmtpResponse? MayTakeLater => TookNobody ? mayTakeLater : null;

        private SmtpResponse? mayTakeLater;

        protected override void OnRecipientNotAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response)
        {
            if (response.StatusCode is SmtpStatusCode.ServiceNotAvailable)
                base.OnRecipientNotAccepted(message, mailbox, response); // it hangs up: RFC 5321, section 3.8
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
