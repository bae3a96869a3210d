using Azure.Data.Tables;
using Credentialing.Core.Leas;

namespace Credentialing.Core;

/// <summary>
/// How the <c>Leas</c> table is laid out: one partition for each LEA, so that everything about one LEA can change in one
/// entity-group transaction.
/// </summary>
internal static class LeaPartition
{
    internal const string LeaRow = "lea";
    internal const string CoordinatorRowPrefix = "coordinator:";
    internal const string CredentialRow = "credential";
    internal const string EventRowPrefix = "event:";

    internal static string Key(LeaId leaId) => leaId.Value;

    internal static TableEntity Entity(LeaId leaId, string rowKey) => new(Key(leaId), rowKey);

    /// <summary>A column that must be there.</summary>
    /// <exception cref="InvalidDataException">It is not, or holds something else; the message names the row and column.</exception>
    internal static T Required<T>(this TableEntity entity, string column) =>
        entity.TryGetValue(column, out var value) && value is T typed
            ? typed
            : throw new InvalidDataException(
                $"Row {entity.RowKey} of LEA {entity.PartitionKey} has no valid {column}.");
}
