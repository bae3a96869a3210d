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
    private static readonly Storm OpenBefore = Before(Open);

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
        var byPolicy = Policies.Select(policy => Run(Polite with { Policy = policy }, Open with { Policy = policy }, OpenBefore with { Policy = policy })).ToList();
        report.Table(["Retries of clients", "four connections", "no limit of connections", "no limit, the service before"],
            Policies.Select((policy, index) => (IReadOnlyList<string>)[policy.Name, .. byPolicy[index].Select(Short)]));
        report.Plot("retry-storm", "Requests per second during and after an outage", Plot(byPolicy[Array.IndexOf(Policies, RetryPolicy.RetryAfter)]));

        (string Name, Func<Storm, Storm> Change)[] variants =
        [
            ("as it is: retry budget, Retry-After of 5 to 15 s", storm => storm),
            ("Retry-After of 5 s", storm => storm with { RetryAfter = (5, 5) }),
            ("Retry-After of 30 s", storm => storm with { RetryAfter = (30, 30) }),
            ("Retry-After of 30 to 90 s", storm => storm with { RetryAfter = (30, 90) }),
            ("no retries of storage requests", storm => storm with { ServerRetries = ServerRetries.Never }),
            ("at most 1,600 waiting requests", storm => storm with { QueueLimit = QueueLimit }),
            ("as it is, when storage does not respond", storm => storm with { Kind = OutageKind.StorageHangs }),
            ("the same, at most 1,600 waiting requests", storm => storm with { Kind = OutageKind.StorageHangs, QueueLimit = QueueLimit }),
            ("as it is, when the service is down", storm => storm with { Kind = OutageKind.ServiceDown }),
            ("the same, at most 1,600 waiting requests", storm => storm with { Kind = OutageKind.ServiceDown, QueueLimit = QueueLimit }),
            ("before: retries all storage requests, Retry-After of 5 s", Before),
            ("before, six times as many concurrent requests", storm => Before(storm) with { Slots = 6 * storm.Slots }),
            ("before, drops waiting requests whose clients have given up", storm => Before(storm) with { DropsAbandoned = true }),
            ("before, circuit breaker on storage", storm => Before(storm) with { FailsFast = true }),
            ("before, at most 1,600 waiting requests", storm => Before(storm) with { QueueLimit = QueueLimit }),
        ];
        report.Paragraph("By what the service does (peak, recovery):");
        var byVariant = variants.Select(variant => Run(
            variant.Change(Polite with { Outage = TimeSpan.FromHours(1) }), variant.Change(Open), variant.Change(Open with { Policy = RetryPolicy.EndlessRetryAfter }))).ToList();
        report.Table(["Service", "four connections, 60 min", "no limit of connections, 10 min", "no limit, retries without end, 10 min"],
            variants.Select((variant, index) => (IReadOnlyList<string>)[variant.Name, .. byVariant[index].Select(Short)]));

        report.Paragraph("An outage of ten minutes, when failed operations are repeated at the next full quarter of an hour by all clients:");
        Table(["Clients", "peak", "recovery"], [Polite with { RunsAreAligned = true }, Open with { RunsAreAligned = true }], storm =>
            storm.Connections is null ? "no limit of connections" : "four connections", result => [Number(result.Peak), Recovery(result)]);
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
        string[] labels = ["four connections", "no limit of connections", "no limit, the service before"];
        return LineChart.Draw(
            "Requests/s after an outage of 10 minutes", TimeSpan.FromMinutes(-1), StormResult.SeriesStep,
            [
                .. results.Select((result, index) => (labels[index], (IReadOnlyList<double>)[.. result.Series.Select(at => at.Requests)])),
                ("the same: successes", [.. results[^1].Series.Select(at => at.Successes)]),
            ]);
    }

    /// <summary>The service before this simulation.</summary>
    private static Storm Before(Storm storm) => storm with { ServerRetries = ServerRetries.Always, RetryAfter = (5, 5) };

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
