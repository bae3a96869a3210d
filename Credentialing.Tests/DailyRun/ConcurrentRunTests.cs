using Azure.Data.Tables;
using Credentialing.Core.DailyRun;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.DailyRun;

/// <summary>Concurrent runs, including slow, blocked and crashed ones.</summary>
[Kind(TestKind.Storage)]
public sealed class ConcurrentRunTests(AzuriteFixture azurite)
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Concurrent_runs_send_each_reminder_once_and_post_all_announcements(int runs)
    {
        for (var round = 0; round < 10; round++)
        {
            await using var world = await TestWorld.CreateAsync(azurite);
            await world.MustGenerateAsync(TestWorld.Oakland);
            await world.MustGenerateAsync(TestWorld.Berkeley);
            world.Clock.Advance(TimeSpan.FromDays(351));
            var instances = Enumerable.Range(0, runs).Select(_ => world.AnotherInstance()).ToList();

            await RunAllAsync(world.Clock, instances, instance => RunAsync(instance));

            Assert.Equal(2, world.Mail.Sends.Count);
            Assert.Equal(2, world.Mail.Delivered.Count);
            Assert.Equal(2, world.MyToms.Shown.Count);
            foreach (var instance in instances)
                await instance.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_run_waits_until_the_claim_of_a_crashed_run_expires_and_sends_with_the_same_operation_id()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var crashing = world.AnotherInstance();
        crashing.ExternalCalls.InjectFault = called => called is ExternalService.Mail ? Fault.CrashAfter : Fault.None;
        await Task.WhenAny(crashing.Run.RunAsync(TestContext.Current.CancellationToken), crashing.ExternalCalls.Crashed);
        var before = world.Clock.GetUtcNow();

        await RunAllAsync(world.Clock, [world], instance => RunAsync(instance));

        Assert.True(world.Clock.GetUtcNow() - before >= TimeSpan.FromMinutes(5));
        Assert.Equal(2, world.Mail.Sends.Count);
        Assert.Equal([false, true], world.Mail.Sends.Select(send => send.Email.IsRepeated));
        Assert.Single(world.Mail.Delivered);
    }

    [Fact]
    public async Task Nothing_is_sent_or_posted_after_a_regeneration_between_read_and_claim()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var coordinator = world.AnotherInstance();
        world.Traffic.Reset();
        world.Traffic.InjectFault = number =>
        {
            // Request 1 queries the index, 2 reads the LEA, 3 claims.
            if (number == 3)
                coordinator.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1).GetAwaiter().GetResult();
            return Fault.None;
        };

        await RunAsync(world);

        Assert.Empty(world.Mail.Sends);
        Assert.Empty(world.MyToms.Shown);
    }

    [Fact]
    public async Task An_announcement_whose_post_may_still_be_in_progress_is_deleted_twice()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var crashing = world.AnotherInstance();
        crashing.ExternalCalls.InjectFault = called => called is ExternalService.MyToms ? Fault.Crash : Fault.None;
        await Task.WhenAny(crashing.Run.RunAsync(TestContext.Current.CancellationToken), crashing.ExternalCalls.Crashed);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);

        // The request of the crashed run could still be in progress.
        Assert.Equal(1, (await RunWithClockAsync(world)).Removed);
        Assert.Equal(2, world.MyToms.Requests.Count);
        Assert.Single(await world.RowsAsync("Expirations"));
        Assert.Equal(0, (await RunAsync(world)).Leas);
    }

    [Fact]
    public async Task A_claim_is_not_taken_over_after_its_run_has_recorded_the_email()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var slow = world.AnotherInstance();
        var sending = slow.ExternalCalls.BlockAt(ExternalService.Mail);
        var first = Record.ExceptionAsync(() => RunAsync(slow)).AsTask(); // its post may time out
        await sending.Reached;
        world.Clock.Advance(TimeSpan.FromMinutes(4));
        var claiming = world.ExternalCalls.BlockAt(ExternalService.Storage);
        var second = RunWithClockAsync(world);
        await claiming.Reached;

        sending.Open();
        await first;
        claiming.Open();

        Assert.Equal(0, (await second).Sent);
        Assert.Single(world.Mail.Sends);
    }

    [Fact]
    public async Task A_run_waits_for_a_reminder_that_another_run_is_sending_and_does_not_send_it()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var slow = world.AnotherInstance();
        var sending = slow.ExternalCalls.BlockAt(ExternalService.Mail);
        var first = RunAsync(slow);
        await sending.Reached;
        await using var third = world.AnotherInstance(options => options.TimeLimit = TimeSpan.FromSeconds(10));
        Assert.Equal("01612590000000", Assert.Single((await MustFailAsync(third)).Failures).Where); // not sent within its time limit of 10 s
        Assert.Empty(world.Mail.Sends);

        var second = await RunUntilItWaitsAsync(world);
        sending.Open();
        Assert.Equal(1, (await first).Sent);
        await RunAllAsync(world.Clock, [world], _ => second);

        Assert.Equal(0, (await second).Sent);
        Assert.Single(world.Mail.Sends);
    }

    [Fact]
    public async Task A_slow_run_that_fails_after_another_run_has_sent_does_not_undo_the_record()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var slow = world.AnotherInstance();
        var sending = slow.ExternalCalls.BlockAt(ExternalService.Mail);
        slow.ExternalCalls.InjectFault = called => called is ExternalService.Mail ? Fault.ConnectionFailed : Fault.None;
        var first = RunAsync(slow);
        await sending.Reached;
        world.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(1, (await RunAsync(world)).Sent);

        sending.Open();
        await Assert.ThrowsAsync<DailyRunFailedException>(() => first);

        Assert.Equal(0, (await RunAsync(world)).Sent);
        Assert.Single(world.Mail.Sends);
    }

    [Fact]
    public async Task A_slow_run_that_sends_after_another_run_records_nothing_and_the_email_is_deduplicated()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var slow = world.AnotherInstance();
        var sending = slow.ExternalCalls.BlockAt(ExternalService.Mail);
        var first = Record.ExceptionAsync(() => RunAsync(slow)).AsTask(); // its post may time out
        await sending.Reached;
        world.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(1, (await RunAsync(world)).Sent);

        sending.Open();
        await first;

        Assert.Single(world.Mail.Delivered);
        Assert.Equal(
            ["announcement-posted", "credential-generated", "reminder-sent"],
            (await world.AuditEventsAsync(TestWorld.Oakland)).Select(auditEvent => auditEvent.GetString("Kind")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_post_is_cancelled_when_its_claim_has_expired()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var slow = world.AnotherInstance();
        var posting = slow.ExternalCalls.BlockAt(ExternalService.MyToms);
        var first = Record.ExceptionAsync(() => RunAsync(slow)).AsTask();
        await posting.Reached;
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        world.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(1, (await RunAsync(world)).Removed);

        posting.Open();
        await first;

        Assert.Empty(world.MyToms.Shown);
        Assert.Single(await world.RowsAsync("Expirations"));
    }

    [Fact]
    public async Task The_time_limit_of_a_post_starts_with_its_claim()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        DateTimeOffset? claimed = null;
        world.ExternalCalls.InjectFault = called =>
        {
            if (called is not ExternalService.MyToms && world.Traffic.Requests.Any(request => request.StartsWith("POST", StringComparison.Ordinal)) && claimed is null)
            {
                claimed = world.Clock.GetUtcNow();
                world.Clock.Advance(TimeSpan.FromSeconds(299)); // the response to the claim takes almost as long as the claim is valid
            }

            return Fault.None;
        };
        world.MyToms.HangingLeas.Add(TestWorld.Oakland.Value);
        var run = await RunUntilItWaitsAsync(world);

        Assert.Equal(claimed + TimeSpan.FromMinutes(5), world.ExternalCalls.Clock.NextDue);
        world.MyToms.HangingLeas.Clear();
        await RunAllAsync(world.Clock, [world], _ => Record.ExceptionAsync(() => run).AsTask());
    }

    [Fact]
    public async Task A_removal_is_repeated_when_another_run_has_changed_the_outbox_row()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var coordinator = world.AnotherInstance();
        await RunAsync(world);
        await coordinator.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        var removing = world.ExternalCalls.BlockAt(ExternalService.MyToms);
        var run = RunWithClockAsync(world);
        await removing.Reached;
        var row = new TableEntity(TestWorld.Oakland.Value, "announcement") { ["PostingUntil"] = world.Clock.GetUtcNow().AddMinutes(1) };
        await coordinator.Storage.Leas.UpdateEntityAsync(row, Azure.ETag.All, TableUpdateMode.Merge, TestContext.Current.CancellationToken);

        removing.Open();
        await run;

        Assert.True(world.MyToms.Requests.Count(request => request.Request.StartsWith("DELETE", StringComparison.Ordinal)) >= 2);
        Assert.DoesNotContain(await world.RowsAsync("Leas"), entity => entity.RowKey == "announcement");
        Assert.Single(await world.RowsAsync("Expirations"));
    }

    [Fact]
    public async Task Concurrent_runs_around_expiry_do_not_leave_the_older_text_on_MyTOMS()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var slow = world.AnotherInstance();
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(364));
        await RunAsync(world);
        world.Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        var posting = slow.ExternalCalls.BlockAt(ExternalService.MyToms);
        var first = RunAsync(slow); // "today"
        await posting.Reached;
        world.Clock.Advance(TimeSpan.FromSeconds(2));
        await RunAsync(world); // "expired"

        posting.Open();
        await first;
        world.Clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(world);

        Assert.Equal("LEA 01612590000000: SIS vendor credentials have expired", world.MyToms.Shown[TestWorld.Oakland.Value].Title);
    }

    [Fact]
    public async Task A_removal_that_a_late_post_may_undo_is_repeated_by_the_same_run()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var slow = world.AnotherInstance();
        var posting = slow.ExternalCalls.BlockAt(ExternalService.MyToms);
        var first = RunAsync(slow);
        await posting.Reached;
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);

        var run = await RunUntilItWaitsAsync(world);
        posting.Open();
        await first;
        Assert.Single(world.MyToms.Shown);
        await RunAllAsync(world.Clock, [world], _ => run);

        Assert.Equal(1, (await run).Removed);
        Assert.Empty(world.MyToms.Shown);
        Assert.Single(await world.RowsAsync("Expirations"));
    }
}
