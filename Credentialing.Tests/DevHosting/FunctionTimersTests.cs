using System.Collections.Concurrent;
using System.Net;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.DevHosting;

/// <summary>DevHost runs timer triggers as the Functions host does. The fake clock starts at 20:00 UTC.</summary>
[Kind(TestKind.Storage)]
public sealed class FunctionTimersTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan UntilSchedule = TimeSpan.FromHours(18); // 14:00 UTC on the next day

    [Fact]
    public async Task The_daily_run_starts_on_schedule_and_is_retried_ten_minutes_after_a_failure()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(351) + UntilSchedule - TimeSpan.FromSeconds(5));
        var schedule = world.Clock.GetUtcNow() + TimeSpan.FromSeconds(5);
        const int AttemptsPerRun = 3;
        ConcurrentQueue<DateTimeOffset> calls = [];
        world.ExternalCalls.InjectFault = called =>
        {
            if (called is not ExternalService.Mail)
                return Fault.None;
            calls.Enqueue(world.Clock.GetUtcNow());
            return calls.Count <= AttemptsPerRun ? Fault.ConnectionFailed : Fault.None;
        };
        await using var host = await TestHost.StartAsync(world);

        while (!world.Mail.FirstAccepted.IsCompleted)
        {
            // Real time for the host to react to the advanced clock.
            world.Clock.Advance(TimeSpan.FromSeconds(2));
            await Task.Delay(TimeSpan.FromMilliseconds(15), TestContext.Current.CancellationToken);
        }

        var times = calls.ToArray();
        Assert.Equal(AttemptsPerRun + 1, times.Length);
        Assert.True(times[0] >= schedule);
        Assert.True(times[^1] - times[0] >= TimeSpan.FromMinutes(10));
    }

    [Fact]
    public async Task Only_timer_functions_can_be_started_by_a_request()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var host = await TestHost.StartAsync(world);

        Assert.Equal(HttpStatusCode.Accepted, (await host.SendAsync(HttpMethod.Post, "/admin/functions/SendExpiryReminders")).Status);
        await world.Mail.FirstAccepted;

        Assert.Equal(HttpStatusCode.NotFound, (await host.SendAsync(HttpMethod.Post, "/admin/functions/GetHealth")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.SendAsync(HttpMethod.Post, "/admin/functions/Nothing")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.SendAsync(HttpMethod.Get, "/admin/functions/SendExpiryReminders")).Status);
    }
}
