using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Storage;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Storage;

[Kind(TestKind.Storage)]
public sealed class LeaPartitionTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "")]
    [InlineData("a", "(a)")]
    [InlineData("aab", "(aa)(b)")]
    [InlineData("abbbc", "(a)(bbb)(c)")]
    public async Task Rows_are_grouped_by_partition(string partitionKeys, string expected)
    {
        var rows = partitionKeys.Select((key, number) => new TableEntity(key.ToString(), $"{number}")).ToAsyncEnumerable();

        var groups = await rows.ByPartition().Select(group => $"({string.Concat(group.Select(row => row.PartitionKey))})").ToListAsync(Cancellation);

        Assert.Equal(expected, string.Concat(groups));
    }

    /// <summary>The client of Table Storage returns no row in both cases.</summary>
    [Fact]
    public async Task A_missing_row_is_null_and_a_missing_table_a_failure()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        Assert.Null(await FindAsync());
        await world.Storage.Leas.DeleteAsync(Cancellation);
        Assert.Equal("TableNotFound", (await Assert.ThrowsAsync<RequestFailedException>(FindAsync)).ErrorCode);

        Task<TableEntity?> FindAsync() => LeaPartition.FindAsync(world.Storage, TestWorld.Oakland, LeaPartition.CredentialRow, columns: null, Cancellation);
    }

    [Fact]
    public async Task A_change_of_rows_that_another_request_has_changed_is_a_conflict()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var row = new TableEntity(TestWorld.Oakland.Value, "row");

        foreach (var submit in (Func<TableTransactionAction, Task<bool>>[])[step => LeaPartition.TryChangeAsync(world.Storage, [step]), step => LeaPartition.TrySubmitAsync(world.Storage, step)])
        {
            Assert.True(await submit(new(TableTransactionActionType.Add, row)));
            Assert.False(await submit(new(TableTransactionActionType.Add, row))); // 409
            Assert.False(await submit(new(TableTransactionActionType.UpdateReplace, row, new ETag("W/\"datetime'2026-11-23T20%3A00%3A00.0000000Z'\"")))); // 412
            Assert.True(await submit(new(TableTransactionActionType.Delete, row, ETag.All)));
        }

        var delete = new TableTransactionAction(TableTransactionActionType.Delete, row, ETag.All);
        Assert.False(await LeaPartition.TryChangeAsync(world.Storage, [delete]));
        Assert.True(await LeaPartition.TrySubmitAsync(world.Storage, delete)); // it is deleted, as it should be
    }

    [Fact]
    public async Task A_change_that_storage_rejects_for_another_reason_is_a_failure()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        world.Traffic.InjectFault = _ => Fault.Throttled;
        var add = new TableTransactionAction(TableTransactionActionType.Add, new TableEntity(TestWorld.Oakland.Value, "row"));

        await Assert.ThrowsAsync<RequestFailedException>(() => LeaPartition.TryChangeAsync(world.Storage, [add]));
        await Assert.ThrowsAsync<RequestFailedException>(() => LeaPartition.TrySubmitAsync(world.Storage, add));
    }
}
