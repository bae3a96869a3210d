namespace Credentialing.Benchmarks.Measuring;

/// <summary>What a process has used since its start, or between two moments.</summary>
/// <param name="Cpu">CPU time of all threads, user and system.</param>
/// <param name="AllocatedBytes">The bytes allocated on the managed heap, including those that were freed.</param>
internal readonly record struct Usage(TimeSpan Cpu, long AllocatedBytes)
{
    /// <summary>What this process has used.</summary>
    internal static Usage OfThisProcess() => new(Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(precise: true));

    public static Usage operator -(Usage later, Usage earlier) => new(later.Cpu - earlier.Cpu, later.AllocatedBytes - earlier.AllocatedBytes);
}
