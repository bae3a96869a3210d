using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;

namespace Credentialing.Core.Announcements;

/// <summary>The MyTOMS Home page notice of one LEA, at one moment. Immutable.</summary>
/// <param name="LeaId">The LEA.</param>
/// <param name="State"><see cref="CredentialState.Expiring"/> or <see cref="CredentialState.Expired"/>.</param>
/// <param name="Title">One line, which begins with the LEA's name.</param>
/// <param name="Text">A few sentences, which contain the LEA's name.</param>
/// <param name="ExpiresAt">When the credentials expire or expired.</param>
/// <param name="TimeZone">The IANA name of the LEA's time zone.</param>
/// <param name="DaysRemaining">Calendar days in the LEA's time zone until expiry; 0 on the last day and later.</param>
/// <param name="Link">The URL of the screen where the credentials are regenerated.</param>
public sealed record Announcement(
    LeaId LeaId, CredentialState State, string Title, string Text, DateTimeOffset ExpiresAt, string TimeZone, int DaysRemaining, Uri Link)
{
    private const string WhatToDo = "Regenerate the credentials on the SIS Vendor Credentialing screen. Give your vendors the username (unchanged) and the new secret key.";

    /// <summary>
    /// Returns the announcement for an LEA's credentials. Returns null unless they are expired, or expire within
    /// <see cref="CredentialStatus.ExpiringDays"/> days.
    /// </summary>
    internal static Announcement? Of(LeaId leaId, string leaName, CredentialStatus status, LeaCalendar calendar, CredentialingScreen screen)
    {
        if (status is not { State: CredentialState.Expiring or CredentialState.Expired, Credential: { } credential, DaysRemaining: { } days })
            return null;

        var (date, time, inDays) = (calendar.DateInWords(credential.ExpiresAt), calendar.TimeInWords(credential.ExpiresAt), LeaCalendar.InDays(days));
        var (title, what, consequence) = status.State is CredentialState.Expired
            ? ("have expired", $"expired on {date}", "Vendors")
            : ($"expire {inDays}{(days == 0 ? $" at {time}" : "")}", $"expire {inDays}, on {date}, at {time}", "After that, vendors");
        return new(
            leaId,
            status.State,
            $"{leaName}: SIS vendor credentials {title}",
            $"The SIS vendor credentials of {leaName} {what}. {consequence} can no longer download student score reports. {WhatToDo}",
            credential.ExpiresAt,
            calendar.TimeZone,
            days,
            screen.For(leaId));
    }
}
