using System.Globalization;
using Azure.Data.Tables;
using Credentialing.Core.Leas;

namespace Credentialing.Core.Credentials;

/// <summary>
/// Points from an expiry date to the LEAs whose credentials end on it, so that the daily run reads what is due and not
/// what exists. A pointer is written before its credential and removed after that is superseded: one too many is
/// harmless, because the run reads the credential itself; one too few cannot occur.
/// </summary>
internal sealed class ExpirationIndex(CredentialingStorage storage)
{
    /// <summary>Makes sure that there is a pointer.</summary>
    internal Task PointAsync(LeaId leaId, DateTimeOffset expiresAt, CancellationToken cancellationToken) =>
        storage.Expirations.UpsertEntityAsync(
            new TableEntity(Date(expiresAt), leaId.Value), TableUpdateMode.Replace, cancellationToken);

    /// <summary>Removes the pointer of a superseded credential, unless its successor ends on the same date.</summary>
    internal async Task RemoveAsync(Credential superseded, Credential successor)
    {
        if (Date(superseded.ExpiresAt) != Date(successor.ExpiresAt))
            await storage.Expirations.DeleteEntityAsync(Date(superseded.ExpiresAt), superseded.LeaId.Value, cancellationToken: CancellationToken.None);
    }

    private static string Date(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
