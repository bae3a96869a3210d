using System.ComponentModel.DataAnnotations;

namespace Credentialing.Core.Announcements;

/// <summary>An announcement as JSON: what MyTOMS is sent, and what coordinators are answered.</summary>
/// <remarks><c>docs/mytoms.openapi.yaml</c> describes it for MyTOMS.</remarks>
/// <param name="LeaId">The LEA's CDS code.</param>
/// <param name="State">Whether the credentials are about to end, or have ended.</param>
/// <param name="Title">A line.</param>
/// <param name="Text">A few sentences.</param>
/// <param name="ExpiresAt">When the credentials end, or ended, in UTC.</param>
/// <param name="TimeZone">The IANA name of the time zone in which to tell people that instant.</param>
/// <param name="DaysRemaining">Calendar days at the LEA until then.</param>
/// <param name="Link">The screen on which they are regenerated.</param>
public sealed record AnnouncementMessage(
    string LeaId, [property: AllowedValues("expiring", "expired")] string State, string Title, string Text, DateTime ExpiresAt, string TimeZone, int DaysRemaining, Uri Link)
{
    /// <summary>The body of an announcement.</summary>
    public static AnnouncementMessage Of(Announcement announcement) => new(
        announcement.LeaId.Value,
        announcement.State is Credentials.CredentialState.Expired ? "expired" : "expiring",
        announcement.Title,
        announcement.Text,
        announcement.ExpiresAt.UtcDateTime,
        announcement.TimeZone,
        announcement.DaysRemaining,
        announcement.Link);
}
