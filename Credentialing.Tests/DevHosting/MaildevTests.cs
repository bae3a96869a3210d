using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using MimeKit;

namespace Credentialing.Tests.DevHosting;

[Kind(TestKind.Process)]
public sealed class MaildevTests
{
    [Fact]
    public async Task An_accepted_email_is_in_the_inbox_immediately_and_after_a_restart()
    {
        const int Emails = 20;
        using var data = new TemporaryFolder();
        await using (var first = await StartAsync(data.Path))
        {
            await Task.WhenAll(Enumerable.Range(1, Emails).Select(number => PlainMail.SendAsync(first.SmtpAddress, number.ToString(CultureInfo.InvariantCulture))));

            Assert.Equal(Emails, (await SubjectsAsync(first)).Length);
        }

        await using var second = await StartAsync(data.Path);

        Assert.Equal(Enumerable.Range(1, Emails), (await SubjectsAsync(second)).Select(int.Parse).Order());
    }

    [Fact]
    public async Task An_incomplete_email_is_not_stored()
    {
        using var data = new TemporaryFolder();
        await using (var first = await StartAsync(data.Path))
        {
            await SendIncompleteAsync(first);
            await PlainMail.SendAsync(first.SmtpAddress, "complete"); // when it is accepted, the server has also received the incomplete email
        }

        await using var second = await StartAsync(data.Path);

        Assert.Equal(["complete"], await SubjectsAsync(second));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Subj")]
    [InlineData("Subject: incomplete\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Disposition: attachment; filename=a.ics\r\n\r\nBEGIN")]
    public async Task Maildev_starts_with_a_truncated_email_file(string content)
    {
        using var data = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(data.Path, "inbox"));
        await File.WriteAllTextAsync(Path.Combine(data.Path, "inbox", "abcdefgh.eml"), content, TestContext.Current.CancellationToken);

        await using var maildev = await StartAsync(data.Path);

        await PlainMail.SendAsync(maildev.SmtpAddress, "complete");
        Assert.Contains("complete", await SubjectsAsync(maildev));
    }

    [Fact]
    public async Task An_accepted_email_is_completely_on_disk_when_maildev_stops_immediately()
    {
        const int Emails = 4;
        var text = string.Join("\r\n", Enumerable.Repeat(new string('x', 70), 20_000));
        using var data = new TemporaryFolder();
        await using (var maildev = await StartAsync(data.Path))
            await Task.WhenAll(Enumerable.Range(1, Emails).Select(_ => PlainMail.SendAsync(maildev.SmtpAddress, "long", text)));

        var files = Directory.GetFiles(data.Path, "*.eml", SearchOption.AllDirectories);
        Assert.Equal(Emails, files.Length);
        foreach (var file in files)
        {
            using var message = await MimeMessage.LoadAsync(file, TestContext.Current.CancellationToken);
            Assert.Equal(text, message.TextBody?.ReplaceLineEndings("\r\n").TrimEnd());
        }
    }

    [Fact]
    public async Task Maildev_keeps_running_when_a_client_does_not_use_TLS()
    {
        using var certificate = new TestCertificate();
        await using var maildev = await Maildev.StartAsync(
            null, new MaildevSecurity(CertificateFile: certificate.File, KeyFile: certificate.KeyFile), TestContext.Current.CancellationToken);
        using var connection = new TcpClient();
        await connection.ConnectAsync(maildev.SmtpAddress, TestContext.Current.CancellationToken);
        await using var stream = connection.GetStream();
        await stream.WriteAsync("EHLO unencrypted\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("250", await new StreamReader(stream).ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        Assert.Empty(await SubjectsAsync(maildev));
    }

    [Fact]
    public async Task Instances_without_a_folder_do_not_share_emails()
    {
        await using var first = await StartAsync(mailFolder: null);
        await using var second = await StartAsync(mailFolder: null);

        await PlainMail.SendAsync(first.SmtpAddress, "for the first");

        Assert.Equal(["for the first"], await SubjectsAsync(first));
        Assert.Empty(await SubjectsAsync(second));
    }

    /// <summary>Closes the connection in the middle of an email.</summary>
    private static async Task SendIncompleteAsync(Maildev maildev)
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(maildev.SmtpAddress, TestContext.Current.CancellationToken);
        await using var stream = connection.GetStream();
        using var replies = new StreamReader(stream, Encoding.ASCII);
        await ReplyAsync("220");
        foreach (var (command, reply) in ((string, string)[])[("HELO a", "250"), ("MAIL FROM:<a@b.org>", "250"), ("RCPT TO:<c@d.org>", "250"), ("DATA", "354")])
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"), TestContext.Current.CancellationToken);
            await ReplyAsync(reply);
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes("Subject: incomplete\r\n\r\n" + new string('x', 100_000)), TestContext.Current.CancellationToken);

        async Task ReplyAsync(string expected) =>
            Assert.StartsWith(expected, await replies.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static Task<Maildev> StartAsync(string? mailFolder) =>
        Maildev.StartAsync(mailFolder, new MaildevSecurity(), TestContext.Current.CancellationToken);

    private static async Task<string[]> SubjectsAsync(Maildev maildev)
    {
        using var inbox = new Inbox(maildev.InboxAddress);
        return await inbox.SubjectsAsync();
    }
}
