using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using MimeKit;

namespace Credentialing.Tests.DevHosting;

public sealed class MaildevTests
{
    [Fact]
    public async Task A_mail_is_in_the_inbox_once_it_is_accepted_and_still_there_after_a_restart()
    {
        const int Mails = 20;
        using var data = new TemporaryFolder();
        await using (var first = await StartAsync(data.Path))
        {
            await Task.WhenAll(Enumerable.Range(1, Mails).Select(number => PlainMail.SendAsync(first.SmtpAddress, number.ToString(CultureInfo.InvariantCulture))));

            Assert.Equal(Mails, (await SubjectsAsync(first)).Length);
        }

        await using var second = await StartAsync(data.Path);

        Assert.Equal(Enumerable.Range(1, Mails), (await SubjectsAsync(second)).Select(int.Parse).Order());
    }

    [Fact]
    public async Task A_mail_whose_sender_dies_in_the_middle_of_it_is_not_there_after_a_restart()
    {
        using var data = new TemporaryFolder();
        await using (var first = await StartAsync(data.Path))
        {
            using var connection = new TcpClient();
            await connection.ConnectAsync(first.SmtpAddress, TestContext.Current.CancellationToken);
            await using var stream = connection.GetStream();
            using var replies = new StreamReader(stream, Encoding.ASCII);
            await ReplyAsync("220");
            foreach (var (command, reply) in ((string, string)[])[("HELO a", "250"), ("MAIL FROM:<a@b.org>", "250"), ("RCPT TO:<c@d.org>", "250"), ("DATA", "354")])
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"), TestContext.Current.CancellationToken);
                await ReplyAsync(reply);
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes("Subject: half\r\n\r\n" + new string('x', 100_000)), TestContext.Current.CancellationToken);
            while (!Directory.EnumerateFiles(data.Path, "*.eml", SearchOption.AllDirectories).Any())
                await Task.Yield();

            async Task ReplyAsync(string expected) =>
                Assert.StartsWith(expected, await replies.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        await using var second = await StartAsync(data.Path);

        Assert.Empty(await SubjectsAsync(second));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Subj")]
    [InlineData("Subject: half\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Disposition: attachment; filename=a.ics\r\n\r\nBEGIN")]
    public async Task A_file_that_was_cut_off_does_not_keep_it_from_starting(string content)
    {
        using var data = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(data.Path, "inbox"));
        await File.WriteAllTextAsync(Path.Combine(data.Path, "inbox", "abcdefgh.eml"), content, TestContext.Current.CancellationToken);

        await using var maildev = await StartAsync(data.Path);

        await PlainMail.SendAsync(maildev.SmtpAddress, "whole");
        Assert.Contains("whole", await SubjectsAsync(maildev));
    }

    [Fact]
    public async Task A_mail_is_whole_even_if_all_ends_the_moment_it_is_accepted()
    {
        const int Mails = 4;
        var text = string.Join("\r\n", Enumerable.Repeat(new string('x', 70), 20_000));
        using var data = new TemporaryFolder();
        await using (var maildev = await StartAsync(data.Path))
            await Task.WhenAll(Enumerable.Range(1, Mails).Select(_ => PlainMail.SendAsync(maildev.SmtpAddress, "long", text)));

        var files = Directory.GetFiles(data.Path, "*.eml", SearchOption.AllDirectories);
        Assert.Equal(Mails, files.Length);
        foreach (var file in files)
        {
            using var message = await MimeMessage.LoadAsync(file, TestContext.Current.CancellationToken);
            Assert.Equal(text, message.TextBody?.ReplaceLineEndings("\r\n").TrimEnd());
        }
    }

    [Fact]
    public async Task A_client_that_speaks_no_TLS_does_not_end_it()
    {
        using var certificate = new TestCertificate();
        await using var maildev = await Maildev.StartAsync(
            null, new MaildevDemands(CertificateFile: certificate.File, KeyFile: certificate.KeyFile), TestContext.Current.CancellationToken);
        using var connection = new TcpClient();
        await connection.ConnectAsync(maildev.SmtpAddress, TestContext.Current.CancellationToken);
        await using var stream = connection.GetStream();
        await stream.WriteAsync("EHLO in the clear\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("250", await new StreamReader(stream).ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        Assert.Empty(await SubjectsAsync(maildev));
    }

    [Fact]
    public async Task Two_forget_their_mails_without_a_folder_and_do_not_share_them()
    {
        await using var first = await StartAsync(mailFolder: null);
        await using var second = await StartAsync(mailFolder: null);

        await PlainMail.SendAsync(first.SmtpAddress, "for the first");

        Assert.Equal(["for the first"], await SubjectsAsync(first));
        Assert.Empty(await SubjectsAsync(second));
    }

    private static Task<Maildev> StartAsync(string? mailFolder) =>
        Maildev.StartAsync(mailFolder, new MaildevDemands(), TestContext.Current.CancellationToken);

    private static async Task<string[]> SubjectsAsync(Maildev maildev)
    {
        using var inbox = new Inbox(maildev.InboxAddress);
        return await inbox.SubjectsAsync();
    }
}
