using Azure.Data.Tables;

namespace Credentialing.Core.Storage;

/// <summary>
/// The schema version, a column of every row in the tables, except index entries that a change has added
/// (<see cref="ExpirationIndex.AddForChangeAsync"/>). A release reads rows of all earlier versions and rejects rows of
/// later versions, so that it can run next to or after a newer release (rollback).
/// <para>
/// Each kind of row has its own newest version, so that older releases can still read the other kinds. A row gets a new version if
/// an older release would act wrongly on it: a column that changed its meaning, or a new one that must not be ignored. Rows that
/// an older release understands keep the old version. A new column that an older release may ignore needs no new version: updates
/// merge only the columns that they change, and a row that is written whole states a new fact.
/// </para>
/// </summary>
internal static class SchemaVersion
{
    /// <summary>The name of the column.</summary>
    internal const string Column = nameof(SchemaVersion);

    /// <summary>The <c>credential</c> row of revoked credentials. An older release would accept their secret key.</summary>
    internal const int RevokedCredential = 2;

    /// <summary>Version assumed when the column is absent.</summary>
    private const int First = 1;

    /// <summary>A new row with its version and no other columns.</summary>
    internal static TableEntity NewRow(string partitionKey, string rowKey, int version = First) => new(partitionKey, rowKey) { [Column] = version };

    /// <summary>Whether the row has this version.</summary>
    internal static bool Is(TableEntity row, int version) => row.TryGetValue(Column, out var value) && value is int found && found == version;

    /// <summary>The exception to throw if a newer release wrote the row, else null. Called for every row that is read.</summary>
    /// <param name="row">The row, with its <see cref="Column"/>.</param>
    /// <param name="kind">The kind of row. Not the row key, which may identify a person.</param>
    /// <param name="leaId">The LEA that the row belongs to.</param>
    internal static UnreadableRowException? WhyUnreadable(TableEntity row, string kind, string leaId)
    {
        var found = row.TryGetValue(Column, out var value) && value is not null ? value : First;
        var newestKnown = kind == LeaPartition.CredentialRow ? RevokedCredential : First;
        return found is int version && version >= First && version <= newestKnown ? null : UnreadableRowException.Newer(kind, leaId, found, newestKnown);
    }
}
