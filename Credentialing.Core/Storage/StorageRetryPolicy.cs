using Azure.Core;
using Azure.Core.Pipeline;

namespace Credentialing.Core.Storage;

/// <summary>
/// The retry policy of all storage clients, for tables and blobs. It limits each call, with all its retries, to
/// <see cref="TimeLimit"/>, so that a client of the API gets its 503 within 6 seconds. A refused connection and an error status are
/// retried, within the <see cref="RetryBudget"/> of the client; an attempt without a response may use all the time. Thread safe.
/// </summary>
public sealed class StorageRetryPolicy(TimeProvider time) : RetryPolicy(MaxRetries, DelayStrategy.CreateExponentialDelayStrategy(FirstDelay, MaxDelay))
{
    /// <summary>
    /// The maximum time of a call, and of a read of a file's content. Longer than 5 seconds, after which Table Storage returns an
    /// incomplete page of a table scan.
    /// </summary>
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(5.5);

    private const int MaxRetries = 3;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(0.4);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(1.6);

    private readonly RetryBudget budget = new(time);

    /// <inheritdoc/>
    protected override void OnSendingRequest(HttpMessage message) => message.NetworkTimeout = TimeLeft(message);

    /// <inheritdoc/>
    protected override ValueTask OnSendingRequestAsync(HttpMessage message)
    {
        OnSendingRequest(message);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    protected override bool ShouldRetry(HttpMessage message, Exception? exception) =>
        TimeLeft(message) > MaxDelay && base.ShouldRetry(message, exception) && budget.TryTake();

    /// <inheritdoc/>
    protected override async ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception) =>
        TimeLeft(message) > MaxDelay && await base.ShouldRetryAsync(message, exception) && budget.TryTake();

    private TimeSpan TimeLeft(HttpMessage message) => TimeLimit - (time.GetUtcNow() - message.ProcessingContext.StartTime);
}
