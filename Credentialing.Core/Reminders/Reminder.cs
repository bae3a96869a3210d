using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Credentialing.Core.Audit;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;

namespace Credentialing.Core.Reminders;

/// <summary>A reminder that is due: one email to all coordinators of an LEA.</summary>
/// <param name="Credential">The credentials that end.</param>
/// <param name="LeaName">The LEA's name; its CDS code where TOMS never told of it.</param>
/// <param name="Milestone">The milestone that has come.</param>
/// <param name="DaysRemaining">Calendar days until the credentials end: fewer than the milestone's when it was missed, 0 on the last day.</param>
/// <param name="Recipients">
/// Who is told: the coordinators on file, and whoever generated the credentials, one line for each address. Empty if none of them has one.
/// </param>
public sealed record Reminder(
    Credential Credential, string LeaName, Milestone Milestone, int DaysRemaining, IReadOnlyList<Coordinator> Recipients)
{
    /// <summary>
    /// What makes all attempts at this reminder one email, to a mail service that compares: the same for the same LEA,
    /// generation and milestone, and for nothing else. A UUID of version 8 (RFC 9562, section 5.8) from a SHA-256 hash.
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
    /// The reminder that is due: that of the last milestone that has come, unless one of this generation at it or below has
    /// been sent, and only while the credentials work. So a milestone that was missed is caught up by the next run, with the
    /// true number of days, and several that were missed by one email.
    /// </summary>
    internal static Reminder? Due(CredentialStatus status, string leaName, IReadOnlyList<Coordinator> onFile, IReadOnlyList<ReminderClaim> claims)
    {
        if (status is not { State: CredentialState.Expiring, Credential: { } credential, DaysRemaining: { } days } ||
            Milestone.Reached(days) is not { } milestone ||
            claims.Any(claim => claim.Generation == credential.Generation && claim.Milestone.Days <= milestone.Days && claim.SentAt is not null))
            return null;

        // Whoever generated is told at the address on file, if there is one by now.
        var recipients = onFile.Append(credential.GeneratedBy)
            .Where(coordinator => !string.IsNullOrWhiteSpace(coordinator.Email))
            .DistinctBy(coordinator => coordinator.Id, StringComparer.Ordinal)
            .DistinctBy(coordinator => coordinator.Email, StringComparer.OrdinalIgnoreCase);
        return new(credential, leaName, milestone, days, [.. recipients]);
    }

    /// <summary>What the audit trail says when the mail service has taken the email.</summary>
    internal AuditEvent Sent(DateTimeOffset at, IReadOnlyList<string> rejected) => Event(
        at, "reminder-sent", $" To {string.Join(", ", Addresses.Except(rejected))}.{(rejected.Count == 0 ? "" : $" Rejected: {string.Join(", ", rejected)}.")}");

    /// <summary>What the audit trail says when the mail service would take none of the addresses.</summary>
    internal AuditEvent Refused(DateTimeOffset at) => Event(at, "reminder-refused", $" Rejected: {string.Join(", ", Addresses)}.");

    /// <summary>What the audit trail says when there is no address.</summary>
    internal AuditEvent WithoutRecipient(DateTimeOffset at) => Event(at, "reminder-without-recipient", "");

    private IEnumerable<string> Addresses => Recipients.Select(recipient => recipient.Email!);

    private AuditEvent Event(DateTimeOffset at, string kind, string more) => AuditEvent.ByDailyRun(
        Credential.LeaId, at, kind, Credential.Generation,
        string.Create(CultureInfo.InvariantCulture, $"Milestone of {Milestone.Days} days, with {DaysRemaining} remaining.{more}"));
}
