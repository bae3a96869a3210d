using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Support;

internal static class ClockExtensions
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// Advances the fake clock until the task completes, by <paramref name="step"/> for each 10 ms of real time. Without a step, as the real time
    /// passes: for tasks with retries after short delays.
    /// </summary>
    internal static async Task AdvanceUntilAsync(this FakeTimeProvider clock, Task task, TimeSpan? step = null)
    {
        while (await Task.WhenAny(task, Task.Delay(Interval, TestContext.Current.CancellationToken)) != task)
            clock.Advance(step ?? Interval);
        await task;
    }
}
