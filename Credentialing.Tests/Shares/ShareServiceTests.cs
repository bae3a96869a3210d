using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Shares;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.Shares;

[Kind(TestKind.Storage)]
public sealed class ShareServiceTests(AzuriteFixture azurite)
{
    private const string Ciphertext = "AQID";

    [Fact]
    public async Task Creating_takes_three_round_trips_opening_and_canceling_two_and_a_list_one()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var (first, second) = (await CreateAsync(world), await CreateAsync(world));
        foreach (var (expected, operation) in ((int, Func<Task>)[])[
            (3, () => CreateAsync(world)),
            (1, () => ListAsync(world)),
            (2, () => OpenAsync(world, first)),
            (1, () => OpenAsync(world, first)),
            (2, () => CancelAsync(world, second)),
            (1, () => CancelAsync(world, second))])
        {
            world.Traffic.Reset();
            await operation();
            Assert.Equal(expected, world.Traffic.Requests.Count);
        }
    }

    /// <summary>Loses one response of storage. The client retries the request, and conflicts with its own first attempt.</summary>
    [Theory]
    [InlineData("create", 1), InlineData("create", 2), InlineData("create", 3)]
    [InlineData("open", 1), InlineData("open", 2)]
    [InlineData("cancel", 1), InlineData("cancel", 2)]
    public async Task A_lost_response_does_not_hide_the_success_of_an_operation(string operation, int request)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var id = await CreateAsync(world);
        var before = (await world.AuditEventsAsync(TestWorld.Oakland)).Count;
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number == request ? Fault.ResponseLost : Fault.None;

        if (operation == "create")
            await CreateAsync(world);
        else if (operation == "open")
            Assert.Equal(Ciphertext, await OpenAsync(world, id));
        else
            Assert.Null(await CancelAsync(world, id));

        Assert.True(world.Traffic.Requests.Count > request);
        Assert.Equal(before + 1, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
        var left = (await ListAsync(world)).Select(share => share.OpenedAt is not null);
        Assert.Equal(operation switch { "create" => [false, false], "open" => [true], _ => [] }, left);
    }

    [Fact]
    public async Task Shares_of_the_same_time_are_always_listed_in_the_same_order()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        for (var share = 0; share < 3; share++)
            await CreateAsync(world);
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        var newest = await CreateAsync(world);

        var listed = (await ListAsync(world)).Select(share => share.Id).ToList();

        Assert.Equal(newest, listed[0]);
        Assert.Equal(listed[1..].Select(id => $"{id}").Order(StringComparer.Ordinal), listed[1..].Select(id => $"{id}"));
    }

    /// <summary>A backup does not contain the ciphertext.</summary>
    [Fact]
    public async Task A_share_that_was_restored_without_its_ciphertext_opens_nothing_and_is_deleted()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var id = await CreateAsync(world);
        var row = Assert.Single(await world.RowsAsync("Leas"), row => row.RowKey.StartsWith("share:", StringComparison.Ordinal));
        row.Remove("Ciphertext");
        await world.Storage.Leas.UpdateEntityAsync(row, ETag.All, TableUpdateMode.Replace, TestContext.Current.CancellationToken);

        Assert.Null(await OpenAsync(world, id));
        Assert.Empty(await ListAsync(world));
        await RunAsync(world);
        Assert.DoesNotContain(await world.RowsAsync("Leas"), row => row.RowKey.StartsWith("share:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_share_that_was_never_opened_is_deleted_also_if_the_index_was_lost_and_restored()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await CreateAsync(world);
        await foreach (var entry in world.Storage.Expirations.QueryAsync<TableEntity>(cancellationToken: TestContext.Current.CancellationToken))
            await world.Storage.Expirations.DeleteEntityAsync(entry, cancellationToken: TestContext.Current.CancellationToken);

        await world.Expirations.RestoreAsync(TestContext.Current.CancellationToken);

        world.Clock.Advance(TimeSpan.FromHours(2));
        await RunAsync(world);
        Assert.DoesNotContain(await world.RowsAsync("Leas"), row => row.RowKey.StartsWith("share:", StringComparison.Ordinal));
    }

    private static async Task<ShareId> CreateAsync(TestWorld world) => Assert.IsType<ShareOutcome.Created>(await world.Shares.CreateAsync(
        TestWorld.Oakland, TestWorld.Rosa, "Aeries", Ciphertext, TimeSpan.FromHours(1), seenGeneration: null, TestContext.Current.CancellationToken)).Share.Id;

    private static Task<IReadOnlyList<Share>> ListAsync(TestWorld world) => world.Shares.ListAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);

    private static Task<string?> OpenAsync(TestWorld world, ShareId id) => world.Shares.OpenAsync(id, TestContext.Current.CancellationToken);

    private static Task<DateTimeOffset?> CancelAsync(TestWorld world, ShareId id) => world.Shares.CancelAsync(id, TestWorld.Rosa, TestContext.Current.CancellationToken);
}
