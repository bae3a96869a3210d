using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace Credentialing.Core.Storage;

/// <summary>
/// Secondary index of credentials by UTC expiry date, so that the daily run reads only the LEAs that are due. An entry is
/// written before its credential. Only the daily run deletes it, after it has read that the credential expires on another date or
/// was revoked. A stale entry is harmless, because the daily run reads the credential itself. A missing entry cannot occur.
/// <para>
/// A change with a notice for the coordinators, and a new share, add a second entry, for the next day, before the change. So the next
/// daily run finds the LEA, sends what could not be sent at once, and deletes the shares that have ended.
/// </para>
/// <para>
/// An LEA whose credentials have expired, and for which nothing is left to do, has one entry in the partition <c>expired</c>, which the
/// daily run does not read. A change that gives the run something to do adds an entry for the next day, too. A stale entry in
/// <c>expired</c> is harmless.
/// </para>
/// <para>
/// The row key <c>downloads</c> makes the run maintain the log of downloads from that date on. So one query finds all that is due.
/// </para>
/// </summary>
internal sealed class ExpirationIndex(CredentialingStorage storage)
{
    /// <summary>The maximum number of entries that are added together: the limit of a transaction of Table Storage.</summary>
    internal const int MaxTogether = 100;

    /// <summary>The row key of the entries for the log of downloads.</summary>
    internal const string DownloadsRow = "downloads";

    /// <summary>The partition of LEAs with nothing left to do. It is after all dates in the order of partition keys.</summary>
    private const string RestingPartition = "expired";

    /// <summary>No change of credentials takes longer, from reading them to replacing them.</summary>
    private static readonly TimeSpan ChangeTime = TimeSpan.FromDays(1);

    /// <summary>Returns the partition key: the UTC date of expiry.</summary>
    internal static string DateOf(DateTimeOffset expiresAt) => DateOf(DateOnly.FromDateTime(expiresAt.UtcDateTime));

    /// <summary>Returns the partition key of a date.</summary>
    internal static string DateOf(DateOnly date) => date.ToString("O", CultureInfo.InvariantCulture);

    /// <summary>Adds an entry if it does not exist. Idempotent. One round trip.</summary>
    internal Task AddAsync(LeaId leaId, DateTimeOffset expiresAt, CancellationToken cancellationToken) =>
        AddAsync(DateOf(expiresAt), leaId.Value, cancellationToken);

    /// <summary>Adds an entry for the log of downloads. Idempotent. One round trip.</summary>
    internal Task AddDownloadsAsync(DateOnly date, CancellationToken cancellationToken) => AddAsync(DateOf(date), DownloadsRow, cancellationToken);

    /// <summary>
    /// Adds the entries of one date that do not exist, and leaves the others as they are. Idempotent. One round trip.
    /// </summary>
    /// <param name="date">The partition key: <see cref="DateOf(DateTimeOffset)"/>.</param>
    /// <param name="leaIds">Different LEAs: 1 to <see cref="MaxTogether"/>.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    internal Task AddAsync(string date, IEnumerable<LeaId> leaIds, CancellationToken cancellationToken) =>
        // Merge, and no schema version: a newer release may have written an entry.
        storage.Expirations.SubmitTransactionAsync(
            leaIds.Select(leaId => new TableTransactionAction(TableTransactionActionType.UpsertMerge, new TableEntity(date, leaId.Value))), cancellationToken);

    /// <summary>
    /// Adds an entry to those that the daily run does not read. Idempotent. One round trip. Call it before the other entries are deleted.
    /// </summary>
    internal Task AddRestingAsync(LeaId leaId, CancellationToken cancellationToken) => AddAsync(RestingPartition, leaId.Value, cancellationToken);

    /// <summary>Deletes the entry that <see cref="AddRestingAsync"/> has added, if there is one. One round trip.</summary>
    internal Task DeleteRestingAsync(LeaId leaId, CancellationToken cancellationToken) =>
        storage.Expirations.DeleteEntityAsync(RestingPartition, leaId.Value, ETag.All, cancellationToken);

    /// <summary>
    /// Whether the daily run may move the entry of these credentials to those that it does not read, before a change that begins at
    /// <paramref name="now"/> is complete: they have expired, or expire within a day. Such a change must add an entry.
    /// </summary>
    internal static bool MayRest(DateTimeOffset expiresAt, DateTimeOffset now) => expiresAt <= now + ChangeTime;

