using System.Globalization;
using Azure.Data.Tables;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Credentials;

/// <summary>
/// A generation of an LEA's secret key that was superseded by a regeneration: its <c>superseded:</c> row, which the transaction of the
/// regeneration writes. It is kept so that a leaked key can be recognised. It authenticates nobody: only the
/// <c>credential</c> row does. Immutable.
/// </summary>
/// <param name="LeaId">The LEA.</param>
/// <param name="Generation">The generation.</param>
/// <param name="Verifier">The keyed hash of the secret key.</param>
/// <param name="GeneratedAt">When the key was generated.</param>
/// <param name="SupersededAt">When the next generation was generated. An overlap can have lasted longer.</param>
internal sealed record SupersededKey(LeaId LeaId, int Generation, SecretKeyVerifier Verifier, DateTimeOffset GeneratedAt, DateTimeOffset SupersededAt)
{
    internal static string RowKeyOf(int generation) => string.Create(CultureInfo.InvariantCulture, $"{LeaPartition.SupersededRowPrefix}{generation:D6}");

    /// <summary>Returns the key that <paramref name="next"/> supersedes.</summary>
    internal static SupersededKey Of(Credential superseded, Credential next) =>
        new(superseded.LeaId, superseded.Generation, superseded.Verifier, superseded.GeneratedAt, next.GeneratedAt);

    /// <summary>Whether a row is one of a superseded key.</summary>
    internal static bool IsRow(TableEntity row) => row.RowKey.StartsWith(LeaPartition.SupersededRowPrefix, StringComparison.Ordinal);

    /// <exception cref="UnreadableRowException">The row is corrupt.</exception>
    internal static SupersededKey Read(LeaId leaId, TableEntity row) =>
        int.TryParse(row.RowKey[LeaPartition.SupersededRowPrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
        && generation is >= 1 and <= Credential.MaxGeneration
        && row.RowKey == RowKeyOf(generation)
            ? new SupersededKey(
                leaId,
                generation,
                CredentialTable.ReadVerifier(row),
                row.Required<DateTimeOffset>(nameof(GeneratedAt)),
                row.Required<DateTimeOffset>(nameof(SupersededAt)))
            : throw UnreadableRowException.Corrupt(row, "has no valid row key");

    /// <summary>
    /// Transaction step: inserts the row. It replaces a row of the same generation, which can exist only if the <c>credential</c> row was
    /// restored from a backup: an insert would then prevent every regeneration.
    /// </summary>
    internal TableTransactionAction Write()
    {
        var row = LeaPartition.Entity(LeaId, RowKeyOf(Generation));
        CredentialTable.WriteVerifier(row, Verifier);
        row[nameof(GeneratedAt)] = GeneratedAt;
        row[nameof(SupersededAt)] = SupersededAt;
        return new(TableTransactionActionType.UpsertReplace, row);
    }
}
