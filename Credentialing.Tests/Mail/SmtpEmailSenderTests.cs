using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using MailKit.Security;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using MimeKit;

namespace Credentialing.Tests.Mail;

[Kind(TestKind.Process)]
public sealed class SmtpEmailSenderTests(SharedMaildev shared) : IClassFixture<SharedMaildev>
{
    private const string Username = "credentialing";
    private const string Password = "correct horse";
    private const string From = "noreply@toms.example";
    private const string Rosa = "rosa.delgado@ousd.example";
    private const string Luis = "luis.ortega@ousd.example";
    private const string Mei = "mei.nakamura@fusd.example";

    private static readonly DateTimeOffset Now = new(2026, 3, 8, 14, 0, 0, TimeSpan.Zero);
    private static readonly byte[] Calendar = Encoding.UTF8.GetBytes("BEGIN:VCALENDAR\r\nSUMMARY:Año\nEND:VCALENDAR\r\n");

    [Fact]
    public async Task An_email_is_delivered_with_all_its_content()
    {
        var email = NewEmail(Rosa, Luis) with { Language = Language.Spanish };

        AssertAccepted(await To(shared.Maildev).SendAsync(email, TestContext.Current.CancellationToken));

        var received = Assert.Single(await ReceivedAsync(shared.Maildev, email));
        Assert.Equal([Rosa, Luis], received.Recipients);
        using var message = received.Message;
        Assert.Equal("Your credentials expire in 7 days – Oakland", message.Subject);
        Assert.Equal("\"TOMS, the system\" <noreply@toms.example>", Assert.Single(message.From).ToString());
        Assert.Equal([("Rosa Ibáñez", Rosa), ("Rosa Ibáñez", Luis)], message.To.Mailboxes.Select(to => (to.Name, to.Address)));
        Assert.Equal(Now, message.Date);
        Assert.Equal("auto-generated", message.Headers["Auto-Submitted"]);
        Assert.Equal("es", message.Body!.Headers[HeaderId.ContentLanguage]);
        Assert.Equal($"{email.OperationId:N}@toms.example", message.MessageId);
        Assert.Equal(email.Text, message.TextBody?.ReplaceLineEndings("\n"));
        Assert.Equal(email.Html, message.HtmlBody?.ReplaceLineEndings("\n"));
        var attachment = Assert.IsType<MimePart>(Assert.Single(message.Attachments), exactMatch: false);
        Assert.Equal(("reminder.ics", "text/calendar", "utf-8"), (attachment.FileName, attachment.ContentType.MimeType, attachment.ContentType.Charset));
        using var content = new MemoryStream();
        await attachment.Content!.DecodeToAsync(content, TestContext.Current.CancellationToken);
        Assert.Equal(Calendar, content.ToArray());
    }

    [Fact]
    public async Task An_email_without_an_attachment_has_only_its_two_bodies()
    {
        var email = NewEmail(Rosa) with { Attachment = null, Language = Language.Spanish };

        AssertAccepted(await To(shared.Maildev).SendAsync(email, TestContext.Current.CancellationToken));

        using var message = Assert.Single(await ReceivedAsync(shared.Maildev, email)).Message;
        var body = Assert.IsType<MultipartAlternative>(message.Body);
        Assert.Equal(["text/plain", "text/html"], body.Select(part => part.ContentType.MimeType));
        Assert.Equal("es", body.Headers[HeaderId.ContentLanguage]);
        Assert.Equal((email.Text, email.Html), (message.TextBody?.ReplaceLineEndings("\n"), message.HtmlBody?.ReplaceLineEndings("\n")));
    }