    /// <summary>
    /// Adds an entry for the day after <paramref name="now"/>, so that the next daily run reads the LEA. Idempotent. One round trip.
    /// Call it before the change that the run must find.
    /// </summary>
    /// <param name="leaId">The LEA.</param>
    /// <param name="now">The time of the change.</param>
    /// <param name="mayRest">Whether the change can make an entry in <c>expired</c> stale, which the run then deletes: see <see cref="MayRest"/>.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    internal Task AddForChangeAsync(LeaId leaId, DateTimeOffset now, bool mayRest, CancellationToken cancellationToken)
    {
        // Merge, and no schema version: credentials may expire on that date, and a newer release may have written their entry.
        var row = new TableEntity(DateOf(now + TimeSpan.FromDays(1)), leaId.Value) { [nameof(ExpirationEntry.ForChange)] = true };
        if (mayRest)
            row[nameof(ExpirationEntry.MayRest)] = true;
        return storage.Expirations.UpsertEntityAsync(row, TableUpdateMode.Merge, cancellationToken);
    }

    /// <summary>
    /// Whether the change that an entry was added for can still be in progress at <paramref name="now"/>: the entry is for today or
    /// tomorrow. The daily run must not delete such an entry, because it may have read the LEA before the change.
    /// </summary>
    internal static bool MayPrecedeChange(ExpirationEntry entry, DateTimeOffset now) =>
        entry.ForChange && (entry.Date == DateOf(now) || entry.Date == DateOf(now + TimeSpan.FromDays(1)));

    /// <summary>
    /// Returns the entries of all dates up to and including <paramref name="through"/>, earliest first, in pages of up to 1,000: one
    /// round trip per page. Skips rows of newer releases, and throws for the first of them at the end.
    /// </summary>
    /// <exception cref="UnreadableRowException">A newer release wrote a row. All others have been returned.</exception>
    internal IAsyncEnumerable<IReadOnlyList<ExpirationEntry>> ThroughAsync(DateOnly through, CancellationToken cancellationToken) =>
        QueryAsync($"PartitionKey le '{DateOf(through)}'", cancellationToken);

    /// <summary>Returns the entries that the daily run does not read. Otherwise like <see cref="ThroughAsync"/>.</summary>
    /// <exception cref="UnreadableRowException">A newer release wrote a row. All others have been returned.</exception>
    internal IAsyncEnumerable<IReadOnlyList<ExpirationEntry>> RestingAsync(CancellationToken cancellationToken) =>
        QueryAsync($"PartitionKey eq '{RestingPartition}'", cancellationToken);

    private async IAsyncEnumerable<IReadOnlyList<ExpirationEntry>> QueryAsync(string filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pages = storage.Expirations.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).AsPages();
        UnreadableRowException? unknown = null;
        await foreach (var page in pages.WithCancellation(cancellationToken))
        {
            var known = new List<ExpirationEntry>(page.Values.Count);
            foreach (var row in page.Values)
            {
                if (SchemaVersion.WhyUnreadable(row, "expiration", row.RowKey) is { } why)
                    unknown ??= why;
                else
                    known.Add(new(row.PartitionKey, row.RowKey, row.ETag, row[nameof(ExpirationEntry.ForChange)] is true, row[nameof(ExpirationEntry.MayRest)] is true));
            }

            yield return known;
        }

        if (unknown is not null)
            throw unknown;
    }

    /// <summary>Deletes a stale entry. Keeps it if the row has changed since it was read, for a change in progress: the next run decides.</summary>
    internal async Task DeleteAsync(ExpirationEntry stale, CancellationToken cancellationToken)
    {
        try
        {
            await storage.Expirations.DeleteEntityAsync(stale.Date, stale.LeaId, stale.RowVersion, cancellationToken);
        }
        catch (RequestFailedException failure) when (failure.Status is 412)
        {
            // Another change has added it again.
        }
    }

    private async Task AddAsync(string partition, string rowKey, CancellationToken cancellationToken)
    {
        try
        {
            await storage.Expirations.AddEntityAsync(SchemaVersion.NewRow(partition, rowKey), cancellationToken);
        }
        catch (RequestFailedException failure) when (failure.ErrorCode == TableErrorCode.EntityAlreadyExists)
        {
            // Do not replace it: a newer release may have written it, and this row was not read.
        }
    }
}

/// <summary>One entry of the index.</summary>
/// <param name="Date">The UTC expiry date, yyyy-MM-dd; <c>expired</c> for an entry that the daily run does not read.</param>
/// <param name="LeaId">The row key: a CDS code, which was not validated, or <see cref="ExpirationIndex.DownloadsRow"/>.</param>
/// <param name="RowVersion">The ETag of the row.</param>
/// <param name="ForChange">Whether it was added before a change: <see cref="ExpirationIndex.AddForChangeAsync"/>.</param>
/// <param name="MayRest">Whether that change can make an entry in <c>expired</c> stale.</param>
internal readonly record struct ExpirationEntry(string Date, string LeaId, ETag RowVersion, bool ForChange, bool MayRest)
{
    /// <summary>Whether it is for the log of downloads.</summary>
    internal bool IsForDownloads => LeaId == ExpirationIndex.DownloadsRow;
}
