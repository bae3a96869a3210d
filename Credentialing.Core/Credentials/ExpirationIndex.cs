using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Credentialing.Core.Storage;

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

    /// <summary>Makes sure that there is a pointer, and leaves one that is there as it is. One round trip.</summary>
    internal async Task PointAsync(LeaId leaId, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        try
        {
            await storage.Expirations.AddEntityAsync(SchemaVersion.NewRow(DateOf(expiresAt), leaId.Value), cancellationToken);
        }
        catch (RequestFailedException failure) when (failure.ErrorCode == TableErrorCode.EntityAlreadyExists)
        {
            // Whoever wrote it, even a newer release: to replace it would be to change a row that nobody has read.
        }
    }

    /// <summary>
    /// The pointers to all dates through <paramref name="through"/>, however long past, the earliest first, in pages of up to
    /// 1,000: one round trip each. One that a newer release wrote holds back no other: it is thrown for at the end.
    /// </summary>
    /// <exception cref="UnknownSchemaVersionException">A newer release wrote one; all others have been returned.</exception>
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

    /// <summary>Drops a pointer to credentials that do not end on its date, unless it has changed since it was read.</summary>
    internal Task DropAsync(ExpirationPointer stale, CancellationToken cancellationToken) =>
        storage.Expirations.DeleteEntityAsync(stale.Date, stale.LeaId, stale.RowVersion, cancellationToken);
}

/// <summary>One pointer, as it is stored.</summary>
/// <param name="Date">The UTC date, yyyy-MM-dd.</param>
/// <param name="LeaId">The CDS code of the LEA.</param>
/// <param name="RowVersion">The version of the row.</param>
internal readonly record struct ExpirationPointer(string Date, string LeaId, ETag RowVersion);
