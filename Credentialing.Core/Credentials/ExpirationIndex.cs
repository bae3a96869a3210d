using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Credentials;

/// <summary>
/// Secondary index of credentials by UTC expiry date, so that the daily run reads only the LEAs that are due. A pointer is an
/// index entry. It is written before its credential. Only the daily run deletes it, after it has read that the credential expires
/// on another date. A stale pointer is harmless, because the daily run reads the credential itself. A missing pointer cannot
/// occur.
/// </summary>
internal sealed class ExpirationIndex(CredentialingStorage storage)
{
    private const string DateFormat = "yyyy-MM-dd";

    /// <summary>Returns the partition key: the UTC date of expiry.</summary>
    internal static string DateOf(DateTimeOffset expiresAt) => expiresAt.UtcDateTime.ToString(DateFormat, CultureInfo.InvariantCulture);

    /// <summary>Adds a pointer if it does not exist. Idempotent. One round trip.</summary>
    internal async Task PointAsync(LeaId leaId, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        try
        {
            await storage.Expirations.AddEntityAsync(SchemaVersion.NewRow(DateOf(expiresAt), leaId.Value), cancellationToken);
        }
        catch (RequestFailedException failure) when (failure.ErrorCode == TableErrorCode.EntityAlreadyExists)
        {
            // Do not replace it: a newer release may have written it, and this row was not read.
        }
    }

    /// <summary>
    /// Returns the pointers of all dates up to and including <paramref name="through"/>, earliest first, in pages of up to 1,000: one
    /// round trip per page. Skips rows of newer releases, and throws for the first of them at the end.
    /// </summary>
    /// <exception cref="UnknownSchemaVersionException">A newer release wrote a row. All others have been returned.</exception>
    internal async IAsyncEnumerable<IReadOnlyList<ExpirationPointer>> ThroughAsync(
        DateOnly through, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pages = storage.Expirations.QueryAsync<TableEntity>(
            $"PartitionKey le '{through.ToString(DateFormat, CultureInfo.InvariantCulture)}'",
            cancellationToken: cancellationToken).AsPages();
        UnknownSchemaVersionException? unknown = null;
        await foreach (var page in pages.WithCancellation(cancellationToken))
        {
            var known = new List<ExpirationPointer>(page.Values.Count);
            foreach (var row in page.Values)
            {
                if (SchemaVersion.WhyUnreadable(row, nameof(storage.Expirations), "pointer", row.RowKey) is { } why)
                    unknown ??= why;
                else
                    known.Add(new(row.PartitionKey, row.RowKey, row.ETag));
            }

            yield return known;
        }

        if (unknown is not null)
            throw unknown;
    }

    /// <summary>Deletes a stale pointer. Throws if the row has changed since it was read.</summary>
    internal Task DropAsync(ExpirationPointer stale, CancellationToken cancellationToken) =>
        storage.Expirations.DeleteEntityAsync(stale.Date, stale.LeaId, stale.RowVersion, cancellationToken);
}

/// <summary>One index entry.</summary>
/// <param name="Date">The UTC expiry date, yyyy-MM-dd.</param>
/// <param name="LeaId">The row key. It was not validated as a CDS code.</param>
/// <param name="RowVersion">The ETag of the row.</param>
internal readonly record struct ExpirationPointer(string Date, string LeaId, ETag RowVersion);
