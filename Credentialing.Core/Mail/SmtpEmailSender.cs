using System.Globalization;
using System.Net.Security;
using System.Text;
using System.Text.RegularExpressions;
using Credentialing.Core.Leas;
using MailKit;
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
/// Recipients whose address needs SMTPUTF8 (RFC 6531) get a message of their own: relays to the other recipients may not support it.
/// </para>
/// <para>
/// If the server accepts the email for one recipient, the others are rejected or deferred, by their replies. If it accepts the email
/// for no recipient, the email is refused if all replies are permanent errors (5yz: RFC 5321, section 4.2.1) and one of them concerns the address.
/// Otherwise the send fails: the server refused the session, or the email for now.
/// </para>
/// </summary>
public sealed partial class SmtpEmailSender(IOptions<MailOptions> mail, IOptions<SmtpOptions> smtp, TimeProvider time) : IEmailSender
{
    /// <summary>The pause when a server throttles. SMTP has no field for it.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    /// <summary>The longest word that a header field can have in a folded line, if each character is escaped.</summary>
    private const int MaxPlainWord = 30;

    private static readonly TimeSpan DisconnectTimeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Validates the server's certificate; null for the default validation. For tests, which use self-signed certificates.
    /// </summary>
    internal RemoteCertificateValidationCallback? CertificateValidation { get; init; }

    /// <inheritdoc/>
    /// <exception cref="MailServiceException">
    /// The server did not accept the email, or refused the session: the greeting, EHLO, the username and password, or the sender. The
    /// message has the codes of its reply.
    /// </exception>
    /// <exception cref="NotSupportedException">The options require STARTTLS or authentication, which the server does not offer.</exception>
    /// <exception cref="SslHandshakeException">TLS failed, or the server's certificate is not valid.</exception>
    public async Task<EmailOutcome> SendAsync(Email email, CancellationToken cancellationToken)
    {
        var recipients = email.To.Where(to => to.Mailbox is not null).DistinctBy(to => to.Mailbox, StringComparer.OrdinalIgnoreCase)
            .Select(to => new MailboxAddress(to.Name, to.Mailbox!)).ToList();
        if (recipients.Count == 0)
            return new EmailOutcome.Refused();

        using var client = new Client
        {
            LocalDomain = LocalDomain,
            CheckCertificateRevocation = smtp.Value.CheckCertificateRevocation,
            ServerCertificateValidationCallback = CertificateValidation,
        };
        var results = new Results();
        try
        {
            await ConnectAsync(client, cancellationToken);
            await SendAsync(client, email, recipients, results, cancellationToken);
        }
        catch (Exception) when (results.Accepted.Count > 0)
        {
            // The accepted recipients must not get the email again. The others are deferred.
        }
        catch (SmtpCommandException failure)
        {
            return Failed(new SmtpResponse(failure.StatusCode, failure.Message), concernsOnlyThisEmail: false);
        }
        catch (ServiceNotAuthenticatedException failure)
        {
            return Failed(new SmtpResponse(SmtpStatusCode.AuthenticationRequired, failure.Message), concernsOnlyThisEmail: false);
        }
        catch (AuthenticationException failure)
        {
            var codes = failure.InnerException is SmtpCommandException reply ? $": {Codes(new SmtpResponse(reply.StatusCode, reply.Message))}" : "";
            throw new MailServiceException($"The SMTP server did not accept the username and password{codes}.");
        }

        if (results.Accepted.Count > 0)
        {
            await DisconnectAsync(client, cancellationToken);
            return new EmailOutcome.Accepted(
                [.. email.To.Where(to => to.Mailbox is null || results.Rejected.Contains(to.Mailbox)).Select(to => to.Address)],
                [.. email.To.Where(to => to.Mailbox is { } mailbox && !results.Accepted.Contains(mailbox) && !results.Rejected.Contains(mailbox)).Select(to => to.Address)]);
        }

        return results.ForNow.Count == 0
            ? new EmailOutcome.Refused()
            : Failed(results.ForNow.Find(IsThrottling) ?? results.ForNow[0], concernsOnlyThisEmail: results.ForNow.TrueForAll(IsTemporary));
    }

