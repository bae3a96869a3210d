using Azure.Data.Tables;
using Credentialing.Core.Audit;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Notices;

/// <summary>
/// An email that notifies an LEA's other coordinators of a change: its outbox row, which the transaction of the change inserts
/// (<see cref="AuditEvent.ToNotice"/>). The row is deleted when the email has been sent. Immutable.
/// </summary>
/// <param name="LeaId">The LEA.</param>
/// <param name="Key">The row key, which identifies the notice.</param>
/// <param name="Kind">The kind of the audit event.</param>
/// <param name="At">When the change was made.</param>
/// <param name="ById">Who made it: an id known to TOMS.</param>
/// <param name="ByName">The name of that person; null for TOMS.</param>
/// <param name="Generation">The generation that the change is about; null if it is not about credentials.</param>
/// <param name="Detail">The reason of a revocation, or of the end of a previous key; null if there is none.</param>
/// <param name="PreviousUntil">Until when the previous key works; null if it does not.</param>
/// <param name="Former">The coordinators that the change removed. They get the email, too.</param>
internal sealed record Notice(
    LeaId LeaId, string Key, string Kind, DateTimeOffset At, string ById, string? ByName, int? Generation, string? Detail, DateTimeOffset? PreviousUntil, IReadOnlyList<Coordinator> Former)
{
    /// <summary>The lease on sending it, and the result.</summary>
    internal EmailClaim Claim { get; init; } = new();

    /// <exception cref="UnreadableRowException">The row is corrupt.</exception>
    internal static Notice Read(LeaId leaId, TableEntity row) => new(
        leaId,
        row.RowKey,
        row.Required<string>(nameof(Kind)),
        row.Required<DateTimeOffset>(nameof(At)),
        row.Required<string>(nameof(ById)),
        row.Optional<string>(nameof(ByName)),
        row.OptionalValue<int>(nameof(Generation)),
        row.Optional<string>(nameof(Detail)),
        row.OptionalValue<DateTimeOffset>(nameof(PreviousUntil)),
        Coordinator.ListFromText(row, AuditEvent.FormerColumn))
    {
        Claim = EmailClaim.Read(row),
    };

    /// <summary>
    /// Returns those who get the email: the stored coordinators except the one who made the change, and the former ones. If the
    /// mail service has accepted it for some, only the deferred addresses. Each address once.
    /// </summary>
    internal (IReadOnlyList<Coordinator> Current, IReadOnlyList<Coordinator> Former) Recipients(Lea? lea)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        // First: the LEA can have them again at a retry. The message to the former coordinators may have been sent, so its recipients stay the same.
        Coordinator[] former = [.. Former.Where(IsDue)];
        return ([.. (lea?.Coordinators ?? []).Where(coordinator => coordinator.Id != ById).Where(IsDue)], former);

        bool IsDue(Coordinator coordinator) =>
            !string.IsNullOrWhiteSpace(coordinator.Email)
            && (Claim.SentAt is null || Claim.Deferred.Contains(coordinator.Email, StringComparer.OrdinalIgnoreCase))
            && seen.Add(coordinator.Email);
    }

    /// <summary>Transaction step: replaces the version of the row that was read by one with this claim.</summary>
    internal TableTransactionAction Write(EmailClaim claim)
    {
        // Merge: the other columns stay.
        var row = LeaPartition.Key(LeaId, Key);
        claim.Write(row);
        return new(TableTransactionActionType.UpdateMerge, row, claim.RowVersion!.Value);
    }

    /// <summary>Transaction step: deletes the row if it has not changed.</summary>
    internal TableTransactionAction Delete(EmailClaim claim) =>
        new(TableTransactionActionType.Delete, LeaPartition.Key(LeaId, Key), claim.RowVersion!.Value);
}
