using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Credentialing.Benchmarks.Measuring;

/// <summary>Reads what another .NET process has used: see <see cref="StartupHook"/>.</summary>
internal sealed class ProcessMeter : IDisposable
{
    private readonly string socket = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.sock");

    /// <summary>Makes a process report what it has used. Call it before the process is started.</summary>
    internal void Attach(ProcessStartInfo start)
    {
        start.Environment[StartupHook.SocketVariable] = socket;
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location;
    }

    /// <summary>Returns what the process has used since its start.</summary>
    internal async Task<Usage> UsageAsync()
    {
        using var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket));
        using var reader = new StreamReader(new NetworkStream(connection));
        var numbers = (await reader.ReadToEndAsync()).Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture)).ToList();
        return new Usage(TimeSpan.FromTicks(numbers[0]), numbers[1]);
    }

    public void Dispose() => File.Delete(socket);
}
