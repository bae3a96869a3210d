using System.Globalization;
using Azure.Data.Tables;

namespace Credentialing.Core.Storage;

/// <summary>
/// A row cannot be read: it is corrupt, or a newer release wrote it. The row was not changed. The message contains the kind of row,
/// the CDS code and the column, and no personal data.
/// </summary>
public sealed class UnreadableRowException : Exception
{
    private UnreadableRowException(string message, string reason)
        : base(message) => Reason = reason;

    /// <summary>Why the LEA's rows cannot be read, in one sentence for a list of LEAs.</summary>
    public string Reason { get; }

    /// <param name="row">The row.</param>
    /// <param name="why">What is wrong, such as "has no valid Name".</param>
    internal static UnreadableRowException Corrupt(TableEntity row, string why) =>
        new($"Row {LeaPartition.KindOf(row)} of LEA {row.PartitionKey} {why}.", "Its rows are corrupt.");

    internal static UnreadableRowException Newer(string kind, string leaId, object? version, int newestKnown) => new(
        string.Create(CultureInfo.InvariantCulture, $"Row {kind} of LEA {leaId} has schema version {version}; this release knows versions up to {newestKnown}. ")
            + "A newer release wrote it: deploy that release again.",
        "A newer release has written its rows.");
}
