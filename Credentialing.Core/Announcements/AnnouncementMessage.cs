using System.ComponentModel.DataAnnotations;
using Credentialing.Core.Credentials;

namespace Credentialing.Core.Announcements;

/// <summary>An announcement as JSON, as sent to MyTOMS and as returned to coordinators.</summary>
/// <remarks>The contract with MyTOMS is <c>docs/mytoms.openapi.yaml</c>.</remarks>
/// <param name="LeaId">The LEA's CDS code.</param>
/// <param name="State">Whether the credentials expire soon or have expired.</param>
/// <param name="Title">One line of plain text, which begins with the LEA's name.</param>
/// <param name="Text">A few sentences of plain text.</param>
/// <param name="ExpiresAt">When the credentials expire or expired, in UTC.</param>
/// <param name="TimeZone">The IANA name of the time zone in which to display that instant.</param>
/// <param name="DaysRemaining">Calendar days in that time zone until expiry; 0 on the last day and later.</param>
/// <param name="Link">The URL of the screen where the credentials are regenerated.</param>
public sealed record AnnouncementMessage(
    string LeaId, [property: AllowedValues(CredentialState.Expiring, CredentialState.Expired)] CredentialState State, string Title, string Text, DateTime ExpiresAt, string TimeZone, int DaysRemaining, Uri Link)
{
    /// <summary>Builds the JSON body of an announcement.</summary>
    public static AnnouncementMessage Of(Announcement announcement) => new(
        announcement.LeaId.Value,
        announcement.State,
        announcement.Title,
        announcement.Text,
        announcement.ExpiresAt.UtcDateTime,
        announcement.TimeZone,
        announcement.DaysRemaining,
        announcement.Link);
}
