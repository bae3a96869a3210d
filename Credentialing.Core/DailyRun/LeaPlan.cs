using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Reminders;

namespace Credentialing.Core.DailyRun;

/// <summary>What to do for one LEA at one moment. The daily run and its preview share this decision.</summary>
/// <param name="LeaId">The LEA.</param>
/// <param name="LeaName">The LEA's name; a text with its CDS code if the name is unknown.</param>
/// <param name="Status">The status of its credentials.</param>
/// <param name="Reminder">The reminder to send; null if none is due.</param>
/// <param name="Post">The announcement to post; null if there is none, or MyTOMS already has it.</param>
/// <param name="Withdraws">Whether an announcement must be removed.</param>
public sealed record LeaPlan(
    LeaId LeaId, string LeaName, CredentialStatus Status, Reminder? Reminder, Announcement? Post, bool Withdraws)
{
    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => Reminder is null && Post is null && !Withdraws;

    internal static LeaPlan Of(LeaRecord record, LeaCalendar calendar, CredentialingScreen screen, DateTimeOffset now)
    {
        var name = Lea.NameOf(record.Lea, record.LeaId);
        var status = CredentialStatus.Of(record.Credential?.Credential, calendar, now);
        var announcement = Announcement.Of(record.LeaId, name, status, calendar, screen);
        var isPosted = announcement is not null && record.Posted?.Is(announcement) is true;
        return new(
            record.LeaId,
            name,
            status,
            Reminder.Due(status, name, record.Lea?.Coordinators ?? [], record.Claims),
            isPosted ? null : announcement,
            announcement is null && record.Posted is not null);
    }
}
