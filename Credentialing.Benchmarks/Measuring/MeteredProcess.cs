using System.Diagnostics;

namespace Credentialing.Benchmarks.Measuring;

/// <summary>A child process that runs this program with other arguments, and is measured.</summary>
internal sealed class MeteredProcess : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    private readonly ProcessMeter meter = new();
    private readonly Process process;

    private MeteredProcess(string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        meter.Attach(start);
        process = Process.Start(start)!;
    }

    /// <summary>Starts the process, and returns it with its first line of output.</summary>
    internal static async Task<(MeteredProcess Process, string Line)> StartAsync(params string[] arguments)
    {
        var child = new MeteredProcess(arguments);
        return (child, await child.process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"'{string.Join(' ', arguments)}' has exited."));
    }

    /// <inheritdoc cref="ProcessMeter.UsageAsync"/>
    internal Task<Usage> UsageAsync() => meter.UsageAsync();

    /// <summary>Makes <see cref="PeakMemory"/> begin anew. Linux only.</summary>
    internal void ResetPeakMemory()
    {
        if (OperatingSystem.IsLinux())
            File.WriteAllText($"/proc/{process.Id}/clear_refs", "5");
    }

    /// <summary>The largest physical memory in bytes (resident set) since <see cref="ResetPeakMemory"/>; on other systems than Linux, since the start.</summary>
    internal long PeakMemory()
    {
        process.Refresh();
        return process.PeakWorkingSet64;
    }

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close(); // the process then stops its own child processes
        try
        {
            using var timeout = new CancellationTokenSource(StopTimeout);
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        process.Dispose();
        meter.Dispose();
    }
}
