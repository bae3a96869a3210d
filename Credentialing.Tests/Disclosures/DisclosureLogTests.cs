using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Credentials;
using Credentialing.Core.Disclosures;
using Credentialing.Core.ScoreReports;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Disclosures;

[Kind(TestKind.Storage)]
public sealed class DisclosureLogTests(AzuriteFixture azurite)
{
    private static readonly DisclosureFilter All = new(Ssid: null, Client: null, From: null, Before: null);

    [Theory]
    [InlineData(100, 1)]
    [InlineData(101, 2)]
    [InlineData(200, 2)]
    public async Task A_page_has_100_downloads_and_takes_one_request(int downloads, int pages)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await Task.WhenAll(Enumerable.Range(0, downloads).Select(_ => Downloads.RecordAsync(world, TestWorld.Oakland)));
        world.Traffic.Reset();

        List<Disclosure> read = [];
        string? next = null;
        for (var page = 1; page == 1 || next is not null; page++)
        {
            var result = await world.Disclosures.ReadPageAsync(TestWorld.Oakland, All, next, TestContext.Current.CancellationToken);
            read.AddRange(result.Disclosures);
            next = result.Next;
            Assert.Equal(page, world.Traffic.Requests.Count);
        }

        Assert.Equal((downloads, pages), (read.Count, world.Traffic.Requests.Count));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    public async Task A_range_belongs_to_a_download_of_up_to_an_hour_ago(long ticksMore, int records)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        world.Clock.Advance(TimeSpan.FromTicks(12_345_678));
        await RecordRangeAsync(world);

        world.Clock.Advance(DisclosureLog.DownloadTime + TimeSpan.FromTicks(ticksMore));
        await RecordRangeAsync(world);

        Assert.Equal(records, await CountAsync(world));
    }

    [Fact]
    public async Task A_range_is_recorded_again_if_the_record_of_its_download_cannot_be_read()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await RecordRangeAsync(world);
        var row = (await world.RowsAsync("Disclosures")).Single(row => row.RowKey.StartsWith("student:", StringComparison.Ordinal));
        row["Generation"] = "one";
        await world.Storage.Disclosures.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, TestContext.Current.CancellationToken);
        world.Clock.Advance(TimeSpan.FromMinutes(1));

        await RecordRangeAsync(world);

        Assert.Equal(2, await CountAsync(world));
    }

    [Fact]
    public async Task A_record_that_storage_rejects_is_not_looked_for()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await Downloads.RecordAsync(world, TestWorld.Oakland);
        world.Traffic.Reset();
        world.Traffic.InjectFault = _ => Fault.Conflict;

        await Assert.ThrowsAsync<RequestFailedException>(() => Downloads.RecordAsync(world, TestWorld.Oakland));

        Assert.Single(world.Traffic.Requests);
    }

    private static Task RecordRangeAsync(TestWorld world) => world.Disclosures.RecordAsync(new Disclosure(
        TestWorld.Oakland, Ssid.Parse("9016125901"), "2026-ssr-en.pdf", Generation: 1, ClientName.Of("Aeries"), ByLink: false, IsWhole: false, world.Clock.GetUtcNow()));

    private static async Task<int> CountAsync(TestWorld world) =>
        (await world.RowsAsync("Disclosures")).Count(row => row.RowKey.StartsWith("student:", StringComparison.Ordinal));
}
