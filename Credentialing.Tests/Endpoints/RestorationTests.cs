using System.Net;
using Azure;
using Azure.Data.Tables;
using Credentialing.Core.DailyRun;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.Endpoints;

/// <summary>Recovery from a deleted table, as described in the operators' guide.</summary>
[Kind(TestKind.Storage)]
public sealed class RestorationTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task The_daily_run_fails_without_the_Expirations_table_and_reminds_all_LEAs_after_a_restore()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        await world.MustGenerateAsync(TestWorld.Berkeley, seenGeneration: 1);
        world.Clock.Advance(TimeSpan.FromDays(351));
        var before = await IndexEntriesAsync(world);
        await world.Storage.Expirations.DeleteAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(world));

        await world.Storage.CreateMissingAsync(TestContext.Current.CancellationToken); // on Azure, the templates create the tables
        for (var repetition = 0; repetition < 2; repetition++)
        {
            var response = await host.SendAsync(HttpMethod.Post, "expirations/restore", "toms");
            Assert.Equal((HttpStatusCode.OK, 2), (response.Status, response.Json.GetProperty("credentials").GetInt32()));
            Assert.Equal(before, await IndexEntriesAsync(world));
        }

        await RunAsync(world);
        Assert.Equal(2, world.Mail.Delivered.Count);
    }

    [Fact]
    public async Task After_a_restore_the_next_run_removes_an_announcement_that_was_still_to_be_removed()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await RunAsync(world);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        Assert.Single(world.MyToms.Shown);
        await world.Storage.Expirations.DeleteAsync(TestContext.Current.CancellationToken);
        await world.Storage.CreateMissingAsync(TestContext.Current.CancellationToken);

        await world.Expirations.RestoreAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, (await RunAsync(world)).Removed);
        Assert.Empty(world.MyToms.Shown);
        Assert.Single(await IndexEntriesAsync(world));
    }

    [Fact]
    public async Task A_restore_handles_more_LEAs_than_fit_on_one_page()
    {
        const int Leas = 1100;
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var row = Assert.Single(await world.RowsAsync("Leas"), row => row.RowKey == "credential");
        await Parallel.ForEachAsync(Enumerable.Range(1, Leas - 1), TestContext.Current.CancellationToken, async (number, token) =>
        {
            var copy = new TableEntity(row) { PartitionKey = $"{number:D14}" };
            copy.Remove("odata.etag");
            await world.Storage.Leas.AddEntityAsync(copy, token);
        });

        Assert.Equal(Leas, (await world.Expirations.RestoreAsync(TestContext.Current.CancellationToken)).Indexed);
        Assert.Equal(Leas, (await IndexEntriesAsync(world)).Count);
    }

    [Fact]
    public async Task A_restore_lists_unreadable_rows_and_restores_the_other_LEAs()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.Storage.Leas.AddEntityAsync(new TableEntity("00000000000001", "credential"), TestContext.Current.CancellationToken);
        await world.Storage.Leas.AddEntityAsync(new TableEntity("00000000000002", "credential") { ["SchemaVersion"] = 3 }, TestContext.Current.CancellationToken);
        await world.Storage.Leas.AddEntityAsync(new TableEntity("1", "credential"), TestContext.Current.CancellationToken);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.Storage.Expirations.DeleteAsync(TestContext.Current.CancellationToken);
        await world.Storage.CreateMissingAsync(TestContext.Current.CancellationToken);

        var (indexed, unreadable) = await world.Expirations.RestoreAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, indexed);
        Assert.Equal(
            [("00000000000001", "Its rows are corrupt."), ("00000000000002", "A newer release has written its rows."), ("1", "Its rows are corrupt.")],
            unreadable.Select(lea => (lea.Key, lea.Value)));
        Assert.Equal([("2027-11-23", TestWorld.Oakland.Value)], await IndexEntriesAsync(world));
    }

    [Fact]
    public async Task A_generation_throws_and_changes_nothing_without_the_Expirations_table()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.Storage.Expirations.DeleteAsync(TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<RequestFailedException>(() => world.GenerateAsync(TestWorld.Oakland));

        Assert.Empty(await world.RowsAsync("Leas"));
    }

    /// <summary>The storage client does not distinguish a missing row from a missing table.</summary>
    [Fact]
    public async Task Without_the_Leas_table_no_vendor_is_told_that_the_key_is_wrong()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await world.Storage.Leas.DeleteAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.AsVendorAsync(TestWorld.Berkeley, key, "v1/credential")).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "rosa")).Status);
    }

    [Fact]
    public async Task After_the_loss_of_the_Leas_table_old_keys_stay_invalid_and_new_credentials_can_be_generated()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var lost = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await world.Storage.Leas.DeleteAsync(TestContext.Current.CancellationToken);
        await world.Storage.CreateMissingAsync(TestContext.Current.CancellationToken);

        Assert.Equal("none", (await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "rosa")).Json.GetProperty("state").GetString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.AsVendorAsync(TestWorld.Oakland, lost, "v1/credential")).Status);
        var next = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.AsVendorAsync(TestWorld.Oakland, lost, "v1/credential")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, next, "v1/credential")).Status);
    }

    /// <summary>Returns the expiration entries of LEAs in date order.</summary>
    private static async Task<IReadOnlyList<(string Date, string LeaId)>> IndexEntriesAsync(TestWorld world) =>
        [.. (await world.RowsAsync("Expirations")).Where(row => row.RowKey != "downloads").Select(row => (row.PartitionKey, row.RowKey)).Order()];
}
