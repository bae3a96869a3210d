using System.Globalization;
using System.Net.Sockets;
using System.Text;

/// <summary>
/// Runs inside of a measured process (<c>DOTNET_STARTUP_HOOKS</c>) before its own code. Reports what the process has used so far to
/// each connection to a Unix domain socket, as a line of numbers. Must have this name, and no namespace.
/// </summary>
internal static class StartupHook
{
    /// <summary>The environment variable with the path of the socket.</summary>
    internal const string SocketVariable = "CREDENTIALING_BENCHMARKS_SOCKET";

    /// <summary>Starts a thread that waits for connections.</summary>
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(SocketVariable) is not { Length: > 0 } path)
            return;
        Environment.SetEnvironmentVariable("DOTNET_STARTUP_HOOKS", null); // not for its own child processes
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        new Thread(() => Serve(listener)) { IsBackground = true }.Start();
    }

    private static void Serve(Socket listener)
    {
        while (true)
        {
            using var connection = listener.Accept();
            var heap = GC.GetGCMemoryInfo();
            connection.Send(Encoding.ASCII.GetBytes(string.Create(
                CultureInfo.InvariantCulture,
                $"{Environment.CpuUsage.TotalTime.Ticks} {GC.GetTotalAllocatedBytes(precise: true)} {heap.TotalCommittedBytes} {Environment.WorkingSet}\n")));
        }
    }
}
