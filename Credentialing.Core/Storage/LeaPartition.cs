using Azure;
using Azure.Data.Tables;

namespace Credentialing.Core.Storage;

/// <summary>
/// Layout of the <c>Leas</c> table: one partition per LEA, so that all rows of one LEA can change in one entity-group
/// transaction.
/// </summary>
internal static class LeaPartition
{
    internal const string AnnouncementRow = "announcement";
    internal const string CoordinatorRowPrefix = "coordinator:";
    internal const string CredentialRow = "credential";
    internal const string EventRowPrefix = "event:";
    internal const string ExpiredReminderRowPrefix = "expired:";
    internal const string LeaRow = "lea";
    internal const string NoticeRowPrefix = "notice:";
    internal const string ReminderRowPrefix = "reminder:";
    internal const string ShareRowPrefix = "share:";
    internal const string SupersededRowPrefix = "superseded:";
    internal const string UseRowPrefix = "use:";

    /// <summary>The column of a share that a backup must leave out: a restored share must not be opened a second time.</summary>
    internal const string CiphertextColumn = "Ciphertext";

    /// <summary>A new row to insert or replace, with its schema version.</summary>
    internal static TableEntity Entity(LeaId leaId, string rowKey) => SchemaVersion.NewRow(leaId.Value, rowKey);

    /// <summary>A row without columns. A merge changes only the columns that the caller adds.</summary>
    internal static TableEntity Key(LeaId leaId, string rowKey) => new(leaId.Value, rowKey);

    /// <summary>Reads a row. Returns null if it does not exist. One round trip.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="leaId">The LEA.</param>
    /// <param name="rowKey">The row key.</param>
    /// <param name="columns">The columns to read; null for all.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="RequestFailedException">The table does not exist, or storage rejected the request.</exception>
    /// <exception cref="UnreadableRowException">A newer release wrote the row.</exception>
    internal static async Task<TableEntity?> FindAsync(
        CredentialingStorage storage, LeaId leaId, string rowKey, IEnumerable<string>? columns, CancellationToken cancellationToken)
    {
        var response = await storage.Leas.GetEntityIfExistsAsync<TableEntity>(leaId.Value, rowKey, columns, cancellationToken);
        if (response is { HasValue: true, Value: { } row })
            return Known(row);
        // The client returns no row for a missing table, too. Vendors would be told that their key is wrong.
        var error = response.GetRawResponse();
        return error.Content.ToMemory().Span.IndexOf("TableNotFound"u8) < 0 ? null : throw new RequestFailedException(error);
    }

    /// <summary>Returns the LEA's rows that match a filter on the row key. One round trip per page of up to 1,000 rows.</summary>
    /// <exception cref="UnreadableRowException">A newer release wrote one of the rows.</exception>
    internal static async Task<IReadOnlyList<TableEntity>> ListAsync(
        CredentialingStorage storage, LeaId leaId, string filter, CancellationToken cancellationToken) =>
        [.. (await ListUncheckedAsync(storage, leaId, filter, cancellationToken)).Select(Known)];

    /// <summary>
    /// The same as <see cref="ListAsync"/>, without a check of the schema version: the caller passes the rows that it needs to
    /// <see cref="Known"/>.
    /// </summary>
    internal static async Task<IReadOnlyList<TableEntity>> ListUncheckedAsync(
        CredentialingStorage storage, LeaId leaId, string filter, CancellationToken cancellationToken) =>
        await storage.Leas
            .QueryAsync<TableEntity>($"PartitionKey eq '{leaId}' and ({filter})", cancellationToken: cancellationToken)
            .ToListAsync(cancellationToken);

