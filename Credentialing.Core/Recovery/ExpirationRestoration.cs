using Azure.Data.Tables;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Shares;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Recovery;

/// <summary>Rebuilds the expiration index from the <c>Leas</c> table. Thread safe.</summary>
public sealed class ExpirationRestoration(CredentialingStorage storage, LeaCalendar calendar, TimeProvider time)
{
    private static readonly string Restored =
        $"{LeaPartition.Is(LeaPartition.CredentialRow, LeaPartition.AnnouncementRow)} or {LeaPartition.StartsWith(LeaPartition.NoticeRowPrefix)} or {LeaPartition.StartsWith(LeaPartition.ShareRowPrefix)}";

    private readonly ExpirationIndex expirations = new(storage);

    /// <summary>
    /// Rebuilds the index. Idempotent. Needed if the <c>Expirations</c> table was lost, and after rows were restored: without it, the daily run
    /// finds no LEAs. Adds the missing entries, and does not change existing ones. So the next daily run also reads all LEAs whose credentials have
    /// expired, which is needed if a release or a setting has changed the text of their announcements, and maintains the log of downloads.
    /// Scans the whole <c>Leas</c> table: one round trip per page of up to 1,000 rows, and one per 100 entries of the same date.
    /// </summary>
    /// <returns>The number of credentials that have an index entry, and why those of the other LEAs cannot be read.</returns>
    public Task<(int Indexed, IReadOnlyDictionary<string, string> Unreadable)> RestoreAsync(CancellationToken cancellationToken) =>
        RestoreAsync(LeaPartition.OfAllAsync(storage, Restored, cancellationToken), cancellationToken);

    /// <summary>Adds the entries for rows of LEAs, such as those of a backup that is about to be restored. An entry too many is harmless.</summary>
    /// <inheritdoc cref="RestoreAsync(CancellationToken)" path="/returns"/>
    internal async Task<(int Indexed, IReadOnlyDictionary<string, string> Unreadable)> RestoreAsync(IAsyncEnumerable<TableEntity> rows, CancellationToken cancellationToken)
    {
        await expirations.AddDownloadsAsync(calendar.LocalDate(time.GetUtcNow()), cancellationToken);
        var indexed = 0;
        var unreadable = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var pending = new Dictionary<string, HashSet<LeaId>>(StringComparer.Ordinal);
        await foreach (var row in rows.Where(IsIndexed))
        {
            try
            {
                if (!LeaId.TryParse(row.PartitionKey, out var leaId))
                    throw UnreadableRowException.Corrupt(row, "has no CDS code as its partition key");
                // The announcement or the share may have to be removed, or the notice to be sent, and their own entries are lost. The next run decides.
                var isCredential = row.RowKey == LeaPartition.CredentialRow;
                var date = ExpirationIndex.DateOf(isCredential ? CredentialTable.Read(leaId, LeaPartition.Known(row)).Credential.ExpiresAt : time.GetUtcNow());
                if (isCredential)
                    indexed++;
                var leas = pending.TryGetValue(date, out var added) ? added : pending[date] = [];
                leas.Add(leaId);
                if (leas.Count < ExpirationIndex.MaxTogether)
                    continue;
                await expirations.AddAsync(date, leas, cancellationToken);
                pending.Remove(date);
            }
            catch (UnreadableRowException failure)
            {
                unreadable[row.PartitionKey] = failure.Reason;
            }
        }

        foreach (var (date, leas) in pending)
            await expirations.AddAsync(date, leas, cancellationToken);
        return (indexed, unreadable);
    }

    /// <summary>Whether the daily run must find an LEA because of this row.</summary>
    private static bool IsIndexed(TableEntity row) =>
        row.RowKey is LeaPartition.CredentialRow or LeaPartition.AnnouncementRow || row.RowKey.StartsWith(LeaPartition.NoticeRowPrefix, StringComparison.Ordinal) || Share.IsRow(row);
}
