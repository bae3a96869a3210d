using System.Globalization;
using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using Credentialing.Core.Backups;
using Credentialing.Core.Leas;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Disclosures;

/// <summary>
/// Backup of the log of downloads. A disclosure never changes, so each backup contains only those since the last one, and a restore reads all
/// backups. The numbers of downloads are counted again after a restore. Thread safe.
/// </summary>
public sealed class DisclosureBackup(CredentialingStorage storage, BackupArchive archive, LeaCalendar calendar)
{
    /// <summary>The name of the series of backups.</summary>
    public const string Series = "disclosures";

    private const int Parallelism = 32;

    /// <summary>Two rows each; a transaction has at most 100 steps.</summary>
    private const int InsertedTogether = 50;

    /// <summary>Days that are exported again, for records that were in progress and clocks that differ.</summary>
    private const int Margin = 1;

    /// <summary>
    /// Exports the disclosures since the day before the last backup; all, if there is none. One round trip per LEA and day with downloads, and
    /// one per 1,000 disclosures.
    /// </summary>
    /// <exception cref="InvalidDataException">What was read back differs from what was written.</exception>
    internal async Task<BackupManifest> BackUpAsync(CancellationToken cancellationToken)
    {
        var last = await archive.ListAsync(Series, cancellationToken).LastOrDefaultAsync(cancellationToken);
        var from = last is null ? DateOnly.MinValue : calendar.LocalDate((await archive.OpenAsync(Series, last, cancellationToken)).StartedAt).AddDays(-Margin);
        return await archive.WriteAsync(Series, RowsSinceAsync(from, cancellationToken), new HashSet<string>(), cancellationToken);
    }

    /// <summary>
    /// Restores all backups: inserts the disclosures that are missing, and leaves the others as they are. Idempotent. The next daily run counts
    /// the downloads, and deletes those that are too old.
    /// </summary>
    /// <param name="isApplied">Whether to insert them. If not, only reads them.</param>
    /// <param name="progress">Gets the number of disclosures so far; null if nobody wants it.</param>
    /// <param name="cancellationToken">Stops the operation. A repetition continues it.</param>
    /// <returns>
    /// The number of disclosures in the backups, and of rows that cannot be read, which are not inserted. One that is in two backups counts
    /// twice.
    /// </returns>
    /// <exception cref="InvalidDataException">A backup is corrupt.</exception>
    public async Task<(long Disclosures, long Unreadable)> RestoreAsync(bool isApplied, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var (count, unreadable) = (0L, 0L);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await foreach (var backup in archive.ListAsync(Series, cancellationToken))
        {
            var manifest = await archive.OpenAsync(Series, backup, cancellationToken);
            await Parallel.ForEachAsync(archive.ReadAsync(manifest, cancellationToken).ByPartition(), parallel, async (rows, token) =>
            {
                var days = rows.Select(row => (Row: row, Day: TryReadDay(row))).Where(row => row.Day is not null).ToList();
                Interlocked.Add(ref unreadable, rows.Count - days.Count);
                if (isApplied && days.Count > 0)
                    await InsertAsync(LeaId.Parse(rows[0].PartitionKey), days, token);
                var done = Interlocked.Add(ref count, days.Count);
                progress?.Report(done);
            });
        }

        return (count, unreadable);
    }

    private async IAsyncEnumerable<TableEntity> RowsSinceAsync(DateOnly from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var partition in (string[])[DisclosureTable.UncountedPartition, DisclosureTable.RetainedPartition]) // in the order in which a daily run moves a day
        {
            var days = storage.Disclosures.QueryAsync<TableEntity>($"PartitionKey eq '{partition}' and RowKey ge '{DisclosureTable.DayRow(from)}'", cancellationToken: cancellationToken);
            await foreach (var day in days)
            {
                if (day.RowKey.Split(':') is not [var date, var cds] || !LeaId.TryParse(cds, out var leaId) || !DateOnly.TryParseExact(date, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var on))
                    throw UnreadableRowException.Corrupt(day, "has no valid row key");
                await foreach (var row in storage.Disclosures.QueryAsync<TableEntity>(FilterOf(leaId, on), cancellationToken: cancellationToken))
                    yield return row;
            }
        }
    }

    private string FilterOf(LeaId leaId, DateOnly day) =>
        DisclosureTable.FilterOf(leaId, new DisclosureFilter(Ssid: null, Client: null, calendar.StartOf(day), calendar.StartOf(day.AddDays(1))), after: null);

    /// <summary>Inserts disclosures of one LEA, after the entries that make the daily run count their days.</summary>
    private async Task InsertAsync(LeaId leaId, IReadOnlyList<(TableEntity Row, DateOnly? Day)> rows, CancellationToken cancellationToken)
    {
        foreach (var day in rows.Select(row => row.Day!.Value).Distinct())
            await DisclosureTable.AddDayAsync(storage, DisclosureTable.UncountedPartition, day, leaId, cancellationToken);
        // The same disclosure twice in a transaction would be rejected. A day that a daily run moved during the backup is in it twice.
        foreach (var together in rows.Select(row => row.Row).DistinctBy(row => row.RowKey).Chunk(InsertedTogether))
            await storage.Disclosures.SubmitTransactionAsync(together.SelectMany(DisclosureTable.Restore), cancellationToken);
    }

    /// <summary>Returns the day of a disclosure at the LEA; null if the row cannot be read.</summary>
    private DateOnly? TryReadDay(TableEntity row)
    {
        try
        {
            return LeaId.TryParse(row.PartitionKey, out var leaId) ? calendar.LocalDate(DisclosureTable.Read(leaId, row).At) : null;
        }
        catch (UnreadableRowException)
        {
            return null;
        }
    }
}
