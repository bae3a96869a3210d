using System.Diagnostics;
using Credentialing.Benchmarks.Measuring;
using Credentialing.Benchmarks.Reporting;
using Credentialing.Tests.Published;

namespace Credentialing.Benchmarks.Sections;

/// <summary>The start of the published app, from the start of the process to the first response, beside a trivial app with the same packages.</summary>
internal sealed class StartUp : ISection
{
    public string Name => "start-up";

    public async Task RunAsync(Report report)
    {
        await using var services = await ExternalServices.StartAsync();
        var ours = new Started("Credentialing", new PublishedApp(), HttpMethod.Get, "api/health");
        var trivial = new Started("trivial app with the same packages", PublishedApp.Of("Credentialing.Benchmarks/TrivialApp", "Credentialing.TrivialApp"), HttpMethod.Post, "api/trivial");
        await trivial.StartAsync(services);
        await ours.StartAsync(services);
        Started[] apps = [trivial, ours];
        foreach (var app in apps)
            app.Figures.Clear();
        for (var round = 0; round < 2 * Comparison.Rounds; round++)
        {
            foreach (var app in apps)
                await app.StartAsync(services);
        }

        report.Section("Start-up");
        report.Paragraph("From the start of the published app's process to its first response, ReadyToRun, on the Functions host of the tests. A deployment's cold start also contains the time of the platform.");
        report.Table(
            ["App", "Time", "CPU", "Allocated"],
            apps.Select(app => (IReadOnlyList<string>)
                [app.Name, Format.Duration(app.Median(figures => figures.Elapsed)), Format.Duration(app.Median(figures => figures.Used.Cpu)), Format.Bytes(Comparison.Median(app.Figures.Select(figures => (double)figures.Used.AllocatedBytes)))]));
        var ratio = ours.Median(figures => figures.Elapsed) / trivial.Median(figures => figures.Elapsed);
        report.Add(new("Start-up: at most 1.05 of a trivial app with the same packages", Format.Ratio(ratio), ratio <= 1.05, "it has more functions, validates its settings, and registers more clients"));
    }

    /// <summary>An app that is started again and again.</summary>
    private sealed record Started(string Name, PublishedApp App, HttpMethod Method, string Path)
    {
        internal List<(TimeSpan Elapsed, Usage Used)> Figures { get; } = [];

        internal TimeSpan Median(Func<(TimeSpan Elapsed, Usage Used), TimeSpan> figure) => TimeSpan.FromTicks((long)Comparison.Median(Figures.Select(figures => (double)figure(figures).Ticks)));

        internal async Task StartAsync(ExternalServices services)
        {
            using var meter = new ProcessMeter();
            var began = 0L;
            await using var host = await FunctionsHost.StartAsync(App, services, command =>
            {
                meter.Attach(command);
                began = Stopwatch.GetTimestamp(); // the process is started next
            });
            using var client = new HttpClient { BaseAddress = host.Address };
            using var request = new HttpRequestMessage(Method, Path);
            using var response = await client.SendAsync(request);
            response.EnsureSuccessStatusCode();
            Figures.Add((Stopwatch.GetElapsedTime(began), await meter.UsageAsync()));
        }
    }
}
