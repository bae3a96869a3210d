using Azure.Data.Tables;
using Credentialing.Core.Leas;
using Credentialing.Core.Storage;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Leas;

[Kind(TestKind.Storage)]
public sealed class LeaRegisterTests(AzuriteFixture azurite)
{
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

        static IReadOnlyList<Coordinator> CoordinatorsNamed(string name) =>
            [.. Enumerable.Range(10, Lea.MaxCoordinators).Select(n => new Coordinator($"{name}{n}", $"{name} {n}", $"{name}{n}@lea.example"))];
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

    private static Task<bool> SaveAsync(TestWorld world, Lea lea) => world.Register.SaveAsync(lea, "toms", TestContext.Current.CancellationToken);

    [Fact]
    public async Task SaveAsync_succeeds_for_8_parallel_writers()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        for (var round = 0; round < 5; round++)
        {
            var saves = Task.WhenAll(Enumerable.Range(0, 8).Select(writer => SaveAsync(world, Oakland with { Name = $"{round} {writer}" })));
            await world.Clock.AdvanceUntilAsync(saves);
            Assert.All(await saves, Assert.True);
        }
    }

    [Fact]
    public async Task SaveAsync_returns_false_and_changes_nothing_when_every_attempt_is_a_conflict()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        world.Traffic.InjectFault = number => number % 2 == 0 ? Fault.Conflict : Fault.None; // reads the rows, then writes them

        var save = SaveAsync(world, Oakland);
        await world.Clock.AdvanceUntilAsync(save);

        Assert.False(await save);
        Assert.Empty(await world.RowsAsync("Leas"));
    }
}
