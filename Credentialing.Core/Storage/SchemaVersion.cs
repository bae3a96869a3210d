using System.Globalization;
using Azure.Data.Tables;

namespace Credentialing.Core.Storage;

/// <summary>
/// The schema version that every row of both tables carries, so that a release which runs beside or after a newer one refuses
/// the rows that it does not know, and reads those of all before it.
/// <para>
/// It is one number for all kinds of rows as long as none of them has changed. The first to change gets a number of its own here,
/// so that an older release still reads all others; rows that are stored already allow for that. A new number is due with every
/// change by which an older release could misread a row, or lose some of it: it replaces whole rows, so one more column is
/// such a change.
/// </para>
/// </summary>
internal static class SchemaVersion
{
    private const string Column = nameof(SchemaVersion);

    /// <summary>What rows are that were written before they carried a version.</summary>
    private const int First = 1;

    private const int Current = 1;

    /// <summary>A row to be written whole: it has the current version, and no columns yet.</summary>
    internal static TableEntity NewRow(string partitionKey, string rowKey) => new(partitionKey, rowKey) { [Column] = Current };

    /// <summary>What to throw instead of reading a row; null if this release knows what it means. Every row that is read is asked about first.</summary>
    /// <param name="row">The row, with all its columns.</param>
    /// <param name="table">The table that it is in.</param>
    /// <param name="kind">What kind of row it is; not its key, which may name a person.</param>
    /// <param name="leaId">Whose it is.</param>
    internal static UnknownSchemaVersionException? WhyUnreadable(TableEntity row, string table, string kind, string leaId)
    {
        var found = row.TryGetValue(Column, out var value) && value is not null ? value : First;
        return found is >= First and <= Current
            ? null
            : new(table, kind, leaId, Convert.ToString(found, CultureInfo.InvariantCulture)!, Current);
    }
}
