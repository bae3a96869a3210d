using System.Globalization;

namespace Credentialing.Benchmarks.Reporting;

/// <summary>Numbers as text, with three significant digits.</summary>
internal static class Format
{
    internal static string Number(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("F1", CultureInfo.InvariantCulture),
        _ => value.ToString("F2", CultureInfo.InvariantCulture),
    };

    /// <summary>A ratio, such as 1.25.</summary>
    internal static string Ratio(double value) => Number(value);

    /// <summary>Bytes in a decimal unit.</summary>
    internal static string Bytes(double bytes) => Math.Abs(bytes) switch
    {
        >= 1e9 => $"{Number(bytes / 1e9)} GB",
        >= 1e6 => $"{Number(bytes / 1e6)} MB",
        >= 1e3 => $"{Number(bytes / 1e3)} KB",
        _ => $"{Number(bytes)} B",
    };

    /// <summary>A duration.</summary>
    internal static string Duration(TimeSpan duration) => duration switch
    {
        { TotalSeconds: >= 100 } => $"{Number(duration.TotalMinutes)} min",
        { TotalSeconds: >= 1 } => $"{Number(duration.TotalSeconds)} s",
        { TotalMilliseconds: >= 1 } => $"{Number(duration.TotalMilliseconds)} ms",
        _ => $"{Number(duration.TotalMicroseconds)} µs",
    };
}
