using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Credentialing.Benchmarks.Measuring;

/// <summary>The machine on which the benchmarks run.</summary>
internal static partial class Machine
{
    /// <summary>Returns a sentence about the machine and the date.</summary>
    internal static string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"Measured on {TimeProvider.System.GetUtcNow():d MMMM yyyy}: {Environment.ProcessorCount} cores of {Processor()}, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:F0} GB of memory, {RuntimeInformation.OSDescription}, .NET {Environment.Version}, Release build, median of {Comparison.Rounds} interleaved rounds.");

    private static string Processor() =>
        OperatingSystem.IsLinux() && ModelName().Match(File.ReadAllText("/proc/cpuinfo")) is { Success: true } model
            ? model.Groups[1].Value
            : RuntimeInformation.ProcessArchitecture.ToString();

    [GeneratedRegex(@"^model name\s*: (.+)$", RegexOptions.Multiline)]
    private static partial Regex ModelName();
}
