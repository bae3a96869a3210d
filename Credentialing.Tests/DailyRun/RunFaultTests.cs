using System.Globalization;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Mail;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.DailyRun;

/// <summary>Daily runs with failing storage, mail service or MyTOMS.</summary>
[Kind(TestKind.Storage)]
public sealed class RunFaultTests(AzuriteFixture azurite)
{
    /// <summary>Injects each fault into each call of a run that has to send, post and remove.</summary>
    [Theory]
    [MemberData(nameof(Faults))]
    public async Task The_next_run_completes_all_work_once_after_a_fault_in_any_call(Fault fault)
    {
        for (var call = 1; ; call++)
        {
            await using var world = await TestWorld.CreateAsync(azurite);
            await world.MustGenerateAsync(TestWorld.Oakland);
            world.Clock.Advance(TimeSpan.FromDays(5));
            await world.MustGenerateAsync(TestWorld.Berkeley);
            world.Clock.Advance(TimeSpan.FromDays(353));
            await RunAsync(world); // posts both announcements; sends reminders: 7 days for Oakland, 12 for Berkeley
            await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
            world.Clock.Advance(TimeSpan.FromDays(5)); // Berkeley has 7 days left
            await using var broken = world.AnotherInstance();
            var calls = 0;
            broken.ExternalCalls.InjectFault = _ => Interlocked.Increment(ref calls) == call ? fault : Fault.None;

            await RunAllAsync(world.Clock, [broken], async instance => await Record.ExceptionAsync(() => RunAsync(instance)));
            await RunAllAsync(world.Clock, [world], instance => RunAsync(instance));

            Assert.Equal([7, 7, 12], world.Mail.Delivered.Select(DaysIn).Order());
            Assert.InRange(world.Mail.Sends.Count, 3, 4);
            Assert.Equal("LEA 01611430000000: SIS vendor credentials expire in 7 days", Assert.Single(world.MyToms.Shown).Value.Title);
            Assert.All(await world.RowsAsync("Leas"), row => Assert.False(row.RowKey == "announcement" && row.PartitionKey == TestWorld.Oakland.Value));
            Assert.Equal(2, (await world.RowsAsync("Expirations")).Count);
            if (calls < call)
                break; // the run makes fewer calls
        }
    }

    [Fact]
    public async Task The_run_waits_for_the_Retry_After_time_of_a_throttling_mail_service()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        world.Clock.Advance(TimeSpan.FromDays(351));
        var began = world.Clock.GetUtcNow();
        List<DateTimeOffset> attempts = [];
        world.ExternalCalls.InjectFault = called =>
        {
            if (called is not ExternalService.Mail)
                return Fault.None;
            lock (attempts)
            {
                attempts.Add(world.Clock.GetUtcNow());
                return attempts[^1] < began + TimeSpan.FromMinutes(3) ? Fault.Throttled : Fault.None;
            }
        };

        await RunAllAsync(world.Clock, [world], instance => RunAsync(instance));

