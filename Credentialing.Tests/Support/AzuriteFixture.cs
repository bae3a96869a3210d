using System.Globalization;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace Credentialing.Tests.Support;

/// <summary>One in-memory Azurite for the whole test run, on free ports. Each test can get its own empty storage account.</summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private const int Accounts = 3000;

    private Azurite azurite = null!;
    private int used;

    public async ValueTask InitializeAsync() =>
        azurite = await Azurite.StartAsync(dataFolder: null, [.. Enumerable.Range(1, Accounts).Select(Name)], CancellationToken.None);

    public ValueTask DisposeAsync() => azurite.DisposeAsync();

    /// <summary>Returns an unused storage account.</summary>
    public StorageAccount NewAccount()
    {
        var number = Interlocked.Increment(ref used);
        return number <= Accounts
            ? new StorageAccount(azurite, Name(number))
            : throw new InvalidOperationException($"More than {Accounts} storage accounts are required. Increase Accounts.");
    }

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"account{number:D4}");
}

/// <summary>A storage account used by one test only.</summary>
public sealed class StorageAccount(Azurite azurite, string name)
{
    /// <summary>Whether coordinators have been saved, so that changes have notices.</summary>
    public bool HasCoordinators { get; set; }

    public TableServiceClient Tables(TableClientOptions? options = null) => azurite.Tables(name, options);

    public BlobServiceClient Blobs(BlobClientOptions? options = null) => azurite.Blobs(name, options);
}
