using System.Collections.Concurrent;
using System.Globalization;
using Azure.Data.Tables;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Model;

/// <summary>
/// Storage accounts of an emulator of its own, which are emptied and used again. New accounts for each history would make the emulator slow:
/// it searches the list of all its tables for each request.
/// </summary>
internal sealed class EmptyStorage : IAsyncDisposable
{
    private readonly Azurite azurite;
    private readonly ConcurrentBag<Slot> free;

    private EmptyStorage(Azurite azurite, IEnumerable<Slot> slots) => (this.azurite, free) = (azurite, [.. slots]);

    internal static async Task<EmptyStorage> StartAsync(int accounts)
    {
        string[] names = [.. Enumerable.Range(0, accounts).Select(number => string.Create(CultureInfo.InvariantCulture, $"model{number}"))];
        var azurite = await Azurite.StartAsync(dataFolder: null, names, TestContext.Current.CancellationToken);
        List<Slot> slots = [.. names.Select(name => new Slot(new StorageAccount(azurite, name)))];
        foreach (var slot in slots)
            await slot.CreateAsync();
        return new EmptyStorage(azurite, slots);
    }

    public ValueTask DisposeAsync() => azurite.DisposeAsync();

    /// <summary>Calls a function with an empty account.</summary>
    internal async Task UseAsync(Func<Slot, Task> use)
    {
        Assert.True(free.TryTake(out var slot));
        try
        {
            await use(slot);
        }
        finally
        {
            await slot.EmptyAsync();
            free.Add(slot);
        }
    }

    /// <summary>A storage account. It always contains the report, and no other data when its use begins.</summary>
    internal sealed class Slot(StorageAccount account)
    {
        private readonly TableServiceClient tables = account.Tables();

        private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

        internal StorageAccount Account => account;

        internal TableClient Leas => tables.GetTableClient("Leas");

        internal TableClient Expirations => tables.GetTableClient("Expirations");

        internal TableClient Disclosures => tables.GetTableClient("Disclosures");

        /// <summary>Whether a download was recorded.</summary>
        internal bool HasDisclosures { get; set; }

        internal async Task CreateAsync()
        {
            foreach (var table in (TableClient[])[Leas, Expirations, Disclosures])
                await table.CreateAsync(Cancellation);
            await account.Blobs().CreateBlobContainerAsync("backups", cancellationToken: Cancellation);
            var reports = await account.Blobs().CreateBlobContainerAsync("score-reports", cancellationToken: Cancellation);
            await reports.Value.UploadBlobAsync(Performer.Report.BlobName(TestWorld.Oakland), BinaryData.FromString(Performer.Content), Cancellation);
        }

        internal async Task EmptyAsync()
        {
            await RecreateAsync(Leas);
            await RecreateAsync(Expirations);
            if (HasDisclosures)
                await RecreateAsync(Disclosures);
            HasDisclosures = false;
            await account.Blobs().DeleteBlobContainerAsync("backups", cancellationToken: Cancellation);
            await account.Blobs().CreateBlobContainerAsync("backups", cancellationToken: Cancellation);
        }

        internal static async Task RecreateAsync(TableClient table)
        {
            await table.DeleteAsync(Cancellation);
            await table.CreateAsync(Cancellation);
        }
    }
}
