using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Reminders;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.DailyRun;

[Kind(TestKind.Storage)]
public sealed class DailyRunTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task The_runs_of_a_year_send_four_emails_and_post_an_announcement_that_counts_down()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await RegisterAsync(world, TestWorld.Oakland, "Oakland Unified", TestWorld.Rosa, TestWorld.Luis);
        await world.MustGenerateAsync(TestWorld.Oakland);
        Dictionary<int, string> subjects = [];
        Dictionary<int, string> titles = [];
        for (var day = 1; day <= 367; day++)
        {
            world.Clock.Advance(TimeSpan.FromDays(1));
            var before = world.Mail.Sends.Count;
            await RunAsync(world);
            if (world.Mail.Sends.Count > before)
                subjects[day] = Assert.Single(world.Mail.Sends.Skip(before)).Email.Subject;
            if (world.MyToms.Shown.TryGetValue("01612590000000", out var announcement))
                titles[day] = announcement.Title;
        }

        Assert.Equal(
            new Dictionary<int, string>
            {
                [351] = "Oakland Unified: SIS vendor credentials expire in 14 days",
                [358] = "Oakland Unified: SIS vendor credentials expire in 7 days",
                [362] = "Oakland Unified: SIS vendor credentials expire in 3 days",
                [364] = "Oakland Unified: SIS vendor credentials expire in 1 day",
            },
            subjects);
        Assert.Equal(Enumerable.Range(351, 17), titles.Keys);
        Assert.Equal("Oakland Unified: SIS vendor credentials expire in 14 days", titles[351]);
        Assert.Equal("Oakland Unified: SIS vendor credentials expire in 1 day", titles[364]);
        Assert.Equal("Oakland Unified: SIS vendor credentials have expired", titles[365]);
        Assert.Equal(15, world.MyToms.Requests.Count); // once a day while the announcement changes, then none
        Assert.All(world.Mail.Sends, send => Assert.Equal(["luis@lea.example", "rosa@lea.example"], send.Email.To.Select(to => to.Address).Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData(354, 11)]
    [InlineData(359, 6)]
    [InlineData(365, 0)]
    public async Task After_missed_runs_one_email_with_the_current_number_of_days_is_sent(int day, int daysRemaining)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(day) - TimeSpan.FromHours(1));

        await RunAsync(world);
        await RunAsync(world);

        var email = Assert.Single(world.Mail.Sends).Email;
        Assert.EndsWith(daysRemaining == 0 ? "expire today" : $"expire in {daysRemaining} days", email.Subject, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_run_after_expiry_sends_no_email_and_posts_an_expired_announcement()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(365));

        await RunAsync(world);

        Assert.Empty(world.Mail.Sends);
        Assert.Equal(CredentialState.Expired, world.MyToms.Shown["01612590000000"].State);
    }

    [Fact]
    public async Task An_LEA_takes_no_round_trip_when_not_due_and_at_most_four_when_due()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(349));
        world.Traffic.Reset();
        await RunAsync(world);
        Assert.Single(world.Traffic.Requests); // they find nothing

        world.Clock.Advance(TimeSpan.FromDays(2));
        world.Traffic.Reset();
        await RunAsync(world);
        Assert.Equal(IndexQueries + 4, world.Traffic.Requests.Count);

        world.Traffic.Reset();
        await RunAsync(world);
        Assert.Equal(IndexQueries + 1, world.Traffic.Requests.Count); // there is nothing to do

        world.Clock.Advance(TimeSpan.FromDays(1));
        world.Traffic.Reset();
        await RunAsync(world);
        Assert.Equal(IndexQueries + 3, world.Traffic.Requests.Count); // the announcement says 13 days
    }

    [Fact]
    public async Task A_regeneration_stops_reminders_and_the_next_run_removes_the_announcement()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(358));
        await RunAsync(world);
        Assert.Single(world.MyToms.Shown);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);

        world.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, (await RunAsync(world)).Removed);

        Assert.Empty(world.MyToms.Shown);
        Assert.Equal([world.Clock.GetUtcNow().AddDays(364).ToString("yyyy-MM-dd", null)], (await world.RowsAsync("Expirations")).Select(row => row.PartitionKey));
        world.Traffic.Reset();
        Assert.Equal(0, (await RunAsync(world)).Leas);
        Assert.Single(world.Traffic.Requests);
        Assert.Single(world.Mail.Sends);
    }

    [Fact]
    public async Task Summary_and_progress_are_logged_without_personal_data()
    {
        using var logs = new CapturedLogs();
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var logged = world.AnotherInstance(logs);
        foreach (var lea in (LeaId[])[TestWorld.Oakland, TestWorld.Berkeley, TestWorld.Fresno])
            await world.MustGenerateAsync(lea);
        world.Mail.RejectedAddresses.Add(TestWorld.Rosa.Email!);
        world.Clock.Advance(TimeSpan.FromDays(351));
        logged.ExternalCalls.InjectFault = called =>
        {
            if (called is ExternalService.Mail)
                world.Clock.Advance(TimeSpan.FromSeconds(5));
            return Fault.None;
        };

        await RunAsync(logged);

        var lines = logs.Lines.Where(line => line.Contains("Daily run", StringComparison.Ordinal)).ToList();
        Assert.Contains(lines, line => line.Contains("of 3 LEAs so far", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("Daily run finished: 3 LEAs, 0 reminders sent, 3 announcements posted", StringComparison.Ordinal) && line.Contains("3 addresses rejected, 0 failed", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("rejected 1 addresses of LEA 10621660000000", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("rosa@", StringComparison.Ordinal));
    }

    [Fact]
    public async Task PreviewAsync_returns_what_the_run_does_and_changes_nothing()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await RegisterAsync(world, TestWorld.Oakland, "Oakland Unified", TestWorld.Rosa, TestWorld.Luis);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(7));
        await world.MustGenerateAsync(TestWorld.Berkeley);
        world.Clock.Advance(TimeSpan.FromDays(344));
        var before = await AllRowsAsync(world);

        var (now, _) = await world.Run.PreviewAsync(world.Clock.GetUtcNow(), TestContext.Current.CancellationToken);
        var (later, _) = await world.Run.PreviewAsync(world.Clock.GetUtcNow().AddDays(12), TestContext.Current.CancellationToken);

        Assert.Equal(before, await AllRowsAsync(world));
        Assert.Empty(world.Mail.Sends);
        Assert.Empty(world.MyToms.Requests);
        var plan = Assert.Single(now);
        Assert.Equal((TestWorld.Oakland, 14, 2), (plan.LeaId, plan.Reminder!.Milestone.Days, plan.Reminder.Recipients.Count));
        Assert.Equal([(TestWorld.Berkeley, 14, 9), (TestWorld.Oakland, 3, 2)], later.Select(item => (item.LeaId, item.Reminder!.Milestone.Days, item.Reminder.DaysRemaining)));

        await RunAsync(world);
        Assert.Equal(plan.Reminder.OperationId, Assert.Single(world.Mail.Sends).Email.OperationId);
        Assert.Equal(plan.Post!.Text, world.MyToms.Shown[TestWorld.Oakland.Value].Text);
        Assert.Empty((await world.Run.PreviewAsync(world.Clock.GetUtcNow(), TestContext.Current.CancellationToken)).Plans);
    }

    [Fact]
    public async Task A_clock_that_is_behind_does_not_repeat_an_earlier_milestone()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(358) - TimeSpan.FromMinutes(1));
        var credential = (await world.Credentials.StatusAsync(TestWorld.Oakland, TestContext.Current.CancellationToken)).Credential!;
        var status = CredentialStatus.Of(credential, world.Calendar, credential.ExpiresAt.AddDays(-8));
        var sent = new ReminderClaim(1, Milestone.Of(7)!.Value, new() { SentAt = credential.ExpiresAt.AddDays(-7) });

        Assert.NotNull(Reminder.Due(status, Milestone.Reached(8), "Oakland Unified", [], [], out _));
        Assert.Null(Reminder.Due(status, Milestone.Reached(8), "Oakland Unified", [], [sent], out _));
    }

    [Fact]
    public async Task Reminders_are_sent_for_the_next_generation_too()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(364));
        await RunAsync(world);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        world.Clock.Advance(TimeSpan.FromDays(351));

        await RunAsync(world);

        Assert.Equal(2, world.Mail.Delivered.Count);
        Assert.EndsWith("in 14 days", world.Mail.Delivered[1].Subject, StringComparison.Ordinal);
    }

    private static Task RegisterAsync(TestWorld world, LeaId leaId, string name, params Coordinator[] coordinators) =>
        world.SaveAsync(new Lea(leaId, name, coordinators));

    private static async Task<IReadOnlyList<string>> AllRowsAsync(TestWorld world) =>
        [.. (await world.RowsAsync("Leas")).Concat(await world.RowsAsync("Expirations")).Select(row => $"{row.PartitionKey}/{row.RowKey}/{row.ETag}")];
}
