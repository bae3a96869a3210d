using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Credentialing.Tests.Mail;

/// <summary>
/// An SMTP server on a free port with scripted replies, for behavior that a conforming server cannot be configured to show. Commands
/// without a script entry succeed.
/// </summary>
internal sealed class ScriptedSmtpServer : IAsyncDisposable
{
    /// <summary>Script key of the greeting.</summary>
    internal const string Greeting = "(greeting)";

    /// <summary>Script key of the end of a message.</summary>
    internal const string Message = "(message)";

    /// <summary>Closes the connection instead of a reply.</summary>
    internal const string Disconnect = "(disconnect)";

    /// <summary>Sends no reply and keeps the connection open.</summary>
    internal const string NoReply = "(no reply)";

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentQueue<string> commands = new();
    private readonly ConcurrentQueue<(string Message, DateTimeOffset At)> messages = new();
    private readonly TaskCompletionSource replyWithheld = new();
    private readonly (string Prefix, string Reply)[] script;
    private readonly Task serving;

    /// <summary>Starts the server.</summary>
    /// <param name="script">The reply to commands with this prefix. The first match applies.</param>
    internal ScriptedSmtpServer(params (string Prefix, string Reply)[] script)
    {
        this.script = script;
        listener.Start();
        serving = ServeAsync();
    }

    /// <summary>The extensions in the EHLO reply.</summary>
    internal IReadOnlyList<string> Extensions { get; init; } = ["ENHANCEDSTATUSCODES", "8BITMIME"];

    /// <summary>The maximum number of recipients of a transaction. Further ones get <see cref="TooManyRecipients"/>.</summary>
    internal int MaxRecipients { get; init; } = int.MaxValue;

    /// <summary>The reply to a recipient above <see cref="MaxRecipients"/>.</summary>
    internal string TooManyRecipients { get; init; } = "452 4.5.3 too many recipients";

    /// <summary>The server certificate for STARTTLS.</summary>
    internal X509Certificate2? Certificate { get; init; }

    internal int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>The commands received.</summary>
    internal IReadOnlyCollection<string> Commands => commands;

    /// <summary>The messages received completely.</summary>
    internal IReadOnlyCollection<string> Messages => [.. messages.Select(received => received.Message)];

    /// <summary>The messages received completely, each with the time before its reply.</summary>
    internal IReadOnlyCollection<(string Message, DateTimeOffset At)> Received => messages;

    /// <summary>Completes when the script withholds a reply (<see cref="NoReply"/>).</summary>
    internal Task ReplyWithheld => replyWithheld.Task;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await serving;
        listener.Dispose();
        stopping.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(stopping.Token);
                try
                {
                    await ServeClientAsync(client.GetStream());
                }
                catch (Exception failure) when (failure is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // The client closed the connection or rejected the certificate.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // DisposeAsync was called.
        }
    }

    private async Task ServeClientAsync(Stream stream)
    {
        if (!await ReplyAsync(stream, Greeting, "220 ready"))
            return;
        var recipients = 0;
        while (await ReadLineAsync(stream) is { } command)
        {
            commands.Enqueue(command);
            recipients = command.Split(' ')[0] switch
            {
                "MAIL" => 0,
                "RCPT" => recipients + 1,
                _ => recipients,
            };
            var defaultReply = command.Split(' ')[0] switch
            {
                "EHLO" => string.Join("\r\n", Extensions.Select(extension => $"250-{extension}").Prepend("250-scripted").Append("250 HELP")),
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                "STARTTLS" => "220 go on",
                "RCPT" when recipients > MaxRecipients => TooManyRecipients,
                _ => "250 2.0.0 fine",
            };
            if (!await ReplyAsync(stream, command, defaultReply) || (command is "QUIT" && ReplyTo(command, defaultReply) is not NoReply))
                return;
            if (command is "DATA" && ReplyTo(command, defaultReply) == defaultReply && !await ReceiveAsync(stream))
                return;
            if (command is "STARTTLS" && ReplyTo(command, defaultReply) == defaultReply)
            {
                var secured = new SslStream(stream);
                await secured.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = Certificate }, stopping.Token);
                stream = secured;
            }
        }
    }

    private async Task<bool> ReceiveAsync(Stream stream)
    {
        var message = new StringBuilder();
        while (await ReadLineAsync(stream) is { } line)
        {
            if (line is ".")
            {
                messages.Enqueue((message.ToString(), TimeProvider.System.GetUtcNow()));
                return await ReplyAsync(stream, Message, "250 2.0.0 taken");
            }

            message.Append(line).Append("\r\n");
        }

        return false;
    }

    private string ReplyTo(string command, string defaultReply) =>
        script.FirstOrDefault(line => command.StartsWith(line.Prefix, StringComparison.Ordinal)).Reply ?? defaultReply;

    private async Task<bool> ReplyAsync(Stream stream, string command, string defaultReply)
    {
        var reply = ReplyTo(command, defaultReply);
        if (reply is Disconnect)
            return false;
        if (reply is NoReply)
            replyWithheld.TrySetResult();
        else
            await stream.WriteAsync(Encoding.UTF8.GetBytes(reply + "\r\n"), stopping.Token);
        return !reply.StartsWith("421", StringComparison.Ordinal);
    }

    /// <summary>Reads a line byte by byte, because the bytes after STARTTLS belong to TLS. Returns null at the end of the stream.</summary>
    private async Task<string?> ReadLineAsync(Stream stream)
    {
        var line = new List<byte>();
        var next = new byte[1];
        while (await stream.ReadAsync(next, stopping.Token) == 1)
        {
            if (next[0] is (byte)'\n')
                return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
            line.Add(next[0]);
        }

        return null;
    }
}
