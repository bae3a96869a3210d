using System.Collections.Immutable;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Support;

/// <summary>
/// The clock of one instance of the app. It shows the time of the test's clock, and knows whether the instance can only wait for
/// time to pass. So a test advances the clock at the right moment, however slow the machine is.
/// </summary>
public sealed class InstanceClock(FakeTimeProvider shared) : TimeProvider
{
    /// <summary>The timeouts that were set by the callers of the current code: it flows down into what they call.</summary>
    private static readonly AsyncLocal<ImmutableHashSet<Timer>?> Timeouts = new();

    private readonly Lock changing = new();
    private readonly HashSet<Timer> timers = [];
    private readonly HashSet<UnansweredCall> unanswered = [];

    /// <summary>
    /// When the next timer is due, if the instance can only wait for it; null if it is at work. It is at work if a timeout runs on
    /// anything but a delay or a call that is not answered, and if no timer runs at all.
    /// </summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            lock (changing)
            {
                var waiting = timers.Where(timer => !timer.IsTimeout).Select(timer => timer.Within)
                    .Concat(unanswered.Where(call => !call.Cancellation.IsCancellationRequested).Select(call => call.Within))
                    .Aggregate(ImmutableHashSet<Timer>.Empty, (all, within) => all.Union(within));
                return timers.Count > 0 && timers.All(timer => !timer.IsTimeout || waiting.Contains(timer)) ? timers.Min(timer => timer.DueAt) : null;
            }
        }
    }

    public override TimeZoneInfo LocalTimeZone => shared.LocalTimeZone;

    public override long TimestampFrequency => shared.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => shared.GetUtcNow();

    public override long GetTimestamp() => shared.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Assert.Equal(Timeout.InfiniteTimeSpan, period);
        var timer = new Timer(this, shared, callback, state);
        if (timer.IsTimeout)
            Timeouts.Value = timer.Within.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Makes a call that is never answered: it ends when its caller cancels it.</summary>
    public async Task HangAsync(CancellationToken cancellationToken)
    {
        var call = new UnansweredCall(Timeouts.Value ?? [], cancellationToken);
        lock (changing)
            unanswered.Add(call);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            lock (changing)
                unanswered.Remove(call);
        }
    }

    private sealed class UnansweredCall(ImmutableHashSet<Timer> within, CancellationToken cancellation)
    {
        internal ImmutableHashSet<Timer> Within => within;

        internal CancellationToken Cancellation => cancellation;
    }

    private sealed class Timer : ITimer
    {
        private readonly InstanceClock clock;
        private readonly ITimer timer;

        internal Timer(InstanceClock clock, FakeTimeProvider shared, TimerCallback callback, object? state)
        {
            this.clock = clock;
            IsTimeout = state is CancellationTokenSource; // a delay's state is its task
            timer = shared.CreateTimer(Fire, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

            void Fire(object? unused)
            {
                Stop();
                callback(state);
            }
        }

        internal bool IsTimeout { get; }

        internal ImmutableHashSet<Timer> Within { get; } = Timeouts.Value ?? [];

        internal DateTimeOffset DueAt { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                Stop();
            }
            else
            {
                lock (clock.changing)
                {
                    DueAt = clock.GetUtcNow() + dueTime;
                    clock.timers.Add(this);
                }
            }

            return timer.Change(dueTime, period);
        }

        public void Dispose()
        {
            Stop();
            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Stop();
            return timer.DisposeAsync();
        }

        private void Stop()
        {
            lock (clock.changing)
                clock.timers.Remove(this);
        }
    }
}
