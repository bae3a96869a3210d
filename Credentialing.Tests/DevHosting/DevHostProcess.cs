using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.DevHosting;

/// <summary>The real DevHost in a separate process, started as on the command line.</summary>
internal sealed partial class DevHostProcess : IAsyncDisposable
{
    private const string AnyPort = "http://127.0.0.1:0";
    private const string LastLine = "Ctrl-C stops everything.";

    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    private readonly Process process;
    private readonly Process azurite;
    private readonly Process maildev;

    private DevHostProcess(Process process, Process azurite, Process maildev, string dataFolder, string welcome)
    {
        this.process = process;
        this.azurite = azurite;
        this.maildev = maildev;
        DataFolder = dataFolder;
        Welcome = welcome;
        Client = new HttpClient { BaseAddress = new Uri(ReadyAt().Match(welcome).Groups["address"].Value) };
        var mail = MailAt().Match(welcome);
        Inbox = new Uri(mail.Groups["inbox"].Value);
        Smtp = IPEndPoint.Parse(mail.Groups["smtp"].Value);
    }

    internal string DataFolder { get; }

    /// <summary>Its standard output until it was ready.</summary>
    internal string Welcome { get; }

    /// <summary>The rest of its standard output. Completes when the process exits.</summary>
    internal required Task<string> RestOfOutput { get; init; }

    internal HttpClient Client { get; }

    internal Uri Address => Client.BaseAddress!;

    /// <summary>The inbox address in the welcome text.</summary>
    internal Uri Inbox { get; }

    /// <summary>The SMTP endpoint in the welcome text.</summary>
    internal IPEndPoint Smtp { get; }

    internal int AzuriteId => azurite.Id;

    /// <summary>Returns a client that is signed in as a persona. Its paths begin with <c>/api</c>.</summary>
    internal async Task<HttpClient> SignInAsync(string persona)
    {
        using var form = new FormUrlEncodedContent([new("persona", persona)]);
        using var response = await Client.PostAsync(new Uri("/dev/sign-in", UriKind.Relative), form, TestContext.Current.CancellationToken);
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new("Bearer", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return client;
    }

    /// <summary>Generates Oakland's credentials as Rosa, with a precondition. Returns the secret key.</summary>
    internal async Task<string> GenerateAsync(string precondition, string tag, int keepPreviousForDays = 0)
    {
        using var rosa = await SignInAsync("rosa");
        rosa.DefaultRequestHeaders.Add(precondition, tag);
        using var body = ApiHost.Json($$"""{"authorized":true,"wordingVersion":"2026-1","keepPreviousForDays":{{keepPreviousForDays}}}""");
        using var response = await rosa.PostAsync(new Uri("/api/leas/01612590000000/credentials", UriKind.Relative), body, TestContext.Current.CancellationToken);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("secretKey").GetString()!;
    }

    /// <summary>Starts DevHost on a free port. Returns after it has printed the welcome text.</summary>
    internal static async Task<DevHostProcess> StartAsync(string dataFolder, params string[] arguments)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(StartTimeout);
        var start = StartInfo([.. AnyPortArguments(dataFolder), .. arguments]);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
            var welcome = new StringBuilder();
            for (string? line = null; line != LastLine;)
            {
                line = await process.StandardOutput.ReadLineAsync(timeout.Token)
                    ?? throw new InvalidOperationException($"DevHost exited early.\n{welcome}\n{await errors}");
                welcome.Append(line).Append('\n');
            }

            var rest = process.StandardOutput.ReadToEndAsync(CancellationToken.None); // now, so that DevHost never blocks on a full pipe
            return new DevHostProcess(
                process, Emulator(dataFolder, "azurite", "azurite.pid"), Emulator(dataFolder, "mail", "maildev.pid"), dataFolder, welcome.ToString())
            { RestOfOutput = rest };
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    /// <summary>Runs DevHost with arguments for which it exits by itself.</summary>
    internal static Task<ProcessResult> RunAsync(params string[] arguments) => RunOnPathAsync(null, arguments);

    /// <summary>Like <see cref="RunAsync"/>, with PATH set to the given folder if it is not null.</summary>
    internal static Task<ProcessResult> RunOnPathAsync(string? path, params string[] arguments)
    {
        var start = StartInfo(arguments);
        if (path is not null)
            start.Environment["PATH"] = path;
        return ProcessResult.RunAsync(start);
    }

    internal static string[] AnyPortArguments(string dataFolder) => ["--urls", AnyPort, "--data", dataFolder];

    /// <summary>Sends SIGINT to DevHost and its emulators, as Ctrl-C in a terminal does. Not supported on Windows.</summary>
    internal void Interrupt()
    {
        foreach (var id in (int[])[process.Id, azurite.Id, maildev.Id])
            ProcessSignal.Send(id, ProcessSignal.Interrupt);
    }

    /// <summary>Kills DevHost without cleanup and waits until it has exited. Does not kill its child processes.</summary>
    internal Task KillAsync()
    {
        process.Kill();
        return WaitForAsync(process, TestContext.Current.CancellationToken);
    }

    /// <exception cref="TimeoutException">The process does not exit in time.</exception>
    internal async Task<int> ExitCodeAsync()
    {
        await WaitForAsync(process, TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    /// <exception cref="TimeoutException">An emulator does not exit in time.</exception>
    internal Task EmulatorsExitAsync() => Task.WhenAll(
        WaitForAsync(azurite, TestContext.Current.CancellationToken), WaitForAsync(maildev, TestContext.Current.CancellationToken));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        process.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
        try
        {
            await WaitForAsync(azurite, CancellationToken.None);
            await WaitForAsync(maildev, CancellationToken.None);
        }
        finally
        {
            foreach (var emulator in (Process[])[azurite, maildev])
            {
                emulator.Kill();
                emulator.Dispose();
            }
        }
    }

    private static ProcessStartInfo StartInfo(IEnumerable<string> arguments) => new("dotnet", [typeof(DevHostApplication).Assembly.Location, .. arguments]);

    private static Process Emulator(string dataFolder, string folder, string pidFile) =>
        Process.GetProcessById(int.Parse(File.ReadAllText(Path.Combine(dataFolder, folder, pidFile)), CultureInfo.InvariantCulture));

    private static async Task WaitForAsync(Process process, CancellationToken cancellationToken)
    {
        try
        {
            await process.WaitForExitAsync(cancellationToken).WaitAsync(StopTimeout, cancellationToken);
        }
        catch (TimeoutException) when (OperatingSystem.IsLinux() && File.ReadAllText($"/proc/{process.Id}/stat").Contains(") Z ", StringComparison.Ordinal))
        {
            // A zombie process: it has exited, but a container without an init process does not reap it.
        }
    }

    [GeneratedRegex("ready at (?<address>http://[0-9.:]+)")]
    private static partial Regex ReadyAt();

    [GeneratedRegex("  mail +maildev: inbox (?<inbox>http://[0-9.:]+/), SMTP (?<smtp>[0-9.:]+)")]
    private static partial Regex MailAt();
}