        Assert.Equal(2, world.Mail.Sends.Count);
        // Retry-After is one minute. Both LEAs may send at the same time, but not before that minute is over.
        var attemptTimes = attempts.Distinct().ToList();
        Assert.All(attemptTimes.Zip(attemptTimes.Skip(1)), pair => Assert.True(pair.Second - pair.First >= TimeSpan.FromMinutes(1)));
        Assert.InRange(attemptTimes.Count, 3, 5);
    }

    [Fact]
    public async Task A_reminder_throttled_until_the_time_limit_is_reported_and_sent_by_the_next_run()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        world.ExternalCalls.InjectFault = called => called is ExternalService.Mail ? Fault.Throttled : Fault.None;

        var failed = await MustFailAsync(world);

        Assert.Equal("01612590000000", Assert.Single(failed.Failures).Where);
        Assert.Single(world.MyToms.Shown); // posting is independent of the mail service
        world.ExternalCalls.InjectFault = null;
        await RunWithClockAsync(world);
        Assert.Single(world.Mail.Sends);
    }

    [Theory]
    [InlineData(ExternalService.Mail, 6)]
    [InlineData(ExternalService.MyToms, 10)]
    public async Task An_unavailable_service_opens_its_circuit_breaker_and_does_not_block_the_other_service(ExternalService unavailable, int failuresThatOpenTheCircuit)
    {
        const int Leas = 40;
        await using var world = await TestWorld.CreateAsync(azurite);
        for (var number = 0; number < Leas; number++)
            await world.MustGenerateAsync(LeaId.Parse($"1062166{number:D7}"));
        world.Clock.Advance(TimeSpan.FromDays(351));
        var attempts = 0;
        world.ExternalCalls.InjectFault = called => called == unavailable && Interlocked.Increment(ref attempts) > 0 ? Fault.ConnectionFailed : Fault.None;

        var failed = await MustFailAsync(world);

        Assert.Equal(Leas, failed.Failures.Count);
        Assert.Equal(unavailable is ExternalService.Mail ? (0, Leas) : (Leas, 0), (failed.Sent, failed.Posted));
        // The failures that open the circuit, the concurrent calls in progress, and one probe per minute for the rest of the run.
        // Without a circuit breaker, there are at least three calls for each LEA (one call with retries).
        var options = new DailyRunOptions();
        Assert.InRange(attempts, failuresThatOpenTheCircuit, failuresThatOpenTheCircuit + options.Parallelism + (int)options.TimeLimit.TotalMinutes);
        world.ExternalCalls.InjectFault = null;
        world.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(unavailable is ExternalService.Mail ? (Leas, 0) : (0, Leas), (await RunWithClockAsync(world) is var summary ? summary.Sent : -1, summary.Posted));
    }

    [Fact]
    public async Task A_corrupt_row_fails_only_its_own_LEA_and_the_run_throws()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        foreach (var lea in (LeaId[])[TestWorld.Oakland, TestWorld.Berkeley, TestWorld.Fresno])
            await world.MustGenerateAsync(lea);
        var row = new TableEntity(TestWorld.Berkeley.Value, "credential") { ["ExpiresAt"] = "rubbish" };
        await world.Storage.Leas.UpdateEntityAsync(row, Azure.ETag.All, TableUpdateMode.Merge, TestContext.Current.CancellationToken);
        await world.Storage.Expirations.AddEntityAsync(new TableEntity("2027-11-01", "not an LEA"), TestContext.Current.CancellationToken);
        world.Clock.Advance(TimeSpan.FromDays(351));

        var failed = await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(world));

        Assert.Equal([TestWorld.Berkeley.Value, "not an LEA"], failed.Summary.Failures.Select(failure => failure.Where).Order(StringComparer.Ordinal));
        Assert.Equal((2, 2), (failed.Summary.Sent, failed.Summary.Posted));
        Assert.Equal([TestWorld.Oakland.Value, TestWorld.Fresno.Value], world.MyToms.Shown.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_MyTOMS_request_that_hangs_for_one_LEA_does_not_block_other_LEAs_or_emails()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        world.Clock.Advance(TimeSpan.FromDays(351));
        world.MyToms.HangingLeas.Add(TestWorld.Oakland.Value);

        var failed = await MustFailAsync(world);

        Assert.Equal(TestWorld.Oakland.Value, Assert.Single(failed.Failures).Where);
        Assert.Equal((2, 1), (failed.Sent, failed.Posted));
        world.MyToms.HangingLeas.Clear();
        Assert.Equal((0, 1), (await RunAsync(world) is var summary ? summary.Sent : -1, summary.Posted));
    }

    [Fact]
    public async Task A_send_that_hangs_for_one_LEA_does_not_block_other_LEAs()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.GenerateAsync(TestWorld.Berkeley, by: TestWorld.Luis);
        world.Clock.Advance(TimeSpan.FromDays(351));
        world.Mail.HangingAddresses.Add(TestWorld.Rosa.Email!);

        var failed = await MustFailAsync(world);

        Assert.Equal(TestWorld.Oakland.Value, Assert.Single(failed.Failures).Where);
        Assert.Equal((1, 2), (failed.Sent, failed.Posted));
        world.Mail.HangingAddresses.Clear();
        Assert.Equal(1, (await RunAsync(world)).Sent);
    }

    [Fact]
    public async Task A_run_that_reaches_its_time_limit_leaves_the_remaining_LEAs_to_the_next_run()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        world.Clock.Advance(TimeSpan.FromDays(351));
        await using var slow = world.AnotherInstance(options => options.Parallelism = 1);
        slow.ExternalCalls.InjectFault = called =>
        {
            if (called is ExternalService.Mail)
                world.Clock.Advance(TimeSpan.FromMinutes(20));
            return Fault.None;
        };

        var failed = await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(slow));

        Assert.Equal((2, 1), (failed.Summary.Leas, failed.Summary.Sent));
        Assert.Single(failed.Summary.Failures, failure => failure.What.Contains("reached its time limit", StringComparison.Ordinal));
        slow.ExternalCalls.InjectFault = null;
        await RunWithClockAsync(slow);
        Assert.Equal(2, world.Mail.Delivered.Count);
    }

    [Fact]
    public async Task A_failed_email_is_not_retried_after_expiry()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(365) - TimeSpan.FromSeconds(5));
        var attempts = 0;
        world.ExternalCalls.InjectFault = called =>
        {
            if (called is not ExternalService.Mail || Interlocked.Increment(ref attempts) > 1)
                return Fault.None;
            world.Clock.Advance(TimeSpan.FromSeconds(10));
            return Fault.ConnectionFailed;
        };

        await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(world));

        Assert.Empty(world.Mail.Sends);
    }

    [Fact]
    public async Task A_failed_email_is_not_retried_after_the_claim_has_expired()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        var attempts = 0;
        world.ExternalCalls.InjectFault = called =>
        {
            if (called is not ExternalService.Mail || Interlocked.Increment(ref attempts) > 1)
                return Fault.None;
            world.Clock.Advance(TimeSpan.FromMinutes(6));
            return Fault.ConnectionFailed;
        };

        await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(world));

        Assert.Empty(world.Mail.Sends);
    }

    [Fact]
    public async Task Throttling_of_one_email_delays_the_emails_of_all_LEAs()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        foreach (var lea in (LeaId[])[TestWorld.Oakland, TestWorld.Berkeley, TestWorld.Fresno])
            await world.MustGenerateAsync(lea);
        world.Clock.Advance(TimeSpan.FromDays(351));
        await using var single = world.AnotherInstance(options => options.Parallelism = 1);
        List<DateTimeOffset> attempts = [];
        var began = world.Clock.GetUtcNow();
        single.ExternalCalls.InjectFault = called =>
        {
            if (called is not ExternalService.Mail)
                return Fault.None;
            attempts.Add(world.Clock.GetUtcNow());
            return attempts[^1] < began + TimeSpan.FromMinutes(2) ? Fault.Throttled : Fault.None;
        };

        await RunAllAsync(world.Clock, [single], instance => RunAsync(instance));

        Assert.Equal(3, world.Mail.Sends.Count);
        Assert.Equal(2, attempts.Count(at => at < began + TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public async Task A_sent_email_that_cannot_be_recorded_is_reported()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        var mailed = false;
        world.ExternalCalls.InjectFault = called =>
        {
            mailed |= called is ExternalService.Mail;
            return mailed && called is ExternalService.Storage ? Fault.Unavailable : Fault.None;
        };

        var failed = await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(world));

        Assert.Equal(1, failed.Summary.Sent);
        Assert.Contains(failed.Summary.Failures, failure => failure.What.StartsWith("Its reminder was sent", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failure_is_logged_with_the_type_of_the_exception_but_without_its_message()
    {
        using var logs = new CapturedLogs();
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var broken = world.AnotherInstance(logs);
        broken.ExternalCalls.InjectFault = called => called is ExternalService.Mail ? Fault.UnexpectedException : Fault.None;

        var failed = await MustFailAsync(broken);

        Assert.Equal("Its reminder could not be sent. (InvalidOperationException)", Assert.Single(failed.Failures).What);
        var line = Assert.Single(logs.Lines, line => line.Contains("Daily run, 01612590000000", StringComparison.Ordinal));
        Assert.Contains("InvalidOperationException", line, StringComparison.Ordinal);
        Assert.Contains("at Credentialing.", line, StringComparison.Ordinal); // the stack trace
        Assert.DoesNotContain("An injected unexpected exception", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stopped_run_logs_what_it_has_done()
    {
        using var logs = new CapturedLogs();
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var stopped = world.AnotherInstance(logs);
        using var stopping = new CancellationTokenSource();
        stopped.ExternalCalls.InjectFault = called =>
        {
            if (called is ExternalService.Mail)
                stopping.Cancel();
            return Fault.None;
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopped.Run.RunAsync(stopping.Token));

        Assert.Single(logs.Lines, line => line.Contains("Daily run stopped: ", StringComparison.Ordinal) && line.Contains("of 1 LEAs", StringComparison.Ordinal));
        Assert.DoesNotContain(logs.Lines, line => line.Contains("Daily run finished", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failed_send_is_retried_in_the_same_run()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        var attempts = 0;
        world.ExternalCalls.InjectFault = called => called is ExternalService.Mail && Interlocked.Increment(ref attempts) == 1 ? Fault.ConnectionFailed : Fault.None;

        Assert.Equal(1, (await RunAsync(world)).Sent);
    }

    [Fact]
    public async Task An_accepted_email_is_recorded_when_the_host_is_shutting_down()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        using var stopping = new CancellationTokenSource();
        world.ExternalCalls.InjectFault = called =>
        {
            if (called is ExternalService.Mail)
                stopping.Cancel();
            return Fault.None;
        };
        await Record.ExceptionAsync(() => world.Run.RunAsync(stopping.Token));
        Assert.Single(world.Mail.Sends);
        world.ExternalCalls.InjectFault = null;
        world.Clock.Advance(TimeSpan.FromMinutes(10));
        await RunAsync(world);
        Assert.Single(world.Mail.Sends);
    }

    [Fact]
    public async Task A_sent_email_counts_as_sent_when_a_stale_index_entry_cannot_be_deleted()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.Storage.Expirations.AddEntityAsync(new TableEntity("2027-11-20", TestWorld.Oakland.Value), TestContext.Current.CancellationToken);
        world.Clock.Advance(TimeSpan.FromDays(351));
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number >= 6 ? Fault.Unavailable : Fault.None;

        var failed = await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(world));

        Assert.Single(world.Mail.Sends);
        Assert.Equal((1, 1), (failed.Summary.Sent, failed.Summary.Posted));
    }

    [Fact]
    public async Task The_next_run_also_waits_for_the_Retry_After_time_of_the_mail_service()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        List<DateTimeOffset> attempts = [];
        world.ExternalCalls.InjectFault = called =>
        {
            if (called is not ExternalService.Mail)
                return Fault.None;
            attempts.Add(world.Clock.GetUtcNow());
            return Fault.Throttled;
        };
        await using var shorter = world.AnotherInstance(o => o.TimeLimit = TimeSpan.FromSeconds(30));
        shorter.ExternalCalls.InjectFault = world.ExternalCalls.InjectFault;
        await Record.ExceptionAsync(() => RunAsync(shorter));
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await Record.ExceptionAsync(() => RunAsync(shorter));
        Assert.Single(attempts);
    }

    [Fact]
    public async Task A_run_whose_retries_all_succeed_does_not_throw()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        var (sends, puts) = (0, 0);
        world.ExternalCalls.InjectFault = called => called switch
        {
            ExternalService.Mail => Interlocked.Increment(ref sends) == 1 ? Fault.Throttled : Fault.None,
            ExternalService.MyToms => Interlocked.Increment(ref puts) <= 4 ? Fault.Unavailable : Fault.None,
            _ => Fault.None,
        };
        Exception? thrown = null;
        await RunAllAsync(world.Clock, [world], async instance => thrown = await Record.ExceptionAsync(() => RunAsync(instance)));
        Assert.Single(world.Mail.Sends);
        Assert.Single(world.MyToms.Shown);
        Assert.Null(thrown);
    }

    [Fact]
    public async Task A_send_that_times_out_is_retried()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        var sends = 0;
        world.ExternalCalls.InjectFault = called => called is ExternalService.Mail && Interlocked.Increment(ref sends) == 1 ? Fault.Timeout : Fault.None;
        Assert.Null(await Record.ExceptionAsync(() => RunAsync(world)));
    }

    [Theory]
    [InlineData(ExternalService.Mail)]
    [InlineData(ExternalService.MyToms)]
    public async Task A_service_that_never_responds_does_not_block_the_other_service(ExternalService unresponsive)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var slow = world.AnotherInstance(options => (options.Parallelism, options.TimeLimit) = (1, TimeSpan.FromMinutes(10)));
        var leas = Enumerable.Range(0, 15).Select(number => LeaId.Parse($"1062166{number:D7}")).ToList();
        foreach (var lea in leas)
        {
            await world.MustGenerateAsync(lea);
            if (unresponsive is ExternalService.MyToms)
                world.MyToms.HangingLeas.Add(lea.Value);
        }

        if (unresponsive is ExternalService.Mail)
            world.Mail.HangingAddresses.Add(TestWorld.Rosa.Email!);
        world.Clock.Advance(TimeSpan.FromDays(351));

        var failed = await MustFailAsync(slow);

        Assert.Equal(leas.Count, failed.Failures.Count);
        Assert.Equal(unresponsive is ExternalService.Mail ? (0, leas.Count) : (leas.Count, 0), (failed.Sent, failed.Posted));
    }

    [Fact]
    public async Task A_failed_removal_is_retried_by_the_next_run()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await RunAsync(world);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        world.ExternalCalls.InjectFault = called => called is ExternalService.MyToms ? Fault.ConnectionFailed : Fault.None;
        Assert.Equal(TestWorld.Oakland.Value, Assert.Single((await MustFailAsync(world)).Failures).Where);
        Assert.Single(world.MyToms.Shown);
        world.ExternalCalls.InjectFault = null;

        Assert.Equal(1, (await RunAsync(world)).Removed);

        Assert.Empty(world.MyToms.Shown);
        Assert.Single(await world.RowsAsync("Expirations"));
    }

    public static TheoryData<Fault> Faults => [.. Enum.GetValues<Fault>().Except([Fault.None])];

    private static int DaysIn(Email email) => int.Parse(email.Subject.Split(' ')[^2], CultureInfo.InvariantCulture);
}
