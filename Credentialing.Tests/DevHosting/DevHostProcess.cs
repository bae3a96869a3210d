using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.DevHosting;

/// <summary>The real DevHost, in a process of its own, as somebody starts it on the command line.</summary>
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

    /// <summary>All that it printed until it was ready.</summary>
    internal string Welcome { get; }

    /// <summary>All that it prints after that, when it has ended.</summary>
    internal required Task<string> Rest { get; init; }

    /// <summary>Asks it at its address.</summary>
    internal HttpClient Client { get; }

    internal Uri Address => Client.BaseAddress!;

    /// <summary>Where its welcome says that the inbox is.</summary>
    internal Uri Inbox { get; }

    /// <summary>Where its welcome says that mail is taken.</summary>
    internal IPEndPoint Smtp { get; }

    internal int AzuriteId => azurite.Id;

    /// <summary>Starts one on a free port; returns when it has printed its welcome.</summary>
    internal static async Task<DevHostProcess> StartAsync(string dataFolder, params string[] arguments)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(StartTimeout);
        var start = Program([.. OnAnyPort(dataFolder), .. arguments]);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
            var welcome = new StringBuilder();
            for (string? line = null; line != LastLine;)
            {
                line = await process.StandardOutput.ReadLineAsync(timeout.Token)
                    ?? throw new InvalidOperationException($"DevHost ended early.\n{welcome}\n{await errors}");
                welcome.Append(line).Append('\n');
            }

            var rest = process.StandardOutput.ReadToEndAsync(CancellationToken.None); // now, so that it never waits for a reader
            return new DevHostProcess(
                process, Emulator(dataFolder, "azurite", "azurite.pid"), Emulator(dataFolder, "mail", "maildev.pid"), dataFolder, welcome.ToString())
            { Rest = rest };
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    /// <summary>Runs one that is to end by itself.</summary>
    internal static Task<Ended> RunAsync(params string[] arguments) => RunOnPathAsync(null, arguments);

    /// <summary>Runs one that is to end by itself, where programs are looked for in the given folder only.</summary>
    internal static Task<Ended> RunOnPathAsync(string? path, params string[] arguments)
    {
        var start = Program(arguments);
        if (path is not null)
            start.Environment["PATH"] = path;
        return Ended.OfAsync(start);
    }

    internal static string[] OnAnyPort(string dataFolder) => ["--urls", AnyPort, "--data", dataFolder];

    /// <summary>Ctrl-C, which a terminal sends to the whole group of processes. Not on Windows.</summary>
    internal void Interrupt()
    {
        foreach (var id in (int[])[process.Id, azurite.Id, maildev.Id])
            ProcessSignal.Send(id, ProcessSignal.Interrupt);
    }

    /// <summary>Ends it with no chance to clean up, and waits until it has let go of all that it held; what it has started is left alone.</summary>
    internal Task KillAsync()
    {
        process.Kill();
        return WaitForAsync(process, TestContext.Current.CancellationToken);
    }

    /// <exception cref="TimeoutException">It goes on.</exception>
    internal async Task<int> ExitCodeAsync()
    {
        await WaitForAsync(process, TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    /// <exception cref="TimeoutException">It goes on.</exception>
    internal Task EmulatorsEndAsync() => Task.WhenAll(
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

    private static ProcessStartInfo Program(IEnumerable<string> arguments) => new("dotnet", [typeof(DevHostApplication).Assembly.Location, .. arguments]);

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
            // It has ended; only, it stays listed in a container where nobody reaps orphans.
        }
    }

    [GeneratedRegex("ready at (?<address>http://[0-9.:]+)")]
    private static partial Regex ReadyAt();

    [GeneratedRegex("  mail +maildev: inbox (?<inbox>http://[0-9.:]+/), SMTP (?<smtp>[0-9.:]+)")]
    private static partial Regex MailAt();
}
