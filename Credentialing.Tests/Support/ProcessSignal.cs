using System.Runtime.InteropServices;

namespace Credentialing.Tests.Support;

/// <summary>Sends POSIX signals to processes. Not supported on Windows.</summary>
internal static class ProcessSignal
{
    /// <summary>SIGINT, as sent by Ctrl-C.</summary>
    internal const int Interrupt = 2;

    /// <summary>SIGTERM.</summary>
    internal const int Terminate = 15;

    /// <exception cref="InvalidOperationException">The process does not exist, or belongs to another user.</exception>
    internal static void Send(int processId, int signal)
    {
        if (Kill(processId, signal) != 0)
            throw new InvalidOperationException($"Signal {signal} could not be sent to process {processId}: error {Marshal.GetLastPInvokeError()}.");
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
