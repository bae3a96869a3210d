using Credentialing.Core.Leas;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Leas;

public sealed class LeaRegisterTests(AzuriteFixture azurite)
{
    private static readonly Lea Oakland = new(TestWorld.Oakland, "Oakland Unified", [TestWorld.Luis, TestWorld.Rosa]);

    [Fact]
    public async Task What_TOMS_says_of_an_LEA_is_found_again_in_one_round_trip()
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
    public async Task An_LEA_that_TOMS_never_told_of_is_not_found()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        Assert.Null(await world.Register.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Coordinators_who_left_go_and_new_ones_come_up_to_the_most_that_an_LEA_may_have()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await SaveAsync(world, Oakland with { Coordinators = Many("old") });
        await SaveAsync(world, Oakland with { Coordinators = Many("new") });

        var found = await world.Register.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);

        Assert.Equal(Many("new"), found!.Coordinators);

        static IReadOnlyList<Coordinator> Many(string name) =>
            [.. Enumerable.Range(10, Lea.MaxCoordinators).Select(n => new Coordinator($"{name}{n}", $"{name} {n}", $"{name}{n}@lea.example"))];
    }

    [Fact]
    public async Task Saying_the_same_again_writes_nothing()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await SaveAsync(world, Oakland);
        await SaveAsync(world, Oakland with { Coordinators = [.. Oakland.Coordinators.Reverse()] });

        Assert.Equal("lea-saved", Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland))["Kind"]);
    }

    [Fact]
    public async Task Of_two_that_save_at_the_same_time_one_is_what_is_found_and_not_a_mixture()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        for (var round = 0; round < 20; round++)
        {
            var (one, other) = (Oakland with { Name = $"One {round}", Coordinators = [TestWorld.Luis] }, Oakland with { Name = $"Other {round}", Coordinators = [TestWorld.Rosa] });
            await Task.WhenAll(SaveAsync(world, one), SaveAsync(world, other));

            var found = await world.Register.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);
            Assert.Equal(found!.Name == one.Name ? TestWorld.Luis : TestWorld.Rosa, Assert.Single(found.Coordinators));
        }
    }

    [Fact]
    public async Task Coordinators_that_cannot_be_filed_are_refused()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await Assert.ThrowsAsync<ArgumentException>(() => SaveAsync(world, Oakland with { Coordinators = [new("a/b", "A", null)] }));
        Assert.Empty(await world.RowsAsync("Leas"));
    }

    private static Task SaveAsync(TestWorld world, Lea lea) => world.Register.SaveAsync(lea, "toms", TestContext.Current.CancellationToken);
}
