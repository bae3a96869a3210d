using System.Globalization;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Mail;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.Driver;

namespace Credentialing.Tests.DailyRun;

/// <summary>Daily runs with failing storage, mail service or MyTOMS.</summary>
public sealed class RunFaultTests(AzuriteFixture azurite)
{
    /// <summary>Injects each fault into each call of a run that has to send, post and remove.</summary>
    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whatever_happens_to_any_one_call_the_next_run_has_everything_done_once(Fault fault)
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
            broken.Outside.Break = _ => Interlocked.Increment(ref calls) == call ? fault : Fault.None;

            await DriveAsync(world.Clock, [broken], async instance => await Record.ExceptionAsync(() => RunAsync(instance)));
            await DriveAsync(world.Clock, [world], instance => RunAsync(instance));

            Assert.Equal([7, 7, 12], world.Mail.Delivered.Select(DaysIn).Order());
            Assert.InRange(world.Mail.Offers.Count, 3, 4);
            Assert.Equal("SIS vendor credentials expire in 7 days", Assert.Single(world.MyToms.Shown).Value.Title);
            Assert.All(await world.RowsAsync("Leas"), row => Assert.False(row.RowKey == "announcement" && row.PartitionKey == TestWorld.Oakland.Value));
            Assert.Equal(2, (await world.RowsAsync("Expirations")).Count);
            if (calls < call)
                break; // the run makes fewer calls
        }
    }

    [Fact]
    public async Task A_mail_service_that_has_had_enough_is_left_alone_as_long_as_it_asks()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        world.Clock.Advance(TimeSpan.FromDays(351));
        var began = world.Clock.GetUtcNow();
        List<DateTimeOffset> asked = [];
        world.Outside.Break = called =>
        {
            if (called is not Called.Mail)
                return Fault.None;
            lock (asked)
            {
                asked.Add(world.Clock.GetUtcNow());
                return asked[^1] < began + TimeSpan.FromMinutes(3) ? Fault.TooMany : Fault.None;
            }
        };

        await DriveAsync(world.Clock, [world], instance => RunAsync(instance));

        Assert.Equal(2, world.Mail.Offers.Count);
        // Retry-After is one minute. Both LEAs may send at the same time, but not before that minute is over.
        var moments = asked.Distinct().ToList();
        Assert.All(moments.Zip(moments.Skip(1)), pair => Assert.True(pair.Second - pair.First >= TimeSpan.FromMinutes(1)));
        Assert.InRange(moments.Count, 3, 5);
    }

    [Fact]
    public async Task What_the_mail_service_will_not_take_in_the_runs_time_is_left_to_the_next_and_reported()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        world.Outside.Break = called => called is Called.Mail ? Fault.TooMany : Fault.None;

        var failed = await MustFailAsync(world);

        Assert.Equal("01612590000000", Assert.Single(failed.Failures).Where);
        Assert.Single(world.MyToms.Shown); // posting is independent of the mail service
        world.Outside.Break = null;
        await RunInTimeAsync(world);
        Assert.Single(world.Mail.Offers);
    }

    [Theory]
    [InlineData(Called.Mail, 6)]
    [InlineData(Called.MyToms, 10)]
    public async Task A_service_that_is_away_altogether_is_soon_left_alone_and_does_not_keep_the_other_waiting(Called away, int failuresThatOpenTheCircuit)
    {
        const int Leas = 40;
        await using var world = await TestWorld.CreateAsync(azurite);
        for (var number = 0; number < Leas; number++)
            await world.MustGenerateAsync(LeaId.Parse($"1062166{number:D7}"));
        world.Clock.Advance(TimeSpan.FromDays(351));
        var asked = 0;
        world.Outside.Break = called => called == away && Interlocked.Increment(ref asked) > 0 ? Fault.Before : Fault.None;

        var failed = await MustFailAsync(world);

        Assert.Equal(Leas, failed.Failures.Count);
        Assert.Equal(away is Called.Mail ? (0, Leas) : (Leas, 0), (failed.Sent, failed.Posted));
        // The failures that open the circuit, the concurrent calls in progress, and one probe per minute for the rest of the run.
        // Without a circuit breaker, there are at least three calls for each LEA (one call with retries).
        var options = new DailyRunOptions();
        Assert.InRange(asked, failuresThatOpenTheCircuit, failuresThatOpenTheCircuit + options.Parallelism + (int)options.TimeLimit.TotalMinutes);
        world.Outside.Break = null;
        world.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(away is Called.Mail ? (Leas, 0) : (0, Leas), (await RunInTimeAsync(world) is var summary ? summary.Sent : -1, summary.Posted));
    }

    [Fact]
    public async Task A_corrupt_row_holds_back_its_own_LEA_only_and_the_run_is_reported_as_failed()
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
    public async Task A_MyTOMS_that_hangs_for_one_LEA_holds_back_no_other_and_no_email()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        world.Clock.Advance(TimeSpan.FromDays(351));
        world.MyToms.Hangs.Add(TestWorld.Oakland.Value);

        var failed = await MustFailAsync(world);

        Assert.Equal(TestWorld.Oakland.Value, Assert.Single(failed.Failures).Where);
        Assert.Equal((2, 1), (failed.Sent, failed.Posted));
        world.MyToms.Hangs.Clear();
        Assert.Equal((0, 1), (await RunAsync(world) is var summary ? summary.Sent : -1, summary.Posted));
    }

    [Fact]
    public async Task A_mail_service_that_never_answers_for_one_LEA_holds_back_no_other()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.GenerateAsync(TestWorld.Berkeley, by: TestWorld.Luis);
        world.Clock.Advance(TimeSpan.FromDays(351));
        world.Mail.Hangs.Add(TestWorld.Rosa.Email!);

        var failed = await MustFailAsync(world);

        Assert.Equal(TestWorld.Oakland.Value, Assert.Single(failed.Failures).Where);
        Assert.Equal((1, 2), (failed.Sent, failed.Posted));
        world.Mail.Hangs.Clear();
        Assert.Equal(1, (await RunAsync(world)).Sent);
    }

    [Fact]
    public async Task A_run_whose_time_is_up_leaves_the_rest_to_the_next()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        world.Clock.Advance(TimeSpan.FromDays(351));
        await using var slow = world.AnotherInstance(options => options.Parallelism = 1);
        slow.Outside.Break = called =>
        {
            if (called is Called.Mail)
                world.Clock.Advance(TimeSpan.FromMinutes(20));
            return Fault.None;
        };

        var failed = await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(slow));

        Assert.Equal((2, 1), (failed.Summary.Leas, failed.Summary.Sent));
        Assert.Single(failed.Summary.Failures, failure => failure.What.Contains("reached its time limit", StringComparison.Ordinal));
        slow.Outside.Break = null;
        await RunInTimeAsync(slow);
        Assert.Equal(2, world.Mail.Delivered.Count);
    }

    [Fact]
    public async Task An_email_that_failed_is_not_offered_again_after_expiry()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(365) - TimeSpan.FromSeconds(5));
        var asked = 0;
        world.Outside.Break = called =>
        {
            if (called is not Called.Mail || Interlocked.Increment(ref asked) > 1)
                return Fault.None;
            world.Clock.Advance(TimeSpan.FromSeconds(10));
            return Fault.Before;
        };

        await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(world));

        Assert.Empty(world.Mail.Offers);
    }

    [Fact]
    public async Task An_email_is_not_offered_again_when_the_claim_has_run_out()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        var asked = 0;
        world.Outside.Break = called =>
        {
            if (called is not Called.Mail || Interlocked.Increment(ref asked) > 1)
                return Fault.None;
            world.Clock.Advance(TimeSpan.FromMinutes(6));
            return Fault.Before;
        };

        await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(world));

        Assert.Empty(world.Mail.Offers);
    }

    [Fact]
    public async Task One_LEA_that_met_a_busy_mail_service_is_enough_for_all()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        foreach (var lea in (LeaId[])[TestWorld.Oakland, TestWorld.Berkeley, TestWorld.Fresno])
            await world.MustGenerateAsync(lea);
        world.Clock.Advance(TimeSpan.FromDays(351));
        await using var single = world.AnotherInstance(options => options.Parallelism = 1);
        List<DateTimeOffset> asked = [];
        var began = world.Clock.GetUtcNow();
        single.Outside.Break = called =>
        {
            if (called is not Called.Mail)
                return Fault.None;
            asked.Add(world.Clock.GetUtcNow());
            return asked[^1] < began + TimeSpan.FromMinutes(2) ? Fault.TooMany : Fault.None;
        };

        await DriveAsync(world.Clock, [single], instance => RunAsync(instance));

        Assert.Equal(3, world.Mail.Offers.Count);
        Assert.Equal(2, asked.Count(at => at < began + TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public async Task An_email_whose_sending_could_not_be_noted_is_reported()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        var mailed = false;
        world.Outside.Break = called =>
        {
            mailed |= called is Called.Mail;
            return mailed && called is Called.Storage ? Fault.Unavailable : Fault.None;
        };

        var failed = await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(world));

        Assert.Equal(1, failed.Summary.Sent);
        Assert.Contains(failed.Summary.Failures, failure => failure.What.StartsWith("Its reminder was sent", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_mail_service_that_fails_once_is_asked_again_in_the_same_run()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        var asked = 0;
        world.Outside.Break = called => called is Called.Mail && Interlocked.Increment(ref asked) == 1 ? Fault.Before : Fault.None;

        Assert.Equal(1, (await RunAsync(world)).Sent);
    }

    [Fact]
    public async Task An_email_that_was_taken_is_noted_though_the_host_is_shutting_down()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        using var stopping = new CancellationTokenSource();
        world.Outside.Break = called =>
        {
            if (called is Called.Mail)
                stopping.Cancel();
            return Fault.None;
        };
        await Record.ExceptionAsync(() => world.Run.RunAsync(stopping.Token));
        Assert.Single(world.Mail.Offers);
        world.Outside.Break = null;
        world.Clock.Advance(TimeSpan.FromMinutes(10));
        await RunAsync(world);
        Assert.Single(world.Mail.Offers);
    }

    [Fact]
    public async Task A_pointer_that_cannot_be_dropped_does_not_make_a_sent_email_unsent()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.Storage.Expirations.AddEntityAsync(new TableEntity("2027-11-20", TestWorld.Oakland.Value), TestContext.Current.CancellationToken);
        world.Clock.Advance(TimeSpan.FromDays(351));
        world.Traffic.Reset();
        world.Traffic.Break = number => number >= 6 ? Fault.Unavailable : Fault.None;

        var failed = await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(world));

        Assert.Single(world.Mail.Offers);
        Assert.Equal((1, 1), (failed.Summary.Sent, failed.Summary.Posted));
    }

    [Fact]
    public async Task The_next_run_leaves_the_mail_service_alone_too()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        List<DateTimeOffset> asked = [];
        world.Outside.Break = called =>
        {
            if (called is not Called.Mail)
                return Fault.None;
            asked.Add(world.Clock.GetUtcNow());
            return Fault.TooMany;
        };
        await using var shorter = world.AnotherInstance(o => o.TimeLimit = TimeSpan.FromSeconds(30));
        shorter.Outside.Break = world.Outside.Break;
        await Record.ExceptionAsync(() => RunAsync(shorter));
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await Record.ExceptionAsync(() => RunAsync(shorter));
        Assert.Single(asked);
    }

    [Fact]
    public async Task A_run_in_which_all_was_done_in_the_end_is_not_reported_as_failed()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        var (mails, puts) = (0, 0);
        world.Outside.Break = called => called switch
        {
            Called.Mail => Interlocked.Increment(ref mails) == 1 ? Fault.TooMany : Fault.None,
            Called.MyToms => Interlocked.Increment(ref puts) <= 4 ? Fault.Unavailable : Fault.None,
            _ => Fault.None,
        };
        Exception? thrown = null;
        await DriveAsync(world.Clock, [world], async instance => thrown = await Record.ExceptionAsync(() => RunAsync(instance)));
        Assert.Single(world.Mail.Offers);
        Assert.Single(world.MyToms.Shown);
        Assert.Null(thrown);
    }

    [Fact]
    public async Task A_mail_client_that_grew_tired_of_waiting_is_tried_again()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        var mails = 0;
        world.Outside.Break = called => called is Called.Mail && Interlocked.Increment(ref mails) == 1 ? Fault.Timeout : Fault.None;
        Assert.Null(await Record.ExceptionAsync(() => RunAsync(world)));
    }

    [Theory]
    [InlineData(Called.Mail)]
    [InlineData(Called.MyToms)]
    public async Task A_service_that_never_answers_anybody_does_not_keep_the_other_waiting_beyond_the_runs_time(Called silent)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var slow = world.AnotherInstance(options => (options.Parallelism, options.TimeLimit) = (1, TimeSpan.FromMinutes(10)));
        var leas = Enumerable.Range(0, 15).Select(number => LeaId.Parse($"1062166{number:D7}")).ToList();
        foreach (var lea in leas)
        {
            await world.MustGenerateAsync(lea);
            if (silent is Called.MyToms)
                world.MyToms.Hangs.Add(lea.Value);
        }

        if (silent is Called.Mail)
            world.Mail.Hangs.Add(TestWorld.Rosa.Email!);
        world.Clock.Advance(TimeSpan.FromDays(351));

        var failed = await MustFailAsync(slow);

        Assert.Equal(leas.Count, failed.Failures.Count);
        Assert.Equal(silent is Called.Mail ? (0, leas.Count) : (leas.Count, 0), (failed.Sent, failed.Posted));
    }

    [Fact]
    public async Task A_removal_that_fails_is_made_up_for_by_the_next_run()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await RunAsync(world);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        world.Outside.Break = called => called is Called.MyToms ? Fault.Before : Fault.None;
        Assert.Equal(TestWorld.Oakland.Value, Assert.Single((await MustFailAsync(world)).Failures).Where);
        Assert.Single(world.MyToms.Shown);
        world.Outside.Break = null;

        Assert.Equal(1, (await RunAsync(world)).Removed);

        Assert.Empty(world.MyToms.Shown);
        Assert.Single(await world.RowsAsync("Expirations"));
    }

    public static TheoryData<Fault> Faults => [.. Enum.GetValues<Fault>().Except([Fault.None])];

    private static int DaysIn(Email email) => int.Parse(email.Subject.Split(' ')[^2], CultureInfo.InvariantCulture);
}
