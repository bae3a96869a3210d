using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Leas;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Credentials;

/// <summary>A credential with the ETag of its row.</summary>
/// <param name="Credential">The credential.</param>
/// <param name="RowVersion">The ETag.</param>
/// <param name="EarlierUse">
/// The last use of its key that a release before the <c>use:</c> rows recorded in the credential's row; null if there is none.
/// </param>
internal sealed record StoredCredential(Credential Credential, ETag RowVersion, KeyUse? EarlierUse);

/// <summary>What authentication needs of an LEA's credential.</summary>
/// <param name="Current">The current key.</param>
/// <param name="Previous">The previous key, also after its expiry; null if there was no overlap.</param>
/// <param name="RevokedAt">When the credentials were revoked; null unless they were.</param>
/// <param name="RowVersion">The ETag of the row.</param>
internal sealed record StoredKeys(VendorKey Current, VendorKey? Previous, DateTimeOffset? RevokedAt, ETag RowVersion)
{
    /// <summary>Returns the keys that can work at <paramref name="now"/>: the current one, and the previous one during an overlap.</summary>
    internal IReadOnlyList<VendorKey> At(DateTimeOffset now) => RevokedAt is null && Previous?.HasExpired(now) is false ? [Current, Previous] : [Current];
}

/// <summary>Rows of an LEA that were read together.</summary>
/// <param name="Stored">The credential; null if there is none.</param>
/// <param name="Uses">The <c>use:</c> rows. Their schema version was not checked.</param>
/// <param name="CoordinatorIds">The ids of the stored coordinators; empty if they were not read.</param>
internal sealed record CredentialRows(StoredCredential? Stored, IReadOnlyList<TableEntity> Uses, IReadOnlyList<string> CoordinatorIds)
{
    /// <summary>Whether a coordinator other than <paramref name="by"/> is to be notified of a change.</summary>
    internal bool HasOtherCoordinators(Coordinator by) => CoordinatorIds.Any(id => id != by.Id);
}

/// <summary>The <c>credential</c> row in each LEA's partition, and the <c>use:</c> rows that say who uses its keys.</summary>
internal sealed class CredentialTable(CredentialingStorage storage)
{
    private const string Username = nameof(Username);
    private const string Generation = nameof(Generation);
    private const string Verifier = nameof(Verifier);
    private const string PepperVersion = nameof(PepperVersion);
    private const string GeneratedAt = nameof(GeneratedAt);
    private const string GeneratedBy = nameof(GeneratedBy);
    private const string ExpiresAt = nameof(ExpiresAt);
    private const string AuthorizedAt = nameof(AuthorizedAt);
    private const string AuthorizedBy = nameof(AuthorizedBy);
    private const string AuthorizedWording = nameof(AuthorizedWording);
    private const string Previous = nameof(Previous); // prefix of the columns of the previous key
    private const string RevokedAt = nameof(RevokedAt);
    private const string RevokedBy = nameof(RevokedBy);
    private const string RevocationReason = nameof(RevocationReason);

    /// <summary>The columns that <see cref="ReadKeys"/> reads, and those that identify the row and its version.</summary>
    private static readonly string[] KeyColumns =
    [
        nameof(TableEntity.PartitionKey), nameof(TableEntity.RowKey), SchemaVersion.Column, RevokedAt,
        .. from prefix in (string[])["", Previous]
           from column in (string[])[Generation, Verifier, PepperVersion, GeneratedAt, ExpiresAt]
           select prefix + column,
    ];

    private static readonly string CredentialAndUses = $"{LeaPartition.Is(LeaPartition.CredentialRow)} or {LeaPartition.StartsWith(LeaPartition.UseRowPrefix)}";
    private static readonly string CredentialUsesAndCoordinators = $"{CredentialAndUses} or {LeaPartition.StartsWith(LeaPartition.CoordinatorRowPrefix)}";

    /// <summary>Returns the keys of the LEA's credential, or null. One round trip. Reads no data about persons.</summary>
    internal async Task<StoredKeys?> FindKeysAsync(LeaId leaId, CancellationToken cancellationToken) =>
        await LeaPartition.FindAsync(storage, leaId, LeaPartition.CredentialRow, KeyColumns, cancellationToken) is { } row ? ReadKeys(leaId, row) : null;

