using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Reminders;

namespace Credentialing.Core.DailyRun;

/// <summary>What is to be done about one LEA at one moment. Both the daily run and its preview decide here.</summary>
/// <param name="LeaId">Whose credentials it is about.</param>
/// <param name="LeaName">What to call the LEA.</param>
/// <param name="Status">What its credentials are.</param>
/// <param name="Reminder">The reminder to send; null if none is due.</param>
/// <param name="Post">The announcement to post; null if MyTOMS has it, or there is none.</param>
/// <param name="Withdraws">Whether an announcement is to be removed.</param>
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
