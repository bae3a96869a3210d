using Credentialing.Benchmarks.Reporting;
using Credentialing.Benchmarks.Sections;

namespace Credentialing.Benchmarks.Scale;

/// <summary>What a retry storm after an outage does, by simulation. Its result does not depend on the machine.</summary>
internal sealed class RetryStorm : ISection
{
    private const int Seed = 17;

    /// <summary>Requests that may wait, if their number is limited: as many as the service processes at the same time.</summary>
    private const int QueueLimit = 1_600;

    private static readonly Storm Polite = new() { Kind = OutageKind.StorageFails, Outage = TimeSpan.FromMinutes(10), Policy = RetryPolicy.RetryAfter };
    private static readonly Storm Open = Polite with { Connections = null };
    private static readonly Storm Bounded = Open with { QueueLimit = QueueLimit };

    private static readonly int[] OutageMinutes = [10, 60, 120];

    private static readonly RetryPolicy[] Policies =
    [
        RetryPolicy.None, RetryPolicy.Fixed, RetryPolicy.Exponential, RetryPolicy.ExponentialWithJitter,
        RetryPolicy.RetryAfter, RetryPolicy.DoubledRetryAfter, RetryPolicy.EndlessRetryAfter,
    ];

    public string Name => "retry-storm";

    public Task RunAsync(Report report)
    {
        report.Section("Retry storm, simulated");
        report.Paragraph($"{Number(Polite.OperationsPerSecond)} new operations/s of {Number(Polite.Clients)} clients. [Retry storm](#retry-storm) has the model and the conclusions. " +
            "In the tables, *peak* is the highest number of requests in a second after the outage, and *recovery* the time from the end of the outage until its backlog is gone; *none*: it is not gone after half an hour, nor after the duration of the outage.");

        var outages = from minutes in OutageMinutes
                      from kind in Enum.GetValues<OutageKind>()
                      select Polite with { Kind = kind, Outage = TimeSpan.FromMinutes(minutes) };
        report.Paragraph("The vendor guide's clients (four connections, Retry-After, five attempts):");
        Table(["Outage", "peak", "recovery", "requests per operation", "storage requests per operation"], [.. outages], storm => $"{InWords(storm.Kind)}, {storm.Outage.TotalMinutes:N0} min", result =>
            [Number(result.Peak), Recovery(result), Number(result.RequestsPerOperation), Number(result.StorageRequestsPerOperation)]);

        report.Paragraph("After ten minutes in which storage fails, by the clients' retries (peak, recovery):");
        var byPolicy = Policies.Select(policy => Run(
            Polite with { Policy = policy }, Open with { Policy = policy }, Open with { Policy = policy, ServerRetries = ServerRetries.Always })).ToList();
        report.Table(["Retries of clients", "four connections", "no limit of connections", "no limit, and the service retries all storage requests"],
            Policies.Select((policy, index) => (IReadOnlyList<string>)[policy.Name, .. byPolicy[index].Select(Short)]));
        report.Plot("retry-storm", "Requests per second during and after an outage", Plot(byPolicy[Array.IndexOf(Policies, RetryPolicy.RetryAfter)]));

        var unlimited = Open with { ServerRetries = ServerRetries.Always };
        (string Name, Storm Storm)[] variants =
        [
            ("as it is, with a retry budget", Open),
            ("it retries all storage requests", unlimited),
            ("it retries none", Open with { ServerRetries = ServerRetries.Never }),
            ("all retries, six times as many concurrent requests", unlimited with { Slots = 6 * Open.Slots }),
            ("all retries, drops waiting requests whose clients have given up", unlimited with { DropsAbandoned = true }),
            ("all retries, circuit breaker on storage", unlimited with { FailsFast = true }),
            ("all retries, at most 1,600 waiting requests", unlimited with { QueueLimit = QueueLimit }),
            ("retry budget, at most 1,600 waiting requests", Bounded),
            ("and Retry-After 5 to 15 s", Bounded with { RetryAfter = (5, 15) }),
            ("and Retry-After 30 s", Bounded with { RetryAfter = (30, 30) }),
            ("and Retry-After 30 to 90 s", Bounded with { RetryAfter = (30, 90) }),
        ];
        report.Paragraph("The same outage, clients without a limit of connections, by what the service does (peak, recovery):");
        var byVariant = variants.Select(variant => Run(variant.Storm, variant.Storm with { Policy = RetryPolicy.EndlessRetryAfter })).ToList();
        report.Table(["Service", "Retry-After, 5 attempts", "Retry-After, without end"],
            variants.Select((variant, index) => (IReadOnlyList<string>)[variant.Name, .. byVariant[index].Select(Short)]));

        report.Paragraph("The same outage, when failed operations are repeated at the next full quarter of an hour by all clients:");
        Table(["Clients", "peak", "recovery"], [Polite with { RunsAreAligned = true }, Bounded with { RunsAreAligned = true }], storm =>
            storm.Connections is null ? "no limit of connections, 1,600 waiting requests at most" : "four connections", result => [Number(result.Peak), Recovery(result)]);
        return Task.CompletedTask;

        void Table(IReadOnlyList<string> columns, Storm[] storms, Func<Storm, string> name, Func<StormResult, IReadOnlyList<string>> figures)
        {
            var results = Run(storms);
            report.Table(columns, storms.Select((storm, index) => (IReadOnlyList<string>)[name(storm), .. figures(results[index])]));
        }
    }

    private static StormResult[] Run(params Storm[] storms) =>
        [.. storms.AsParallel().AsOrdered().Select(storm => new StormSimulation(storm, Seed).Run())];

    private static string Plot(StormResult[] results)
    {
        string[] labels = ["four connections", "no limit of connections", "no limit, the service retries all storage requests"];
        return LineChart.Draw(
            "Requests/s after an outage of 10 minutes", TimeSpan.FromMinutes(-1), StormResult.SeriesStep,
            [
                .. results.Select((result, index) => (labels[index], (IReadOnlyList<double>)[.. result.Series.Select(at => at.Requests)])),
                ("the same: successes", [.. results[^1].Series.Select(at => at.Successes)]),
            ]);
    }

    private static string InWords(OutageKind kind) => kind switch
    {
        OutageKind.StorageFails => "storage fails",
        OutageKind.StorageHangs => "storage does not respond",
        _ => "the service is down",
    };

    private static string Short(StormResult result) => $"{Number(result.Peak)}, {Recovery(result)}";

    private static string Recovery(StormResult result) =>
        result.Recovery is { } recovery ? Format.Duration(recovery) : "**none**";

    private static string Number(double value) => Format.Number(value);
}