    /// <summary>Returns the keys of the LEA's credential, or null, and its uses. One round trip.</summary>
    internal async Task<(StoredKeys? Keys, IReadOnlyList<TableEntity> Uses)> FindKeysWithUsesAsync(LeaId leaId, CancellationToken cancellationToken)
    {
        var rows = await LeaPartition.ListUncheckedAsync(storage, leaId, CredentialAndUses, cancellationToken);
        var own = rows.SingleOrDefault(row => row.RowKey == LeaPartition.CredentialRow);
        return (own is null ? null : ReadKeys(leaId, LeaPartition.Known(own)), [.. rows.Where(row => row != own)]);
    }

    /// <summary>Returns the LEA's credential and its uses. One round trip.</summary>
    internal Task<CredentialRows> FindWithUsesAsync(LeaId leaId, CancellationToken cancellationToken) =>
        FindAsync(leaId, CredentialAndUses, cancellationToken);

    /// <summary>Returns what a change needs: the LEA's credential, its uses, and who else is to be notified. One round trip.</summary>
    internal Task<CredentialRows> FindForChangeAsync(LeaId leaId, CancellationToken cancellationToken) =>
        FindAsync(leaId, CredentialUsesAndCoordinators, cancellationToken);

    /// <summary>
    /// Replaces <paramref name="held"/> by <paramref name="next"/>, in one transaction with other steps. Returns false on a conflict:
    /// see <see cref="LeaPartition.TryChangeAsync"/>.
    /// </summary>
    internal Task<bool> TryReplaceAsync(StoredCredential? held, Credential next, IEnumerable<TableTransactionAction> others) =>
        LeaPartition.TryChangeAsync(storage, [LeaPartition.Put(Write(next), held?.RowVersion), .. others]);

    /// <summary>
    /// Replaces the verifier of a key by the one under the newest pepper. Does nothing if the row has changed since it was read: the
    /// next use replaces it.
    /// </summary>
    internal async Task UpgradeVerifierAsync(StoredKeys held, int generation, SecretKeyVerifier verifier, CancellationToken cancellationToken)
    {
        // Merge: columns that a newer release added stay.
        var row = LeaPartition.Key(held.Current.LeaId, LeaPartition.CredentialRow);
        WriteVerifier(row, verifier, generation == held.Current.Generation ? "" : Previous);
        try
        {
            await storage.Leas.UpdateEntityAsync(row, held.RowVersion, TableUpdateMode.Merge, cancellationToken);
        }
        catch (RequestFailedException failure) when (failure.Status is 412)
        {
            // Conflict: the credentials were changed, or another instance has replaced the verifier.
        }
    }

    /// <summary>Inserts or updates the row of a use. One round trip.</summary>
    internal Task RecordUseAsync(LeaId leaId, KeyUse use, CancellationToken cancellationToken) =>
        storage.Leas.UpsertEntityAsync(use.Write(leaId), TableUpdateMode.Merge, cancellationToken);

    /// <summary>
    /// Transaction step without changes: the transaction fails if the row has changed since it was read, for example by a regeneration.
    /// </summary>
    internal static TableTransactionAction Unchanged(StoredCredential held) => new(
        TableTransactionActionType.UpdateMerge, LeaPartition.Key(held.Credential.LeaId, LeaPartition.CredentialRow), held.RowVersion);

    /// <exception cref="UnreadableRowException">The row is corrupt.</exception>
    internal static StoredCredential Read(LeaId leaId, TableEntity row)
    {
        var credential = ReadCredential(leaId, row);
        var earlierUse = row.Optional<string>(nameof(KeyUse.LastUsedOn)) is null ? null : new KeyUse(ClientName.Unknown, credential.Generation, KeyUse.ReadDate(row));
        return new StoredCredential(credential, row.ETag, earlierUse);
    }

    private async Task<CredentialRows> FindAsync(LeaId leaId, string filter, CancellationToken cancellationToken)
    {
        var rows = await LeaPartition.ListUncheckedAsync(storage, leaId, filter, cancellationToken);
        return new CredentialRows(
            rows.SingleOrDefault(row => row.RowKey == LeaPartition.CredentialRow) is { } own ? Read(leaId, LeaPartition.Known(own)) : null,
            [.. Keys(LeaPartition.UseRowPrefix)],
            [.. Keys(LeaPartition.CoordinatorRowPrefix).Select(row => row.RowKey[LeaPartition.CoordinatorRowPrefix.Length..])]);

        IEnumerable<TableEntity> Keys(string prefix) => rows.Where(row => row.RowKey.StartsWith(prefix, StringComparison.Ordinal));
    }

