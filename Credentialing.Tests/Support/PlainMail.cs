using System.Net;
using MailKit.Net.Smtp;
using MimeKit;

namespace Credentialing.Tests.Support;

/// <summary>A mail that is nothing but a subject.</summary>
internal static class PlainMail
{
    /// <summary>Sends one to an SMTP server; returns when it is accepted.</summary>
    internal static async Task SendAsync(IPEndPoint server, string subject)
    {
        using var client = new SmtpClient();
        await client.ConnectAsync(server.Address.ToString(), server.Port, cancellationToken: TestContext.Current.CancellationToken);
        using var message = new MimeMessage([new MailboxAddress("A", "a@b.org")], [new MailboxAddress("C", "c@d.org")], subject, new TextPart());
        await client.SendAsync(message, TestContext.Current.CancellationToken);
        await client.DisconnectAsync(quit: true, TestContext.Current.CancellationToken);
    }
}
