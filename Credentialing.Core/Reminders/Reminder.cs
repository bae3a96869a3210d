using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Credentialing.Core.Audit;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;

namespace Credentialing.Core.Reminders;

/// <summary>A due reminder: one email to all coordinators of an LEA.</summary>
/// <param name="Credential">The credentials that expire.</param>
/// <param name="LeaName">The LEA's name. If TOMS never reported the LEA: a text with its CDS code.</param>
/// <param name="Milestone">The latest milestone reached.</param>
/// <param name="DaysRemaining">Calendar days until expiry: less than the milestone's days if it was missed, 0 on the last day.</param>
/// <param name="Recipients">
/// The stored coordinators and the one who generated the credentials, without duplicate addresses. Empty if none has an address.
/// </param>
public sealed record Reminder(
    Credential Credential, string LeaName, Milestone Milestone, int DaysRemaining, IReadOnlyList<Coordinator> Recipients)
{
    /// <summary>
    /// Idempotency key of the email for the mail service: unique per LEA, generation and milestone, the same for every attempt.
    /// A version 8 UUID (RFC 9562, section 5.8) from a SHA-256 hash.
    /// </summary>
    public Guid OperationId
    {
        get
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"reminder:{Credential.LeaId}:{Credential.Generation}:{Milestone.Days}");
            Span<byte> bytes = SHA256.HashData(Encoding.ASCII.GetBytes(name)).AsSpan(0, 16);
            bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
            bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
            return new Guid(bytes, bigEndian: true);
        }
    }

    /// <summary>
    /// Returns the due reminder, or null. Only credentials that have not expired get one. It is for the latest milestone reached,
    /// unless a reminder of this generation was sent for that milestone or a later one. So the next run sends a missed reminder,
    /// with the actual number of days, and several missed milestones give one email.
    /// </summary>
    internal static Reminder? Due(CredentialStatus status, string leaName, IReadOnlyList<Coordinator> onFile, IReadOnlyList<ReminderClaim> claims)
    {
        if (status is not { State: CredentialState.Expiring, Credential: { } credential, DaysRemaining: { } days } ||
            Milestone.Reached(days) is not { } milestone ||
            claims.Any(claim => claim.Generation == credential.Generation && claim.Milestone.Days <= milestone.Days && claim.SentAt is not null))
            return null;

        // A stored coordinator comes first: their current address replaces the one recorded at generation.
        var recipients = onFile.Append(credential.GeneratedBy)
            .Where(coordinator => !string.IsNullOrWhiteSpace(coordinator.Email))
            .DistinctBy(coordinator => coordinator.Id, StringComparer.Ordinal)
            .DistinctBy(coordinator => coordinator.Email, StringComparer.OrdinalIgnoreCase);
        return new(credential, leaName, milestone, days, [.. recipients]);
    }

    /// <summary>Audit event: the mail service accepted the email.</summary>
    internal AuditEvent Sent(DateTimeOffset at, IReadOnlyList<string> rejected) => Event(
        at, "reminder-sent", $" To {string.Join(", ", Addresses.Except(rejected))}.{(rejected.Count == 0 ? "" : $" Rejected: {string.Join(", ", rejected)}.")}");

    /// <summary>Audit event: the mail service rejected all addresses.</summary>
    internal AuditEvent Refused(DateTimeOffset at) => Event(at, "reminder-refused", $" Rejected: {string.Join(", ", Addresses)}.");

    /// <summary>Audit event: no recipient has an address.</summary>
    internal AuditEvent WithoutRecipient(DateTimeOffset at) => Event(at, "reminder-without-recipient", "");

    private IEnumerable<string> Addresses => Recipients.Select(recipient => recipient.Email!);

    private AuditEvent Event(DateTimeOffset at, string kind, string more) => AuditEvent.ByDailyRun(
        Credential.LeaId, at, kind, Credential.Generation,
        string.Create(CultureInfo.InvariantCulture, $"Milestone of {Milestone.Days} days, with {DaysRemaining} remaining.{more}"));
}