    /// <summary>Returns the row of a credential, to be inserted or to replace another.</summary>
    internal static TableEntity Write(Credential credential)
    {
        var row = credential.Revocation is null
            ? LeaPartition.Entity(credential.LeaId, LeaPartition.CredentialRow)
            : SchemaVersion.NewRow(credential.LeaId.Value, LeaPartition.CredentialRow, SchemaVersion.RevokedCredential);
        row[Username] = credential.Username.ToString();
        row[Generation] = credential.Generation;
        WriteVerifier(row, credential.Verifier);
        row[GeneratedAt] = credential.GeneratedAt;
        WritePerson(row, GeneratedBy, credential.GeneratedBy);
        row[ExpiresAt] = credential.ExpiresAt;
        row[AuthorizedAt] = credential.Authorization.At;
        WritePerson(row, AuthorizedBy, credential.Authorization.By);
        row[AuthorizedWording] = credential.Authorization.WordingVersion;
        if (credential.PreviousKey is { } previous)
        {
            row[Previous + Generation] = previous.Generation;
            WriteVerifier(row, previous.Verifier, Previous);
            row[Previous + GeneratedAt] = previous.GeneratedAt;
            row[Previous + ExpiresAt] = previous.ExpiresAt;
        }

        if (credential.Revocation is { } revocation)
        {
            row[RevokedAt] = revocation.At;
            WritePerson(row, RevokedBy, revocation.By);
            row[RevocationReason] = revocation.Reason;
        }

        return row;
    }

    /// <summary>Adds the columns of a verifier.</summary>
    /// <param name="row">The row.</param>
    /// <param name="verifier">The verifier.</param>
    /// <param name="prefix">The prefix of the columns, if the row has more than one verifier.</param>
    internal static void WriteVerifier(TableEntity row, SecretKeyVerifier verifier, string prefix = "")
    {
        row[prefix + Verifier] = verifier.Hash.ToArray();
        row[prefix + PepperVersion] = verifier.PepperVersion;
    }

    private static void WritePerson(TableEntity row, string column, Coordinator person)
    {
        row[column] = person.Id;
        row[column + nameof(person.Name)] = person.Name;
        row[column + nameof(person.Email)] = person.Email;
    }

    private static Credential ReadCredential(LeaId leaId, TableEntity row)
    {
        var keys = ReadKeys(leaId, row);
        return new Credential(
            leaId,
            keys.Current.Generation,
            keys.Current.Verifier,
            keys.Current.GeneratedAt,
            ReadPerson(row, GeneratedBy),
            keys.Current.ExpiresAt,
            new ReleaseAuthorization(ReadPerson(row, AuthorizedBy), row.Required<DateTimeOffset>(AuthorizedAt), row.Required<string>(AuthorizedWording)))
        {
            PreviousKey = keys.Previous,
            Revocation = keys.RevokedAt is { } at ? new Revocation(ReadPerson(row, RevokedBy), at, row.Required<string>(RevocationReason)) : null,
        };
    }

    /// <exception cref="UnreadableRowException">The row is corrupt.</exception>
    private static StoredKeys ReadKeys(LeaId leaId, TableEntity row) => new(
        ReadKey(leaId, row, prefix: ""),
        row.OptionalValue<int>(Previous + Generation) is null ? null : ReadKey(leaId, row, Previous) with { IsPrevious = true },
        // Revoked if either says so: a damaged row must not make a revoked key work again.
        row.OptionalValue<DateTimeOffset>(RevokedAt) is null && !SchemaVersion.Is(row, SchemaVersion.RevokedCredential) ? null : row.Required<DateTimeOffset>(RevokedAt),
        row.ETag);

    private static VendorKey ReadKey(LeaId leaId, TableEntity row, string prefix) => new(
        leaId,
        ReadGeneration(row, prefix + Generation),
        ReadVerifier(row, prefix),
        row.Required<DateTimeOffset>(prefix + GeneratedAt),
        row.Required<DateTimeOffset>(prefix + ExpiresAt));

    private static int ReadGeneration(TableEntity row, string column) =>
        row.Required<int>(column) is >= 1 and <= Credential.MaxGeneration and var generation ? generation : throw UnreadableRowException.Corrupt(row, $"has no valid {column}");

    /// <exception cref="UnreadableRowException">A column is missing or has another type.</exception>
    internal static SecretKeyVerifier ReadVerifier(TableEntity row, string prefix = "") =>
        new(row.Required<string>(prefix + PepperVersion), row.Required<byte[]>(prefix + Verifier));

    private static Coordinator ReadPerson(TableEntity row, string column) => new(
        row.Required<string>(column),
        row.Required<string>(column + nameof(Coordinator.Name)),
        row.Optional<string>(column + nameof(Coordinator.Email)));
}
