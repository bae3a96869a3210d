using Azure.Data.Tables;

namespace Credentialing.Core.Storage;

/// <summary>
/// The schema version, a column of every row in both tables. A release reads rows of all earlier versions and rejects rows of
/// later versions, so that it can run next to or after a newer release (rollback).
/// <para>
/// All kinds of rows share one number until one kind changes. The first kind that changes gets its own number here, so that
/// older releases can still read the other kinds. Increment it if an older release would act wrongly on the row: a column that
/// changed its meaning, or a new one that must not be ignored, such as a revocation. A new column that an older release may ignore
/// needs no new version: updates merge only the columns that they change, and a row that is written whole states a new fact.
/// </para>
/// </summary>
internal static class SchemaVersion
{
    private const string Column = nameof(SchemaVersion);

    /// <summary>Version assumed when the column is absent.</summary>
    private const int First = 1;

    private const int Current = 1;

    /// <summary>A new row with the current version and no other columns.</summary>
    internal static TableEntity NewRow(string partitionKey, string rowKey) => new(partitionKey, rowKey) { [Column] = Current };

    /// <summary>The exception to throw if a newer release wrote the row, else null. Called for every row that is read.</summary>
    /// <param name="row">The row, with all its columns.</param>
    /// <param name="kind">The kind of row. Not the row key, which may identify a person.</param>
    /// <param name="leaId">The LEA that the row belongs to.</param>
    internal static UnreadableRowException? WhyUnreadable(TableEntity row, string kind, string leaId)
    {
        var found = row.TryGetValue(Column, out var value) && value is not null ? value : First;
        return found is >= First and <= Current ? null : UnreadableRowException.Newer(kind, leaId, found, Current);
    }
}
