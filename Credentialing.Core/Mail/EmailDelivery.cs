using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace Credentialing.Core.Mail;

/// <summary>
/// Offers emails to the mail service as that service wishes: again when it fails, and none at all while it has asked to be left
/// alone, or is away altogether.
/// </summary>
public sealed class EmailDelivery(IEmailSender sender, IOptions<MailOptions> options, TimeProvider time)
{
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(30);

    /// <summary>How long to leave a service alone that is away altogether, so that a run does not spend its time on waiting for it.</summary>
    private static readonly TimeSpan BreakTime = TimeSpan.FromMinutes(1);

    /// <summary>How long to leave it alone at least, when it has had enough.</summary>
    private static readonly TimeSpan MinPause = TimeSpan.FromSeconds(5);

    private readonly Lock pausing = new();
    private readonly ResiliencePipeline pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = options.Value.Retries,
            Delay = options.Value.RetryDelay,
            BackoffType = DelayBackoffType.Exponential,
            // A client that grew tired of waiting says that it was cancelled, too.
            ShouldHandle = attempt => ValueTask.FromResult(
                attempt.Outcome.Exception is not (null or BrokenCircuitException) && !attempt.Context.CancellationToken.IsCancellationRequested),
        })
        .AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            FailureRatio = 0.9,
            MinimumThroughput = 6,
            SamplingDuration = TimeSpan.FromMinutes(5),
            BreakDuration = BreakTime,
            ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is not null),
        })
        .AddTimeout(AttemptTimeout)
        .Build();

    private DateTimeOffset pausedUntil;

    /// <summary>Until when the service is to be left alone; in the past if it need not.</summary>
    public DateTimeOffset PausedUntil
    {
        get
        {
            lock (pausing)
                return pausedUntil;
        }
    }

    /// <summary>Offers an email until the service answers.</summary>
    /// <param name="email">The email.</param>
    /// <param name="until">When to give up.</param>
    /// <param name="cancellationToken">Ends the wait; the email may have been taken all the same.</param>
    /// <exception cref="Exception">The service failed each time, or it took too long: the email may have been taken or not.</exception>
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
                    var offer = email;
                    email = email with { IsRepeated = true };
                    return await sender.SendAsync(offer, token);
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
