using System.Globalization;
using System.Security.Cryptography;
using System.Text;
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
}
