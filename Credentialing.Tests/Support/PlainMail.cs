using System.Net;
using MailKit.Net.Smtp;
using MimeKit;

namespace Credentialing.Tests.Support;

/// <summary>A mail that is of no interest.</summary>
internal static class PlainMail
{
    /// <summary>Sends one to an SMTP server, and hangs up the moment that it is accepted.</summary>
    internal static async Task SendAsync(IPEndPoint server, string subject, string text = "")
    {
        using var client = new SmtpClient();
        await client.ConnectAsync(server.Address.ToString(), server.Port, cancellationToken: TestContext.Current.CancellationToken);
        using var message = new MimeMessage([new MailboxAddress("A", "a@b.org")], [new MailboxAddress("C", "c@d.org")], subject, new TextPart { Text = text });
        await client.SendAsync(message, TestContext.Current.CancellationToken);
    }
}
