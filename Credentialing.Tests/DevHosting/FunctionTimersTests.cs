using System.Net;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.DevHosting;

/// <summary>DevHost runs the timer as the Functions host does. The tests' clock starts at 20:00 UTC.</summary>
public sealed class FunctionTimersTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan UntilSchedule = TimeSpan.FromHours(18); // 14:00 UTC on the next day

    [Fact]
    public async Task The_daily_run_starts_on_its_schedule_and_is_tried_again_ten_minutes_after_it_failed()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(351) + UntilSchedule - TimeSpan.FromSeconds(5));
        var schedule = world.Clock.GetUtcNow() + TimeSpan.FromSeconds(5);
        List<DateTimeOffset> asked = [];
        world.Outside.Break = called =>
        {
            if (called is Called.Mail)
                asked.Add(world.Clock.GetUtcNow());
            return Fault.None;
        };
        world.Mail.Unknown.Add(TestWorld.Rosa.Email!);
        await using var host = await TestHost.StartAsync(world);

        await LetTimePassAsync(world, TimeSpan.FromSeconds(1), () => asked.Count == 1);
        Assert.InRange(asked[0], schedule, schedule + TimeSpan.FromSeconds(30));
        world.Mail.Unknown.Clear();
        await LetTimePassAsync(world, TimeSpan.FromSeconds(30), () => world.Mail.FirstOffer.IsCompleted);

        Assert.InRange(asked[1] - asked[0], TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(15));
    }

    [Fact]
    public async Task A_timer_is_run_by_hand_with_an_answer_at_once_and_nothing_else_is()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var host = await TestHost.StartAsync(world);

        Assert.Equal(HttpStatusCode.Accepted, (await host.SendAsync(HttpMethod.Post, "/admin/functions/SendExpiryReminders")).Status);
        await world.Mail.FirstOffer;

        Assert.Equal(HttpStatusCode.NotFound, (await host.SendAsync(HttpMethod.Post, "/admin/functions/GetHealth")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.SendAsync(HttpMethod.Post, "/admin/functions/Nothing")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.SendAsync(HttpMethod.Get, "/admin/functions/SendExpiryReminders")).Status);
    }

    /// <summary>Moves the clock in steps, each of which the host has some real time to notice.</summary>
    private static async Task LetTimePassAsync(TestWorld world, TimeSpan step, Func<bool> until)
    {
        while (!until())
        {
            world.Clock.Advance(step);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        }
    }
}
