using System.Runtime.InteropServices;

namespace Credentialing.Tests.Support;

/// <summary>Sends signals (POSIX) to processes. Not on Windows.</summary>
internal static class ProcessSignal
{
    /// <summary>SIGINT: what Ctrl-C sends.</summary>
    internal const int Interrupt = 2;

    /// <summary>SIGTERM: the request to end.</summary>
    internal const int Terminate = 15;

    /// <exception cref="InvalidOperationException">There is no such process, or it is somebody else's.</exception>
    internal static void Send(int processId, int signal)
    {
        if (Kill(processId, signal) != 0)
            throw new InvalidOperationException($"Signal {signal} could not be sent to process {processId}: error {Marshal.GetLastPInvokeError()}.");
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
