using Credentialing.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Model;

/// <summary>
/// Runs operations of several app instances at the same time, in an order that the history determines: only one external call is in
/// progress at a time, and which instance makes the next one is part of the history. An instance runs without interruption from one call to
/// the next. If all instances only wait for timers, the clock advances to the next one.
/// <para>
/// What is not determined: the order in which one operation makes calls that it starts at the same time is that of their arrival. The
/// operations start them one after the other on one thread, so it is the same in each run. The random delay (jitter) of a save of an LEA is not from the seed.
/// </para>
/// </summary>
internal sealed class CallScheduler(FakeTimeProvider clock) : IDisposable
{
    /// <summary>How often to check whether an instance only waits for a timer. It affects the speed, not the order.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan MaxDuration = TimeSpan.FromMinutes(2);

    private readonly SemaphoreSlim changed = new(0);

    /// <summary>The number of calls in which another instance than the one before had its turn.</summary>
    internal int Switches { get; private set; }

    public void Dispose() => changed.Dispose();

    /// <summary>Runs operations until each has ended or its instance has crashed.</summary>
    /// <param name="operations">The operations. They do not throw.</param>
    /// <param name="turns">Whose turn it is: the n-th call is made by the instance with this number among those that have a call to make.</param>
    /// <param name="beforeTurn">Called with the number of the next call, from 1.</param>
    internal async Task RunAsync(IReadOnlyList<(ExternalCalls Calls, Func<Task> Operation)> operations, IReadOnlyList<int> turns, Action<int>? beforeTurn = null)
    {
        var began = TimeProvider.System.GetTimestamp();
        var actors = operations.Select(operation => new Actor(operation.Calls, changed)).ToList();
        for (var number = 0; number < actors.Count; number++)
            actors[number].Start(operations[number].Operation);
        Actor? last = null;
        for (var turn = 1; actors.Any(actor => !actor.IsOver);)
        {
            if (TimeProvider.System.GetElapsedTime(began) > MaxDuration)
                throw new TimeoutException($"An operation did not end after {turn - 1} calls: {string.Join(", ", actors.Select(actor => actor.StateNow(out _)))}.");
            var states = actors.Select(actor => (Actor: actor, State: actor.StateNow(out var due), Due: due)).ToList();
            if (states.Exists(item => item.State is State.Busy))
            {
                await changed.WaitAsync(PollInterval);
                continue;
            }

            var ready = states.Where(item => item.State is State.Ready).Select(item => item.Actor).ToList();
            if (ready.Count > 0)
            {
                var next = ready[turns.Count == 0 ? 0 : turns[(turn - 1) % turns.Count] % ready.Count];
                Switches += last is null || last == next ? 0 : 1;
                last = next;
                beforeTurn?.Invoke(turn++);
                next.Continue();
            }
            else if (states.Where(item => item.State is State.Waiting).Select(item => item.Due).Min() is { } due)
            {
                clock.Advance(due - clock.GetUtcNow());
            }
        }

        foreach (var (calls, _) in operations)
            calls.Turn = null;
    }

    private enum State
    {
        /// <summary>Its code runs, or its call is in progress.</summary>
        Busy,

        /// <summary>It has a call to make.</summary>
        Ready,

        /// <summary>It only waits for a timer.</summary>
        Waiting,

        /// <summary>The operation has ended, or the instance has crashed.</summary>
        Over,
    }

    private sealed class Actor(ExternalCalls calls, SemaphoreSlim signal)
    {
        private readonly SemaphoreSlim changed = signal;
        private readonly Lock changing = new();
        private readonly Queue<TaskCompletionSource<IDisposable>> waiting = new();
        private Task running = Task.CompletedTask;
        private int inProgress;

        internal bool IsOver => running.IsCompleted || calls.Crashed.IsCompleted;

        internal void Start(Func<Task> operation)
        {
            calls.Turn = () =>
            {
                var turn = new TaskCompletionSource<IDisposable>(TaskCreationOptions.RunContinuationsAsynchronously);
                lock (changing)
                    waiting.Enqueue(turn);
                changed.Release();
                return turn.Task;
            };
            running = Task.Run(async () =>
            {
                await operation();
                changed.Release();
            });
        }

        internal State StateNow(out DateTimeOffset? due)
        {
            due = null;
            if (IsOver)
                return State.Over;
            lock (changing)
            {
                if (inProgress > 0)
                    return State.Busy;
                if (waiting.Count > 0)
                    return State.Ready;
            }

            due = calls.Clock.NextDue;
            return due is null ? State.Busy : State.Waiting;
        }

        internal void Continue()
        {
            TaskCompletionSource<IDisposable> next;
            lock (changing)
            {
                inProgress++;
                next = waiting.Dequeue();
            }

            next.SetResult(new End(this));
        }

        private sealed class End(Actor actor) : IDisposable
        {
            public void Dispose()
            {
                lock (actor.changing)
                    actor.inProgress--;
                actor.changed.Release();
            }
        }
    }
}
