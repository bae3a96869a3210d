using System.Diagnostics.Metrics;
using System.Globalization;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace Credentialing.Tests.Support;

/// <summary>The metrics that the app records.</summary>
internal static class Metrics
{
    internal static MetricCollector<T> Collect<T>(IMeterFactory meters, string instrument)
        where T : struct => new(meters, CredentialingTelemetry.Name, instrument);

    /// <summary>The sum for each combination of tags.</summary>
    internal static IEnumerable<string> Sums(MetricCollector<long> collector) => collector.GetMeasurementSnapshot()
        .GroupBy(Tags, measurement => measurement.Value)
        .OrderBy(group => group.Key, StringComparer.Ordinal)
        .Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Sum()} {group.Key}"));

    internal static string Tags<T>(CollectedMeasurement<T> measurement)
        where T : struct => string.Join(' ', measurement.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"));
}
