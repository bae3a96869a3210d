namespace Credentialing.Benchmarks.Scale;

/// <summary>How a client of the API retries a failed request.</summary>
/// <param name="Name">The name in the report.</param>
/// <param name="Attempts">Maximum attempts, the first one included. After them, the operation waits for the client's next run.</param>
/// <param name="Delay">
/// The delay before the next attempt, in seconds. It gets the number of attempts so far, the value of <c>Retry-After</c> in seconds (null
/// if there is none), and the source of randomness.
/// </param>
internal sealed record RetryPolicy(string Name, int Attempts, Func<int, double?, Random, double> Delay)
{
    /// <summary>The delay of the guide if a response has no <c>Retry-After</c>, in seconds.</summary>
    private const double DefaultDelay = 5;

    /// <summary>No retry: the operation is left to the next run.</summary>
    internal static RetryPolicy None { get; } = new("none, left to the next run", 1, (_, _, _) => 0);

    /// <summary>One retry a second, five attempts.</summary>
    internal static RetryPolicy Fixed { get; } = new("1 s, 5 attempts", 5, (_, _, _) => 1);

    /// <summary>1, 2, 4 and 8 seconds.</summary>
    internal static RetryPolicy Exponential { get; } = new("exponential, 5 attempts", 5, (attempts, _, _) => Backoff(1, attempts));

    /// <summary>A random delay up to 1, 2, 4 and 8 seconds ("full jitter").</summary>
    internal static RetryPolicy ExponentialWithJitter { get; } =
        new("exponential with full jitter, 5 attempts", 5, (attempts, _, random) => random.NextDouble() * Backoff(1, attempts));

    /// <summary><c>Retry-After</c>, five attempts: the sample programs of the vendor guide.</summary>
    internal static RetryPolicy RetryAfter { get; } = new("Retry-After, 5 attempts", 5, (_, retryAfter, _) => retryAfter ?? DefaultDelay);

    /// <summary><c>Retry-After</c> until it succeeds.</summary>
    internal static RetryPolicy EndlessRetryAfter { get; } = new("Retry-After, without end", int.MaxValue, (_, retryAfter, _) => retryAfter ?? DefaultDelay);

    /// <summary><c>Retry-After</c>, doubled with each attempt up to five minutes, half of it random; five attempts.</summary>
    internal static RetryPolicy DoubledRetryAfter { get; } = new("Retry-After, doubled, with jitter, 5 attempts", 5, (attempts, retryAfter, random) =>
        Math.Min(300, Backoff(retryAfter ?? DefaultDelay, attempts)) * (0.5 + (0.5 * random.NextDouble())));

    private static double Backoff(double first, int attempts) => first * Math.Pow(2, attempts - 1);
}
