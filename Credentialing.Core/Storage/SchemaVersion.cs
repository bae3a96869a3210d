using System.Globalization;
using Azure.Data.Tables;

namespace Credentialing.Core.Storage;

/// <summary>
/// The schema version, a column of every row in both tables. A release reads rows of all earlier versions and rejects rows of
/// later versions, so that it can run next to or after a newer release (rollback).
/// <para>
/// All kinds of rows share one number until one kind changes. The first kind that changes gets its own number here, so that
/// older releases can still read the other kinds. Increment it for every change that an older release could misread or lose.
/// A new column is such a change, because releases replace whole rows.
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

    /// <summary>The exception to throw if this release cannot read the row, else null. Called for every row that is read.</summary>
    /// <param name="row">The row, with all its columns.</param>
    /// <param name="table">The row's table.</param>
    /// <param name="kind">The kind of row. Not the row key, which may identify a person.</param>
    /// <param name="leaId">The LEA that the row belongs to.</param>
    internal static UnknownSchemaVersionException? WhyUnreadable(TableEntity row, string table, string kind, string leaId)
    {
        var found = row.TryGetValue(Column, out var value) && value is not null ? value : First;
        return found is >= First and <= Current
            ? null
            : new(table, kind, leaId, Convert.ToString(found, CultureInfo.InvariantCulture)!, Current);
    }
}
