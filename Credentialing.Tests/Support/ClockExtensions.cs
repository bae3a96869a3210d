using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Support;

internal static class ClockExtensions
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    /// <summary>Advances the fake clock as the real time passes, until the task completes. For tasks with retries after short delays.</summary>
    internal static async Task AdvanceUntilAsync(this FakeTimeProvider clock, Task task)
    {
        while (await Task.WhenAny(task, Task.Delay(Step, TestContext.Current.CancellationToken)) != task)
            clock.Advance(Step);
        await task;
    }
}
