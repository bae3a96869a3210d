using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Credentialing.Benchmarks.Measuring;

/// <summary>A child process of .NET that reports what it has used: see <see cref="StartupHook"/>.</summary>
internal sealed class MeteredProcess : IAsyncDisposable
{
    private readonly string socket = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.sock");

    private MeteredProcess(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.Environment[StartupHook.SocketVariable] = socket;
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location;
        Process = Process.Start(start)!;
    }

    internal Process Process { get; }

    /// <summary>Starts a process of this program with other arguments, and returns it with its first line of output.</summary>
    internal static async Task<(MeteredProcess Process, string Line)> StartSelfAsync(params string[] arguments)
    {
        var process = Start(new ProcessStartInfo(Environment.ProcessPath!, arguments));
        return (process, await process.Process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"'{string.Join(' ', arguments)}' has exited."));
    }

    /// <summary>Starts a process.</summary>
    internal static MeteredProcess Start(ProcessStartInfo start) => new(start);

    /// <summary>Returns what the process has used since its start.</summary>
    internal async Task<Usage> UsageAsync()
    {
        var numbers = await ReadAsync();
        return new Usage(TimeSpan.FromTicks(numbers[0]), numbers[1]);
    }

    /// <summary>Returns the working set in bytes: the memory that the process occupies now.</summary>
    internal async Task<long> WorkingSetAsync() => (await ReadAsync())[3];

    public async ValueTask DisposeAsync()
    {
        Process.StandardInput.Close(); // the process then stops its own child processes
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            await Process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            Process.Kill(entireProcessTree: true);
        }

        Process.Dispose();
        File.Delete(socket);
    }

    private async Task<long[]> ReadAsync()
    {
        using var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket));
        using var reader = new StreamReader(new NetworkStream(connection));
        return [.. (await reader.ReadToEndAsync()).Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
    }
}
