using Credentialing.Core.DailyRun;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.DailyRun;

/// <summary>Executes daily runs and advances the fake clock while they wait.</summary>
internal static class DailyRunDriver
{
    /// <summary>The number of queries of a run for what is due.</summary>
    internal const int IndexQueries = 1;

    /// <summary>How often to check whether a run is waiting. It affects how soon the fake time is advanced, not by how much.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(1);

    /// <summary>Runs once without advancing the clock.</summary>
    internal static Task<DailyRunSummary> RunAsync(TestWorld world) => world.Run.RunAsync(TestContext.Current.CancellationToken);

    /// <summary>Runs once and advances the clock while the run waits.</summary>
    internal static async Task<DailyRunSummary> RunWithClockAsync(TestWorld world)
    {
        DailyRunSummary? summary = null;
        await RunAllAsync(world.Clock, [world], async instance => summary = await RunAsync(instance));
        return summary!;
    }

    /// <summary>Starts a run without advancing the fake time. Returns the run as soon as it is only waiting for a timer.</summary>
    internal static async Task<Task<DailyRunSummary>> RunUntilItWaitsAsync(TestWorld world)
    {
        var run = Task.Run(() => RunAsync(world), TestContext.Current.CancellationToken);
        while (!run.IsCompleted && world.ExternalCalls.Clock.NextDue is null)
            await Task.Delay(PollInterval, TestContext.Current.CancellationToken);
        return run;
    }

    /// <summary>Like <see cref="RunWithClockAsync"/>, but expects the run to fail. Returns the summary of the failed run.</summary>
    internal static async Task<DailyRunSummary> MustFailAsync(TestWorld world)
    {
        var failed = await Assert.ThrowsAsync<DailyRunFailedException>(() => RunWithClockAsync(world));
        Assert.All(failed.Summary.Failures.Take(20), failure => Assert.Contains($"{failure}", failed.Message, StringComparison.Ordinal));
        return failed.Summary;
    }

    /// <summary>
    /// Runs an operation on all instances concurrently, until it completes or the instance crashes. While all remaining instances
    /// are only waiting, advances the clock to the next due timer.
    /// </summary>
    internal static async Task RunAllAsync(FakeTimeProvider clock, IReadOnlyList<TestWorld> instances, Func<TestWorld, Task> run)
    {
        var runs = instances.Select(instance => (instance.ExternalCalls.Clock, Completion: RunAsync(instance))).ToList();
        var all = Task.WhenAll(runs.Select(run => run.Completion));
        while (await Task.WhenAny(all, Task.Delay(PollInterval, TestContext.Current.CancellationToken)) != all)
        {
            var due = runs.Where(run => !run.Completion.IsCompleted).Select(run => run.Clock.NextDue).ToList();
            if (due.Count > 0 && due.All(next => next is not null))
                clock.Advance(due.Min()!.Value - clock.GetUtcNow());
        }

        await all;

        async Task RunAsync(TestWorld instance)
        {
            var running = Task.Run(() => run(instance), TestContext.Current.CancellationToken);
            if (await Task.WhenAny(running, instance.ExternalCalls.Crashed) == running)
                await running;
        }
    }
}
