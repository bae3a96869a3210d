using System.Net;
using MailKit.Net.Smtp;
using MimeKit;

namespace Credentialing.Tests.Support;

/// <summary>Sends a minimal email, for tests in which its content does not matter.</summary>
internal static class PlainMail
{
    /// <summary>Sends an email to an SMTP server. Closes the connection without QUIT as soon as the email is accepted.</summary>
    internal static async Task SendAsync(IPEndPoint server, string subject, string text = "")
    {
        using var client = new SmtpClient();
        await client.ConnectAsync(server.Address.ToString(), server.Port, cancellationToken: TestContext.Current.CancellationToken);
        using var message = new MimeMessage([new MailboxAddress("A", "a@b.org")], [new MailboxAddress("C", "c@d.org")], subject, new TextPart { Text = text });
        await client.SendAsync(message, TestContext.Current.CancellationToken);
    }
}
