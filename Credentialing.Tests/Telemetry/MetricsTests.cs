using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Credentialing.Core.Telemetry;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Tests.Telemetry;

[Kind(TestKind.Unit)]
public sealed partial class MetricsTests : IDisposable
{
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Dictionary<Instrument, string> recorded = [];

    public void Dispose() => services.Dispose();

    [Fact]
    public void The_operations_guide_lists_each_metric_with_its_unit_and_its_tags()
    {
        var meters = services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Scope == meters)
                listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Add(instrument, tags));
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Add(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, tags));
        listener.Start();

        RecordAll(new CredentialingTelemetry(meters));

        var guide = Row().Matches(File.ReadAllText(Path.Combine(ProjectFolder.Root, "docs/operations.md")))
            .Select(row => $"{row.Groups["name"].Value} {row.Groups["unit"].Value} {string.Join(' ', TagName().Matches(row.Groups["tags"].Value).Select(tag => tag.Groups["name"].Value))}");
        Assert.Equal(guide.Order(StringComparer.Ordinal), recorded.Select(metric => $"{metric.Key.Name} {metric.Key.Unit} {metric.Value}").Order(StringComparer.Ordinal));
        Assert.All(recorded.Keys, metric => Assert.EndsWith(".", metric.Description, StringComparison.Ordinal));
    }

    private static void RecordAll(CredentialingTelemetry telemetry)
    {
        telemetry.RecordGeneration(1);
        telemetry.RecordRevocation();
        telemetry.RecordAuthentication("key", "accepted");
        telemetry.RecordShare("created");
        telemetry.RecordDisclosure("recorded");
        telemetry.RecordLeak("toms", "current");
        telemetry.RecordReminder(14, "sent");
        telemetry.RecordNotice("lea-saved", "sent");
        telemetry.RecordAnnouncement("post", "done");
        telemetry.RecordOverviewRefresh("done");
        telemetry.RecordRun(TimeSpan.FromSeconds(1), failed: false);
        telemetry.RecordDaysRemaining(14);
        telemetry.RecordBackup(TimeSpan.FromSeconds(1), failed: false);
        telemetry.RecordSecretAge("credential-pepper", 30);
    }

    private void Add(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) => recorded[instrument] = string.Join(' ', tags.ToArray().Select(tag => tag.Key));

    /// <summary>A row of the table of metrics.</summary>
    [GeneratedRegex(@"^\| `(?<name>credentialing\.[a-z_.]+)` \| `(?<unit>[^`]+)` \| (?<tags>.*?) ?\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"`(?<name>[a-z]+)`: ")]
    private static partial Regex TagName();
}
