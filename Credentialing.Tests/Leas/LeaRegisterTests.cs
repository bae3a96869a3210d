using Azure;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Core.Audit;
using Credentialing.Core.Leas;
using Credentialing.Core.Storage;
using Credentialing.Tests.DailyRun;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Leas;

[Kind(TestKind.Storage)]
public sealed class LeaRegisterTests(AzuriteFixture azurite)
{
    private static readonly Coordinator Ana = new("ana", "Ana Núñez", "ana@lea.example", Language.Spanish);
    private static readonly Lea Oakland = new(TestWorld.Oakland, "Oakland Unified", [TestWorld.Luis, TestWorld.Rosa]);

    [Fact]
    public async Task FindAsync_returns_a_saved_LEA_in_one_round_trip()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await SaveAsync(world, Oakland);
        world.Traffic.Reset();

        var found = await world.Register.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);

        Assert.Single(world.Traffic.Requests);
        Assert.Equal(Oakland.Name, found!.Name);
        Assert.Equal(Oakland.Coordinators, found.Coordinators);
    }

    [Fact]
    public async Task FindAsync_returns_null_for_an_LEA_that_was_never_saved()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        Assert.Null(await world.Register.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task SaveAsync_replaces_all_coordinators_up_to_the_maximum_number()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await SaveAsync(world, Oakland with { Coordinators = CoordinatorsNamed("old") });
        await SaveAsync(world, Oakland with { Coordinators = CoordinatorsNamed("new") });

        var found = await world.Register.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);

        Assert.Equal(CoordinatorsNamed("new"), found!.Coordinators);
        Assert.Equal([(0, 1), (0, 49), (49, 48)], (await DetailsAsync(world)).Select(details => (details.Removed.Count, details.Added.Count)).Order());
    }

    [Fact]
    public async Task SaveAsync_needs_one_transaction_for_100_operations()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await SaveAsync(world, Oakland with { Coordinators = [.. CoordinatorsNamed("old").SkipLast(1)] });
        await SaveAsync(world, Oakland with { Coordinators = CoordinatorsNamed("new") }); // the LEA, its event, a notice, 48 deletions and 49 insertions

        Assert.Equal(2, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
    }

    [Fact]
    public async Task The_audit_event_names_who_was_added_removed_and_changed_and_the_new_name()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        foreach (var lea in (Lea[])[Oakland, Oakland with { Name = "Oakland USD", Coordinators = [TestWorld.Luis, Ana] },
            Oakland with { Name = "Oakland USD", Coordinators = [TestWorld.Luis with { Email = null }, Ana] }])
        {
            await SaveAsync(world, lea);
            world.Clock.Advance(TimeSpan.FromMinutes(1)); // the order of events of the same instant is not defined
        }

        var events = await DetailsAsync(world);

        Assert.Equal([null, "Oakland USD", "Oakland Unified"], events.Select(details => details.Name));
        string luis = $"{TestWorld.Luis.Name} (luis)", rosa = $"{TestWorld.Rosa.Name} (rosa)", ana = $"{Ana.Name} (ana)";
        Assert.Equal([[], [ana], [luis, rosa]], events.Select(details => details.Added));
        Assert.Equal([[], [rosa], []], events.Select(details => details.Removed));
        Assert.Equal([[luis], [], []], events.Select(details => details.Changed));
    }

    [Theory]
    [InlineData(Fault.Conflict)]
    [InlineData(Fault.ResponseLost)]
    public async Task SaveAsync_reports_the_notice_of_a_change_whose_first_attempt_has_a_fault(Fault fault)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await SaveAsync(world, Oakland);
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number == 3 ? fault : Fault.None; // reads the rows, writes the index entry, then the rows

        var save = SaveAsync(world, Oakland with { Coordinators = [Ana] });
        await world.Clock.AdvanceUntilAsync(save);

        Assert.Equal(SaveOutcome.SavedWithNotice, await save);
        Assert.Equal(2, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
    }

    [Theory]
    [InlineData(Fault.Conflict)]
    [InlineData(Fault.ResponseLost)]
    public async Task SaveAsync_reports_a_change_without_a_notice_whose_first_attempt_has_a_fault(Fault fault)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await SaveAsync(world, Oakland);
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number == 2 ? fault : Fault.None; // reads the rows, then writes them

        var save = SaveAsync(world, Oakland with { Name = "Another name" });
        await world.Clock.AdvanceUntilAsync(save);

        Assert.Equal(SaveOutcome.Saved, await save);
        Assert.Equal(2, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
    }

    /// <summary>
    /// The rows to delete and to insert need two transactions. The instance crashes in any call, and TOMS repeats its request. Each
    /// request that changes coordinators has one notice.
    /// </summary>
    [Theory]
    [InlineData(Fault.None)]
    [InlineData(Fault.Crash)]
    [InlineData(Fault.CrashAfter)]
    [InlineData(Fault.ResponseLost)]
    public async Task SaveAsync_that_replaces_all_coordinators_notifies_the_former_and_the_new_ones(Fault fault)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        for (var call = 1; ; call++)
        {
            var lea = new Lea(LeaId.Parse($"1062166{call:D7}"), "Oakland Unified", CoordinatorsNamed("old"));
            await SaveAsync(world, lea);
            var before = world.Mail.Notices.Count;
            await using var broken = world.AnotherInstance();
            var calls = 0;
            broken.ExternalCalls.InjectFault = _ => Interlocked.Increment(ref calls) == call ? fault : Fault.None;

            await DailyRunDriver.RunAllAsync(world.Clock, [broken], instance => SaveAsync(instance, lea with { Coordinators = CoordinatorsNamed("new") }));
            var isRepeated = broken.ExternalCalls.Crashed.IsCompleted;
            if (isRepeated)
                await SaveAsync(world, lea with { Coordinators = CoordinatorsNamed("new") });
            await world.Notices.TrySendAsync(lea.Id);

            var found = await world.Register.FindAsync(lea.Id, TestContext.Current.CancellationToken);
            Assert.Equal(CoordinatorsNamed("new"), found!.Coordinators);
            var emails = world.Mail.Notices.Skip(before).Select(send => send.Email).ToList();
            Assert.All(emails, email => Assert.InRange(email.To.Count, 1, 50)); // the limit of Azure Communication Services
            Assert.Equal(emails.Count, emails.DistinctBy(email => email.OperationId).Count());
            var addresses = emails.SelectMany(email => email.To).Select(to => to.Address).ToList();
            Assert.All(CoordinatorsNamed("old"), former => Assert.Single(addresses, former.Email));
            Assert.All(CoordinatorsNamed("new"), coordinator => Assert.InRange(addresses.Count(address => address == coordinator.Email), 1, isRepeated ? 2 : 1));
            var saved = (await world.AuditEventsAsync(lea.Id)).Count(row => row.GetString("Kind") == "lea-saved");
            Assert.Equal(3, saved); // the first registration and two transactions
            Assert.DoesNotContain(await world.RowsAsync("Leas"), row => row.RowKey.StartsWith("notice:", StringComparison.Ordinal));
            if (calls < call)
                break; // SaveAsync makes fewer calls
        }
    }

    [Fact]
    public async Task SaveAsync_notifies_the_maximum_number_of_coordinators_with_the_longest_names()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var label = new string('a', 60);
        foreach (var name in (string[])["ñ", "\"", "😀", "x"])
        {
            var id = new string(name is "x" ? 'y' : 'x', 60);
            var longest = Enumerable.Range(10, Lea.MaxCoordinators).Select(n => new Coordinator(
                $"{id}{n}", string.Concat(Enumerable.Repeat(name, OneLine.MaxNameLength / name.Length)), $"{n}{new string('b', 60)}@{label}.{label}.{label}.example", Language.Spanish)).ToList();
            await SaveAsync(world, Oakland with { Coordinators = longest });
            await world.Notices.TrySendAsync(TestWorld.Oakland);
            var before = world.Mail.Notices.Count;

            Assert.Equal(SaveOutcome.SavedWithNotice, await SaveAsync(world, Oakland));
            await world.Notices.TrySendAsync(TestWorld.Oakland);

            Assert.Equal([2, Lea.MaxCoordinators], world.Mail.Notices.Skip(before).Select(send => send.Email.To.Count));
            Assert.Equal(longest.Select(former => (former.Name, former.Email)), world.Mail.Notices[^1].Email.To.Select(to => (to.Name, (string?)to.Address)));
            Assert.Equal(Language.Spanish, world.Mail.Notices[^1].Email.Language);
        }
    }

    public static TheoryData<string, Coordinator[], string[]> Notices => new()
    {
        { "added", [TestWorld.Luis, TestWorld.Rosa, Ana], ["ana", "luis", "rosa"] },
        { "removed", [TestWorld.Rosa], ["luis", "rosa"] },
        { "all removed", [], ["luis", "rosa"] },
        { "replaced", [TestWorld.Luis, Ana], ["ana", "luis", "rosa"] },
        { "another address", [TestWorld.Luis, TestWorld.Rosa with { Email = "delgado@lea.example" }], ["delgado", "luis", "rosa"] },
        { "no address", [TestWorld.Luis, TestWorld.Rosa with { Email = null }], ["luis", "rosa"] },
        { "another id", [TestWorld.Luis, TestWorld.Rosa with { Id = "rosa2" }], ["luis", "rosa"] },
        { "another name", [TestWorld.Luis, TestWorld.Rosa with { Name = "Rosa Ibáñez" }], [] },
        { "another language", [TestWorld.Luis, TestWorld.Rosa with { Language = Language.Spanish }], [] },
        { "another case", [TestWorld.Luis, TestWorld.Rosa with { Email = "ROSA@lea.example" }], [] },
        { "no change", [TestWorld.Luis, TestWorld.Rosa], [] },
    };

    [Theory]
    [MemberData(nameof(Notices))]
    public async Task SaveAsync_notifies_the_coordinators_and_the_former_ones_only_of_changed_ids_and_addresses(string change, Coordinator[] coordinators, string[] expected)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        Assert.Equal(SaveOutcome.Saved, await SaveAsync(world, Oakland with { Coordinators = [] })); // the first registration
        Assert.Equal(SaveOutcome.Saved, await SaveAsync(world, Oakland)); // the first coordinators
        Assert.Empty(await world.RowsAsync("Expirations"));

        var outcome = await SaveAsync(world, Oakland with { Coordinators = coordinators });
        await world.Notices.TrySendAsync(TestWorld.Oakland);

        Assert.Equal(change is "no change" ? SaveOutcome.Unchanged : expected.Length > 0 ? SaveOutcome.SavedWithNotice : SaveOutcome.Saved, outcome);
        Assert.Equal(expected, world.Mail.Notices.SelectMany(send => send.Email.To).Select(to => to.Address.Split('@')[0]).Order(StringComparer.Ordinal));
        Assert.Equal(expected.Length > 0 ? ["2026-11-24"] : [], (await world.RowsAsync("Expirations")).Select(row => row.PartitionKey));
    }

    [Fact]
    public async Task A_changed_language_is_stored_and_the_row_of_an_English_coordinator_has_no_language()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        foreach (var language in (Language[])[Language.English, Language.Spanish, Language.English])
        {
            await SaveAsync(world, Oakland with { Coordinators = [TestWorld.Rosa with { Language = language }] });

            var found = await world.Register.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);
            Assert.Equal(language, Assert.Single(found!.Coordinators).Language);
            var row = Assert.Single(await world.RowsAsync("Leas"), row => row.RowKey == "coordinator:rosa");
            Assert.Equal(language is Language.English ? null : "es", row.GetString("Language"));
        }

        Assert.Equal(3, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
    }

    [Theory]
    [InlineData("fr")]
    [InlineData("ES")]
    [InlineData("")]
    [InlineData(1)]
    public async Task FindAsync_throws_for_an_unknown_language(object language)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await SaveAsync(world, Oakland);
        var row = Assert.Single(await world.RowsAsync("Leas"), row => row.RowKey == "coordinator:rosa");
        row["Language"] = language;
        await world.Storage.Leas.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, TestContext.Current.CancellationToken);

        var corrupt = await Assert.ThrowsAsync<UnreadableRowException>(() => world.Register.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken));

        Assert.Equal("Row coordinator of LEA 01612590000000 has no valid Language.", corrupt.Message);
    }

    [Fact]
    public async Task SaveAsync_writes_nothing_when_nothing_has_changed()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await SaveAsync(world, Oakland);
        await SaveAsync(world, Oakland with { Coordinators = [.. Oakland.Coordinators.Reverse()] });

        Assert.Equal("lea-saved", Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland))["Kind"]);
    }

    [Fact]
    public async Task Concurrent_saves_do_not_mix_their_data()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        for (var round = 0; round < 20; round++)
        {
            var (first, second) = (Oakland with { Name = $"One {round}", Coordinators = [TestWorld.Luis] }, Oakland with { Name = $"Other {round}", Coordinators = [TestWorld.Rosa] });
            await world.Clock.AdvanceUntilAsync(Task.WhenAll(SaveAsync(world, first), SaveAsync(world, second)));

            var found = await world.Register.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);
            Assert.Equal(found!.Name == first.Name ? TestWorld.Luis : TestWorld.Rosa, Assert.Single(found.Coordinators));
        }
    }

    [Fact]
    public async Task SaveAsync_throws_for_a_coordinator_id_that_is_not_a_valid_row_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await Assert.ThrowsAsync<ArgumentException>(() => SaveAsync(world, Oakland with { Coordinators = [new("a/b", "A", null)] }));
        Assert.Empty(await world.RowsAsync("Leas"));
    }

    /// <summary>The details of all audit events, the newest event first.</summary>
    private static async Task<IReadOnlyList<AuditDetails>> DetailsAsync(TestWorld world) =>
        await world.Audit.ReadAllAsync(TestWorld.Oakland, TestContext.Current.CancellationToken).Select(entry => entry.Details).ToListAsync(TestContext.Current.CancellationToken);

    private static IReadOnlyList<Coordinator> CoordinatorsNamed(string name) =>
        [.. Enumerable.Range(10, Lea.MaxCoordinators).Select(n => new Coordinator($"{name}{n}", $"{name} {n}", $"{name}{n}@lea.example"))];

    private static Task<SaveOutcome> SaveAsync(TestWorld world, Lea lea) => world.Register.SaveAsync(lea, "toms", TestContext.Current.CancellationToken);

    [Fact]
    public async Task SaveAsync_succeeds_for_8_parallel_writers()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        for (var round = 0; round < 5; round++)
        {
            var saves = Task.WhenAll(Enumerable.Range(0, 8).Select(writer => SaveAsync(world, Oakland with { Name = $"{round} {writer}" })));
            await world.Clock.AdvanceUntilAsync(saves);
            Assert.All(await saves, outcome => Assert.NotEqual(SaveOutcome.Conflict, outcome));
        }
    }

    [Fact]
    public async Task SaveAsync_returns_a_conflict_and_changes_nothing_when_every_attempt_is_a_conflict()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        world.Traffic.InjectFault = number => number % 2 == 0 ? Fault.Conflict : Fault.None; // reads the rows, then writes them

        var save = SaveAsync(world, Oakland);
        await world.Clock.AdvanceUntilAsync(save);

        Assert.Equal(SaveOutcome.Conflict, await save);
        Assert.Empty(await world.RowsAsync("Leas"));
    }

    /// <summary>Both read an empty partition. The second one to write has a conflict, and finds the rows of the first one.</summary>
    [Fact]
    public async Task Of_two_first_saves_that_collide_the_later_one_replaces_the_earlier_one()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var other = world.AnotherInstance();
        var writing = new TaskCompletionSource<Gate>(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Traffic.InjectFault = number =>
        {
            if (number == 2) // the first request reads the rows
                writing.SetResult(world.ExternalCalls.BlockAt(ExternalService.Storage));
            return Fault.None;
        };
        var save = SaveAsync(world, Oakland);
        var gate = await writing.Task;
        await gate.Reached;

        Assert.Equal(SaveOutcome.Saved, await SaveAsync(other, Oakland with { Name = "Earlier", Coordinators = [Ana] }));
        gate.Open();
        await world.Clock.AdvanceUntilAsync(save);

        Assert.Equal(SaveOutcome.SavedWithNotice, await save);
        var found = await world.Register.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);
        Assert.Equal(Oakland.Name, found!.Name);
        Assert.Equal(Oakland.Coordinators, found.Coordinators);
        Assert.Equal(2, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
    }

    [Fact]
    public async Task SaveAsync_throws_if_storage_is_unavailable_and_changes_nothing()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        world.Traffic.InjectFault = number => number > 1 ? Fault.Unavailable : Fault.None;

        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => SaveAsync(world, Oakland));

        Assert.Equal(503, failure.Status);
        Assert.Empty(await world.RowsAsync("Leas"));
    }
}