    /// <summary>Returns the outcome for a reply that means throttling, or else throws.</summary>
    private static EmailOutcome.Throttled Failed(SmtpResponse reply, bool concernsOnlyThisEmail) => IsThrottling(reply)
        ? new EmailOutcome.Throttled(RetryAfter)
        : throw new MailServiceException($"The SMTP server did not accept the email: {Codes(reply)}.") { ConcernsOnlyThisEmail = concernsOnlyThisEmail };

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

    private async Task SendAsync(Client client, Email email, List<MailboxAddress> recipients, Results results, CancellationToken cancellationToken)
    {
        foreach (var group in recipients.GroupBy(NeedsUtf8).OrderByDescending(group => group.Key))
        {
            if (!group.Key)
                client.Capabilities &= ~SmtpCapabilities.UTF8; // with it, MailKit does not encode domains in ASCII; it cannot be enabled again
            if (group.Key && !client.Capabilities.HasFlag(SmtpCapabilities.UTF8 | SmtpCapabilities.EightBitMime))
            {
                results.Rejected.UnionWith(group.Select(AddressOf));
                continue;
            }

            using var message = Compose(email, [.. group], group.Key);
            var format = FormatOptions.Default.Clone();
            format.International = group.Key;
            // The server's limit of recipients: the rest goes into further transactions (RFC 5321, section 4.5.3.1.10).
            for (List<MailboxAddress> rest = [.. group]; rest.Count > 0;)
                rest = await TransactAsync(client, format, message, rest, results, cancellationToken);
        }
    }

    /// <summary>One mail transaction. Returns the recipients for the next one.</summary>
    private static async Task<List<MailboxAddress>> TransactAsync(
        Client client, FormatOptions format, MimeMessage message, List<MailboxAddress> recipients, Results results, CancellationToken cancellationToken)
    {
        client.Replies.Clear();
        try
        {
            await client.SendAsync(format, message, message.From.Mailboxes.Single(), recipients, cancellationToken);
        }
        catch (SmtpCommandException failure) when (failure.ErrorCode is not SmtpErrorCode.SenderNotAccepted && client.Replies.Count == recipients.Count)
        {
            results.AddRefused(client.Replies);
            return [];
        }
        catch (SmtpCommandException failure) when ((format.International || results.Accepted.Count > 0) && client.IsConnected)
        {
            // It does not concern the recipients of the other message.
            var reply = new SmtpResponse(failure.StatusCode, failure.Message);
            if (failure.ErrorCode is SmtpErrorCode.MessageNotAccepted && !IsTemporary(reply))
                results.Rejected.UnionWith(recipients.Select(AddressOf));
            else
                results.ForNow.Add(reply);
            return [];
        }

        var rest = new List<MailboxAddress>();
        foreach (var recipient in recipients)
        {
            if (!client.Replies.TryGetValue(AddressOf(recipient), out var reply))
                results.Accepted.Add(AddressOf(recipient));
            else if (IsTooManyRecipients(reply))
                rest.Add(recipient);
            else if (!IsTemporary(reply))
                results.Rejected.Add(AddressOf(recipient));
        }

        return rest;
    }

