namespace Credentialing.Core.Storage;

/// <summary>
/// Limits retries: <see cref="AtOnce"/> at once, and <see cref="PerSecond"/> in the long run. A single fault is always
/// retried. In an outage nearly no request is retried, so that requests fail soon and do not occupy the instance. Without it, the
/// service does not recover from an outage if too many clients retry at the same time: docs/performance.md, "Retry storm". Thread safe.
/// </summary>
public sealed class RetryBudget(TimeProvider time)
{
    /// <summary>Retries that are allowed at once, after a time without retries.</summary>
    public const int AtOnce = 20;

    /// <summary>Retries per second that are allowed in the long run.</summary>
    public const int PerSecond = 5;

    private readonly TokenBucket bucket = new(AtOnce, PerSecond, time);

    /// <summary>Takes one retry from the budget. Returns false if none is left.</summary>
    public bool TryTake() => bucket.TryTake(out _);
}
