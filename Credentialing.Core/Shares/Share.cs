using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Audit;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Shares;

/// <summary>
/// A one-time link that hands the secret key to a vendor. The coordinator's browser encrypts the key; the service stores only the
/// ciphertext, until the link is opened, and never has the key to it. Immutable.
/// </summary>
/// <param name="Id">The id. A client that has it can open the share.</param>
/// <param name="Generation">The generation of the secret key. The share opens only while it is the current one.</param>
/// <param name="Vendor">For whom it is: one line of at most <see cref="OneLine.MaxNameLength"/>.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="CreatedBy">The coordinator who created it.</param>
/// <param name="ExpiresAt">The first instant at which it cannot be opened any more. Not after the expiry of the credentials.</param>
public sealed record Share(ShareId Id, int Generation, string Vendor, DateTimeOffset CreatedAt, Coordinator CreatedBy, DateTimeOffset ExpiresAt)
{
    /// <summary>The maximum number of shares for one generation.</summary>
    public const int MaxShares = 50;

    /// <summary>The maximum length of the ciphertext, in characters.</summary>
    public const int MaxCiphertextLength = 4096;

    /// <summary>The maximum lifetime of a share.</summary>
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromDays(7);

    /// <summary>When it was opened; null if it was not.</summary>
    public DateTimeOffset? OpenedAt { get; init; }

    /// <summary>The ciphertext; null once it was opened.</summary>
    internal string? Ciphertext { get; init; }

    /// <summary>The request that opened it; null if it was not opened.</summary>
    internal Guid? OpenedBy { get; init; }

    /// <summary>The ETag of the row; null if it is not stored yet.</summary>
    internal ETag? RowVersion { get; init; }

    private string RowKey => RowKeyOf(Id);

    /// <summary>Whether its secret key is the current one.</summary>
    private bool IsCurrent(Credential? credential) => credential is { Revocation: null } && credential.Generation == Generation;

    /// <summary>Whether it can be opened at <paramref name="now"/>.</summary>
    internal bool IsWaiting(Credential? credential, DateTimeOffset now) => OpenedAt is null && !HasEnded(credential, now);

    /// <summary>
    /// Whether its row is of no use any more at <paramref name="now"/>: it has expired without being opened, its secret key was superseded or
    /// revoked, or its ciphertext is missing, because the row was restored from a backup.
    /// </summary>
    internal bool HasEnded(Credential? credential, DateTimeOffset now) => !IsCurrent(credential) || (OpenedAt is null && (now >= ExpiresAt || Ciphertext is null));

    /// <summary>Whether a row is one of a share.</summary>
    internal static bool IsRow(TableEntity row) => row.RowKey.StartsWith(LeaPartition.ShareRowPrefix, StringComparison.Ordinal);

    internal static string RowKeyOf(ShareId id) => LeaPartition.ShareRowPrefix + id.Key;

    /// <exception cref="UnreadableRowException">The row is corrupt.</exception>
    internal static Share Read(LeaId leaId, TableEntity row) => new(
        ShareId.Of(leaId, row.RowKey[LeaPartition.ShareRowPrefix.Length..]) ?? throw UnreadableRowException.Corrupt(row, "has no valid row key"),
        row.Required<int>(nameof(Generation)),
        row.Required<string>(nameof(Vendor)),
        row.Required<DateTimeOffset>(nameof(CreatedAt)),
        new Coordinator(row.Required<string>(nameof(CreatedBy)), row.Required<string>(nameof(CreatedBy) + nameof(Coordinator.Name)), Email: null),
        row.Required<DateTimeOffset>(nameof(ExpiresAt)))
    {
        OpenedAt = row.OptionalValue<DateTimeOffset>(nameof(OpenedAt)),
        OpenedBy = row.OptionalValue<Guid>(nameof(OpenedBy)),
        Ciphertext = row.Optional<string>(LeaPartition.CiphertextColumn),
        RowVersion = row.ETag,
    };

    /// <summary>Transaction step: inserts the row, or replaces the version that was read.</summary>
    internal TableTransactionAction Write()
    {
        var row = LeaPartition.Entity(Id.LeaId, RowKey);
        row[nameof(Generation)] = Generation;
        row[nameof(Vendor)] = Vendor;
        row[nameof(CreatedAt)] = CreatedAt;
        row[nameof(CreatedBy)] = CreatedBy.Id;
        row[nameof(CreatedBy) + nameof(CreatedBy.Name)] = CreatedBy.Name;
        row[nameof(ExpiresAt)] = ExpiresAt;
        row[nameof(OpenedAt)] = OpenedAt;
        row[nameof(OpenedBy)] = OpenedBy;
        row[LeaPartition.CiphertextColumn] = Ciphertext;
        return LeaPartition.Put(row, RowVersion);
    }

    /// <summary>Transaction step: deletes the row if it has not changed since it was read.</summary>
    internal TableTransactionAction Delete() => new(TableTransactionActionType.Delete, LeaPartition.Key(Id.LeaId, RowKey), RowVersion!.Value);

    /// <summary>The audit event of what happened to the share.</summary>
    /// <param name="at">When it happened.</param>
    /// <param name="kind">What happened.</param>
    /// <param name="by">The coordinator who did it; null for a vendor or the daily run.</param>
    internal AuditEvent Event(DateTimeOffset at, string kind, Coordinator? by) =>
        AuditEvent.AboutShare(Id.LeaId, at, kind, by?.Id, by?.Name, Generation, Vendor);
}
