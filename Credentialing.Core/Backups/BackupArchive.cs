using System.Globalization;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Azure.Data.Tables;

namespace Credentialing.Core.Backups;

/// <summary>
/// Writes and reads backups of tables: the folder <c>SERIES/TIME/</c> with parts of compressed JSON lines and a
/// <see cref="BackupManifest"/>. Holds one part in memory at a time. Thread safe.
/// </summary>
public sealed class BackupArchive(BackupStore store, TimeProvider time)
{
    /// <summary>The backups of the table <c>Leas</c>.</summary>
    public const string Leas = "leas";

    /// <summary>The size of a part, in bytes, from which the next part is begun.</summary>
    private const int PartSize = 4 * 1024 * 1024;

    private const string TimeFormat = "yyyy-MM-dd'T'HHmmss'Z'";
    private const string ManifestName = "manifest.json";

    /// <summary>
    /// Writes a backup. Reads each part back, and compares its hash and its number of rows. Three round trips per part, and one for the manifest.
    /// </summary>
    /// <param name="series">The name of the series, such as <see cref="Leas"/>.</param>
    /// <param name="rows">The rows, in the order of the table.</param>
    /// <param name="omitted">The columns that are left out.</param>
    /// <param name="cancellationToken">Stops the operation. The backup is then incomplete, and is ignored.</param>
    /// <exception cref="InvalidDataException">A part that was read back differs from what was written.</exception>
    /// <exception cref="Azure.RequestFailedException">A request was rejected, also after retries.</exception>
    internal async Task<BackupManifest> WriteAsync(string series, IAsyncEnumerable<TableEntity> rows, IReadOnlySet<string> omitted, CancellationToken cancellationToken)
    {
        var startedAt = time.GetUtcNow();
        var folder = $"{series}/{startedAt.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}/";
        var parts = new List<BackupPart>();
        await using var remaining = rows.GetAsyncEnumerator(cancellationToken);
        for (var hasRow = await remaining.MoveNextAsync(); hasRow;)
        {
            var content = new MemoryStream();
            var count = 0;
            await using (var lines = new GZipStream(content, CompressionLevel.Optimal, leaveOpen: true))
            {
                await using var json = new Utf8JsonWriter(lines);
                for (; hasRow && content.Length < PartSize; hasRow = await remaining.MoveNextAsync())
                {
                    BackupRow.Write(json, remaining.Current, omitted);
                    await json.FlushAsync(cancellationToken);
                    lines.WriteByte((byte)'\n');
                    json.Reset();
                    count++;
                }
            }

            var part = new BackupPart(
                string.Create(CultureInfo.InvariantCulture, $"{folder}part-{parts.Count + 1:D4}.jsonl.gz"),
                count,
                content.Length,
                Convert.ToHexStringLower(SHA256.HashData(content.GetBuffer().AsSpan(0, (int)content.Length))));
            await store.AddAsync(part.Name, new BinaryData(content.GetBuffer().AsMemory(0, (int)content.Length)), cancellationToken);
            if (await ReadLinesAsync(part, cancellationToken).CountAsync(cancellationToken) != part.Rows)
                throw new InvalidDataException($"The part {part.Name} of the backup does not contain {part.Rows} rows.");
            parts.Add(part);
        }

        var manifest = new BackupManifest(BackupManifest.CurrentFormat, startedAt, time.GetUtcNow(), parts.Sum(part => (long)part.Rows), parts);
        await store.AddAsync(folder + ManifestName, BinaryData.FromObjectAsJson(manifest, JsonSerializerOptions.Web), cancellationToken);
        return manifest;
    }

    /// <summary>Returns the names of the complete backups of a series, such as <c>2026-11-27T160000Z</c>, earliest first.</summary>
    public IAsyncEnumerable<string> ListAsync(string series, CancellationToken cancellationToken) =>
        store.ListAsync($"{series}/", cancellationToken)
            .Where(name => name.EndsWith($"/{ManifestName}", StringComparison.Ordinal))
            .Select(name => name.Split('/')[^2]);

    /// <summary>Reads the manifest of a backup.</summary>
    /// <exception cref="Azure.RequestFailedException">There is no complete backup with this name.</exception>
    /// <exception cref="InvalidDataException">The manifest cannot be read, or a newer release has written it.</exception>
    internal async Task<BackupManifest> OpenAsync(string series, string name, CancellationToken cancellationToken)
    {
        var content = await store.ReadAsync($"{series}/{name}/{ManifestName}", cancellationToken);
        try
        {
            if (content.ToObjectFromJson<BackupManifest>(JsonSerializerOptions.Web) is not { Format: BackupManifest.CurrentFormat } manifest)
                throw new InvalidDataException($"The backup {name} has another format. A newer release wrote it: restore it with that release.");
            return manifest.IsComplete ? manifest : throw new InvalidDataException($"The manifest of the backup {name} is corrupt.");
        }
        catch (JsonException)
        {
            throw new InvalidDataException($"The manifest of the backup {name} is corrupt.");
        }
    }

    /// <summary>Reads all rows of a backup in their order. Checks the hash and the number of rows of each part.</summary>
    /// <exception cref="InvalidDataException">A part is corrupt.</exception>
    internal async IAsyncEnumerable<TableEntity> ReadAsync(BackupManifest manifest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var part in manifest.Parts)
        {
            var count = 0;
            await foreach (var line in ReadLinesAsync(part, cancellationToken))
            {
                count++;
                yield return BackupRow.Read(line);
            }

            if (count != part.Rows)
                throw new InvalidDataException($"The part {part.Name} of the backup contains {count} rows instead of {part.Rows}.");
        }
    }

    private async IAsyncEnumerable<string> ReadLinesAsync(BackupPart part, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var content = await store.ReadAsync(part.Name, cancellationToken);
        if (Convert.ToHexStringLower(SHA256.HashData(content)) != part.Sha256)
            throw new InvalidDataException($"The part {part.Name} of the backup is corrupt: its hash differs.");
        using var lines = new StreamReader(new GZipStream(content.ToStream(), CompressionMode.Decompress));
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
            yield return line;
    }
}
