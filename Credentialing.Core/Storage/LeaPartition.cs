using Azure;
using Azure.Data.Tables;

namespace Credentialing.Core.Storage;

/// <summary>
/// How the <c>Leas</c> table is laid out: one partition for each LEA, so that everything about one LEA can change in one
/// entity-group transaction.
/// </summary>
internal static class LeaPartition
{
    internal const string AnnouncementRow = "announcement";
    internal const string CoordinatorRowPrefix = "coordinator:";
    internal const string CredentialRow = "credential";
    internal const string EventRowPrefix = "event:";
    internal const string LeaRow = "lea";
    internal const string ReminderRowPrefix = "reminder:";

    /// <summary>A row to be written whole.</summary>
    internal static TableEntity Entity(LeaId leaId, string rowKey) => SchemaVersion.NewRow(leaId.Value, rowKey);

    /// <summary>A row's key, for a step of a transaction that writes none of its columns.</summary>
    internal static TableEntity Key(LeaId leaId, string rowKey) => new(leaId.Value, rowKey);

    /// <summary>Reads a row; null if there is none. One round trip.</summary>
    /// <exception cref="UnknownSchemaVersionException">A newer release wrote it.</exception>
    internal static async Task<TableEntity?> FindAsync(CredentialingStorage storage, LeaId leaId, string rowKey, CancellationToken cancellationToken)
    {
        var response = await storage.Leas.GetEntityIfExistsAsync<TableEntity>(leaId.Value, rowKey, cancellationToken: cancellationToken);
        return response is { HasValue: true, Value: { } row } ? Known(row) : null;
    }

    /// <summary>Reads those of the LEA's rows that a filter on their keys lets through. One round trip.</summary>
    /// <exception cref="UnknownSchemaVersionException">A newer release wrote one of them.</exception>
    internal static async Task<IReadOnlyList<TableEntity>> ListAsync(
        CredentialingStorage storage, LeaId leaId, string filter, CancellationToken cancellationToken) =>
        await storage.Leas
            .QueryAsync<TableEntity>($"PartitionKey eq '{leaId}' and ({filter})", cancellationToken: cancellationToken)
            .Select(Known)
            .ToListAsync(cancellationToken);

    /// <summary>
    /// Reads the rows of a key that every LEA may have, in pages of up to 1,000 rows that are looked through: one round trip each. They
    /// are still to be asked about: <see cref="Known"/>.
    /// </summary>
    internal static IAsyncEnumerable<TableEntity> OfAllAsync(CredentialingStorage storage, string rowKey, CancellationToken cancellationToken) =>
        storage.Leas.QueryAsync<TableEntity>($"RowKey eq '{rowKey}'", cancellationToken: cancellationToken);

    /// <summary>A filter for the rows that begin with a prefix.</summary>
    internal static string StartsWith(string prefix) => $"(RowKey ge '{prefix}' and RowKey lt '{Successor(prefix)}')";

    /// <summary>A filter for the rows that do not.</summary>
    internal static string StartsNotWith(string prefix) => $"(RowKey lt '{prefix}' or RowKey ge '{Successor(prefix)}')";

    /// <summary>The step that puts a row where there is none, or in the place of the version that was read.</summary>
    internal static TableTransactionAction Put(TableEntity row, ETag? held) => held is { } version
        ? new(TableTransactionActionType.UpdateReplace, row, version)
        : new(TableTransactionActionType.Add, row);

    /// <summary>A column that must be there.</summary>
    /// <exception cref="InvalidDataException">It is not, or holds something else; the message names the kind of row and the column.</exception>
    internal static T Required<T>(this TableEntity entity, string column) =>
        entity.TryGetValue(column, out var value) && value is T typed
            ? typed
            : throw new InvalidDataException(
                $"Row {KindOf(entity)} of LEA {entity.PartitionKey} has no valid {column}.");

    /// <summary>The row itself.</summary>
    /// <exception cref="UnknownSchemaVersionException">A newer release wrote it.</exception>
    internal static TableEntity Known(TableEntity row) =>
        SchemaVersion.WhyUnreadable(row, nameof(CredentialingStorage.Leas), KindOf(row), row.PartitionKey) is { } why ? throw why : row;

    private static string KindOf(TableEntity row) => row.RowKey.Split(':')[0]; // what follows may name a person

    private static string Successor(string prefix) => prefix[..^1] + (char)(prefix[^1] + 1);
}
