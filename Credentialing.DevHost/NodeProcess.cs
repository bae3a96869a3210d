using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Credentialing.DevHost;

/// <summary>
/// An emulator that runs on Node.js and ends with this process. Its script in DevHost's folder has the emulator's name and first
/// requires <c>stop-with-devhost.cjs</c>.
/// </summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly Process process;
    private bool isDisposed;

    private NodeProcess(Process process) => this.process = process;

    /// <summary>Starts an emulator.</summary>
    /// <param name="emulator">The emulator's name.</param>
    /// <param name="folder">The folder that it writes to; null if it stores nothing.</param>
    /// <param name="arguments">The arguments of the script.</param>
    /// <param name="environment">Additional environment variables.</param>
    /// <param name="isReady">Is called for each line of output until it returns true.</param>
    /// <param name="cancellationToken">Cancels the start and stops the emulator.</param>
    /// <exception cref="DevHostException">The emulator could not be started. The message says what to do.</exception>
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

            _ = node.process.StandardOutput.ReadToEndAsync(CancellationToken.None); // drain the pipe, so that the emulator never blocks on a full buffer
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until the emulator of an earlier, killed run has written its data and exited.</summary>
    /// <exception cref="DevHostException">It does not exit in time.</exception>
    internal static async Task WaitForPreviousRunAsync(string emulator, string folder, CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; FindWriter(PidFile(emulator, folder)) is { } id; waited += PollInterval)
        {
            if (waited >= StopTimeout)
                throw new DevHostException($"The emulator {emulator} of an earlier run (process {id}) still uses {folder}. Stop that process and start DevHost again.");
            await Task.Delay(PollInterval, cancellationToken);
        }
    }

    /// <summary>Stops the emulator after it has written its data. Idempotent.</summary>
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
    /// Returns the id of the process that writes to the folder; null if there is none. The process deletes its PID file last. The file is
    /// more reliable than the process list: a container that does not reap orphans still lists ended processes.
    /// </summary>
    private static int? FindWriter(string pidFile)
    {
        try
        {
            var id = int.Parse(File.ReadAllText(pidFile), CultureInfo.InvariantCulture);
            using var process = Process.GetProcessById(id);
            return process.ProcessName.StartsWith("node", StringComparison.OrdinalIgnoreCase) ? id : null;
        }
        catch (Exception failure) when (failure is IOException or FormatException or ArgumentException or InvalidOperationException)
        {
            return null; // the file or the process does not exist
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
