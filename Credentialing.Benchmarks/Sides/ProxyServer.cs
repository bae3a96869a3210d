using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using Credentialing.Core.Storage;
using Credentialing.DevHost;
using Credentialing.Tests.Performance;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Credentialing.Benchmarks.Sides;

/// <summary>
/// The least that a download can do: authenticate nobody, and stream the response of one GET request to storage. It also returns the
/// address of each file in storage itself.
/// </summary>
internal static class ProxyServer
{
    internal const string Name = "proxy";

    /// <summary>The same, which also reads one row before, and inserts one with two rows, as many requests as a recorded download.</summary>
    internal const string NameWithRows = "proxy-with-rows";

    private const string Table = "Rows";

    /// <summary>Returns the path of a file.</summary>
    internal static string PathOf(int year) => $"/files/{year}";

    /// <summary>Returns the path of the text with the file's address in storage, which needs no further authentication.</summary>
    internal static string StoragePathOf(int year) => $"/storage/{year}";

    /// <summary>Runs the server until the standard input is closed.</summary>
    internal static async Task RunAsync(bool usesRows)
    {
        await using var azurite = await Azurite.StartAsync(dataFolder: null, [OurServer.Account], CancellationToken.None);
        var tables = azurite.Tables(OurServer.Account, MeasuredApp.Options(new TableClientOptions(), fromMemory: false));
        var storage = new CredentialingStorage(tables, azurite.Blobs(OurServer.Account, MeasuredApp.Options(new BlobClientOptions(), fromMemory: false)));
        await storage.CreateMissingAsync(CancellationToken.None);
        await SampleReports.UploadDownloadedAsync(storage);
        var rows = tables.GetTableClient(Table);
        await rows.CreateIfNotExistsAsync();
        await rows.AddEntityAsync(new TableEntity("client", "row"));

        await using var app = ServedSide.NewBuilder().Build();
        app.MapGet(PathOf(0).Replace("0", "{year:int}", StringComparison.Ordinal), async (int year, HttpContext context) =>
        {
            var aborted = context.RequestAborted;
            if (usesRows)
                await rows.GetEntityIfExistsAsync<TableEntity>("client", "row", cancellationToken: aborted);
            using var file = (await Blob(year).DownloadStreamingAsync(cancellationToken: aborted)).Value;
            if (usesRows)
            {
                var key = Guid.NewGuid().ToString();
                await rows.SubmitTransactionAsync(
                    [new(TableTransactionActionType.Add, new TableEntity("downloads", $"a{key}")), new(TableTransactionActionType.Add, new TableEntity("downloads", $"b{key}"))], aborted);
            }

            context.Response.ContentLength = file.Details.ContentLength;
            await file.Content.CopyToAsync(context.Response.Body, aborted);
        });
        app.MapGet(StoragePathOf(0).Replace("0", "{year:int}", StringComparison.Ordinal), (int year) =>
            Blob(year).GenerateSasUri(BlobSasPermissions.Read, TimeProvider.System.GetUtcNow().AddHours(1)).ToString());
        await ServedSide.ServeAsync(app, "none", "none");

        BlobClient Blob(int year) => storage.ScoreReports.GetBlobClient(SampleReports.Report(year).BlobName(MeasuredApp.Oakland));
    }
}
