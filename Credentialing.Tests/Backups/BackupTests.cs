using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using Credentialing.Core.Backups;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Backups;

[Kind(TestKind.Storage)]
public sealed class BackupTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_backup_has_all_rows_with_all_columns_except_the_ciphertext_of_links()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa, TestWorld.Luis]));
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        await world.Shares.CreateAsync(TestWorld.Oakland, TestWorld.Rosa, "Aeries", "the ciphertext", TimeSpan.FromDays(1), seenGeneration: 2, Cancellation);

        var (manifest, _) = await world.Backups.BackUpAsync(Cancellation);

        var rows = await world.RowsAsync("Leas");
        Assert.Contains(rows, row => row.ContainsKey("Ciphertext"));
        Assert.Equal((rows.Count, world.Clock.GetUtcNow()), (manifest.Rows, manifest.StartedAt));
        Assert.Equal(rows.Select(row => row.Describe("Ciphertext")), (await ReadAsync(world)).Select(row => row.Describe()));
    }

    [Fact]
    public async Task A_row_keeps_all_types_of_columns()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var row = new TableEntity("01612590000000", "coordinator:josé")
        {
            ["Text"] = "línea\r\n\u2028\0\"\\",
            ["Empty"] = "",
            ["Number"] = int.MinValue,
            ["Long"] = long.MaxValue,
            ["Double"] = double.NaN,
            ["Fraction"] = 0.1,
            ["Flag"] = true,
            ["Instant"] = new DateTimeOffset(2026, 11, 23, 20, 0, 0, TimeSpan.Zero).AddTicks(1_234_567),
            ["Id"] = Guid.NewGuid(),
            ["Bytes"] = RandomNumberGenerator.GetBytes(33),
        };
        await world.Storage.Leas.AddEntityAsync(row, Cancellation);

        await world.Backups.BackUpAsync(Cancellation);

        var stored = Assert.Single(await world.RowsAsync("Leas"));
        Assert.Equal(12, stored.Count - 2); // without the ETag and the timestamp
        Assert.Equal(stored.Describe(), Assert.Single(await ReadAsync(world)).Describe());
    }

    [Fact]
    public async Task A_large_backup_has_several_parts_and_each_is_checked_when_it_is_read()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        for (var number = 0; number < 80; number++)
            await world.Storage.Leas.AddEntityAsync(new TableEntity("01612590000000", $"event:{number:D2}") { ["Bytes"] = RandomNumberGenerator.GetBytes(60_000) }, Cancellation);

        var (manifest, _) = await world.Backups.BackUpAsync(Cancellation);

        Assert.Equal(2, manifest.Parts.Count);
        Assert.Equal(80, (await ReadAsync(world)).Count);
        var last = world.BackupContainer.GetBlobClient(manifest.Parts[1].Name);
        var content = (await last.DownloadContentAsync(Cancellation)).Value.Content.ToArray();
        content[^1] ^= 1;
        await last.UploadAsync(new BinaryData(content), overwrite: true, Cancellation);
        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(world));
        Assert.Equal($"The part {last.Name} of the backup is corrupt: its hash differs.", failure.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"PartitionKey":"1"}""")]
    [InlineData("""{"RowKey":"1"}""")]
    [InlineData("""{"PartitionKey":1,"RowKey":"1"}""")]
    [InlineData("""{"PartitionKey":"1","RowKey":"1","Column":null}""")]
    [InlineData("""{"PartitionKey":"1","RowKey":"1","Column":2147483648}""")]
    [InlineData("""{"PartitionKey":"1","RowKey":"1","Column@odata.type":"Edm.Int64","Column":"9223372036854775808"}""")]
    [InlineData("""{"PartitionKey":"1","RowKey":"1","Column@odata.type":"Edm.Int64","Column":null}""")]
    [InlineData("""{"PartitionKey":"1","RowKey":"1","Column@odata.type":"Edm.Double","Column":null}""")]
    [InlineData("""{"PartitionKey":"1","RowKey":"1","Column@odata.type":"Edm.DateTime","Column":"today"}""")]
    public void A_line_that_is_no_row_is_reported_as_corrupt(string line) => Assert.Throws<InvalidDataException>(() => BackupRow.Read(line));

    [Theory]
    [InlineData("""{"format":1}""")]
    [InlineData("""{"format":1,"startedAt":"2026-11-23T20:00:00Z"}""")]
    [InlineData("""{"format":1,"startedAt":"2026-11-23T20:00:00Z","parts":[null]}""")]
    [InlineData("""{"format":1,"startedAt":"2026-11-23T20:00:00Z","parts":[{"sha256":""}]}""")]
    [InlineData("""{"format":1,"startedAt":"2026-11-23T20:00:00Z","parts":[{"name":"leas/1"}]}""")]
    [InlineData("""{"format":1,"startedAt":"2026-11-23T20:00:00Z","parts":[{"name":"","sha256":""}]}""")]
    [InlineData("""{"format":1,"startedAt":"0001-01-01T00:00:00Z","parts":[]}""")]
    [InlineData("""{"format":1,"startedAt":"1970-01-01T00:00:00Z","parts":[]}""")]
    [InlineData("{")]
    public async Task A_manifest_that_is_not_complete_is_reported_as_corrupt(string manifest)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.BackupContainer.UploadBlobAsync("leas/2026-11-23T200000Z/manifest.json", BinaryData.FromString(manifest), Cancellation);

        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => world.Archive.OpenAsync(BackupArchive.Leas, "2026-11-23T200000Z", Cancellation));

        Assert.Equal("The manifest of the backup 2026-11-23T200000Z is corrupt.", failure.Message);
    }

    [Fact]
    public async Task A_backup_of_a_newer_release_is_not_read()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.BackupContainer.UploadBlobAsync("leas/2026-11-23T200000Z/manifest.json", BinaryData.FromString("""{"format":2}"""), Cancellation);

        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => world.Archive.OpenAsync(BackupArchive.Leas, "2026-11-23T200000Z", Cancellation));

        Assert.Equal("The backup 2026-11-23T200000Z has another format. A newer release wrote it: restore it with that release.", failure.Message);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_part_with_another_number_of_rows_than_the_manifest_says_is_reported(int more)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var (manifest, _) = await world.Backups.BackUpAsync(Cancellation);
        var part = Assert.Single(manifest.Parts);
        var wrong = manifest with { Parts = [part with { Rows = part.Rows + more }] };

        var failure = await Assert.ThrowsAsync<InvalidDataException>(async () => await world.Archive.ReadAsync(wrong, Cancellation).CountAsync(Cancellation));

        Assert.Equal($"The part {part.Name} of the backup contains {part.Rows} rows instead of {part.Rows + more}.", failure.Message);
    }

    [Fact]
    public void A_line_has_neither_ETag_nor_timestamp_nor_empty_columns()
    {
        var row = new TableEntity("01612590000000", "lea")
        {
            ["odata.etag"] = "W/\"1\"",
            ["Timestamp"] = DateTimeOffset.UnixEpoch,
            ["Nothing"] = null,
            ["Secret"] = "omitted",
            ["Name"] = "Oakland",
        };
        Assert.Equal("""{"PartitionKey":"01612590000000","RowKey":"lea","Name":"Oakland"}""", Write(row));
        Assert.Equal(
            "Column Name has the type DateTime.",
            Assert.Throws<NotSupportedException>(() => Write(new TableEntity("1", "1") { ["Name"] = DateTime.UnixEpoch })).Message);

        static string Write(TableEntity row)
        {
            var line = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(line))
                BackupRow.Write(json, row, new HashSet<string> { "Secret" });
            return Encoding.UTF8.GetString(line.WrittenSpan);
        }
    }

    [Fact]
    public async Task A_blob_that_storage_refuses_to_add_is_a_failure_unless_it_exists()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.BackupContainer.UploadBlobAsync("added", BinaryData.FromString("earlier"), Cancellation);
        // The emulator checks the expiry of the signature against the clock of the machine.
        var readOnly = new BackupStore(new BlobServiceClient(world.Account.Blobs().GenerateAccountSasUri(
            AccountSasPermissions.Read, DateTimeOffset.UtcNow.AddHours(1), AccountSasResourceTypes.All)));

        await readOnly.AddAsync("added", BinaryData.FromString("later"), Cancellation);
        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => readOnly.AddAsync("missing", BinaryData.Empty, Cancellation));

        Assert.Equal(403, failure.Status);
        Assert.Equal("earlier", (await readOnly.ReadAsync("added", Cancellation)).ToString());
    }

    /// <summary>A backup contains rows as they were when it began, or later.</summary>
    [Fact]
    public async Task The_log_of_key_changes_returns_those_from_an_instant_on()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var first = world.Clock.GetUtcNow();
        world.Clock.Advance(TimeSpan.FromTicks(1));
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);

        Assert.Equal([1, 2], await SinceAsync(first));
        Assert.Equal([2], await SinceAsync(first.AddTicks(1)));
        Assert.Empty(await SinceAsync(first.AddTicks(2)));

        async Task<IReadOnlyList<int>> SinceAsync(DateTimeOffset since) =>
            await new KeyChangeLog(new BackupStore(world.Account.Blobs())).SinceAsync(since, Cancellation).Select(change => change.Generation).ToListAsync(Cancellation);
    }

    [Fact]
    public async Task The_duration_of_a_backup_is_recorded_with_its_outcome()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        using var durations = Metrics.Collect<double>(world.Meters, "credentialing.backup.duration");
        await world.Backups.BackUpAsync(Cancellation);
        world.Traffic.InjectFault = _ => Fault.Unavailable;
        await Record.ExceptionAsync(() => world.Backups.BackUpAsync(Cancellation));

        Assert.Equal(["outcome=finished", "outcome=failed"], durations.GetMeasurementSnapshot().Select(Metrics.Tags));
    }

    [Fact]
    public async Task An_empty_table_has_an_empty_backup()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        Assert.Equal(0, (await world.Backups.BackUpAsync(Cancellation)).Leas.Rows);
        Assert.Empty(await ReadAsync(world));
    }

    /// <summary>Interrupts the backup at each of its requests, before and after the request takes effect.</summary>
    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public async Task A_backup_that_was_interrupted_is_not_listed_and_the_next_one_is_complete(int request)
    {
        foreach (var fault in (Fault[])[Fault.ConnectionFailed, Fault.ResponseLost])
        {
            await using var world = await TestWorld.CreateAsync(azurite);
            await world.MustGenerateAsync(TestWorld.Oakland);
            world.Traffic.Reset();
            world.Traffic.InjectFault = number => number < request ? Fault.None : number == request ? fault : Fault.ConnectionFailed;
            Assert.NotNull(await Record.ExceptionAsync(() => world.Backups.BackUpAsync(Cancellation)));

            world.Traffic.InjectFault = null;
            var isComplete = request == 4 && fault is Fault.ResponseLost; // the manifest was written
            Assert.Equal(isComplete ? 1 : 0, await world.Archive.ListAsync(BackupArchive.Leas, Cancellation).CountAsync(Cancellation));
            world.Clock.Advance(TimeSpan.FromMinutes(10));
            Assert.Equal((await world.RowsAsync("Leas")).Count, (await world.Backups.BackUpAsync(Cancellation)).Leas.Rows);
            Assert.Equal("2026-11-23T201000Z", await world.Archive.ListAsync(BackupArchive.Leas, Cancellation).LastAsync(Cancellation));
        }
    }

    [Fact]
    public async Task A_backup_does_not_replace_an_earlier_blob()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var (first, _) = await world.Backups.BackUpAsync(Cancellation);
        await world.MustGenerateAsync(TestWorld.Berkeley);

        await Assert.ThrowsAsync<InvalidDataException>(() => world.Backups.BackUpAsync(Cancellation)); // in the same second

        Assert.Equal(first.Rows, (await ReadAsync(world)).Count);
    }

    private static async Task<IReadOnlyList<TableEntity>> ReadAsync(TestWorld world)
    {
        var name = await world.Archive.ListAsync(BackupArchive.Leas, Cancellation).LastAsync(Cancellation);
        return await world.Archive.ReadAsync(await world.Archive.OpenAsync(BackupArchive.Leas, name, Cancellation), Cancellation).ToListAsync(Cancellation);
    }
}
