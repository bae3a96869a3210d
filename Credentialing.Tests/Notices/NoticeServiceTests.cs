using Azure.Data.Tables;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Notices;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;
using static Credentialing.Tests.Notices.NoticeDriver;

namespace Credentialing.Tests.Notices;

/// <summary>Sending of pending notices, at once and in the daily run.</summary>
[Kind(TestKind.Storage)]
public sealed class NoticeServiceTests(AzuriteFixture azurite)
{
    private static readonly string[] Others = ["ana@lea.example", "luis@lea.example"];

    [Fact]
    public async Task TrySendAsync_takes_one_round_trip_to_read_and_two_for_each_notice()
    {
        await using var world = await CreateAsync(azurite);
        await RegenerateAsync(world);
        world.Traffic.Reset();

        await world.Notices.TrySendAsync(TestWorld.Oakland);

        Assert.Equal(3, world.Traffic.Requests.Count);
        var notified = Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland), row => row.GetInt32("Generation") == 2 && row.GetString("ById") == "notices");
        Assert.Equal(("notice-sent", "About credential-regenerated. To luis@lea.example, ana@lea.example."), (notified.GetString("Kind"), notified.GetString("Detail")));
        world.Traffic.Reset();
        await world.Notices.TrySendAsync(TestWorld.Oakland);
        Assert.Single(world.Traffic.Requests);
    }

    [Theory]
    [InlineData(Fault.Throttled, "the mail service throttles or has deferred an address, or another process has claimed it")]
    [InlineData(Fault.ConnectionFailed, "IOException")]
    public async Task A_notice_that_was_not_sent_at_once_is_logged_with_the_reason(Fault fault, string reason)
    {
        using var logs = new CapturedLogs();
        await using var world = await CreateAsync(azurite);
        await RegenerateAsync(world);
        await using var instance = world.AnotherInstance(logs);
        instance.ExternalCalls.InjectFault = called => called == ExternalService.Mail ? fault : Fault.None;

        await instance.Notices.TrySendAsync(TestWorld.Oakland);

        Assert.Contains(logs.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains(reason, StringComparison.Ordinal));
    }

    [Fact]
    public void Results_add_up_to_the_first_retry_and_the_first_failure()
    {
        var at = new DateTimeOffset(2026, 11, 23, 20, 0, 0, TimeSpan.Zero);
        var (first, second) = (new IOException(), new IOException());

        var both = new NoticeResult { Sent = 1, Rejected = 2, RetryAt = at.AddMinutes(1), Failure = first }.And(new() { Sent = 3, Rejected = 4, RetryAt = at, Failure = second });

        Assert.Equal((4, 6, at, first), (both.Sent, both.Rejected, both.RetryAt, both.Failure));
        Assert.Equal((at, second), (new NoticeResult().And(new() { RetryAt = at, Failure = second }).RetryAt, new NoticeResult().And(new() { Failure = second }).Failure));
    }

    [Fact]
    public async Task Several_instances_that_send_at_the_same_time_send_each_email_once()
    {
        for (var round = 0; round < 5; round++)
        {
            await using var world = await CreateAsync(azurite);
            await RegenerateAsync(world);
            var before = world.Mail.Notices.Count;
            TestWorld[] instances = [world.AnotherInstance(), world.AnotherInstance(), world.AnotherInstance()];

            await RunAllAsync(world.Clock, instances, instance => instance.Notices.TrySendAsync(TestWorld.Oakland));

            Assert.Equal(before + 2, world.Mail.Notices.Count);
            Assert.Equal(Others, Delivered(world, before));
            Assert.Empty(await PendingAsync(world));
            foreach (var instance in instances)
                await instance.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_daily_run_waits_for_a_notice_that_an_instance_is_sending_and_does_not_send_it()
    {
        await using var world = await CreateAsync(azurite);
        await RegenerateAsync(world);
        var before = world.Mail.Notices.Count;
        await using var instance = world.AnotherInstance();
        var sending = instance.ExternalCalls.BlockAt(ExternalService.Mail);
        var notified = instance.Notices.TrySendAsync(TestWorld.Oakland);
        await sending.Reached;

        var run = await RunUntilItWaitsAsync(world);
        sending.Open();
        await notified;
        await RunAllAsync(world.Clock, [world], _ => run);

        Assert.Equal(0, (await run).Notices);
        Assert.Equal(before + 2, world.Mail.Notices.Count);
        Assert.Empty(await PendingAsync(world));
    }

    /// <summary>The change and its notice are made between the request of a run that reads the LEA and its next request.</summary>
    [Fact]
    public async Task A_change_while_the_daily_run_processes_the_LEA_has_one_notice()
    {
        await using var world = await CreateAsync(azurite);
        await world.Account.Tables().GetTableClient("Expirations").AddEntityAsync(new TableEntity("2026-11-20", TestWorld.Oakland.Value), TestContext.Current.CancellationToken);
        var before = world.Mail.Notices.Count;
        await using var instance = world.AnotherInstance();
        world.Traffic.Reset();
        world.Traffic.InjectFault = number =>
        {
            if (number == 3) // the run has read the index and the LEA
                Task.Run(() => RegenerateAsync(instance)).GetAwaiter().GetResult();
            return Fault.None;
        };

        await RunAsync(world);
        world.Traffic.InjectFault = null;
        await RunThreeDaysAsync(world);

        Assert.True(world.Traffic.Requests.Count > 3);
        Assert.Equal(Others, Delivered(world, before));
        Assert.Equal(before + 2, world.Mail.Notices.Count);
        Assert.Empty(await DueEntriesAsync(world));
    }

    /// <summary>A run reads the index entry and the LEA before the change commits. The instance crashes before it sends the notice.</summary>
    [Theory]
    [InlineData("20:00:00", 1)]
    [InlineData("23:59:59", 1)] // the UTC date changes between the index entry and the change
    [InlineData("20:00:00", 2)]
    public async Task The_next_run_finds_a_change_that_committed_after_the_run_had_read_its_index_entry(string utc, int minutes)
    {
        await using var world = await CreateAsync(azurite);
        world.Clock.Advance(TimeSpan.Parse(utc, null) - TimeSpan.Parse("20:00:00", null));
        var before = world.Mail.Notices.Count;
        await using var changing = world.AnotherInstance();
        DailyRunSummary? run = null;
        changing.Traffic.InjectFault = _ =>
        {
            if (!changing.Traffic.Requests.Last().StartsWith("POST /", StringComparison.Ordinal) || !changing.Traffic.Requests.Last().Contains("$batch", StringComparison.Ordinal))
                return Fault.None;
            world.Clock.Advance(TimeSpan.FromMinutes(minutes));
            run = Task.Run(() => RunAsync(world)).GetAwaiter().GetResult();
            return Fault.CrashAfter;
        };

        await RunAllAsync(world.Clock, [changing], instance => RegenerateAsync(instance));

        Assert.Equal((1, 0), (run!.Leas, run.Notices));
        Assert.Single(await PendingAsync(world));
        Assert.Single(await DueEntriesAsync(world));
        world.Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(minutes));
        Assert.Equal(1, (await RunAsync(world)).Notices);
        Assert.Equal(Others, Delivered(world, before));
        await RunThreeDaysAsync(world);
        Assert.Empty(await DueEntriesAsync(world));
    }

    [Fact]
    public async Task The_index_entry_of_a_change_that_was_not_made_is_deleted_after_two_days()
    {
        await using var world = await CreateAsync(azurite);
        await using var crashing = world.AnotherInstance();
        crashing.Traffic.InjectFault = _ => crashing.Traffic.Requests.Last().Contains("$batch", StringComparison.Ordinal) ? Fault.Crash : Fault.None;
        await RunAllAsync(world.Clock, [crashing], instance => RegenerateAsync(instance));
        var before = world.Mail.Notices.Count;

        Assert.Equal(["2026-11-24"], await DueEntriesAsync(world));
        world.Clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(world);
        Assert.Equal(["2026-11-24"], await DueEntriesAsync(world));
        world.Clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(world);

        Assert.Empty(await DueEntriesAsync(world));
        Assert.Equal(before, world.Mail.Notices.Count);
    }

    [Fact]
    public async Task A_throttled_notice_is_sent_by_the_daily_run()
    {
        await using var world = await CreateAsync(azurite);
        await RegenerateAsync(world);
        var before = world.Mail.Notices.Count;
        var throttled = 0;
        world.ExternalCalls.InjectFault = called => called is ExternalService.Mail && Interlocked.Increment(ref throttled) <= 2 ? Fault.Throttled : Fault.None;

        await world.Notices.TrySendAsync(TestWorld.Oakland);
        Assert.Equal((1, 1), (throttled, (await PendingAsync(world)).Count));
        Assert.Equal(1, (await RunWithClockAsync(world)).Notices); // waits, is throttled once more, and waits again

        Assert.Equal(3, throttled - 1);
        Assert.Equal(Others, Delivered(world, before));
        Assert.Empty(await PendingAsync(world));
    }

    [Fact]
    public async Task A_rejected_address_is_reported_and_the_other_recipients_get_the_email()
    {
        await using var world = await CreateAsync(azurite);
        world.Mail.RejectedAddresses.Add("luis@lea.example");
        await RegenerateAsync(world);
        var before = world.Mail.Notices.Count;
        world.Clock.Advance(TimeSpan.FromDays(1));

        var run = await RunAsync(world);

        Assert.Equal((1, 1), (run.Notices, run.Rejected));
        Assert.Equal(["ana@lea.example"], Delivered(world, before));
        Assert.Empty(await PendingAsync(world));
        Assert.Equal("About credential-regenerated. To ana@lea.example. Rejected: luis@lea.example.", (await world.AuditEventsAsync(TestWorld.Oakland))[0].GetString("Detail"));
    }

    [Fact]
    public async Task A_notice_whose_addresses_are_all_rejected_is_finished_and_recorded()
    {
        await using var world = await CreateAsync(azurite);
        world.Mail.RejectedAddresses.UnionWith(Others);
        await RegenerateAsync(world);
        var before = world.Mail.Notices.Count;
        world.Clock.Advance(TimeSpan.FromDays(1));

        var run = await RunAsync(world);

        Assert.Equal((0, 2), (run.Notices, run.Rejected));
        Assert.Equal(before, world.Mail.Notices.Count);
        Assert.Empty(await PendingAsync(world));
        var refused = (await world.AuditEventsAsync(TestWorld.Oakland))[0];
        Assert.Equal(("notice-refused", "About credential-regenerated. Rejected: luis@lea.example, ana@lea.example."), (refused.GetString("Kind"), refused.GetString("Detail")));
    }

    [Fact]
    public async Task A_deferred_address_gets_the_email_later_and_the_others_do_not_get_it_again()
    {
        await using var world = await CreateAsync(azurite);
        world.Mail.DeferredAddresses.Add("luis@lea.example");
        await RegenerateAsync(world);
        var before = world.Mail.Notices.Count;

        await world.Notices.TrySendAsync(TestWorld.Oakland);
        Assert.Contains(await world.AuditEventsAsync(TestWorld.Oakland), row => row.GetString("Detail") == "About credential-regenerated. To ana@lea.example. Deferred: luis@lea.example.");
        world.Mail.DeferredAddresses.Clear();
        await RunThreeDaysAsync(world);

        Assert.Equal(["luis@lea.example", "ana@lea.example", "luis@lea.example"], world.Mail.Notices.Skip(before).SelectMany(send => send.Email.To).Select(to => to.Address));
        Assert.True(world.Mail.Notices[^1].Email.IsRepeated);
        Assert.Empty(await PendingAsync(world));
        Assert.Empty(await DueEntriesAsync(world));
    }

    [Fact]
    public async Task An_address_that_is_deferred_for_a_week_gets_no_notice_and_the_daily_run_succeeds_again()
    {
        await using var world = await CreateAsync(azurite);
        world.Mail.DeferredAddresses.Add("luis@lea.example");
        await RegenerateAsync(world);
        await world.Notices.TrySendAsync(TestWorld.Oakland);
        world.Clock.Advance(NoticeService.MaxDeferral - TimeSpan.FromHours(1));
        await Assert.ThrowsAsync<DailyRunFailedException>(() => RunWithClockAsync(world));
        var before = world.Mail.Notices.Count;
        world.Clock.Advance(TimeSpan.FromHours(1));

        Assert.Empty((await RunAsync(world)).Failures);

        Assert.Equal(before, world.Mail.Notices.Count);
        Assert.Empty(await PendingAsync(world));
        Assert.Contains(await world.AuditEventsAsync(TestWorld.Oakland), row => row.GetString("Detail") == "About credential-regenerated. Deferred for too long: luis@lea.example.");
    }

    [Theory]
    [InlineData("luis@lea.example", "ana@lea.example")]
    [InlineData("ana@lea.example", "luis@lea.example")]
    public async Task A_language_whose_email_fails_is_sent_by_the_daily_run_and_the_other_one_is_not_repeated(string failing, string other)
    {
        await using var world = await CreateAsync(azurite);
        await RegenerateAsync(world);
        var before = world.Mail.Notices.Count;
        world.Mail.HangingAddresses.Add(failing);

        await RunAllAsync(world.Clock, [world], instance => instance.Notices.TrySendAsync(TestWorld.Oakland));
        Assert.Equal([other], Delivered(world, before));
        world.Mail.HangingAddresses.Clear();
        await RunThreeDaysAsync(world);

        Assert.Equal([other, failing], world.Mail.Notices.Skip(before).SelectMany(send => send.Email.To).Select(to => to.Address));
        Assert.Empty(await PendingAsync(world));
    }

    [Fact]
    public async Task Several_pending_notices_are_sent_in_their_order_and_one_that_fails_does_not_stop_the_others()
    {
        await using var world = await CreateAsync(azurite);
        var before = world.Mail.Notices.Count;
        await RegenerateAsync(world, keepPreviousForDays: 7);
        world.Clock.Advance(TimeSpan.FromHours(1));
        await world.Credentials.EndPreviousKeyAsync(TestWorld.Oakland, TestWorld.Luis, 2, TestContext.Current.CancellationToken);
        world.Clock.Advance(TimeSpan.FromHours(1));
        await world.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Rosa, "A laptop was lost.", 2, TestContext.Current.CancellationToken);
        Assert.Equal(3, (await PendingAsync(world)).Count);
        var preview = await world.Run.PreviewAsync(world.Clock.GetUtcNow(), TestContext.Current.CancellationToken);
        Assert.Equal(3, Assert.Single(preview.Plans).NoticeCount);
        world.Mail.HangingAddresses.Add("luis@lea.example"); // not a recipient of the second notice
        world.Clock.Advance(TimeSpan.FromDays(1));

        await Record.ExceptionAsync(() => RunWithClockAsync(world));
        Assert.Equal(
            ["ana@lea.example", "rosa@lea.example", "ana@lea.example", "ana@lea.example"],
            world.Mail.Notices.Skip(before).SelectMany(send => send.Email.To).Select(to => to.Address));
        world.Mail.HangingAddresses.Clear();
        await RunThreeDaysAsync(world);

        Assert.Equal(
            ["Oakland Unified: Rosa Delgado regenerated the SIS vendor credentials", "Oakland Unified: Rosa Delgado revoked the SIS vendor credentials"],
            world.Mail.Notices.TakeLast(2).Select(send => send.Email.Subject));
        Assert.Equal(before + 6, world.Mail.Notices.Count);
        Assert.Empty(await PendingAsync(world));
    }

    [Fact]
    public async Task A_notice_without_a_remaining_recipient_is_deleted_without_an_email()
    {
        await using var world = await CreateAsync(azurite);
        await RegenerateAsync(world);
        await world.Register.SaveAsync(LeaWithThree() with { Coordinators = [TestWorld.Rosa] }, "toms", TestContext.Current.CancellationToken);
        var before = world.Mail.Notices.Count;

        await world.Notices.TrySendAsync(TestWorld.Oakland);

        Assert.All(world.Mail.Notices.Skip(before), send => Assert.Contains("TOMS", send.Email.Subject, StringComparison.Ordinal));
        Assert.Equal(["ana@lea.example", "luis@lea.example", "rosa@lea.example"], Delivered(world, before));
        Assert.Empty(await PendingAsync(world));
    }

    [Fact]
    public async Task A_run_whose_record_conflicts_with_another_instance_keeps_the_index_entry()
    {
        await using var world = await CreateAsync(azurite);
        await RegenerateAsync(world);
        var before = world.Mail.Notices.Count;
        world.Clock.Advance(TimeSpan.FromDays(2)); // from then on, the run deletes the index entry
        await using var slow = world.AnotherInstance(options => options.TimeLimit = TimeSpan.FromSeconds(5));
        var sending = slow.ExternalCalls.BlockAt(ExternalService.Mail);
        var run = Record.ExceptionAsync(() => RunAsync(slow)).AsTask();
        await sending.Reached;
        world.Clock.Advance(TimeSpan.FromMinutes(4));
        await using var crashing = world.AnotherInstance();
        var isClaimed = false;
        slow.ExternalCalls.InjectFault = called =>
        {
            if (called is not ExternalService.Storage || isClaimed)
                return Fault.None;
            isClaimed = true; // the record of the slow run comes after its claim has expired and another instance has claimed the notice
            world.Clock.Advance(TimeSpan.FromMinutes(2));
            crashing.ExternalCalls.InjectFault = other => other is ExternalService.Mail ? Fault.Crash : Fault.None;
            Task.Run(() => Task.WhenAny(crashing.Notices.TrySendAsync(TestWorld.Oakland), crashing.ExternalCalls.Crashed)).GetAwaiter().GetResult();
            return Fault.None;
        };
        sending.Open();
        await run;
        Assert.True(isClaimed);

        await RunThreeDaysAsync(world);

        Assert.Equal(Others, Delivered(world, before));
        Assert.Empty(await PendingAsync(world));
        Assert.Empty(await DueEntriesAsync(world));
    }

    [Fact]
    public async Task A_restored_index_has_the_LEAs_with_pending_notices()
    {
        await using var world = await CreateAsync(azurite);
        await RegenerateAsync(world);
        var before = world.Mail.Notices.Count;
        await world.Storage.Expirations.DeleteAsync(TestContext.Current.CancellationToken);
        await world.Storage.CreateMissingAsync(TestContext.Current.CancellationToken);

        var (indexed, unreadable) = await world.Expirations.RestoreAsync(TestContext.Current.CancellationToken);

        Assert.Equal((1, 0), (indexed, unreadable.Count));
        Assert.Equal(1, (await RunAsync(world)).Notices);
        Assert.Equal(Others, Delivered(world, before));
        Assert.Empty(await DueEntriesAsync(world));
    }

    [Fact]
    public async Task Logs_have_no_personal_data_and_notices_are_counted_by_kind_and_outcome()
    {
        using var logs = new CapturedLogs();
        await using var world = await CreateAsync(azurite);
        await using var instance = world.AnotherInstance(logs);
        using var counted = Metrics.Collect<long>(instance.Meters, "credentialing.notices");
        await RegenerateAsync(world);
        instance.ExternalCalls.InjectFault = called => called is ExternalService.Mail ? Fault.UnexpectedException : Fault.None;
        await instance.Notices.TrySendAsync(TestWorld.Oakland);
        instance.ExternalCalls.InjectFault = called => called is ExternalService.Mail ? Fault.Throttled : Fault.None;
        world.Clock.Advance(TimeSpan.FromDays(1));
        await instance.Notices.TrySendAsync(TestWorld.Oakland);
        instance.ExternalCalls.InjectFault = null;
        world.Clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(instance);
        world.Mail.RejectedAddresses.UnionWith([.. Others, "rosa@lea.example"]);
        await world.Register.SaveAsync(LeaWithThree() with { Coordinators = [Ana, TestWorld.Rosa] }, "toms", TestContext.Current.CancellationToken);
        await instance.Notices.TrySendAsync(TestWorld.Oakland);

        Assert.Equal(
            ["failed credential-regenerated", "delayed credential-regenerated", "sent credential-regenerated", "rejected lea-saved"],
            counted.GetMeasurementSnapshot().Select(measurement => $"{measurement.Tags["outcome"]} {measurement.Tags["kind"]}"));
        var own = logs.Lines.Where(line => line.Contains(" Credentialing.", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, own.Count(line => line.StartsWith("Warning Credentialing.Core.Notices.NoticeService A notice to the coordinators of LEA 01612590000000 could not be sent immediately: ", StringComparison.Ordinal)));
        Assert.Contains(own, line => line.Contains("0 removed, 1 notices sent, ", StringComparison.Ordinal));
        string[] personal = ["rosa", "luis", "ana@", "Delgado", "Ortega", "Núñez", "injected"];
        Assert.All(personal, text => Assert.DoesNotContain(own, line => line.Contains(text, StringComparison.OrdinalIgnoreCase)));
    }
}
