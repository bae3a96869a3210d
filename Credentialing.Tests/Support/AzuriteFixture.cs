using System.Globalization;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace Credentialing.Tests.Support;

/// <summary>
/// In-memory Azurite for the whole test run, on free ports. Each test can get its own empty storage account. There are several emulators,
/// because Azurite searches the list of all its tables for each request.
/// </summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private const int AccountsPerEmulator = 400;

    private readonly Lock starting = new();
    private readonly List<Task<Azurite>> emulators = [];
    private int used;

    public async ValueTask InitializeAsync() => await Emulator(0);

    public async ValueTask DisposeAsync()
    {
        foreach (var emulator in emulators)
            await (await emulator).DisposeAsync();
    }

    /// <summary>Returns an unused storage account.</summary>
    public StorageAccount NewAccount()
    {
        var number = Interlocked.Increment(ref used) - 1;
        var (index, account) = (number / AccountsPerEmulator, number % AccountsPerEmulator);
        if (account > AccountsPerEmulator / 2)
            _ = Emulator(index + 1); // so that it is ready when it is needed
        return new StorageAccount(Emulator(index).GetAwaiter().GetResult(), Name(account));
    }

    /// <summary>Returns an emulator. Starts it on the first call.</summary>
    private Task<Azurite> Emulator(int index)
    {
        lock (starting)
        {
            while (emulators.Count <= index)
                emulators.Add(Task.Run(() => Azurite.StartAsync(dataFolder: null, [.. Enumerable.Range(0, AccountsPerEmulator).Select(Name)], CancellationToken.None)));
            return emulators[index];
        }
    }

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"account{number:D3}");
}

/// <summary>A storage account used by one test only.</summary>
public sealed class StorageAccount(Azurite azurite, string name)
{
    /// <summary>Whether coordinators have been saved, so that changes have notices.</summary>
    public bool HasCoordinators { get; set; }

    public Uri TableAddress => new(azurite.TableAddress, name);

    public Uri BlobAddress => new(azurite.BlobAddress, name);

    public string Key => azurite.AccountKey;

    public TableServiceClient Tables(TableClientOptions? options = null) => azurite.Tables(name, options);

    public BlobServiceClient Blobs(BlobClientOptions? options = null) => azurite.Blobs(name, options);
}
