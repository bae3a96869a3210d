using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using Azure.Storage;
using Azure.Storage.Blobs;

namespace Credentialing.DevHost;

/// <summary>A local emulator of Azure Storage on free ports. It ends with this process.</summary>
public sealed partial class Azurite : IAsyncDisposable
{
    private const string Emulator = "azurite";

    private readonly NodeProcess process;
    private readonly Dictionary<string, Uri> services;

    private Azurite(NodeProcess process, string accountKey, Dictionary<string, Uri> services)
    {
        this.process = process;
        AccountKey = accountKey;
        this.services = services;
    }

    /// <summary>Starts the emulator.</summary>
    /// <param name="dataFolder">
    /// The folder of the data; null to keep the data in memory. The emulator of an earlier, killed run may still be writing there:
    /// see <see cref="WaitForPreviousRunAsync"/>.
    /// </param>
    /// <param name="accounts">The names of the storage accounts.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <param name="options">Additional command-line options of Azurite, such as those for HTTPS.</param>
    /// <exception cref="DevHostException">The emulator could not be started. The message says what to do.</exception>
    public static async Task<Azurite> StartAsync(
        string? dataFolder, IReadOnlyList<string> accounts, CancellationToken cancellationToken, params string[] options)
    {
        var accountKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        string[] arguments =
        [
            "--blobPort", "0", "--queuePort", "0", "--tablePort", "0",
            "--silent", "--skipApiVersionCheck", "--disableTelemetry",
            .. dataFolder is null ? (string[])["--inMemoryPersistence"] : ["--location", dataFolder],
            .. options,
        ];
        var environment = new Dictionary<string, string>
        {
            ["AZURITE_ACCOUNTS"] = string.Join(';', accounts.Select(account => $"{account}:{accountKey}")),
        };
        var services = new Dictionary<string, Uri>();
        return new Azurite(await NodeProcess.StartAsync(Emulator, dataFolder, arguments, environment, IsReady, cancellationToken), accountKey, services);

        bool IsReady(string line)
        {
            if (Listening().Match(line) is { Success: true } match)
                services[match.Groups["service"].Value] = new Uri(match.Groups["address"].Value);
            return services.ContainsKey("Table"); // the table service starts last
        }
    }

    /// <summary>The key of all accounts, which is new at each start.</summary>
    public string AccountKey { get; }

    /// <summary>The address of the blob service.</summary>
    public Uri BlobAddress => services["Blob"];

    /// <summary>The address of the table service.</summary>
    public Uri TableAddress => services["Table"];

    /// <summary>Creates a client for the tables of an account.</summary>
    public TableServiceClient Tables(string account, TableClientOptions? options = null) =>
        new(new Uri(TableAddress, account), new TableSharedKeyCredential(account, AccountKey), options);

    /// <summary>Creates a client for the blobs of an account.</summary>
    public BlobServiceClient Blobs(string account, BlobClientOptions? options = null) =>
        new(new Uri(BlobAddress, account), new StorageSharedKeyCredential(account, AccountKey), options);

    /// <summary>Stops the emulator after it has written its data.</summary>
    public ValueTask DisposeAsync() => process.DisposeAsync();

    /// <summary>Waits until the Azurite of an earlier, killed run has written its data and exited.</summary>
    /// <exception cref="DevHostException">It does not exit in time.</exception>
    internal static Task WaitForPreviousRunAsync(string dataFolder, CancellationToken cancellationToken) =>
        NodeProcess.WaitForPreviousRunAsync(Emulator, dataFolder, cancellationToken);

    [GeneratedRegex("Azurite (?<service>Blob|Queue|Table) service is successfully listening at (?<address>https?://[0-9.:]+)")]
    private static partial Regex Listening();
}
