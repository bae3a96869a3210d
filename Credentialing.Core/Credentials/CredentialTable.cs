using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Audit;
using Credentialing.Core.Leas;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Credentials;

/// <summary>A credential with the ETag of its row.</summary>
internal sealed record StoredCredential(Credential Credential, ETag RowVersion);

/// <summary>The <c>credential</c> row in each LEA's partition.</summary>
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
    private const string LastUsedOn = nameof(LastUsedOn);

    /// <summary>Returns the LEA's credential, or null. One round trip.</summary>
    internal async Task<StoredCredential?> FindAsync(LeaId leaId, CancellationToken cancellationToken) =>
        await LeaPartition.FindAsync(storage, leaId, LeaPartition.CredentialRow, cancellationToken) is { } row ? Read(leaId, row) : null;

    /// <summary>
    /// Replaces <paramref name="held"/> by <paramref name="next"/> and adds the audit event, in one transaction. Returns false on a
    /// conflict: the row has changed since <paramref name="held"/> was read, or the storage client retried a transaction that had
    /// succeeded but whose response was lost. The caller must read the row again to distinguish these.
    /// </summary>
    internal async Task<bool> TryReplaceAsync(StoredCredential? held, Credential next, AuditEvent auditEvent)
    {
        var change = LeaPartition.Put(Write(next), held?.RowVersion);
        try
        {
            // Not cancellable: if the coordinator disconnects, the outcome must still be known.
            await storage.Leas.SubmitTransactionAsync([change, auditEvent.ToAction()], CancellationToken.None);
            return true;
        }
        catch (RequestFailedException failure) when (failure.Status is 409 or 412)
        {
            return false;
        }
    }

    /// <summary>
    /// Records the date on which a key was used, and its verifier under the newest pepper. Does nothing if the row has changed since
    /// it was read.
    /// </summary>
    internal async Task RecordUseAsync(StoredCredential used, DateOnly on, SecretKeyVerifier verifier, CancellationToken cancellationToken)
    {
        // Merge: columns that a newer release added stay.
        var row = LeaPartition.Key(used.Credential.LeaId, LeaPartition.CredentialRow);
        WriteVerifier(row, verifier);
        row[LastUsedOn] = Text(on);
        try
        {
            await storage.Leas.UpdateEntityAsync(row, used.RowVersion, TableUpdateMode.Merge, cancellationToken);
        }
        catch (RequestFailedException failure) when (failure.Status is 412)
        {
            // Conflict: the credentials were regenerated, or another instance recorded the use.
        }
    }

    /// <summary>
    /// Transaction step without changes: the transaction fails if the row has changed since it was read, by a regeneration or a
    /// recorded use.
    /// </summary>
    internal static TableTransactionAction Unchanged(StoredCredential held) => new(
        TableTransactionActionType.UpdateMerge, LeaPartition.Key(held.Credential.LeaId, LeaPartition.CredentialRow), held.RowVersion);

    /// <exception cref="UnreadableRowException">The row is corrupt.</exception>
    internal static StoredCredential Read(LeaId leaId, TableEntity row) => new(ReadCredential(leaId, row), row.ETag);

    private static TableEntity Write(Credential credential)
    {
        var row = LeaPartition.Entity(credential.LeaId, LeaPartition.CredentialRow);
        row[Username] = credential.Username.ToString();
        row[Generation] = credential.Generation;
        WriteVerifier(row, credential.Verifier);
        row[GeneratedAt] = credential.GeneratedAt;
        WritePerson(row, GeneratedBy, credential.GeneratedBy);
        row[ExpiresAt] = credential.ExpiresAt;
        row[AuthorizedAt] = credential.Authorization.At;
        WritePerson(row, AuthorizedBy, credential.Authorization.By);
        row[AuthorizedWording] = credential.Authorization.WordingVersion;
        row[LastUsedOn] = credential.LastUsedOn is { } date ? Text(date) : null;
        return row;
    }

    private static void WriteVerifier(TableEntity row, SecretKeyVerifier verifier)
    {
        row[Verifier] = verifier.Hash.ToArray();
        row[PepperVersion] = verifier.PepperVersion;
    }

    private static void WritePerson(TableEntity row, string column, Coordinator person)
    {
        row[column] = person.Id;
        row[column + nameof(person.Name)] = person.Name;
        row[column + nameof(person.Email)] = person.Email;
    }

    private static Credential ReadCredential(LeaId leaId, TableEntity row) => new(
        leaId,
        row.Required<int>(Generation) is >= 1 and <= Credential.MaxGeneration and var generation ? generation : throw UnreadableRowException.Corrupt(row, $"has no valid {Generation}"),
        new SecretKeyVerifier(row.Required<string>(PepperVersion), row.Required<byte[]>(Verifier)),
        row.Required<DateTimeOffset>(GeneratedAt),
        ReadPerson(row, GeneratedBy),
        row.Required<DateTimeOffset>(ExpiresAt),
        new ReleaseAuthorization(
            ReadPerson(row, AuthorizedBy), row.Required<DateTimeOffset>(AuthorizedAt), row.Required<string>(AuthorizedWording)),
        row.Optional<string>(LastUsedOn) is { } date ? ReadDate(row, date) : null);

    private static Coordinator ReadPerson(TableEntity row, string column) => new(
        row.Required<string>(column),
        row.Required<string>(column + nameof(Coordinator.Name)),
        row.Optional<string>(column + nameof(Coordinator.Email)));

    private static string Text(DateOnly date) => date.ToString("O", CultureInfo.InvariantCulture);

    private static DateOnly ReadDate(TableEntity row, string date) =>
        DateOnly.TryParseExact(date, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var value)
            ? value
            : throw UnreadableRowException.Corrupt(row, $"has no valid {LastUsedOn}");
}
