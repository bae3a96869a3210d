using Credentialing.Core.Leas;
using Credentialing.Core.Reminders;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.DailyRun;

/// <summary>The optional emails after the expiry of credentials.</summary>
[Kind(TestKind.Storage)]
public sealed class ReminderAfterExpiryTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Coordinators_get_an_email_on_the_day_of_expiry_and_once_a_week_for_four_weeks()
    {
        await using var world = await ExpiredWorldAsync();
        var sent = new List<int>();
        for (var day = 0; day < 60; day++)
        {
            if ((await RunAsync(world)).Sent > 0)
                sent.Add(day);
            world.Clock.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal([0, 7, 14, 21, 28], sent);
        var emails = world.Mail.Notices.Select(send => send.Email).ToList(); // without an attachment
        Assert.Equal(5, emails.DistinctBy(email => email.OperationId).Count());
        Assert.All(emails, email => Assert.Equal("Oakland Unified: SIS vendor credentials have expired", email.Subject));
        Assert.Contains("expired on Tuesday, November 23, 2027 at 12:00 PM Pacific Time", emails[0].Text, StringComparison.Ordinal);
        Assert.DoesNotContain("calendar", emails[0].Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Days remaining", emails[0].Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missed_email_is_sent_by_the_next_run_and_none_is_sent_for_credentials_that_expired_long_ago()
    {
        await using var world = await ExpiredWorldAsync();
        world.Clock.Advance(TimeSpan.FromDays(10));
        Assert.Equal(1, (await RunAsync(world)).Sent);
        world.Clock.Advance(TimeSpan.FromDays(3));
        Assert.Equal(0, (await RunAsync(world)).Sent);
        world.Clock.Advance(TimeSpan.FromDays(22)); // 35 days after expiry
        Assert.Equal(0, (await RunAsync(world)).Sent);
    }

    [Fact]
    public async Task No_email_is_sent_after_expiry_unless_it_is_configured_or_after_a_regeneration()
    {
        await using var world = await ExpiredWorldAsync();
        await using var unconfigured = world.AnotherInstance();
        Assert.Equal(0, (await RunAsync(unconfigured)).Sent);

        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);

        Assert.Equal(0, (await RunAsync(world)).Sent);
        Assert.Empty(world.Mail.Notices);
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(0, 0)]
    [InlineData(-6, 0)]
    [InlineData(-7, -7)]
    [InlineData(-28, -28)]
    [InlineData(-34, -28)]
    [InlineData(-35, null)]
    [InlineData(-1000, null)]
    public void ReachedAfterExpiry_returns_the_latest_milestone(int daysRemaining, int? milestone) =>
        Assert.Equal(milestone, Milestone.ReachedAfterExpiry(daysRemaining)?.Days);

    /// <summary>Oakland's credentials have just expired. Instances remind after expiry.</summary>
    private async Task<TestWorld> ExpiredWorldAsync()
    {
        var world = (await TestWorld.CreateAsync(azurite)).AnotherInstance(options => options.RemindAfterExpiry = true);
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa]));
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(365));
        return world;
    }
}
