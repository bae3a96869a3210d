using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Backups;
using Credentialing.Core.Leas;
using Credentialing.Core.Recovery;
using Credentialing.Core.ScoreReports;
using Credentialing.Tests.Support;
using CsCheck;

namespace Credentialing.Tests.Fuzzing;

/// <summary>What is read from storage: the names of report files, which TOMS chooses; table rows; backups and the log of key changes.</summary>
[Kind(TestKind.Storage)]
public sealed class StoredDataFuzzingTests(AzuriteFixture azurite, ITestOutputHelper output)
{
    private const string Student = "01612590000000/9016125901/";

    private static readonly string[] Tables = ["Leas", "Expirations", "Disclosures", "Overview"];

    /// <summary>What reads the rows of Oakland.</summary>
    private static readonly string[] Reads =
    [
        FuzzedApi.Credentials, "leas/01612590000000", "leas/01612590000000/events", "leas/01612590000000/events#csv", "leas/01612590000000/announcements", "leas/01612590000000/shares",
        "leas/01612590000000/disclosures", "leas/01612590000000/disclosures#csv", "leas/01612590000000/disclosures/summary", $"{FuzzedApi.Credentials}/calendar", "reminders/preview", "leas", "leas#csv",
        "v1/credential", FuzzedApi.Report, "v1/students/9016125901/score-reports",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_name_of_a_report_file() => FuzzRun.SampleAsync(
        output,
        5,
        () => FuzzedApi.StartAsync(azurite),
        _ => Mutations.Of(Mutations.AllChars, "2026/ssr-en.pdf", "2026/lexile-quantile-zh-hant.mp4", "2025/ssr-es-419.HTML", "../01611430000000/9016125901/2026/ssr-en.pdf").Where(name => name.Length is > 0 and < 500 && name.All(XmlConvert.IsXmlChar)), // the emulator's list of names is invalid XML with others
        async (api, name) =>
        {
            var blob = api.World.Account.Blobs().GetBlobContainerClient("score-reports").GetBlobClient(Student + name);
            try
            {
                await blob.UploadAsync(BinaryData.FromString("a"), overwrite: true, Cancellation);
            }
            catch (Exception refused) when (refused is RequestFailedException or UriFormatException or ArgumentException)
            {
                return; // storage does not accept the name
            }

            try
            {
                await CheckListAsync(api, name);
            }
            finally
            {
                if (blob.Name != $"{Student}2026/ssr-en.pdf")
                    await blob.DeleteIfExistsAsync(cancellationToken: Cancellation);
            }
        },
        FuzzedRequest.Printable);

    /// <summary>A request that needs the damaged row fails and says so in the log. No other exception occurs, and other LEAs are not affected.</summary>
    [Fact]
    public Task A_column_of_a_row() => FuzzRun.SampleAsync(
        output,
        10,
        async () =>
        {
            var api = await FuzzedApi.StartAsync(azurite);
            await api.World.Run.RunAsync(Cancellation);
            await api.SendAsync(new FuzzedRequest("GET", FuzzedApi.Report, [("Authorization", api.Basic)]));
            await api.World.Overview.CheckAsync(Cancellation);
            return api;
        },
        _ => Gen.Select(Gen.Int[0, 10_000], Gen.Int[0, 10_000], Values, Gen.Int[0, 19], Gen.Int[0, Reads.Length - 1], (row, column, value, kind, read) => new Damage(row, column, value, kind, Reads[read])),
        DamageAsync,
        damage => FuzzedRequest.Printable($"{damage}"),
        inputsPerStart: 2_000);

    [Fact]
    public Task A_file_of_a_backup() => FuzzRun.SampleAsync(
        output,
        5,
        async () =>
        {
            var world = await TestWorld.CreateAsync(azurite);
            await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa, TestWorld.Luis]));
            await world.MustGenerateAsync(TestWorld.Oakland);
            await world.MustGenerateAsync(TestWorld.Berkeley);
            await world.Backups.BackUpAsync(Cancellation);
            return world;
        },
        _ => Gen.Select(Gen.Int[0, 4], Gen.Double[0, 1], Gen.Byte, Gen.Int[0, 2], Mutations.Text(Mutations.AllChars), Mutations.Of(Mutations.AllChars, "changes/2026-11-24/0000000000000_01612590000000_000001_Revoked", "changes/9999-12-31/2359599999999_01612590000000_999999_Generated").Where(name => name.Length > 0 && name.All(XmlConvert.IsXmlChar)), (file, place, value, kind, text, name) => new BackupDamage(file, place, value, kind, text, name)),
        RestoreAsync,
        damage => FuzzedRequest.Printable($"{damage}"),
        inputsPerStart: 500);

    /// <summary>Every listed report has a valid id, and can be downloaded.</summary>
    private static async Task CheckListAsync(FuzzedApi api, string name)
    {
        (string, string)[] headers = [("Authorization", api.Basic)];
        Assert.Equal(HttpStatusCode.OK, await api.SendAsync(new FuzzedRequest("GET", "v1/students/9016125901/score-reports?links=temporary", headers)));
        var reports = await api.World.Reports.ListAsync(TestWorld.Oakland, Core.ScoreReports.Ssid.Parse(FuzzedApi.Ssid), Cancellation);
        foreach (var listed in reports)
        {
            Assert.True(ScoreReport.TryParseId(Core.ScoreReports.Ssid.Parse(FuzzedApi.Ssid), listed.Report.Id, out _), listed.Report.Id);
            Assert.Equal(HttpStatusCode.OK, await api.SendAsync(new FuzzedRequest("GET", $"v1/students/9016125901/score-reports/{Uri.EscapeDataString(listed.Report.Id)}", headers)));
        }

        await api.SendAsync(new FuzzedRequest("GET", $"v1/students/9016125901/score-reports/{Uri.EscapeDataString(name.Replace('/', '-'))}", headers));
    }

    private static Gen<object?> Values { get; } = Gen.OneOf(
        Gen.OneOf<object?>(
            null, "", 0, -1, 99, int.MaxValue, int.MinValue, 1L, long.MaxValue, true, 1.5, double.NaN, double.PositiveInfinity, Guid.Empty, Array.Empty<byte>(), new byte[5], new byte[32],
            new DateTimeOffset(1601, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero), new DateTimeOffset(2026, 11, 23, 20, 0, 0, TimeSpan.Zero), new string('a', 30_000)),
        Mutations.Of(Mutations.AllChars, "rubbish", "2026-11-23", "luis\ten\tluis@lea.example\tLuis Ortega", """{"To":["rosa@lea.example"],"Milestone":14}""", "accepted").Where(text => text.Length < 30_000).Select(text => (object?)text));

    private static async Task DamageAsync(FuzzedApi api, Damage damage)
    {
        var rows = new List<(TableClient Table, TableEntity Row)>();
        foreach (var name in Tables)
        {
            var table = api.World.Account.Tables().GetTableClient(name);
            rows.AddRange((await api.World.RowsAsync(name)).Where(row => row.PartitionKey != TestWorld.Berkeley.Value && row.RowKey != TestWorld.Berkeley.Value).Select(row => (table, row)));
        }

        var (client, original) = rows[damage.Row % rows.Count];
        var columns = original.Keys.Except(["PartitionKey", "RowKey", "Timestamp", "odata.etag"]).Append("SchemaVersion").Append("Unknown").Order(StringComparer.Ordinal).ToList();
        var damaged = new TableEntity(original.ToDictionary(column => column.Key, column => (object?)column.Value)!);
        var column = columns[damage.Column % columns.Count];
        damaged[column] = damage.Value;
        // A row with another key, or the row with another column.
        var isCopy = damage.Kind == 0;
        if (isCopy)
            damaged.RowKey = $"{original.RowKey.Split(':')[0]}:{damage.Value as string ?? "1"}";
        try
        {
            await (isCopy ? (Task)client.AddEntityAsync(damaged, Cancellation) : client.UpdateEntityAsync(damaged, ETag.All, TableUpdateMode.Replace, Cancellation));
        }
        catch (Exception refused) when (refused is RequestFailedException or NotSupportedException or ArgumentException or FormatException)
        {
            return; // storage does not accept the row
        }

        try
        {
            await ReadAsync(api, damage);
        }
        finally
        {
            if (isCopy)
                await client.DeleteEntityAsync(damaged, ETag.All, Cancellation);
            else
                await client.UpsertEntityAsync(original, TableUpdateMode.Replace, Cancellation);
        }
    }

    private static async Task ReadAsync(FuzzedApi api, Damage damage)
    {
        var target = damage.Read.Split('#');
        var caller = target[0].StartsWith("v1/", StringComparison.Ordinal) ? api.Basic : target[0] is "leas" or "leas/01612590000000" or "reminders/preview" ? api.Toms : api.Rosa;
        (string, string)[] accept = target.Length == 2 ? [("Accept", "text/csv")] : [];
        try
        {
            await api.SendAsync(new FuzzedRequest("GET", target[0], [("Authorization", caller), .. accept]), isRowDamaged: true);
        }
        catch (HttpRequestException) when (target.Length == 2)
        {
            // The file is incomplete: the connection is aborted.
        }

        api.CheckLog(isRowDamaged: true);
        Assert.Equal(HttpStatusCode.OK, await api.SendAsync(new FuzzedRequest("GET", "leas/01611430000000/credentials", [("Authorization", api.Toms)])));
    }

    /// <summary>A restore reports what it would do, or refuses the backup with a documented exception. It changes nothing without being asked.</summary>
    private static async Task RestoreAsync(TestWorld world, BackupDamage damage)
    {
        FuzzRun.CountRequest();
        var container = world.Account.Blobs().GetBlobContainerClient(world.BackupContainer.Name);
        var backup = await world.Archive.ListAsync(BackupArchive.Leas, Cancellation).LastAsync(Cancellation);
        var manifest = container.GetBlobClient($"{BackupArchive.Leas}/{backup}/manifest.json");
        var part = container.GetBlobClient($"{BackupArchive.Leas}/{backup}/part-0001.jsonl.gz");
        var (manifestContent, partContent) = ((await manifest.DownloadContentAsync(Cancellation)).Value.Content, (await part.DownloadContentAsync(Cancellation)).Value.Content);
        var change = container.GetBlobClient(damage.ChangeName);
        var hasChange = false;
        switch (damage.File)
        {
            case 0:
                await manifest.UploadAsync(new BinaryData(Mutations.Damage(manifestContent.ToArray(), damage.Place, damage.Value, damage.Kind)), overwrite: true, Cancellation);
                break;
            case 1:
                await part.UploadAsync(new BinaryData(Mutations.Damage(partContent.ToArray(), damage.Place, damage.Value, damage.Kind)), overwrite: true, Cancellation);
                break;
            case 2:
                // The hash is right, but a row is not.
                var lines = Mutations.Damage(Unzip(partContent), damage.Place, damage.Value, damage.Kind);
                await ReplaceAsync(Zip(lines));
                break;
            case 3:
                // A member of the manifest is another JSON value.
                var json = JsonNode.Parse(manifestContent)!.AsObject();
                var members = json.Select(member => member.Key).ToList();
                json[members[damage.Value % members.Count]] = damage.Kind switch { 0 => null, 1 => damage.Text, _ => damage.Value };
                await manifest.UploadAsync(BinaryData.FromString(json.ToJsonString()), overwrite: true, Cancellation);
                break;
            default:
                try
                {
                    await change.UploadAsync(BinaryData.Empty, overwrite: true, Cancellation);
                    hasChange = true;
                }
                catch (Exception refused) when (refused is RequestFailedException or UriFormatException or ArgumentException)
                {
                    // Storage does not accept the name.
                }

                break;
        }

        try
        {
            await PreviewAsync(world, backup);
        }
        finally
        {
            await manifest.UploadAsync(manifestContent, overwrite: true, Cancellation);
            await part.UploadAsync(partContent, overwrite: true, Cancellation);
            if (hasChange)
                await change.DeleteIfExistsAsync(cancellationToken: Cancellation);
        }

        async Task ReplaceAsync(byte[] content)
        {
            await part.UploadAsync(new BinaryData(content), overwrite: true, Cancellation);
            var described = manifestContent.ToObjectFromJson<BackupManifest>(JsonSerializerOptions.Web)!;
            var other = described with { Parts = [described.Parts[0] with { Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)) }] };
            await manifest.UploadAsync(BinaryData.FromObjectAsJson(other, JsonSerializerOptions.Web), overwrite: true, Cancellation);
        }
    }

    private static async Task PreviewAsync(TestWorld world, string backup)
    {
        var before = await world.RowsAsync("Leas");
        world.Traffic.Reset();
        var failure = await Record.ExceptionAsync(() => world.Restore.RunAsync(new RestoreRequest(backup, IsApplied: false, new HashSet<Core.LeaId>()), progress: null, Cancellation).WaitAsync(FuzzRun.Limit, Cancellation));
        if (failure is not (null or InvalidDataException or RequestFailedException))
            throw new InvalidOperationException("Another exception than the documented ones.", failure);
        Assert.DoesNotContain(world.Traffic.Requests, request => !request.StartsWith("GET ", StringComparison.Ordinal));
        Assert.Equal(before.Count, (await world.RowsAsync("Leas")).Count);
    }

    private static byte[] Unzip(BinaryData content)
    {
        using var lines = new GZipStream(content.ToStream(), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        lines.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static byte[] Zip(byte[] lines)
    {
        using var bytes = new MemoryStream();
        using (var compressed = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
            compressed.Write(lines);
        return bytes.ToArray();
    }

    /// <summary>A change of one row, and the request that is sent then.</summary>
    private sealed record Damage(int Row, int Column, object? Value, int Kind, string Read)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"row {Row}, column {Column}, {Value?.GetType().Name} {Value}, {(Kind == 0 ? "as a row with another key" : "in place")}, then {Read}");
    }

    /// <summary>A change of the manifest, of the part, of the rows in it or of the log of key changes.</summary>
    private sealed record BackupDamage(int File, double Place, byte Value, int Kind, string Text, string ChangeName);
}
