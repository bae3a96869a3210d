using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Credentialing.DevHost;

/// <summary>
/// An emulator that runs on Node.js, and lives no longer than this process. Its script in DevHost's folder is named after it,
/// and begins with <c>lives-with-devhost.cjs</c>.
/// </summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly Process process;
    private bool isDisposed;

    private NodeProcess(Process process) => this.process = process;

    /// <summary>Starts one.</summary>
    /// <param name="emulator">Its name.</param>
    /// <param name="folder">The folder that it writes to; null if it keeps nothing.</param>
    /// <param name="arguments">What its script is told.</param>
    /// <param name="environment">The environment variables that are added.</param>
    /// <param name="isReady">Reads the lines that it prints one by one, until it says that no other is needed.</param>
    /// <param name="cancellationToken">Ends the wait, and the emulator.</param>
    /// <exception cref="DevHostException">It could not be started; the message says what to do.</exception>
    internal static async Task<NodeProcess> StartAsync(
        string emulator,
        string? folder,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string> environment,
        Predicate<string> isReady,
        CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(ProjectFolder.Path, $"{emulator}.cjs"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        if (folder is not null)
            start.Environment["PID_FILE"] = PidFile(emulator, folder);
        var node = new NodeProcess(Launch(start));
        try
        {
            var errors = node.process.StandardError.ReadToEndAsync(CancellationToken.None);
            string? line;
            do
            {
                line = await node.process.StandardOutput.ReadLineAsync(cancellationToken)
                    ?? throw new DevHostException($"The emulator {emulator} did not start: {(await errors).Trim()}");
            }
            while (!isReady(line));

            _ = node.process.StandardOutput.ReadToEndAsync(CancellationToken.None); // so that it never waits for a reader
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for the emulator of an earlier, killed run to have written its data and ended.</summary>
    /// <exception cref="DevHostException">It does not end.</exception>
    internal static async Task AwaitPredecessorAsync(string emulator, string folder, CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; FindWriter(PidFile(emulator, folder)) is { } id; waited += PollInterval)
        {
            if (waited >= StopTimeout)
                throw new DevHostException($"The emulator {emulator} of an earlier run (process {id}) still uses {folder}. End it and start again.");
            await Task.Delay(PollInterval, cancellationToken);
        }
    }

    /// <summary>Lets it write its data, and end. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
            return;
        isDisposed = true;
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync().WaitAsync(StopTimeout);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
        }

        process.Dispose();
    }

    private static string PidFile(string emulator, string folder) => Path.Combine(folder, $"{emulator}.pid");

    /// <summary>
    /// The process that writes to a folder. The last thing that it does is to remove its file: that tells more than the
    /// process, which stays listed in a container where nobody reaps orphans.
    /// </summary>
    private static int? FindWriter(string pidFile)
    {
        try
        {
            var id = int.Parse(File.ReadAllText(pidFile), CultureInfo.InvariantCulture);
            using var process = Process.GetProcessById(id);
            return process.ProcessName.StartsWith("node", StringComparison.OrdinalIgnoreCase) ? id : null;
        }
        catch (Exception gone) when (gone is IOException or FormatException or ArgumentException or InvalidOperationException)
        {
            return null; // no file, or no such process any more
        }
    }

    private static Process Launch(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new DevHostException("Node.js 20 or newer is needed to run the emulators: install it, and make sure that 'node --version' works.");
        }
    }
}
