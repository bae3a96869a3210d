using System.Collections.Immutable;
using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Support;

/// <summary>
/// The clock of one app instance, based on the test's shared fake clock. It detects when the instance is only waiting for a timer.
/// A test advances the time only then, so the result does not depend on the speed of the machine.
/// </summary>
public sealed class InstanceClock(FakeTimeProvider shared) : TimeProvider
{
    /// <summary>The timeouts set by the callers in the current async flow. Async-local, so callees inherit it.</summary>
    private static readonly AsyncLocal<ImmutableHashSet<Timer>?> Timeouts = new();

    private readonly Lock changing = new();
    private readonly HashSet<Timer> timers = [];
    private readonly HashSet<HangingCall> hanging = [];

    /// <summary>
    /// Due time of the next timer if the instance is only waiting; null if it is busy. It is busy if no timer is running, or if a
    /// timeout covers anything other than a delay or a hanging call.
    /// </summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            lock (changing)
            {
                var waiting = timers.Where(timer => !timer.IsTimeout).Select(timer => timer.Within)
                    .Concat(hanging.Where(call => !call.Cancellation.IsCancellationRequested).Select(call => call.Within))
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
        if (state is SecretRing or RefusalLog) // the background refresh, and the summary of refusals: no operation of the instance waits for these timers
            return shared.CreateTimer(callback, state, dueTime, period);
        var timer = new Timer(this, shared, callback, state);
        if (timer.IsTimeout)
            Timeouts.Value = timer.Within.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Simulates a call without a response. It ends only when the caller cancels it.</summary>
    public async Task HangAsync(CancellationToken cancellationToken)
    {
        var call = new HangingCall(Timeouts.Value ?? [], cancellationToken);
        lock (changing)
            hanging.Add(call);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            lock (changing)
                hanging.Remove(call);
        }
    }

    private sealed class HangingCall(ImmutableHashSet<Timer> within, CancellationToken cancellation)
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
            IsTimeout = state is CancellationTokenSource; // the state of Task.Delay is a task
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