    /// <summary>
    /// Table scan: returns the rows of all LEAs that match a filter on the row key, one round trip per page of up to 1,000 scanned
    /// rows. Does not check the schema version: the caller passes each row to <see cref="Known"/>.
    /// </summary>
    internal static IAsyncEnumerable<TableEntity> OfAllAsync(CredentialingStorage storage, string filter, CancellationToken cancellationToken) =>
        storage.Leas.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken);

    /// <summary>Groups rows, which are in the order of their partitions. Holds one partition in memory at a time.</summary>
    internal static async IAsyncEnumerable<IReadOnlyList<TableEntity>> ByPartition(this IAsyncEnumerable<TableEntity> rows)
    {
        var partition = new List<TableEntity>();
        await foreach (var row in rows)
        {
            if (partition.Count > 0 && partition[0].PartitionKey != row.PartitionKey)
            {
                yield return partition;
                partition = [];
            }

            partition.Add(row);
        }

        if (partition.Count > 0)
            yield return partition;
    }

    /// <summary>OData filter: the row key is one of these.</summary>
    internal static string Is(params IEnumerable<string> rowKeys) => string.Join(" or ", rowKeys.Select(rowKey => $"RowKey eq '{rowKey}'"));

    /// <summary>OData filter: the row key starts with a prefix.</summary>
    internal static string StartsWith(string prefix) => $"(RowKey ge '{prefix}' and RowKey lt '{Successor(prefix)}')";

    /// <summary>OData filter: the row key does not start with a prefix.</summary>
    internal static string StartsNotWith(string prefix) => $"(RowKey lt '{prefix}' or RowKey ge '{Successor(prefix)}')";

    /// <summary>Transaction step: inserts the row if <paramref name="held"/> is null, else replaces the version with that ETag.</summary>
    internal static TableTransactionAction Put(TableEntity row, ETag? held) => held is { } version
        ? new(TableTransactionActionType.UpdateReplace, row, version)
        : new(TableTransactionActionType.Add, row);

    /// <summary>
    /// Submits the transaction of a change. Not cancellable: if the client disconnects, the outcome must still be known. Returns false on
    /// a conflict: a row has changed or was deleted since it was read, or the storage client retried a transaction that had succeeded
    /// but whose response was lost. The caller must read the rows again to distinguish these.
    /// </summary>
    internal static async Task<bool> TryChangeAsync(CredentialingStorage storage, IEnumerable<TableTransactionAction> steps)
    {
        try
        {
            await storage.Leas.SubmitTransactionAsync(steps, CancellationToken.None);
            return true;
        }
        catch (RequestFailedException failure) when (failure.Status is 404 or 409 or 412)
        {
            return false;
        }
    }

    /// <summary>
    /// Submits a transaction that records a result. Not cancelled at host shutdown, because the operation has taken place. Returns
    /// false, and records nothing, if another process has changed a row.
    /// </summary>
    internal static async Task<bool> TrySubmitAsync(CredentialingStorage storage, params TableTransactionAction[] steps)
    {
        try
        {
            await storage.Leas.SubmitTransactionAsync(steps, CancellationToken.None);
            return true;
        }
        catch (RequestFailedException failure) when (failure.Status is 404 or 409 or 412)
        {
            return failure.Status is 404; // the row to delete does not exist any more
        }
    }

    /// <summary>Returns the value of a required column.</summary>
    /// <exception cref="UnreadableRowException">The column is missing or has another type.</exception>
    internal static T Required<T>(this TableEntity row, string column) =>
        row.TryGetValue(column, out var value) && value is T typed ? typed : throw UnreadableRowException.Corrupt(row, $"has no valid {column}");

    /// <summary>Returns the value of a column; null if it is missing.</summary>
    /// <exception cref="UnreadableRowException">The column has another type.</exception>
    internal static T? Optional<T>(this TableEntity row, string column)
        where T : class => row.TryGetValue(column, out var value) && value is not null ? row.Required<T>(column) : null;

    /// <inheritdoc cref="Optional"/>
    internal static T? OptionalValue<T>(this TableEntity row, string column)
        where T : struct => row.TryGetValue(column, out var value) && value is not null ? row.Required<T>(column) : null;

    /// <summary>Checks the schema version and returns the row.</summary>
    /// <exception cref="UnreadableRowException">A newer release wrote the row.</exception>
    internal static TableEntity Known(TableEntity row) =>
        SchemaVersion.WhyUnreadable(row, KindOf(row), row.PartitionKey) is { } why ? throw why : row;

    /// <summary>The first part of the row key. The rest may identify a person.</summary>
    internal static string KindOf(TableEntity row) => row.RowKey.Split(':')[0];

    private static string Successor(string prefix) => prefix[..^1] + (char)(prefix[^1] + 1);
}
