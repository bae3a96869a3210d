using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Leas;

namespace Credentialing.Core;

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

    internal static string Key(LeaId leaId) => leaId.Value;

    internal static TableEntity Entity(LeaId leaId, string rowKey) => new(Key(leaId), rowKey);

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
                $"Row {entity.RowKey.Split(':')[0]} of LEA {entity.PartitionKey} has no valid {column}."); // what follows may name a person

    private static string Successor(string prefix) => prefix[..^1] + (char)(prefix[^1] + 1);
}
