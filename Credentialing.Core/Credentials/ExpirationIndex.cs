using System.Globalization;
using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using Credentialing.Core.Leas;

namespace Credentialing.Core.Credentials;

/// <summary>
/// Points from an expiry date to the LEAs whose credentials end on it, so that the daily run reads what is due and not
/// what exists. A pointer is written before its credential, and only the daily run drops it, after it has seen that the
/// credential ends on another date: one too many is harmless, because the run reads the credential itself; one too few
/// cannot occur.
/// </summary>
internal sealed class ExpirationIndex(CredentialingStorage storage)
{
    private const string DateFormat = "yyyy-MM-dd";

    /// <summary>The UTC date under which the end of credentials is found.</summary>
    internal static string DateOf(DateTimeOffset expiresAt) => expiresAt.UtcDateTime.ToString(DateFormat, CultureInfo.InvariantCulture);

    /// <summary>Makes sure that there is a pointer.</summary>
    internal Task PointAsync(LeaId leaId, DateTimeOffset expiresAt, CancellationToken cancellationToken) =>
        storage.Expirations.UpsertEntityAsync(
            new TableEntity(DateOf(expiresAt), leaId.Value), TableUpdateMode.Replace, cancellationToken);

    /// <summary>
    /// The pointers to all dates through <paramref name="through"/>, however long past, the earliest first, in pages of up to
    /// 1,000: one round trip each.
    /// </summary>
    internal async IAsyncEnumerable<IReadOnlyList<ExpirationPointer>> ThroughAsync(
        DateOnly through, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pages = storage.Expirations.QueryAsync<TableEntity>(
            $"PartitionKey le '{through.ToString(DateFormat, CultureInfo.InvariantCulture)}'",
            select: [nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey)],
            cancellationToken: cancellationToken).AsPages();
        await foreach (var page in pages.WithCancellation(cancellationToken))
            yield return [.. page.Values.Select(row => new ExpirationPointer(row.PartitionKey, row.RowKey))];
    }

    /// <summary>Drops a pointer to credentials that do not end on its date.</summary>
    internal Task DropAsync(ExpirationPointer stale, CancellationToken cancellationToken) =>
        storage.Expirations.DeleteEntityAsync(stale.Date, stale.LeaId, cancellationToken: cancellationToken);
}

/// <summary>One pointer, as it is stored.</summary>
/// <param name="Date">The UTC date, yyyy-MM-dd.</param>
/// <param name="LeaId">The CDS code of the LEA.</param>
internal readonly record struct ExpirationPointer(string Date, string LeaId);
