using Credentialing.Core.Runs;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Runs;

/// <summary>Lets time pass for runs that wait for it.</summary>
internal static class Driver
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    /// <summary>How long nothing must have gone out for a run to count as waiting; real time, which no run's own clock knows of.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(50);

    /// <summary>Runs it once, in a clock that stands still.</summary>
    internal static Task<DailyRunSummary> RunAsync(TestWorld world) => world.Run.RunAsync(TestContext.Current.CancellationToken);

    /// <summary>Runs it once, letting time pass where it waits.</summary>
    internal static async Task<DailyRunSummary> RunInTimeAsync(TestWorld world)
    {
        DailyRunSummary? summary = null;
        await DriveAsync(world.Clock, [world], async instance => summary = await RunAsync(instance));
        return summary!;
    }

    /// <summary>Has a run fail, letting time pass where it waits; returns what it has done all the same.</summary>
    internal static async Task<DailyRunSummary> MustFailAsync(TestWorld world)
    {
        var failed = await Assert.ThrowsAsync<DailyRunFailedException>(() => RunInTimeAsync(world));
        Assert.All(failed.Summary.Failures.Take(20), failure => Assert.Contains($"{failure}", failed.Message, StringComparison.Ordinal));
        return failed.Summary;
    }

    /// <summary>
    /// Runs something on all instances at once, to its end or the instance's death; whenever none of those alive has called
    /// anybody for a while, ten seconds pass.
    /// </summary>
    internal static async Task DriveAsync(FakeTimeProvider clock, IReadOnlyList<TestWorld> instances, Func<TestWorld, Task> run)
    {
        var all = Task.WhenAll(instances.Select(async instance =>
        {
            var running = Task.Run(() => run(instance), TestContext.Current.CancellationToken);
            if (await Task.WhenAny(running, instance.Outside.Died) == running)
                await running;
        }));
        for (var calls = -1; await Task.WhenAny(all, Task.Delay(Quiet, TestContext.Current.CancellationToken)) != all;)
        {
            var now = instances.Sum(instance => instance.Outside.Calls);
            if (now == calls)
                clock.Advance(Step);
            calls = now;
        }

        await all;
    }
}
