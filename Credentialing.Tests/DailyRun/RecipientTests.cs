using Credentialing.Core;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.DailyRun;

/// <summary>Who gets a reminder, and what happens to addresses that the mail service rejects or defers.</summary>
[Kind(TestKind.Storage)]
public sealed class RecipientTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task The_generating_coordinator_gets_the_email_only_if_no_coordinator_is_registered()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await RegisterAsync(world, TestWorld.Oakland, TestWorld.Luis, TestWorld.Rosa with { Id = "other", Email = "LUIS@lea.example" });
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        world.Clock.Advance(TimeSpan.FromDays(351));

        await RunAsync(world);

        Assert.Equal(["luis@lea.example", "rosa@lea.example"], world.Mail.Sends.Select(send => Addresses(send.Email.To)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_LEA_with_the_maximum_number_of_coordinators_gets_one_email_with_at_most_50_recipients()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var label = new string('a', 60);
        var coordinators = Enumerable.Range(0, Lea.MaxCoordinators)
            .Select(number => new Coordinator($"coordinator{number}", new string('n', 200), $"{number}{label}@{label}.{label}.{label}.example"));
        await RegisterAsync(world, TestWorld.Oakland, [.. coordinators]);
        await world.MustGenerateAsync(TestWorld.Oakland);
        for (var generation = 1; generation <= 100; generation++)
            await world.MustGenerateAsync(TestWorld.Oakland, generation);
        world.Clock.Advance(TimeSpan.FromDays(351));
        world.Traffic.Reset();

        await RunAsync(world);

        Assert.Equal(Lea.MaxCoordinators, Assert.Single(world.Mail.Sends).Email.To.Count);
        Assert.InRange(Lea.MaxCoordinators, 1, 50); // the limit of Azure Communication Services
        Assert.Equal(IndexQueries + 4, world.Traffic.Requests.Count);
    }

    [Fact]
    public async Task An_LEA_without_recipients_gets_one_audit_event_and_its_announcement()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.GenerateAsync(TestWorld.Oakland, by: TestWorld.Rosa with { Email = null });
        world.Clock.Advance(TimeSpan.FromDays(351));
        Assert.Equal(1, (await RunAsync(world)).WithoutRecipient);
        Assert.Equal(1, (await RunAsync(world)).WithoutRecipient);

        Assert.Single(world.MyToms.Shown);
        Assert.Equal(["announcement-posted", "credential-generated", "reminder-without-recipient"], (await EventsAsync(world)).Order(StringComparer.Ordinal));

        await RegisterAsync(world, TestWorld.Oakland, TestWorld.Luis);
        world.Clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(world);
        Assert.EndsWith("in 13 days", Assert.Single(world.Mail.Sends).Email.Subject, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rejected_address_does_not_fail_the_run_and_does_not_block_other_recipients()
    {
        using var logs = new CapturedLogs();
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var logged = world.AnotherInstance(logs);
        await RegisterAsync(world, TestWorld.Oakland, TestWorld.Rosa, TestWorld.Luis);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        world.Mail.RejectedAddresses.Add("luis@lea.example");
        world.Clock.Advance(TimeSpan.FromDays(351));

        var summary = await RunAsync(logged);

        Assert.Equal((2, 1, 0), (summary.Sent, summary.Rejected, summary.Failures.Count));
        Assert.Single(logs.Lines, line => line.Contains("rejected 1 addresses of LEA 01612590000000", StringComparison.Ordinal));
        Assert.DoesNotContain(logs.Lines, line => line.Contains("luis", StringComparison.Ordinal));
        var sent = Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland), row => row["Kind"] is "reminder-sent");
        Assert.Equal("Milestone of 14 days, with 14 remaining. To rosa@lea.example. Rejected: luis@lea.example.", sent["Detail"]);
        Assert.Equal((0, 0), (await RunAsync(world) is var second ? second.Sent : -1, second.Rejected));
        Assert.Equal(2, world.Mail.Sends.Count);
        Assert.Equal(["luis@lea.example"], await RejectedInPreviewAsync(world, days: 7));
    }

    [Fact]
    public async Task A_reminder_whose_addresses_are_all_rejected_is_reported_by_each_run_and_sent_when_an_address_changes()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await RegisterAsync(world, TestWorld.Oakland, TestWorld.Rosa);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Mail.RejectedAddresses.Add(TestWorld.Rosa.Email!);
        world.Clock.Advance(TimeSpan.FromDays(351));

        for (var run = 1; run <= 3; run++)
            Assert.Equal((0, 1, 0), (await RunAsync(world) is var summary ? summary.Sent : -1, summary.Rejected, summary.Failures.Count));

        Assert.Single(await EventsAsync(world), "reminder-refused");
        Assert.Equal(["rosa@lea.example"], await RejectedInPreviewAsync(world, days: 0));
        await RegisterAsync(world, TestWorld.Oakland, TestWorld.Rosa, TestWorld.Luis);
        Assert.Equal((1, 1), (await RunAsync(world) is var corrected ? corrected.Sent : -1, corrected.Rejected));
        Assert.Equal("luis@lea.example", Addresses(Assert.Single(world.Mail.Sends).Email.To));
    }

    [Fact]
    public async Task A_rejected_address_is_tried_again_at_the_next_milestone()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        world.Mail.RejectedAddresses.Add(TestWorld.Rosa.Email!);
        await RunAsync(world);
        world.Mail.RejectedAddresses.Clear();
        Assert.Equal(0, (await RunAsync(world)).Sent);

        world.Clock.Advance(TimeSpan.FromDays(7));

        Assert.Equal((1, 0), (await RunAsync(world) is var summary ? summary.Sent : -1, summary.Rejected));
    }

    [Fact]
    public async Task A_deferred_address_gets_the_email_later_in_the_same_run_and_the_others_only_once()
    {
        await using var world = await DeferringWorldAsync();
        var waiting = await RunUntilItWaitsAsync(world);
        world.Mail.DeferredAddresses.Clear();

        await RunAllAsync(world.Clock, [world], _ => waiting);

        Assert.Equal(["luis@lea.example, rosa@lea.example", "luis@lea.example"], world.Mail.Sends.Select(send => Addresses(send.Email.To)));
        Assert.Equal((1, 0), (await waiting is var summary ? summary.Sent : -1, summary.Failures.Count));
        Assert.Equal(
            ["Milestone of 14 days, with 14 remaining. To luis@lea.example.", "Milestone of 14 days, with 14 remaining. To rosa@lea.example. Deferred: luis@lea.example."],
            (await world.AuditEventsAsync(TestWorld.Oakland)).Where(line => Equals(line["Kind"], "reminder-sent")).Select(line => line["Detail"]));
        await RunAsync(world);
        Assert.Equal(2, world.Mail.Sends.Count);
    }

    [Fact]
    public async Task An_address_deferred_until_the_time_limit_fails_the_run_and_the_next_run_sends_to_it_alone()
    {
        await using var world = await DeferringWorldAsync();
        Assert.Equal(1, (await MustFailAsync(world)).Sent);
        world.Mail.DeferredAddresses.Clear();

        await RunAsync(world);

        var sends = world.Mail.Sends.Select(send => Addresses(send.Email.To)).ToList();
        Assert.Equal(["luis@lea.example, rosa@lea.example", "luis@lea.example"], [sends[0], sends[^1]]);
        Assert.Single(sends, addresses => addresses.Contains("rosa", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_that_crashes_while_it_sends_to_a_deferred_address_does_not_send_to_the_others_again()
    {
        await using var world = await DeferringWorldAsync();
        await MustFailAsync(world);
        world.Mail.DeferredAddresses.Clear();
        var crashing = world.AnotherInstance();
        crashing.ExternalCalls.InjectFault = called => called is ExternalService.Mail ? Fault.Crash : Fault.None;
        await RunAllAsync(world.Clock, [crashing], RunAsync);

        await RunWithClockAsync(world);

        Assert.Single(world.Mail.Sends, send => send.Email.To.Any(to => to.Address == TestWorld.Rosa.Email));
        Assert.Equal("luis@lea.example", Addresses(world.Mail.Sends[^1].Email.To));
    }

    [Fact]
    public async Task A_deferred_address_that_is_no_longer_registered_gets_no_email()
    {
        await using var world = await DeferringWorldAsync();
        await MustFailAsync(world);
        var before = world.Mail.Sends.Count;
        world.Mail.DeferredAddresses.Clear(); // else the notice of the changed coordinators is deferred, too
        await RegisterAsync(world, TestWorld.Oakland, TestWorld.Rosa);

        Assert.Equal(0, (await RunAsync(world)).Sent);

        Assert.Equal(before, world.Mail.Sends.Count);
    }

    [Fact]
    public async Task A_rejected_address_is_still_reported_when_the_LEA_is_retried_for_another_reason()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await RegisterAsync(world, TestWorld.Oakland, TestWorld.Rosa, TestWorld.Luis, TestWorld.Rosa with { Id = "third", Email = "third@lea.example" });
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Mail.RejectedAddresses.Add("luis@lea.example");
        world.Mail.DeferredAddresses.Add("third@lea.example");
        world.Clock.Advance(TimeSpan.FromDays(351));
        var waiting = await RunUntilItWaitsAsync(world);
        world.Mail.DeferredAddresses.Clear();

        await RunAllAsync(world.Clock, [world], _ => waiting);

        Assert.Equal((1, 1), (await waiting is var summary ? summary.Sent : -1, summary.Rejected));
    }

    /// <summary>A world in which a reminder to Rosa and Luis is due, and the mail service defers Luis's address.</summary>
    private async Task<TestWorld> DeferringWorldAsync()
    {
        var world = await TestWorld.CreateAsync(azurite);
        await RegisterAsync(world, TestWorld.Oakland, TestWorld.Rosa, TestWorld.Luis);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Mail.DeferredAddresses.Add("luis@lea.example");
        world.Clock.Advance(TimeSpan.FromDays(351));
        return world;
    }

    private static string Addresses(IEnumerable<Core.Mail.EmailRecipient> recipients) =>
        string.Join(", ", recipients.Select(to => to.Address.ToLowerInvariant()).Order(StringComparer.Ordinal));

    private static async Task<IEnumerable<string>> EventsAsync(TestWorld world) => (await world.AuditEventsAsync(TestWorld.Oakland)).Select(line => line.GetString("Kind"));

    private static async Task<IReadOnlyList<string>> RejectedInPreviewAsync(TestWorld world, int days)
    {
        var preview = await world.Run.PreviewAsync(world.Clock.GetUtcNow().AddDays(days), TestContext.Current.CancellationToken);
        return Assert.Single(preview.Plans, plan => plan.LeaId == TestWorld.Oakland).Reminder!.Rejected;
    }

    private static Task RegisterAsync(TestWorld world, LeaId leaId, params Coordinator[] coordinators) =>
        world.SaveAsync(new Lea(leaId, "An LEA", coordinators));
}
