using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace Credentialing.Core.Mail;

/// <summary>
/// Sends emails with retries, timeouts and a circuit breaker. Sends nothing while the mail service throttles or the circuit is open.
/// Thread safe if the <see cref="IEmailSender"/> is.
/// </summary>
public sealed class EmailDelivery(IEmailSender sender, IOptions<MailOptions> options, TimeProvider time)
{
    /// <summary>How long the circuit breaker stays open, so that a daily run does not spend its time on timeouts.</summary>
    private static readonly TimeSpan BreakTime = TimeSpan.FromMinutes(1);

    /// <summary>Minimum pause when the service throttles.</summary>
    private static readonly TimeSpan MinPause = TimeSpan.FromSeconds(5);

    private readonly Lock pausing = new();
    private readonly ResiliencePipeline pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = options.Value.Retries,
            Delay = options.Value.RetryDelay,
            BackoffType = DelayBackoffType.Exponential,
            // Client timeouts surface as cancellation, so check the token, not the exception type.
            ShouldHandle = attempt => ValueTask.FromResult(
                attempt.Outcome.Exception is not (null or BrokenCircuitException or MailServiceException { ConcernsOnlyThisEmail: true }) && !attempt.Context.CancellationToken.IsCancellationRequested),
        })
        .AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            FailureRatio = 0.9,
            MinimumThroughput = 6,
            SamplingDuration = TimeSpan.FromMinutes(5),
            BreakDuration = BreakTime,
            // A cancellation by the caller, or a refusal of one email, does not mean that the service is unavailable.
            ShouldHandle = attempt => ValueTask.FromResult(
                attempt.Outcome.Exception is not (null or MailServiceException { ConcernsOnlyThisEmail: true }) && !attempt.Context.CancellationToken.IsCancellationRequested),
        })
        .AddTimeout(sender.AttemptTimeout)
        .Build();

    private DateTimeOffset pausedUntil;

    /// <summary>Until when nothing is sent because of throttling or an open circuit; in the past if there is no pause.</summary>
    public DateTimeOffset PausedUntil
    {
        get
        {
            lock (pausing)
                return pausedUntil;
        }
    }

    /// <summary>
    /// Sends an email in several languages, one message after the other. It counts as accepted if one message was: the recipients of
    /// a message that failed or was throttled are deferred then.
    /// </summary>
    /// <param name="messages">The messages; at least one.</param>
    /// <param name="until">The deadline.</param>
    /// <param name="cancellationToken">Cancels the wait. The service may have accepted some messages nevertheless.</param>
    /// <exception cref="Exception">No message was accepted, and one failed or the deadline passed. The service may have accepted it.</exception>
    internal async Task<EmailOutcome> DeliverAsync(IReadOnlyList<Email> messages, DateTimeOffset until, CancellationToken cancellationToken)
    {
        if (messages is [var only])
            return await DeliverAsync(only, until, cancellationToken);
        List<string> rejected = [];
        List<string> deferred = [];
        var isAccepted = false;
        EmailOutcome.Throttled? throttled = null;
        ExceptionDispatchInfo? failed = null;
        foreach (var message in messages)
        {
            try
            {
                switch (await DeliverAsync(message, until, cancellationToken))
                {
                    case EmailOutcome.Accepted accepted:
                        isAccepted = true;
                        rejected.AddRange(accepted.Rejected);
                        deferred.AddRange(accepted.Deferred);
                        break;
                    case EmailOutcome.Throttled later:
                        throttled = later;
                        deferred.AddRange(message.Addresses);
                        break;
                    default:
                        rejected.AddRange(message.Addresses);
                        break;
                }
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                failed = ExceptionDispatchInfo.Capture(failure);
                deferred.AddRange(message.Addresses);
            }
        }

        if (isAccepted)
            return new EmailOutcome.Accepted(rejected, deferred);
        failed?.Throw();
        return throttled is not null ? throttled : new EmailOutcome.Refused();
    }

    /// <summary>Sends an email, with retries after failures.</summary>
    /// <param name="email">The email.</param>
    /// <param name="until">The deadline.</param>
    /// <param name="cancellationToken">Cancels the wait. The service may have accepted the email nevertheless.</param>
    /// <exception cref="Exception">All attempts failed, or the deadline passed. The service may have accepted the email.</exception>
    public async Task<EmailOutcome> DeliverAsync(Email email, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (PausedUntil is var paused && now < paused)
            return new EmailOutcome.Throttled(paused - now);

        using var limit = new CancellationTokenSource(until > now ? until - now : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        EmailOutcome outcome;
        try
        {
            outcome = await pipeline.ExecuteAsync(
                async token =>
                {
                    var attempt = email;
                    email = email with { IsRepeated = true };
                    return await sender.SendAsync(attempt, token);
                },
                either.Token);
        }
        catch (BrokenCircuitException)
        {
            outcome = new EmailOutcome.Throttled(BreakTime);
        }

        if (outcome is EmailOutcome.Throttled throttled)
            Pause(time.GetUtcNow() + (throttled.RetryAfter > MinPause ? throttled.RetryAfter : MinPause));
        return outcome;
    }

    private void Pause(DateTimeOffset until)
    {
        lock (pausing)
            pausedUntil = until > pausedUntil ? until : pausedUntil;
    }
}
