using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using Azure.Storage;
using Azure.Storage.Blobs;

namespace Credentialing.DevHost;

/// <summary>A local emulator of Azure Storage, on free ports, that lives no longer than this process.</summary>
public sealed partial class Azurite : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly Process process;
    private readonly string accountKey;
    private readonly Dictionary<string, Uri> services;

    private Azurite(Process process, string accountKey, Dictionary<string, Uri> services)
    {
        this.process = process;
        this.accountKey = accountKey;
        this.services = services;
    }

    /// <summary>Starts one.</summary>
    /// <param name="dataFolder">
    /// Where its data is, or is to be; null to keep it in memory. An earlier, killed run may still be writing there: see
    /// <see cref="AwaitPredecessorAsync"/>.
    /// </param>
    /// <param name="accounts">The names of its storage accounts.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DevHostException">It could not be started; the message says what to do.</exception>
    public static async Task<Azurite> StartAsync(
        string? dataFolder, IReadOnlyList<string> accounts, CancellationToken cancellationToken)
    {
        var accountKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        string[] arguments =
        [
            Path.Combine(ProjectFolder.Path, "azurite.cjs"),
            "--blobPort", "0", "--queuePort", "0", "--tablePort", "0",
            "--silent", "--skipApiVersionCheck", "--disableTelemetry",
            .. dataFolder is null ? (string[])["--inMemoryPersistence"] : ["--location", dataFolder],
        ];
        var start = new ProcessStartInfo("node", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["AZURITE_ACCOUNTS"] = string.Join(';', accounts.Select(account => $"{account}:{accountKey}")) },
        };
        var process = StartNode(start);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var services = new Dictionary<string, Uri>();
        while (!services.ContainsKey("Table")) // the last of the three to start
        {
            if (await process.StandardOutput.ReadLineAsync(cancellationToken) is not { } line)
                throw new DevHostException($"Azurite did not start: {(await errors).Trim()}");
            if (Listening().Match(line) is { Success: true } match)
                services[match.Groups["service"].Value] = new Uri(match.Groups["address"].Value);
        }

        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None); // so that it never waits for a reader
        return new Azurite(process, accountKey, services);
    }

    /// <summary>Where its blob service listens.</summary>
    public Uri BlobAddress => services["Blob"];

    /// <summary>Where its table service listens.</summary>
    public Uri TableAddress => services["Table"];

    /// <summary>A client of one account's tables.</summary>
    public TableServiceClient Tables(string account, TableClientOptions? options = null) =>
        new(new Uri(TableAddress, account), new TableSharedKeyCredential(account, accountKey), options);

    /// <summary>A client of one account's blobs.</summary>
    public BlobServiceClient Blobs(string account, BlobClientOptions? options = null) =>
        new(new Uri(BlobAddress, account), new StorageSharedKeyCredential(account, accountKey), options);

    /// <summary>Lets it write its data, and end.</summary>
    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync().WaitAsync(StopTimeout);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
        }

        process.Dispose();
    }

    /// <summary>Waits for the Azurite of an earlier, killed run to have written its data and ended.</summary>
    /// <exception cref="DevHostException">It does not end.</exception>
    internal static async Task AwaitPredecessorAsync(string dataFolder, CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; FindWriter(dataFolder) is { } id; waited += PollInterval)
        {
            if (waited >= StopTimeout)
                throw new DevHostException($"The Azurite of an earlier run (process {id}) still uses {dataFolder}. End it and start again.");
            await Task.Delay(PollInterval, cancellationToken);
        }
    }

    /// <summary>
    /// The process that writes to a folder. The last thing that it does is to remove its file: that tells more than the
    /// process, which stays listed in a container where nobody reaps orphans.
    /// </summary>
    private static int? FindWriter(string dataFolder)
    {
        try
        {
            var id = int.Parse(File.ReadAllText(Path.Combine(dataFolder, "azurite.pid")), CultureInfo.InvariantCulture);
            using var process = Process.GetProcessById(id);
            return process.ProcessName.StartsWith("node", StringComparison.OrdinalIgnoreCase) ? id : null;
        }
        catch (Exception gone) when (gone is IOException or FormatException or ArgumentException or InvalidOperationException)
        {
            return null; // no file, or no such process any more
        }
    }

    private static Process StartNode(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new DevHostException("Node.js 20 or newer is needed to run the storage emulator: install it, and make sure that 'node --version' works.");
        }
    }

    [GeneratedRegex("Azurite (?<service>Blob|Queue|Table) service is successfully listening at (?<address>http://[0-9.:]+)")]
    private static partial Regex Listening();
}
