using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Credentialing.Core.Mail;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using MimeKit;

namespace Credentialing.Tests.Mail;

/// <summary>What an SMTP server replies for single recipients, for the message, and for the session.</summary>
[Kind(TestKind.Process)]
public sealed partial class SmtpRecipientTests
{
    private const string Rosa = "rosa@lea.example";
    private const string Luis = "luis@lea.example";
    private const string International = "josé@lea.example";

    [Theory]
    [InlineData("Rosa\r\nBcc: eve@x.org")]
    [InlineData("Rosa\r\n\r\nHello")]
    [InlineData("Rosa\u2028\u0085Bcc: eve@x.org")]
    public async Task A_name_adds_no_header_field_to_a_message_with_SMTPUTF8(string name)
    {
        await using var server = new ScriptedSmtpServer { Extensions = ["8BITMIME", "SMTPUTF8"] };
        var email = NewEmail() with { To = [new(name, International)], Subject = name };

        Assert.IsType<EmailOutcome.Accepted>(await SendAsync(server, email, fromName: name));

        var message = Parse(Assert.Single(server.Messages));
        Assert.Equal(["auto-submitted", "content-language", "content-type", "date", "from", "message-id", "mime-version", "subject", "to"], message.Headers.Concat(message.Body!.Headers).Select(header => header.Field.ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(email.Text, message.TextBody?.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task Only_a_recipient_whose_address_needs_SMTPUTF8_gets_a_message_with_it()
    {
        await using var server = new ScriptedSmtpServer { Extensions = ["8BITMIME", "SMTPUTF8"] };
        var email = NewEmail(International, Rosa, "luis@bücher.example") with { Subject = "Peña" };

        AssertAccepted(await SendAsync(server, email), [], []);

        Assert.Equal([$"RCPT TO:<{International}>", $"RCPT TO:<{Rosa}>", "RCPT TO:<luis@xn--bcher-kva.example>"], RecipientsOf(server));
        Assert.Equal([true, false], server.Commands.Where(command => command.StartsWith("MAIL", StringComparison.Ordinal)).Select(command => command.Contains("SMTPUTF8", StringComparison.Ordinal)));
        Assert.True(Ascii.IsValid(server.Messages.Last()));
        Assert.Equal(2, server.Messages.Select(message => Parse(message).MessageId).Distinct().Count());
    }

    [Fact]
    public async Task An_international_domain_needs_no_SMTPUTF8()
    {
        await using var server = new ScriptedSmtpServer { Extensions = [] };
        AssertAccepted(await SendAsync(server, NewEmail(International, "rosa@bücher.example")), [International], []);
        Assert.True(Ascii.IsValid(Assert.Single(server.Messages)));
    }

    [Theory]
    [InlineData("452 4.5.3 too many recipients", true)]
    [InlineData("452 4.5.3 too many recipients", false)]
    [InlineData("452 too many recipients", true)]
    [InlineData("552 too many recipients", true)]
    [InlineData("550 5.5.3 too many recipients", true)]
    public async Task Recipients_above_the_servers_limit_get_the_email_in_further_transactions(string reply, bool pipelining)
    {
        await using var server = new ScriptedSmtpServer { MaxRecipients = 2, TooManyRecipients = reply, Extensions = pipelining ? ["PIPELINING"] : [] };
        string[] to = [.. Enumerable.Range(1, 5).Select(number => $"coordinator{number}@lea.example")];

        AssertAccepted(await SendAsync(server, NewEmail(to)), [], []);

        Assert.Equal(3, server.Messages.Count);
        Assert.Single(server.Messages.Distinct());
        Assert.Single(server.Commands, command => command.StartsWith("EHLO", StringComparison.Ordinal));
        Assert.Equal(to, RecipientsOf(server).Distinct().Select(command => command["RCPT TO:<".Length..^1]));
    }

    [Theory]
    [InlineData("450 4.2.1 busy")]
    [InlineData("451 greylisted")]
    [InlineData("451 4.7.1 come back later")]
    [InlineData("452 4.2.2 full")]
    [InlineData("452 4.5.3 too many recipients")]
    public async Task A_recipient_whom_the_server_refuses_for_now_is_deferred_and_the_others_get_the_email(string reply)
    {
        await using var server = new ScriptedSmtpServer(($"RCPT TO:<{Luis}>", reply));
        AssertAccepted(await SendAsync(server, NewEmail(Rosa, Luis, "LUIS@lea.example")), [], [Luis, "LUIS@lea.example"]);
        Assert.Single(server.Messages);
    }

    [Theory]
    [InlineData("RCPT TO:<rosa", ScriptedSmtpServer.Disconnect, false)]
    [InlineData("RCPT TO:<rosa", "421 4.3.0 closing", false)]
    [InlineData("RCPT TO:<rosa", "554 5.7.1 relay access denied", false)]
    [InlineData("RCPT TO:<rosa", "550 5.1.1 no such user", true)]
    public async Task A_failure_after_the_email_was_accepted_for_some_defers_the_others(string command, string reply, bool isRejected)
    {
        await using var server = new ScriptedSmtpServer((command, reply)) { Extensions = ["8BITMIME", "SMTPUTF8"] };
        AssertAccepted(await SendAsync(server, NewEmail(Rosa, International)), isRejected ? [Rosa] : [], isRejected ? [] : [Rosa]);
    }

    [Theory]
    [InlineData("MAIL FROM:<noreply@toms.example> ", "451 4.3.0 local error", false)]
    [InlineData("RCPT TO:<jos", "451 4.2.0 greylisted", false)]
    [InlineData("RCPT TO:<jos", "550 5.1.1 no such user", true)]
    public async Task A_failure_of_the_message_with_SMTPUTF8_does_not_keep_the_email_from_the_others(string command, string reply, bool isRejected)
    {
        await using var server = new ScriptedSmtpServer((command, reply)) { Extensions = ["8BITMIME", "SMTPUTF8"] };
        AssertAccepted(await SendAsync(server, NewEmail(International, Rosa)), isRejected ? [International] : [], isRejected ? [] : [International]);
    }

    [Theory]
    [InlineData(null, "toms.example")]
    [InlineData("app.toms.example", "app.toms.example")]
    public async Task EHLO_has_the_domain_of_the_sender_or_the_name_from_the_settings(string? setting, string expected)
    {
        await using var server = new ScriptedSmtpServer();
        AssertAccepted(await SendAsync(server, NewEmail(Rosa), options => options.LocalDomain = setting), [], []);
        Assert.Equal($"EHLO {expected}", server.Commands.First());
    }

    [Theory]
    [InlineData("EHLO", "504 5.5.2 need a fully qualified name", "504 5.5.2")]
    [InlineData("MAIL", "530 5.7.0 Authentication required", "530 5.7.0")]
    [InlineData("RCPT", "530 5.7.0 Authentication required", "530 5.7.0")]
    [InlineData("RCPT", "554 5.7.1 Relay access denied", "554 5.7.1")]
    [InlineData("RCPT", "550 5.7.1 Client does not have permission", "550 5.7.1")]
    [InlineData("RCPT", "504 5.5.2 need a fully qualified name", "504 5.5.2")]
    [InlineData("RCPT", "554 Relay access denied", "554")]
    [InlineData("RCPT", "503 authenticate first", "503")]
    public async Task A_refusal_of_the_session_is_not_a_refusal_of_the_recipients(string command, string reply, string codes)
    {
        await using var server = new ScriptedSmtpServer((command, $"{reply} {Rosa}"), ("HELO", reply));
        var failure = await Assert.ThrowsAsync<MailServiceException>(() => SendAsync(server, NewEmail(Rosa, Luis)));
        Assert.Equal((false, $"The SMTP server did not accept the email: {codes}."), (failure.ConcernsOnlyThisEmail, failure.Message));
        Assert.DoesNotContain(Rosa, failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_of_username_and_password_has_its_codes()
    {
        await using var server = new ScriptedSmtpServer(("AUTH", "535 5.7.8 no")) { Extensions = ["AUTH PLAIN"] };
        var failure = await Assert.ThrowsAsync<MailServiceException>(() => SendAsync(server, NewEmail(Rosa), options => (options.Username, options.Password) = ("user", "password")));
        Assert.Equal("The SMTP server did not accept the username and password: 535 5.7.8.", failure.Message);
    }

    [Fact]
    public async Task An_email_whose_recipients_are_all_deferred_is_a_failure_that_concerns_only_this_email()
    {
        await using var server = new ScriptedSmtpServer(("RCPT", "451 4.2.0 greylisted"));
        Assert.True((await Assert.ThrowsAsync<MailServiceException>(() => SendAsync(server, NewEmail(Rosa)))).ConcernsOnlyThisEmail);
    }

    [Fact]
    public async Task An_email_is_refused_if_one_address_does_not_exist_and_the_server_does_not_relay_to_the_other()
    {
        await using var server = new ScriptedSmtpServer(($"RCPT TO:<{Rosa}>", "550 5.1.1 no such user"), ("RCPT", "554 5.7.1 relay access denied"));
        Assert.IsType<EmailOutcome.Refused>(await SendAsync(server, NewEmail(Rosa, Luis)));
    }

    [Theory]
    [InlineData(true, X509RevocationMode.Online)]
    [InlineData(false, X509RevocationMode.NoCheck)]
    public async Task The_check_for_revoked_certificates_is_a_setting(bool isChecked, X509RevocationMode expected)
    {
        using var test = new TestCertificate();
        await using var server = new ScriptedSmtpServer { Extensions = ["STARTTLS"], Certificate = test.Certificate };
        X509RevocationMode? used = null;
        var sender = NewSender(
            server,
            options => (options.Security, options.CheckCertificateRevocation) = (SmtpSecurity.StartTls, isChecked),
            validate: chain => (used = chain.ChainPolicy.RevocationMode) is not null);

        AssertAccepted(await sender.SendAsync(NewEmail(Rosa), TestContext.Current.CancellationToken), [], []);

        Assert.Equal(expected, used);
        Assert.True(new SmtpOptions().CheckCertificateRevocation);
    }

    [Theory]
    [InlineData("東灣聯合學區東灣聯合學區東灣聯合學區東灣聯合學區東灣聯合學區東灣聯合學區東灣聯合學區")]
    [InlineData("Peña ÑandúÑandúÑandúÑandúÑandúÑandúÑandúÑandúÑandúÑandúÑandúÑandúÑandúÑandúÑandúÑandú")]
    [InlineData("a😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀")]
    public async Task Encoded_words_have_at_most_75_characters_on_lines_of_at_most_76(string text)
    {
        await using var server = new ScriptedSmtpServer();
        var email = NewEmail() with { To = [new(text, Rosa), new("Luis, ASCII", Luis)], Subject = text };

        AssertAccepted(await SendAsync(server, email, fromName: text), [], []);

        var raw = Assert.Single(server.Messages);
        var encoded = raw.Split("\r\n").TakeWhile(line => line.Length > 0).Where(line => line.Contains("=?", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(encoded);
        Assert.All(encoded, line => Assert.InRange(line.Length, 1, 76));
        Assert.All(encoded.SelectMany(line => EncodedWord().Matches(line)), word => Assert.InRange(word.Length, 1, 75));
        var message = Parse(raw);
        Assert.Equal((text, text), (message.Subject, message.From.Mailboxes.Single().Name));
        Assert.Equal([(text, Rosa), ("Luis, ASCII", Luis)], message.To.Mailboxes.Select(to => (to.Name, to.Address)));
    }

    [Fact]
    public async Task No_line_of_a_message_is_longer_than_78_characters()
    {
        await using var server = new ScriptedSmtpServer();
        var text = string.Join(' ', Enumerable.Repeat("Peña https://toms.example/credentialing/?lea=01612590000000", 30)) + "\n";
        var email = NewEmail(Rosa) with { Text = text, Html = $"<p>{text}</p>" };

        AssertAccepted(await SendAsync(server, email), [], []);

        var raw = Assert.Single(server.Messages);
        Assert.All(raw.Split("\r\n"), line => Assert.InRange(line.Length, 0, 78));
        Assert.Equal(text, Parse(raw).TextBody!.ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData("app.toms.example", true)]
    [InlineData("app", true)]
    [InlineData("my host", false)]
    [InlineData("bücher.example", false)]
    [InlineData("a.example\r\nMAIL", false)]
    public void The_name_for_EHLO_is_a_host_name(string name, bool isValid) =>
        Assert.Equal(isValid, !new SmtpOptions { Host = "localhost", LocalDomain = name }.Validate(new ValidationContext(new object())).Any());

    private static void AssertAccepted(EmailOutcome outcome, string[] rejected, string[] deferred)
    {
        var accepted = Assert.IsType<EmailOutcome.Accepted>(outcome);
        Assert.Equal(rejected, accepted.Rejected);
        Assert.Equal(deferred, accepted.Deferred);
    }

    private static IEnumerable<string> RecipientsOf(ScriptedSmtpServer server) =>
        server.Commands.Where(command => command.StartsWith("RCPT", StringComparison.Ordinal));

    private static MimeMessage Parse(string message) => MimeMessage.Load(new MemoryStream(Encoding.UTF8.GetBytes(message)), TestContext.Current.CancellationToken);

    private static Email NewEmail(params string[] to) => new(
        Guid.NewGuid(), [.. to.Select(address => new EmailRecipient("Rosa", address))], "Subject", "Text\n", "<p>Text</p>\n", new EmailAttachment("reminder.ics", "text/calendar", "x"u8.ToArray()));

    private static Task<EmailOutcome> SendAsync(ScriptedSmtpServer server, Email email, Action<SmtpOptions>? configure = null, string fromName = "TOMS") =>
        NewSender(server, configure, fromName: fromName).SendAsync(email, TestContext.Current.CancellationToken);

    private static SmtpEmailSender NewSender(ScriptedSmtpServer server, Action<SmtpOptions>? configure, Func<X509Chain, bool>? validate = null, string fromName = "TOMS")
    {
        var smtp = new SmtpOptions { Host = IPAddress.Loopback.ToString(), Port = server.Port, Security = SmtpSecurity.None };
        configure?.Invoke(smtp);
        return new SmtpEmailSender(
            Options.Create(new MailOptions { From = "noreply@toms.example", FromName = fromName }), Options.Create(smtp), new FakeTimeProvider())
        {
            CertificateValidation = validate is null ? null : (_, _, chain, _) => validate(chain!),
        };
    }

    [GeneratedRegex(@"=\?[^ ]*?\?[BQ]\?[^ ]*?\?=", RegexOptions.IgnoreCase)]
    private static partial Regex EncodedWord();
}