    /// <summary>Disconnects. Does not throw: the email was accepted, and an exception would cause a retry.</summary>
    private static async Task DisconnectAsync(Client client, CancellationToken cancellationToken)
    {
        client.Timeout = (int)DisconnectTimeout.TotalMilliseconds;
        try
        {
            await client.DisconnectAsync(quit: true, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The client throws only this one; it ignores other failures.
        }
    }

    private MimeMessage Compose(Email email, IReadOnlyList<MailboxAddress> recipients, bool isUtf8)
    {
        var from = new MailboxAddress(OneLine.Of(mail.Value.FromName), Sender);
        var body = new MultipartAlternative(TextPart("plain", email.Text), TextPart("html", email.Html));
        var message = new MimeMessage([from], recipients, email.Subject, email.Attachment is { } file ? new Multipart("mixed") { body, AttachmentPart(file) } : body)
        {
            MessageId = $"{email.OperationId:N}{(isUtf8 ? "-utf8" : "")}@{from.Domain}",
            Date = time.GetUtcNow(),
        };
        Encode(message, HeaderId.Subject, IsPlain(email.Subject), EncodedWords.Of(email.Subject));
        Encode(message, HeaderId.From, IsPlain(from.Name!), Encoded(from));
        Encode(message, HeaderId.To, recipients.All(recipient => IsPlain(recipient.Name!)), string.Join(",\r\n ", recipients.Select(Encoded)));
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated"); // RFC 3834, section 5: prevents automatic replies
        message.Body!.Headers.Add(HeaderId.ContentLanguage, LanguageTag.Of(email.Language)); // RFC 3282
        return message;
    }

    private static MimePart AttachmentPart(EmailAttachment file) => new(ContentType.Parse(file.MediaType))
    {
        Content = new MimeContent(new MemoryStream(file.Content.ToArray())),
        ContentDisposition = new ContentDisposition(ContentDisposition.Attachment),
        ContentTransferEncoding = ContentEncoding.Base64, // other encodings change the line ends of a text
        FileName = file.FileName,
    };

    /// <summary>Quoted-printable, so that no line on the wire is longer than recommended: 78 characters (RFC 5322, section 2.1.1).</summary>
    private static TextPart TextPart(string subtype, string text) => new(subtype) { Text = text, ContentTransferEncoding = ContentEncoding.QuotedPrintable };

    /// <summary>Replaces a field that is not plain. The value has encoded words.</summary>
    private static void Encode(MimeMessage message, HeaderId field, bool isPlain, string value)
    {
        if (!isPlain)
            message.Headers[message.Headers.IndexOf(field)].SetRawValue(Encoding.UTF8.GetBytes($" {value}\r\n"));
    }

    /// <summary>
    /// Whether a text needs no encoded words: it is ASCII, a recipient would not decode a part of it as an encoded word, and it can be folded at its
    /// spaces. MimeKit splits a longer word, which adds a space to it.
    /// </summary>
    private static bool IsPlain(string text) =>
        Ascii.IsValid(text) && !text.Contains("=?", StringComparison.Ordinal) && text.Split(' ').All(word => word.Length <= MaxPlainWord);

    private static string Encoded(MailboxAddress mailbox) =>
        IsPlain(mailbox.Name!) ? mailbox.ToString(FormatOptions.Default, encode: true) : $"{EncodedWords.Of(mailbox.Name!)}\r\n <{AddressOf(mailbox)}>";

    private string Sender => EmailAddress.ToMailbox(mail.Value.From)!; // validated by MailOptions

    /// <summary>The name for EHLO: by default the domain of the sender. MailKit's default, the machine's name, may have no dot.</summary>
    private string LocalDomain => smtp.Value.LocalDomain ?? Sender.Split('@')[^1];

    /// <summary>Whether an address requires a server with SMTPUTF8 (RFC 6531). Its domain is in ASCII, its local part may not be.</summary>
    private static bool NeedsUtf8(MailboxAddress recipient) => !Ascii.IsValid(AddressOf(recipient));

    /// <summary>The address with its domain in ASCII. MimeKit decodes it.</summary>
    private static string AddressOf(MailboxAddress mailbox) => mailbox.GetAddress(idnEncode: true);

    private static bool IsTemporary(SmtpResponse reply) => (int)reply.StatusCode < 500;

    /// <summary>
    /// Whether a reply means that the transaction has too many recipients: x.5.3 (RFC 3463), or 452 or 552 without an enhanced status
    /// code (RFC 5321, section 4.5.3.1.10).
    /// </summary>
    private static bool IsTooManyRecipients(SmtpResponse reply) => EnhancedCodeOf(reply) is var code &&
        (code.Length == 0 ? (int)reply.StatusCode is 452 or 552 : code[1..] is ".5.3");

    /// <summary>
    /// Whether a reply to RCPT refuses the session, not the recipient: x.5.z (protocol) or x.7.z (policy, such as relaying without
    /// authentication: RFC 3463). Without an enhanced status code, the reply codes for these, but not 550, which usually means an
    /// unknown address.
    /// </summary>
    private static bool IsSessionRefusal(SmtpResponse reply) => EnhancedCodeOf(reply) is var code &&
        (code.Length == 0 ? (int)reply.StatusCode is 500 or 502 or 503 or 504 or 521 or 530 or 534 or 535 or 538 or 554 or 555 : code[2] is '5' or '7' && code[3] is '.');

    /// <summary>
    /// Whether a reply means throttling (RFC 3463): 4.3.2 (system busy), 4.4.5 (network congestion), or 4.7.x (policy, which servers
    /// use for rate limits). Not with reply code 454: RFC 3207 and RFC 4954 use it for failures of TLS and authentication.
    /// </summary>
    private static bool IsThrottling(SmtpResponse reply) =>
        (int)reply.StatusCode is 421 or 450 or 451 or 452 && EnhancedCodeOf(reply) is var code &&
        (code is "4.3.2" or "4.4.5" || code.StartsWith("4.7.", StringComparison.Ordinal));

    /// <summary>The codes of a reply, without its text, which may contain an address.</summary>
    private static string Codes(SmtpResponse reply) =>
        string.Create(CultureInfo.InvariantCulture, $"{(int)reply.StatusCode} {EnhancedCodeOf(reply)}").TrimEnd();

    /// <summary>The enhanced status code (RFC 2034); empty if there is none.</summary>
    private static string EnhancedCodeOf(SmtpResponse reply) => EnhancedCode().Match(reply.Response).Value;

    [GeneratedRegex(@"^[45]\.[0-9]{1,3}\.[0-9]{1,3}\b")]
    private static partial Regex EnhancedCode();

    /// <summary>The results of an email, by address. Who is in none of them is deferred.</summary>
    private sealed class Results
    {
        internal HashSet<string> Accepted { get; } = new(StringComparer.OrdinalIgnoreCase);

        internal HashSet<string> Rejected { get; } = new(StringComparer.OrdinalIgnoreCase);

        /// <summary>The replies for transactions without a recipient that may succeed later, because they do not concern an address.</summary>
        internal List<SmtpResponse> ForNow { get; } = [];

        /// <summary>Adds the replies of a transaction in which no recipient was accepted.</summary>
        internal void AddRefused(Dictionary<string, SmtpResponse> replies)
        {
            var isSession = replies.Values.All(reply => IsTemporary(reply) || IsSessionRefusal(reply));
            foreach (var (address, reply) in replies)
            {
                if (isSession || IsTemporary(reply))
                    ForNow.Add(reply);
                else
                    Rejected.Add(address);
            }
        }
    }

    /// <summary>An SMTP client that continues with the other recipients if the server rejects one.</summary>
    private sealed class Client : SmtpClient
    {
        /// <summary>The replies for the recipients that the server did not accept, by address.</summary>
        internal Dictionary<string, SmtpResponse> Replies { get; } = new(StringComparer.OrdinalIgnoreCase);

        protected override void OnRecipientNotAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response)
        {
            if (response.StatusCode is SmtpStatusCode.ServiceNotAvailable)
                base.OnRecipientNotAccepted(message, mailbox, response); // 421: the server closes the connection (RFC 5321, section 3.8)
            Replies[AddressOf(mailbox)] = response;
        }
    }
}
