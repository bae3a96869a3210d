using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.Disclosures;

[Kind(TestKind.Storage)]
public sealed class DisclosureBackupTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_a_restore_of_a_deleted_table_all_downloads_are_listed_and_counted_again()
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        var world = downloads.World;
        for (var day = 0; day < 4; day++)
        {
            await downloads.GetAsync(Downloads.Report, "User-Agent", "Aeries");
            await Downloads.RecordAsync(world, TestWorld.Berkeley, ssid: "9016125902");
            await RunAsync(world);
            await world.Backups.BackUpAsync(Cancellation);
            world.Clock.Advance(TimeSpan.FromDays(1));
        }

        await RunAsync(world);
        var (before, counts) = (await RowsAsync(world), await CountsAsync(world));
        Assert.Equal(16, before.Count);
        await LoseAsync(world);

        var (restored, unreadable) = await world.DisclosureBackup.RestoreAsync(isApplied: true, progress: null, Cancellation);
        await world.Expirations.RestoreAsync(Cancellation); // the index entry for downloads
        await RunAsync(world);

        Assert.Equal(18, restored);
        Assert.Equal(0, unreadable);
        Assert.Equal(before, await RowsAsync(world));
        Assert.Equal(counts, await CountsAsync(world));
        Assert.Equal(4, (await downloads.ListAsync()).Count);
        Assert.Equal(restored, (await world.DisclosureBackup.RestoreAsync(isApplied: true, progress: null, Cancellation)).Disclosures);
        Assert.Equal(before, await RowsAsync(world));
    }

    [Fact]
    public async Task A_backup_contains_what_is_new_since_the_day_before_the_last_one()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        foreach (var expected in (int[])[1, 2, 3, 3])
        {
            await Downloads.RecordAsync(world, TestWorld.Oakland);
            Assert.Equal(expected, (await world.Backups.BackUpAsync(Cancellation)).Disclosures.Rows);
            world.Clock.Advance(TimeSpan.FromDays(1));
        }
    }

    [Fact]
    public async Task A_preview_inserts_nothing_and_a_row_that_cannot_be_read_does_not_stop_a_restore()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await Downloads.RecordAsync(world, TestWorld.Oakland);
        await Downloads.RecordAsync(world, TestWorld.Oakland);
        var corrupt = (await world.RowsAsync("Disclosures")).First(row => row.RowKey.StartsWith("time:", StringComparison.Ordinal));
        corrupt["Generation"] = "one";
        await world.Storage.Disclosures.UpdateEntityAsync(corrupt, corrupt.ETag, TableUpdateMode.Replace, Cancellation);
        await world.Backups.BackUpAsync(Cancellation);
        await LoseAsync(world);

        Assert.Equal((1, 1), await world.DisclosureBackup.RestoreAsync(isApplied: false, progress: null, Cancellation));
        Assert.Empty(await world.RowsAsync("Disclosures"));
        Assert.Equal((1, 1), await world.DisclosureBackup.RestoreAsync(isApplied: true, progress: null, Cancellation));
        Assert.Equal(2, (await RowsAsync(world)).Count);
    }

    /// <summary>Returns the rows of disclosures, with all columns.</summary>
    private static async Task<IReadOnlyList<string>> RowsAsync(TestWorld world) =>
        [.. (await world.RowsAsync("Disclosures")).Where(row => row.RowKey.Contains(':', StringComparison.Ordinal) && LeaId.TryParse(row.PartitionKey, out _) && !row.RowKey.StartsWith("month:", StringComparison.Ordinal))
            .Select(row => row.Describe())];

    private static async Task<IReadOnlyList<(string LeaId, string Row, int? Count)>> CountsAsync(TestWorld world) =>
        [.. (await world.RowsAsync("Disclosures")).Where(row => row.RowKey.StartsWith("month:", StringComparison.Ordinal)).Select(row => (row.PartitionKey, row.RowKey, row.GetInt32("Count")))];

    private static async Task LoseAsync(TestWorld world)
    {
        await world.Storage.Disclosures.DeleteAsync(Cancellation);
        await world.Storage.CreateMissingAsync(Cancellation);
    }
}
