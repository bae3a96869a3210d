using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.DailyRun;

/// <summary>An LEA whose credentials have expired, and for which nothing is left to do, costs nothing until it changes.</summary>
[Kind(TestKind.Storage)]
public sealed class RestingLeaTests(AzuriteFixture azurite)
{
    private const string Resting = "expired";
    private const string Title = "Oakland Unified: SIS vendor credentials have expired";

    public static TheoryData<Fault> Faults => [.. Enum.GetValues<Fault>().Except([Fault.None])];

    [Fact]
    public async Task After_its_announcement_is_posted_an_expired_LEA_costs_three_requests_once_and_then_none()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await ExpireAsync(world);
        Assert.Equal(IndexQueries + 3, await RequestsOfRunAsync(world)); // reads it, claims and records the announcement
        Assert.Equal(IndexQueries + 3, await RequestsOfRunAsync(world)); // reads it, moves its entry
        Assert.Equal([(Resting, TestWorld.Oakland.Value)], await EntriesAsync(world));
        for (var day = 0; day < 3; day++)
        {
            world.Clock.Advance(TimeSpan.FromDays(200));
            Assert.Equal(IndexQueries, await RequestsOfRunAsync(world));
        }

        Assert.Equal(Title, Assert.Single(world.MyToms.Shown).Value.Title);
    }

    [Fact]
    public async Task The_preview_lists_an_LEA_that_the_run_does_not_read_and_reads_no_LEA_with_nothing_due()
    {
        await using var world = await RestingWorldAsync();
        await world.MustGenerateAsync(TestWorld.Berkeley);
        var before = await EntriesAsync(world);
        world.Traffic.Reset();

        var (plans, failures) = await world.Run.PreviewAsync(world.Clock.GetUtcNow(), TestContext.Current.CancellationToken);

        Assert.DoesNotContain(world.Traffic.Requests, request => request.Contains(TestWorld.Berkeley.Value, StringComparison.Ordinal));

        var plan = Assert.Single(plans);
        Assert.Equal((TestWorld.Oakland, CredentialState.Expired, true), (plan.LeaId, plan.Status.State, plan.IsEmpty));
        Assert.Empty(failures);
        Assert.Equal(before, await EntriesAsync(world));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_a_regeneration_or_a_revocation_the_next_run_removes_the_announcement(bool regenerates)
    {
        await using var world = await RestingWorldAsync();
        world.Traffic.Reset();
        if (regenerates)
            await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        else
            Assert.IsType<ChangeOutcome.Changed>(await world.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Rosa, "Not needed.", 1, TestContext.Current.CancellationToken));
        Assert.Equal(regenerates ? 5 : 4, world.Traffic.Requests.Count);
        var next = regenerates ? [(Date(world.Clock.GetUtcNow().AddDays(365)), TestWorld.Oakland.Value)] : Array.Empty<(string, string)>();

        Assert.Equal(1, (await RunAsync(world)).Removed);
        Assert.Empty(world.MyToms.Shown);
        world.Clock.Advance(TimeSpan.FromDays(2)); // the change cannot be in progress any more
        await RunAsync(world);
        Assert.Equal(next, await EntriesAsync(world));
    }

    [Fact]
    public async Task After_a_change_of_its_name_the_next_run_updates_the_announcement_and_the_LEA_rests_again()
    {
        await using var world = await RestingWorldAsync();
        world.Traffic.Reset();
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland United", [TestWorld.Rosa]));
        Assert.Equal(3, world.Traffic.Requests.Count);

        Assert.Equal(1, (await RunAsync(world)).Posted);
        Assert.Equal("Oakland United: SIS vendor credentials have expired", Assert.Single(world.MyToms.Shown).Value.Title);
        world.Clock.Advance(TimeSpan.FromDays(2));
        await RunAsync(world);
        Assert.Equal([(Resting, TestWorld.Oakland.Value)], await EntriesAsync(world));
    }

    [Fact]
    public async Task A_change_of_coordinators_alone_adds_no_entry_but_for_their_notice()
    {
        await using var world = await RestingWorldAsync();
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa, TestWorld.Luis]));

        Assert.Equal([(Resting, TestWorld.Oakland.Value)], await EntriesAsync(world));
    }

    /// <summary>The credentials expire while a coordinator regenerates them, and two runs take place before the transaction.</summary>
    [Fact]
    public async Task A_regeneration_that_began_before_the_expiry_is_found_too()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await ExpireAsync(world, TimeSpan.FromSeconds(-1));
        await using var other = world.AnotherInstance();
        BeforePost(other, async () =>
        {
            world.Clock.Advance(TimeSpan.FromSeconds(1));
            await RunAsync(world);
            await RunAsync(world);
            Assert.Equal(Title, Assert.Single(world.MyToms.Shown).Value.Title);
        });

        await other.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);

        Assert.Equal(1, (await RunAsync(world)).Removed);
        Assert.Empty(world.MyToms.Shown);
    }

    /// <summary>The run reads the LEA, which is changed before the run moves its entry.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_change_between_the_reading_and_the_moving_of_the_entry_is_found_by_the_next_run(bool regenerates)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await ExpireAsync(world);
        await RunAsync(world);
        await using var slow = world.AnotherInstance();
        BeforePost(slow, () => regenerates
            ? world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1)
            : world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland United", [TestWorld.Rosa])), "Expirations");
        await RunAsync(slow);
        Assert.Contains((Resting, TestWorld.Oakland.Value), await EntriesAsync(world));

        var summary = await RunAsync(world);

        Assert.Equal(regenerates ? (0, 1) : (1, 0), (summary.Posted, summary.Removed));
        Assert.Equal(regenerates ? null : "Oakland United: SIS vendor credentials have expired", world.MyToms.Shown.GetValueOrDefault(TestWorld.Oakland.Value)?.Title);
        world.Clock.Advance(TimeSpan.FromDays(2));
        await RunAsync(world);
        Assert.Equal([regenerates ? Date(world.Clock.GetUtcNow().AddDays(363)) : Resting], (await EntriesAsync(world)).Select(entry => entry.Date));
    }

    /// <summary>A fault in each request of the run that moves the entry, and in each request of the regeneration after that.</summary>
    [Theory]
    [MemberData(nameof(Faults))]
    public async Task After_a_fault_in_any_request_a_regeneration_removes_the_announcement(Fault fault)
    {
        for (var failing = 1; ; failing++)
        {
            await using var world = await TestWorld.CreateAsync(azurite);
            await ExpireAsync(world);
            await RunAsync(world);
            await using var broken = world.AnotherInstance();
            broken.Traffic.InjectFault = number => number == failing ? fault : Fault.None;
            await RunAllAsync(world.Clock, [broken], async instance =>
            {
                await Record.ExceptionAsync(() => RunAsync(instance));
                await Record.ExceptionAsync(() => instance.GenerateAsync(TestWorld.Oakland, seenGeneration: 1));
            });
            await RunWithClockAsync(world);
            var generation = (await world.Credentials.StatusAsync(TestWorld.Oakland, TestContext.Current.CancellationToken)).Credential!.Generation;
            Assert.Equal(generation == 1 ? 1 : 0, world.MyToms.Shown.Count);
            if (generation == 1)
                await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);

            await RunWithClockAsync(world);

            Assert.Empty(world.MyToms.Shown);
            if (broken.Traffic.Requests.Count < failing)
                break;
        }
    }

    [Fact]
    public async Task After_a_restore_the_next_run_updates_an_announcement_that_an_earlier_release_posted_with_another_text()
    {
        await using var world = await RestingWorldAsync();
        await world.Storage.Leas.UpdateEntityAsync(
            new TableEntity(TestWorld.Oakland.Value, "announcement") { ["Content"] = "Another text" }, ETag.All, TableUpdateMode.Merge, TestContext.Current.CancellationToken);
        Assert.Equal(0, (await RunAsync(world)).Posted);

        await world.Expirations.RestoreAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, (await RunAsync(world)).Posted);
        await RunAsync(world);
        Assert.Equal([(Resting, TestWorld.Oakland.Value)], await EntriesAsync(world));
    }

    [Fact]
    public async Task With_reminders_after_the_expiry_an_LEA_is_read_until_the_last_one_is_not_possible_any_more()
    {
        await using var created = await TestWorld.CreateAsync(azurite);
        await using var world = created.AnotherInstance(options => options.RemindAfterExpiry = true);
        await ExpireAsync(world);
        for (var day = 0; day < 35; day++)
        {
            await RunAsync(world);
            Assert.DoesNotContain(await EntriesAsync(world), entry => entry.Date == Resting);
            world.Clock.Advance(TimeSpan.FromDays(1));
        }

        await RunAsync(world);

        Assert.Equal([(Resting, TestWorld.Oakland.Value)], await EntriesAsync(world));
        Assert.Equal(5, world.Mail.Notices.Count);
    }

    /// <summary>Oakland's credentials have expired, and the run does not read them any more.</summary>
    private async Task<TestWorld> RestingWorldAsync()
    {
        var world = await TestWorld.CreateAsync(azurite);
        await ExpireAsync(world);
        await RunAsync(world);
        await RunAsync(world);
        Assert.Equal([(Resting, TestWorld.Oakland.Value)], await EntriesAsync(world));
        world.Clock.Advance(TimeSpan.FromDays(100));
        return world;
    }

    private static async Task ExpireAsync(TestWorld world, TimeSpan after = default)
    {
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa]));
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(365) + after);
    }

    /// <summary>Does something before the first transaction of an instance, or its first POST to a table.</summary>
    private static void BeforePost(TestWorld instance, Func<Task> action, string table = "$batch")
    {
        var isDone = false;
        instance.Traffic.InjectFault = _ =>
        {
            if (!isDone && instance.Traffic.Requests.Last() is var request && request.StartsWith("POST", StringComparison.Ordinal) && request.Contains(table, StringComparison.Ordinal))
            {
                isDone = true;
                Task.Run(action).GetAwaiter().GetResult();
            }

            return Fault.None;
        };
    }

    private static async Task<int> RequestsOfRunAsync(TestWorld world)
    {
        world.Traffic.Reset();
        await RunAsync(world);
        return world.Traffic.Requests.Count;
    }

    private static string Date(DateTimeOffset at) => at.ToString("yyyy-MM-dd", null);

    private static async Task<IReadOnlyList<(string Date, string LeaId)>> EntriesAsync(TestWorld world) =>
        [.. (await world.RowsAsync("Expirations")).Where(row => row.RowKey != "downloads").Select(row => (row.PartitionKey, row.RowKey)).Order()];
}