    /// <summary>RFC 2047: otherwise the recipient's program would show another text, such as one with a line break.</summary>
    [Theory]
    [InlineData("=?utf-8?Q?a=0Ab?=")]
    [InlineData("LEA =?utf-8?B?YQ==?= of Oakland")]
    [InlineData("Why=?")]
    [InlineData("A name with \"many\"\"quotation\"\"marks\"\"and\"\"no\"\"spaces\"\"in\"\"between\"\"them\"\"at\"\"all\"")]
    public async Task A_text_that_looks_like_an_encoded_word_or_has_a_long_word_is_shown_as_it_is(string text)
    {
        await using var server = new ScriptedSmtpServer();
        var email = NewEmail() with { Subject = text, To = [new EmailRecipient(text, Rosa)] };

        AssertAccepted(await To(server).SendAsync(email, TestContext.Current.CancellationToken));

        using var message = await MimeMessage.LoadAsync(new MemoryStream(Encoding.UTF8.GetBytes(Assert.Single(server.Messages))), TestContext.Current.CancellationToken);
        Assert.Equal((text, text), (message.Subject, Assert.Single(message.To.Mailboxes).Name));
    }

    [Fact]
    public async Task An_email_that_is_sent_twice_has_the_same_Message_ID()
    {
        var email = NewEmail(Rosa);

        AssertAccepted(await To(shared.Maildev).SendAsync(email, TestContext.Current.CancellationToken));
        AssertAccepted(await To(shared.Maildev).SendAsync(email, TestContext.Current.CancellationToken));

        Assert.Equal(2, (await ReceivedAsync(shared.Maildev, email)).Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("invalid")]
    [InlineData("a@b@c")]
    [InlineData("x@")]
    [InlineData("@x.org")]
    [InlineData("a b@x.org")]
    [InlineData("a@x..org")]
    [InlineData("a@x.org, b@x.org")]
    [InlineData("Eve <a@x.org>")]
    [InlineData("a@x.org (Eve)")]
    [InlineData("team: a@x.org;")]
    [InlineData(" a@x.org")]
    [InlineData("\"rosa delgado\"@x.org")]
    [InlineData("rosa@[127.0.0.1]")]
    [InlineData("rosa@district")]
    [InlineData("rosa.@x.org")]
    [InlineData("rosa@x.org.")]
    [InlineData("rosa@x.org\u200b")]
    [InlineData("a@x.org\0")]
    [InlineData("evil@x.org\r\n")]
    [InlineData("evil@x.org\r\nBcc: y@z")]
    [InlineData("evil@x.org>\r\nRCPT TO:<y@z")]
    public async Task An_invalid_address_is_rejected_and_the_other_recipients_get_the_email(string address)
    {
        var email = NewEmail(address, Rosa);

        AssertAccepted(await To(shared.Maildev).SendAsync(email, TestContext.Current.CancellationToken), address);

        var received = Assert.Single(await ReceivedAsync(shared.Maildev, email));
        Assert.Equal([Rosa], received.Recipients);
        Assert.Equal([Rosa], received.Message.GetRecipients().Select(to => to.Address));
    }

    [Fact]
    public async Task An_email_without_a_valid_address_is_refused_without_a_command_to_the_server()
    {
        await using var server = new ScriptedSmtpServer();

        Assert.IsType<EmailOutcome.Refused>(await To(server).SendAsync(NewEmail("invalid", "x@"), TestContext.Current.CancellationToken));

        Assert.Empty(server.Commands);
    }

    [Theory]
    [InlineData("o'neil+sis@x.org")]
    [InlineData("rosa@xn--bcher-kva.example")]
    public async Task An_unusual_valid_address_is_accepted(string address)
    {
        await using var server = new ScriptedSmtpServer();

        AssertAccepted(await To(server).SendAsync(NewEmail(address), TestContext.Current.CancellationToken));

        Assert.Equal([$"RCPT TO:<{address}>"], RecipientsOf(server));
    }

    [Fact]
    public async Task A_duplicate_recipient_gets_the_email_once()
    {
        await using var server = new ScriptedSmtpServer();

        AssertAccepted(await To(server).SendAsync(NewEmail(Rosa, Rosa), TestContext.Current.CancellationToken));

        Assert.Equal([$"RCPT TO:<{Rosa}>"], RecipientsOf(server));
    }

    [Theory]
    [InlineData("Rosa\r\nBcc: eve@x.org")]
    [InlineData("Rosa\r\n\r\nHello")]
    [InlineData("Rosa\" <eve@x.org>, \"")]
    public async Task A_name_or_subject_cannot_inject_headers_or_recipients(string text)
    {
        var email = NewEmail(Rosa) with { To = [new(text, Rosa)], Subject = text };

        AssertAccepted(await To(shared.Maildev).SendAsync(email, TestContext.Current.CancellationToken));

        var received = Assert.Single(await ReceivedAsync(shared.Maildev, email));
        Assert.Equal([Rosa], received.Recipients);
        Assert.Equal([Rosa], received.Message.GetRecipients().Select(to => to.Address));
        Assert.False(received.Message.Headers.Contains("Bcc"));
        Assert.Equal(email.Text, received.Message.TextBody?.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task A_non_ASCII_address_is_used_if_the_server_supports_SMTPUTF8()
    {
        await using var server = new ScriptedSmtpServer { Extensions = ["8BITMIME", "SMTPUTF8"] };

        AssertAccepted(await To(server).SendAsync(NewEmail("josé@bücher.example", Rosa), TestContext.Current.CancellationToken));

        Assert.Equal(["RCPT TO:<josé@bücher.example>", $"RCPT TO:<{Rosa}>"], RecipientsOf(server));
        Assert.Contains("<josé@xn--bcher-kva.example>", server.Messages.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_SMTPUTF8_a_non_ASCII_local_part_is_rejected_and_a_domain_is_converted_to_ASCII()
    {
        await using var server = new ScriptedSmtpServer();

        AssertAccepted(await To(server).SendAsync(NewEmail("josé@x.org", "rosa@bücher.example"), TestContext.Current.CancellationToken), "josé@x.org");

        Assert.Equal(["RCPT TO:<rosa@xn--bcher-kva.example>"], RecipientsOf(server));
        Assert.IsType<EmailOutcome.Refused>(await To(server).SendAsync(NewEmail("josé@x.org"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("550 5.1.1 no such user", false)]
    [InlineData("551 5.1.6 moved", false)]
    [InlineData("552 5.2.2 full", false)]
    [InlineData("553 5.1.3 what", false)]
    [InlineData("554 5.7.1 no", false)]
    [InlineData("501 5.1.3 what", true)]
    public async Task A_recipient_that_the_server_refuses_is_rejected_and_the_others_get_the_email(string reply, bool pipelining)
    {
        await using var server = new ScriptedSmtpServer(($"RCPT TO:<{Luis}>", reply)) { Extensions = pipelining ? ["PIPELINING", "ENHANCEDSTATUSCODES"] : [] };

        AssertAccepted(await To(server).SendAsync(NewEmail(Rosa, Luis, Mei), TestContext.Current.CancellationToken), Luis);

        Assert.Single(server.Messages);
    }

    [Fact]
    public async Task An_email_is_refused_if_the_server_refuses_all_recipients()
    {
        await using var server = new ScriptedSmtpServer(("RCPT", "550 5.1.1 no such user"));

        Assert.IsType<EmailOutcome.Refused>(await To(server).SendAsync(NewEmail(Rosa, Luis), TestContext.Current.CancellationToken));

        Assert.Empty(server.Messages);
    }

    [Fact]
    public async Task SendAsync_throws_if_all_recipients_are_refused_and_one_only_temporarily()
    {
        await using var server = new ScriptedSmtpServer(($"RCPT TO:<{Rosa}>", $"450 4.2.0 {Rosa} is greylisted"), ("RCPT", "550 5.1.1 no such user"));

        var failure = await Assert.ThrowsAsync<MailServiceException>(() => To(server).SendAsync(NewEmail(Rosa, Luis), TestContext.Current.CancellationToken));

        Assert.Equal("The SMTP server did not accept the email: 450 4.2.0.", failure.Message);
        Assert.DoesNotContain(Rosa, failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ScriptedSmtpServer.Greeting, "421 4.7.0 too many connections")]
    [InlineData(ScriptedSmtpServer.Greeting, "421 4.3.2 too busy")]
    [InlineData("MAIL", "451 4.7.500 server busy")]
    [InlineData("MAIL", "450 4.7.1 too much mail")]
    [InlineData("RCPT", "450 4.7.1 too much mail")]
    [InlineData("RCPT", "421 4.7.28 too much mail")]
    [InlineData("DATA", "452 4.3.2 too busy")]
    [InlineData(ScriptedSmtpServer.Message, "451 4.4.5 congested")]
    [InlineData(ScriptedSmtpServer.Message, "421 4.7.0 too much mail")]
    public async Task A_reply_about_overload_returns_Throttled(string command, string reply)
    {
        await using var server = new ScriptedSmtpServer((command, reply));

        var throttled = Assert.IsType<EmailOutcome.Throttled>(await To(server).SendAsync(NewEmail(Rosa, Luis), TestContext.Current.CancellationToken));

        Assert.Equal(SmtpEmailSender.RetryAfter, throttled.RetryAfter);
    }

    [Theory]
    [InlineData(ScriptedSmtpServer.Greeting, "421 closing", "421")]
    [InlineData(ScriptedSmtpServer.Greeting, "554 5.3.2 no", "554 5.3.2")]
    [InlineData("MAIL", "451 4.3.0 local error", "451 4.3.0")]
    [InlineData("MAIL", "550 5.7.1 not your domain", "550 5.7.1")]
    [InlineData("RCPT", "421 4.3.0 closing", "421 4.3.0")]
    [InlineData("DATA", "451 4.3.0 local error", "451 4.3.0")]
    [InlineData(ScriptedSmtpServer.Message, "452 4.3.1 disk full", "452 4.3.1")]
    [InlineData(ScriptedSmtpServer.Message, "554 5.6.0 spam", "554 5.6.0")]
    public async Task Other_error_replies_throw_an_exception_with_their_codes(string command, string reply, string codes)
    {
        await using var server = new ScriptedSmtpServer((command, reply));

        var failure = await Assert.ThrowsAsync<MailServiceException>(() => To(server).SendAsync(NewEmail(Rosa, Luis), TestContext.Current.CancellationToken));

        Assert.Equal($"The SMTP server did not accept the email: {codes}.", failure.Message);
    }

    [Theory]
    [InlineData(ScriptedSmtpServer.Greeting)]
    [InlineData("MAIL")]
    [InlineData("RCPT")]
    [InlineData(ScriptedSmtpServer.Message)]
    public async Task SendAsync_throws_if_the_server_disconnects(string command)
    {
        await using var server = new ScriptedSmtpServer((command, ScriptedSmtpServer.Disconnect));

        await Assert.ThrowsAnyAsync<Exception>(() => To(server).SendAsync(NewEmail(Rosa), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("500 what")]
    [InlineData("421 closing")]
    [InlineData(ScriptedSmtpServer.Disconnect)]
    public async Task The_reply_to_QUIT_does_not_change_the_outcome(string reply)
    {
        await using var server = new ScriptedSmtpServer(("QUIT", reply));

        AssertAccepted(await To(server).SendAsync(NewEmail(Rosa), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task SendAsync_waits_for_a_reply_until_it_is_canceled()
    {
        await using var server = new ScriptedSmtpServer(("MAIL", ScriptedSmtpServer.NoReply));
        using var cancellation = new CancellationTokenSource();
        var sending = To(server).SendAsync(NewEmail(Rosa), cancellation.Token);
        await server.ReplyWithheld.WaitAsync(TestContext.Current.CancellationToken);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    [Fact]
    public async Task A_missing_reply_to_QUIT_does_not_change_the_outcome()
    {
        await using var server = new ScriptedSmtpServer(("QUIT", ScriptedSmtpServer.NoReply));

        AssertAccepted(await To(server).SendAsync(NewEmail(Rosa), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Cancellation_during_QUIT_does_not_change_the_outcome()
    {
        await using var server = new ScriptedSmtpServer(("QUIT", ScriptedSmtpServer.NoReply));
        using var cancellation = new CancellationTokenSource();
        var sending = To(server).SendAsync(NewEmail(Rosa), cancellation.Token);
        await server.ReplyWithheld.WaitAsync(TestContext.Current.CancellationToken);

        await cancellation.CancelAsync();

        AssertAccepted(await sending);
    }

    [Fact]
    public async Task An_email_is_accepted_with_correct_credentials()
    {
        await using var maildev = await Maildev.StartAsync(null, new MaildevSecurity(Username, Password), TestContext.Current.CancellationToken);
        var email = NewEmail(Rosa);

        AssertAccepted(await To(maildev, options => (options.Username, options.Password) = (Username, Password)).SendAsync(email, TestContext.Current.CancellationToken));

        Assert.Single(await ReceivedAsync(maildev, email));
    }

    [Fact]
    public async Task SendAsync_throws_with_wrong_or_missing_credentials()
    {
        const string Wrong = "battery staple";
        await using var maildev = await Maildev.StartAsync(null, new MaildevSecurity(Username, Password), TestContext.Current.CancellationToken);
        var email = NewEmail(Rosa);

        var failure = await Assert.ThrowsAsync<MailServiceException>(() =>
            To(maildev, options => (options.Username, options.Password) = (Username, Wrong)).SendAsync(email, TestContext.Current.CancellationToken));
        await Assert.ThrowsAnyAsync<Exception>(() => To(maildev).SendAsync(email, TestContext.Current.CancellationToken));

        Assert.DoesNotContain(Wrong, failure.ToString(), StringComparison.Ordinal);
        Assert.Empty(await ReceivedAsync(maildev, email));
    }

    [Fact]
    public async Task SendAsync_throws_with_a_username_if_the_server_does_not_support_authentication()
    {
        await using var server = new ScriptedSmtpServer();

        await Assert.ThrowsAsync<NotSupportedException>(() =>
            To(server, options => (options.Username, options.Password) = (Username, Password)).SendAsync(NewEmail(Rosa), TestContext.Current.CancellationToken));

        Assert.Empty(server.Messages);
    }

    [Fact]
    public async Task Implicit_TLS_requires_a_trusted_certificate()
    {
        using var test = new TestCertificate();
        await using var maildev = await Maildev.StartAsync(
            null, new MaildevSecurity(Username, Password, test.File, test.KeyFile), TestContext.Current.CancellationToken);
        var email = NewEmail(Rosa);

        await Assert.ThrowsAsync<SslHandshakeException>(() => To(maildev, Tls).SendAsync(email, TestContext.Current.CancellationToken));
        Assert.Empty(await ReceivedAsync(maildev, email));
        AssertAccepted(await To(maildev, Tls, test.Certificate).SendAsync(email, TestContext.Current.CancellationToken));
        Assert.Single(await ReceivedAsync(maildev, email));

        static void Tls(SmtpOptions options) => (options.Security, options.Username, options.Password) = (SmtpSecurity.Tls, Username, Password);
    }

    [Fact]
    public async Task STARTTLS_requires_a_trusted_certificate()
    {
        using var test = new TestCertificate();
        await using var server = new ScriptedSmtpServer { Extensions = ["STARTTLS"], Certificate = test.Certificate };

        await Assert.ThrowsAsync<SslHandshakeException>(() => To(server, StartTls).SendAsync(NewEmail(Rosa), TestContext.Current.CancellationToken));
        Assert.Empty(RecipientsOf(server));
        AssertAccepted(await To(server, StartTls, test.Certificate).SendAsync(NewEmail(Rosa), TestContext.Current.CancellationToken));
        Assert.Single(server.Messages);
    }

    [Fact]
    public async Task Nothing_is_sent_unencrypted_if_the_server_does_not_offer_STARTTLS_or_refuses_it()
    {
        await using var refusing = new ScriptedSmtpServer(("STARTTLS", "454 4.7.0 not now")) { Extensions = ["STARTTLS", "AUTH PLAIN"] };
        var email = NewEmail(Rosa);

        await Assert.ThrowsAsync<NotSupportedException>(() => To(shared.Maildev, StartTls).SendAsync(email, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<MailServiceException>(() => To(refusing, StartTls).SendAsync(email, TestContext.Current.CancellationToken));

        Assert.Empty(await ReceivedAsync(shared.Maildev, email));
        Assert.All(refusing.Commands, command => Assert.True(command is "STARTTLS" || command.StartsWith("EHLO", StringComparison.Ordinal), command));
    }

    private static void StartTls(SmtpOptions options) =>
        (options.Security, options.Username, options.Password) = (SmtpSecurity.StartTls, null, null);

    private static void AssertAccepted(EmailOutcome outcome, params string[] rejected) =>
        Assert.Equal(rejected, Assert.IsType<EmailOutcome.Accepted>(outcome).Rejected);

    private static IEnumerable<string> RecipientsOf(ScriptedSmtpServer server) =>
        server.Commands.Where(command => command.StartsWith("RCPT", StringComparison.Ordinal));

    private static Email NewEmail(params string[] to) => new(
        Guid.NewGuid(),
        [.. to.Select(address => new EmailRecipient("Rosa Ibáñez", address))],
        "Your credentials expire in 7 days – Oakland",
        "Plain ñ text.\n.\nA line of one dot came before this one.\n",
        "<p>Rich <b>ñ</b> text.</p>\n",
        new EmailAttachment("reminder.ics", "text/calendar; charset=utf-8", Calendar));

    private static SmtpEmailSender To(Maildev maildev, Action<SmtpOptions>? configure = null, X509Certificate2? trusted = null) =>
        Sender(maildev.SmtpAddress.Port, configure, trusted);

    private static SmtpEmailSender To(ScriptedSmtpServer server, Action<SmtpOptions>? configure = null, X509Certificate2? trusted = null) =>
        Sender(server.Port, configure, trusted);

    private static SmtpEmailSender Sender(int port, Action<SmtpOptions>? configure, X509Certificate2? trusted)
    {
        var smtp = new SmtpOptions { Host = IPAddress.Loopback.ToString(), Port = port, Security = SmtpSecurity.None };
        configure?.Invoke(smtp);
        return new SmtpEmailSender(Options.Create(new MailOptions { From = From, FromName = "TOMS, the system" }), Options.Create(smtp), new FakeTimeProvider(Now))
        {
            CertificateValidation = trusted is null
                ? null
                : (_, shown, _, errors) => errors is SslPolicyErrors.RemoteCertificateChainErrors && shown!.GetRawCertData().AsSpan().SequenceEqual(trusted.RawData),
        };
    }

    private static async Task<ReceivedMail[]> ReceivedAsync(Maildev maildev, Email email)
    {
        using var inbox = new Inbox(maildev.InboxAddress);
        return [.. (await inbox.ReadAsync()).Where(mail => mail.Message.MessageId == $"{email.OperationId:N}@toms.example")];
    }
}

/// <summary>Shared maildev without authentication or TLS.</summary>
public sealed class SharedMaildev : IAsyncLifetime
{
    internal Maildev Maildev { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Maildev = await Maildev.StartAsync(null, new MaildevSecurity(), CancellationToken.None);

    public ValueTask DisposeAsync() => Maildev.DisposeAsync();
}
