using System.Globalization;
using Credentialing.Core.Audit;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;

namespace Credentialing.Core.Reminders;

/// <summary>A due reminder to all coordinators of an LEA: one email per language.</summary>
/// <param name="Credential">The credentials that expire.</param>
/// <param name="LeaName">The LEA's name. If TOMS never reported the LEA: a text with its CDS code.</param>
/// <param name="Milestone">The latest milestone reached.</param>
/// <param name="DaysRemaining">Calendar days until expiry: less than the milestone's days if it was missed, 0 on the last day.</param>
/// <param name="Recipients">
/// Those to send it to now, without duplicate addresses: the stored coordinators; the one who generated the credentials, if nobody
/// is stored. Without the addresses that the mail service has rejected at this milestone. If it has accepted the email for some,
/// only the deferred ones. Empty if no usable address is left.
/// </param>
/// <param name="Rejected">The addresses on file that the mail service rejected in the last reminder. Only a person can correct them.</param>
public sealed record Reminder(
    Credential Credential, string LeaName, Milestone Milestone, int DaysRemaining, IReadOnlyList<Coordinator> Recipients, IReadOnlyList<string> Rejected)
{
    /// <summary>Whether the reminder says that the credentials have expired.</summary>
    public bool IsAfterExpiry => Milestone.Days <= 0;

    /// <summary>The idempotency key of the English email; see <see cref="OperationIdIn"/>.</summary>
    public Guid OperationId => OperationIdIn(Language.English);

    /// <summary>
    /// Idempotency key of the email in a language for the mail service: unique per LEA, generation, milestone and language, the same
    /// for every attempt. The key of English is that of earlier releases.
    /// </summary>
    public Guid OperationIdIn(Language language)
    {
        var suffix = language is Language.English ? "" : $":{LanguageTag.Of(language)}";
        var name = string.Create(CultureInfo.InvariantCulture, $"reminder:{Credential.LeaId}:{Credential.Generation}:{Milestone.Days}{suffix}");
        return Mail.OperationId.Of(name);
    }

    /// <summary>
    /// Returns the due reminder, or null. It is for the latest milestone reached,
    /// unless a reminder of this generation was sent for that milestone or a later one. So the next run sends a missed reminder,
    /// with the actual number of days, and several missed milestones give one email. A sent reminder stays due for the addresses
    /// that the mail service deferred.
    /// </summary>
    /// <param name="status">The status of the LEA's credentials.</param>
    /// <param name="reached">The latest milestone reached; null if there is none.</param>
    /// <param name="leaName">The LEA's name.</param>
    /// <param name="onFile">The stored coordinators.</param>
    /// <param name="claims">The claims on the LEA's reminders, of all generations.</param>
    /// <param name="claim">The claim on the due reminder; null if there is none.</param>
    internal static Reminder? Due(
        CredentialStatus status, Milestone? reached, string leaName, IReadOnlyList<Coordinator> onFile, IReadOnlyList<ReminderClaim> claims, out ReminderClaim? claim)
    {
        claim = null;
        if (reached is not { } milestone || status is not { Credential: { } credential, DaysRemaining: { } days })
            return null;

        var latestFirst = claims.Where(item => item.Generation == credential.Generation).OrderBy(item => item.Milestone.Days).ToList();
        var sent = latestFirst.Find(item => item.Milestone.Days <= milestone.Days && item.Claim.SentAt is not null);
        if (sent is { Claim.Deferred.Count: 0 })
            return null;

        var rejected = latestFirst.Find(item => item.Claim.SentAt is not null || item.Claim.Rejected.Count > 0)?.Claim.Rejected ?? [];
        var found = claim = sent ?? latestFirst.Find(item => item.Milestone == milestone);
        Coordinator[] addressed = [.. Addressed(onFile)];
        if (addressed.Length == 0)
            addressed = [.. Addressed([credential.GeneratedBy])];
        Coordinator[] recipients = sent is null
            ? [.. addressed.Where(recipient => !Contains(found?.Claim.Rejected, recipient))]
            : [.. addressed.Where(recipient => Contains(sent.Claim.Deferred, recipient))];
        return sent is not null && recipients.Length == 0 // the deferred addresses are not on file any more
            ? null
            : new(
                credential, leaName, found?.Milestone ?? milestone, days, recipients,
                [.. addressed.Where(recipient => Contains(rejected, recipient)).Select(recipient => recipient.Email!)]);
    }

    /// <summary>Audit event: the mail service accepted the email.</summary>
    internal AuditEvent Sent(DateTimeOffset at, IReadOnlyList<string> rejected, IReadOnlyList<string> deferred) => Event(
        at, "reminder-sent", new() { To = [.. Addresses.Except(rejected).Except(deferred)], Rejected = rejected, Deferred = deferred });

    /// <summary>Audit event: the mail service rejected all addresses.</summary>
    internal AuditEvent Refused(DateTimeOffset at) => Event(at, "reminder-refused", new() { Rejected = [.. Addresses] });

    /// <summary>Audit event: no recipient has an address.</summary>
    internal AuditEvent WithoutRecipient(DateTimeOffset at) => Event(at, "reminder-without-recipient", new());

    private static IEnumerable<Coordinator> Addressed(IEnumerable<Coordinator> coordinators) => coordinators
        .Where(coordinator => !string.IsNullOrWhiteSpace(coordinator.Email))
        .DistinctBy(coordinator => coordinator.Email, StringComparer.OrdinalIgnoreCase);

    private static bool Contains(IReadOnlyList<string>? addresses, Coordinator recipient) =>
        addresses?.Contains(recipient.Email, StringComparer.OrdinalIgnoreCase) is true;

    private IEnumerable<string> Addresses => Recipients.Select(recipient => recipient.Email!);

    private AuditEvent Event(DateTimeOffset at, string kind, AuditDetails result) => AuditEvent.ByDailyRun(
        Credential.LeaId,
        at,
        kind,
        Credential.Generation,
        string.Create(CultureInfo.InvariantCulture, $"Milestone of {Milestone.Days} days, with {DaysRemaining} remaining.{result.Addresses()}"),
        result with { Milestone = Milestone.Days, DaysRemaining = DaysRemaining });
}
