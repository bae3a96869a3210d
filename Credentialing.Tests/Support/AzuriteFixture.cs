using System.Globalization;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace Credentialing.Tests.Support;

/// <summary>
/// In-memory Azurite for the whole test run, on free ports. Each test can get its own empty storage account. There are several emulators,
/// because Azurite searches the list of all its tables for each request. The first test that needs storage starts the first one.
/// </summary>
public sealed class AzuriteFixture : IAsyncDisposable
{
    private static readonly Emulators OfProcess = new();

    /// <summary>Mutation testing has many test runs in one process: they share the emulators, which stop when the process ends.</summary>
    private readonly Emulators emulators = SelectedTests.IsActive ? OfProcess : new();

    public async ValueTask DisposeAsync()
    {
        if (emulators != OfProcess)
            await emulators.StopAsync();
    }

    /// <summary>Returns an unused storage account.</summary>
    public StorageAccount NewAccount() => emulators.NewAccount();

    private sealed class Emulators
    {
        private const int Accounts = 400;

        private readonly Lock starting = new();
        private readonly List<Task<Azurite>> emulators = [];
        private int used;

        internal StorageAccount NewAccount()
        {
            var number = Interlocked.Increment(ref used) - 1;
            var (index, account) = (number / Accounts, number % Accounts);
            if (account > Accounts / 2)
                _ = Emulator(index + 1); // so that it is ready when it is needed
            return new StorageAccount(Emulator(index).GetAwaiter().GetResult(), Name(account));
        }

        internal async Task StopAsync()
        {
            foreach (var emulator in emulators)
                await (await emulator).DisposeAsync();
        }

        /// <summary>Returns an emulator. Starts it on the first call.</summary>
        private Task<Azurite> Emulator(int index)
        {
            lock (starting)
            {
                while (emulators.Count <= index)
                    emulators.Add(Task.Run(() => Azurite.StartAsync(dataFolder: null, [.. Enumerable.Range(0, Accounts).Select(Name)], CancellationToken.None)));
                return emulators[index];
            }
        }

        private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"account{number:D3}");
    }
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
