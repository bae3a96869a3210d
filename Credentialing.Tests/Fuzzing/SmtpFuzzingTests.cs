using System.Net;
using System.Text;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Tests.Mail;
using Credentialing.Tests.Support;
using CsCheck;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using MimeKit;

namespace Credentialing.Tests.Fuzzing;

/// <summary>Names, addresses and subjects on the way to a mail server: they can add neither a recipient nor a header field nor a command.</summary>
[Kind(TestKind.Unit)]
public sealed class SmtpFuzzingTests(ITestOutputHelper output)
{
    private const string Rosa = "rosa@lea.example";

    private static readonly string[] Fields =
        ["From", "Date", "Subject", "Message-Id", "To", "MIME-Version", "Content-Type", "Auto-Submitted", "Content-Language", "X-Auto-Response-Suppress"];

    [Fact]
    public Task An_email_to_a_mail_server()
    {
        var names = Mutations.Of(Mutations.AllChars, "Rosa Ibáñez", "Delgado, Rosa <x@y.example>", "a\r\nBcc: evil@b.example", "=?utf-8?Q?a?=", "\"a\\\"");
        var addresses = Mutations.Of(Mutations.AllChars, "luis@lea.example", "josé@bücher.example", "evil@b.example>\r\nRCPT TO:<other@b.example", "a@b.example, c@d.example");
        return FuzzRun.SampleAsync(output, 5, () => Task.FromResult(new ScriptedSmtpServer { Extensions = ["ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8"] }), _ => Gen.Select(names, addresses, names), SendAsync, input => FuzzedRequest.Printable($"{input}"), inputsPerStart: 100);
    }

    private static async Task SendAsync(ScriptedSmtpServer server, (string Name, string Address, string Subject) input)
    {
        FuzzRun.CountRequest();
        var (commandsBefore, messagesBefore) = (server.Commands.Count, server.Messages.Count);
        var sender = new SmtpEmailSender(
            Options.Create(new MailOptions { From = "noreply@toms.example", FromName = "TOMS" }),
            Options.Create(new SmtpOptions { Host = IPAddress.Loopback.ToString(), Port = server.Port, Security = SmtpSecurity.None }),
            new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 20, 0, 0, TimeSpan.Zero)));
        var email = new Email(Guid.NewGuid(), [new EmailRecipient(input.Name, input.Address), new EmailRecipient("Rosa", Rosa)], input.Subject, "Text", "<p>Text</p>", null);

        Assert.IsType<EmailOutcome.Accepted>(await sender.SendAsync(email, TestContext.Current.CancellationToken).WaitAsync(FuzzRun.Limit, TestContext.Current.CancellationToken));

        var valid = new[] { EmailAddress.ToMailbox(input.Address), Rosa }.OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal).ToList();
        var commands = server.Commands.Skip(commandsBefore).ToList();
        Assert.All(commands, command => Assert.Matches("^(EHLO|MAIL FROM:|RCPT TO:<|DATA$|QUIT$)", command));
        var recipients = commands.Where(command => command.StartsWith("RCPT", StringComparison.Ordinal)).Select(command => EmailAddress.ToMailbox(command["RCPT TO:<".Length..].Split('>')[0])!).Order(StringComparer.Ordinal);
        Assert.Equal(valid, recipients);
        foreach (var text in server.Messages.Skip(messagesBefore))
        {
            using var message = MimeMessage.Load(new MemoryStream(Encoding.UTF8.GetBytes(text)), TestContext.Current.CancellationToken);
            Assert.All(message.Headers, header => Assert.Contains(header.Field, Fields, StringComparer.OrdinalIgnoreCase));
            Assert.Equal(OneLine.Of(input.Subject), message.Subject ?? "");
            Assert.All(message.To.Mailboxes, to => Assert.Contains(to.Name ?? "", (string[])["Rosa", OneLine.Of(input.Name)]));
            Assert.Subset(valid.ToHashSet(StringComparer.OrdinalIgnoreCase), message.GetRecipients().Select(recipient => EmailAddress.ToMailbox(recipient.Address)!).ToHashSet(StringComparer.OrdinalIgnoreCase));
        }
    }
}
