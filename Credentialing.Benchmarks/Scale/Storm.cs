namespace Credentialing.Benchmarks.Scale;

/// <summary>What fails during an outage.</summary>
internal enum OutageKind
{
    /// <summary>Storage returns errors or refuses connections: a request ends with 503 after the server's own retries.</summary>
    StorageFails,

    /// <summary>Storage does not respond: a request ends with 503 after the time limit of a storage call.</summary>
    StorageHangs,

    /// <summary>No instance runs: the platform returns 503 at once, without <c>Retry-After</c>.</summary>
    ServiceDown,
}

/// <summary>How the service retries requests to storage.</summary>
internal enum ServerRetries
{
    /// <summary>Not at all.</summary>
    Never,

    /// <summary>Up to three times, as the Azure SDK does.</summary>
    Always,

    /// <summary>Up to three times, within the budget of the instance: <see cref="Core.Storage.RetryBudget"/>.</summary>
    WithinBudget,
}

/// <summary>An outage and the load on the service. Rates are those of the whole population; the simulation scales them down.</summary>
internal sealed record Storm
{
    /// <summary>What fails.</summary>
    internal required OutageKind Kind { get; init; }

    /// <summary>How long it fails.</summary>
    internal required TimeSpan Outage { get; init; }

    /// <summary>How clients retry.</summary>
    internal required RetryPolicy Policy { get; init; }

    /// <summary>Vendor clients.</summary>
    internal int Clients { get; init; } = 4_600;

    /// <summary>New operations (requests that a client wants to succeed) per second, at random times.</summary>
    internal double OperationsPerSecond { get; init; } = 3_750;

    /// <summary>Concurrent requests of a client; null for no limit.</summary>
    internal int? Connections { get; init; } = 4;

    /// <summary>Concurrent requests that the service processes: instances times HTTP concurrency.</summary>
    internal int Slots { get; init; } = 1_600;

    /// <summary>Mean time in which the service processes a request, in seconds.</summary>
    internal double ServiceTime { get; init; } = 0.088;

    /// <summary>Requests that Table Storage accepts per second.</summary>
    internal double StorageLimit { get; init; } = 20_000;

    /// <summary>How the service itself retries storage requests.</summary>
    internal ServerRetries ServerRetries { get; init; } = ServerRetries.WithinBudget;

    /// <summary>Whether the service fails at once while storage is unavailable (a circuit breaker), instead of calling it.</summary>
    internal bool FailsFast { get; init; }

    /// <summary>The bounds of <c>Retry-After</c> in seconds. Equal if it has no jitter.</summary>
    internal (int Least, int Most) RetryAfter { get; init; } = (5, 15);

    /// <summary>Requests that may wait for a slot. The others get 503 at once. Null: no limit.</summary>
    internal int? QueueLimit { get; init; }

    /// <summary>After this time, in seconds, a client gives an attempt up.</summary>
    internal double ClientTimeout { get; init; } = 60;

    /// <summary>Whether the service drops waiting requests that their clients have given up.</summary>
    internal bool DropsAbandoned { get; init; }

    /// <summary>Whether operations that failed wait for the next full quarter of an hour. If not, they wait 10 to 20 minutes.</summary>
    internal bool RunsAreAligned { get; init; }

    /// <summary>Clients, load and capacity are divided by it.</summary>
    internal int Scale { get; init; } = 100;
}

/// <summary>The result of a simulation. Rates are those of the whole population.</summary>
/// <param name="Peak">The highest number of requests in one second after the outage.</param>
/// <param name="Recovery">From the end of the outage until no more operations are outstanding than before; null if neither within half an hour nor within the duration of the outage.</param>
/// <param name="RequestsPerOperation">Requests of clients per successful operation, from the start of the outage until the recovery.</param>
/// <param name="StorageRequestsPerOperation">Requests to Table Storage per successful operation in the same time.</param>
/// <param name="LowestGoodput">
/// The fewest successful operations in a minute between the outage and the recovery, per second. Below the load, the service falls behind.
/// </param>
/// <param name="Series">Requests and successes per second, every ten seconds from one minute before the outage.</param>
internal sealed record StormResult(
    double Peak, TimeSpan? Recovery, double RequestsPerOperation, double StorageRequestsPerOperation, double LowestGoodput,
    IReadOnlyList<(double Requests, double Successes)> Series)
{
    /// <summary>The time between two values of the series.</summary>
    internal static readonly TimeSpan SeriesStep = TimeSpan.FromSeconds(10);
}
