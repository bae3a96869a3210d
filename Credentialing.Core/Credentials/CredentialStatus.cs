using System.Text.Json.Serialization;
using Credentialing.Core.Leas;

namespace Credentialing.Core.Credentials;

/// <summary>The state of an LEA's credentials at one moment. The attributes contain its names in JSON.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CredentialState>))]
public enum CredentialState
{
    /// <summary>No credentials have been generated.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>Valid for more than <see cref="CredentialStatus.ExpiringDays"/> days.</summary>
    [JsonStringEnumMemberName("active")]
    Active,

    /// <summary>Valid, and expire within <see cref="CredentialStatus.ExpiringDays"/> days.</summary>
    [JsonStringEnumMemberName("expiring")]
    Expiring,

    /// <summary>Expired.</summary>
    [JsonStringEnumMemberName("expired")]
    Expired,

    /// <summary>Revoked, whether or not they had expired.</summary>
    [JsonStringEnumMemberName("revoked")]
    Revoked,
}

/// <summary>The status of an LEA's credentials at one moment, as coordinators see it.</summary>
/// <param name="State">The state.</param>
/// <param name="Credential">The credentials; null if there are none.</param>
/// <param name="DaysRemaining">Calendar days at the LEA until expiry; 0 on the last day and later; null without valid or expired credentials.</param>
/// <param name="Notice">The status as one sentence for the screen.</param>
public sealed record CredentialStatus(CredentialState State, Credential? Credential, int? DaysRemaining, string Notice)
{
    /// <summary>Credentials count as expiring from this number of calendar days before expiry.</summary>
    public const int ExpiringDays = 14;

    /// <summary>The previous key, if it works beside the current one; else null.</summary>
    public VendorKey? PreviousKey { get; init; }

    /// <summary>Which client has used which generation, of the current one and the one before. The latest use is first.</summary>
    public IReadOnlyList<KeyUse> Usage { get; init; } = [];

    /// <summary>The last date on which the current generation was used; null if it was not.</summary>
    public DateOnly? LastUsedOn => Usage.FirstOrDefault(use => use.Generation == Credential?.Generation)?.LastUsedOn;

    /// <summary>Returns the status of <paramref name="credential"/> at <paramref name="now"/>.</summary>
    public static CredentialStatus Of(Credential? credential, LeaCalendar calendar, DateTimeOffset now)
    {
        if (credential is null)
            return new(CredentialState.None, null, null, "No credentials have been generated.");
        var (state, daysRemaining) = StateOf(credential.ExpiresAt, isRevoked: credential.Revocation is not null, calendar, now);
        if (daysRemaining is not { } days)
            return new(state, credential, null, "Current credentials have been revoked.");
        if (state is CredentialState.Expired)
            return new(state, credential, days, "Current credentials have expired.");

        var at = days == 0 ? $" at {calendar.TimeInWords(credential.ExpiresAt)}" : "";
        return new(state, credential, days, $"Current credentials expire {LeaCalendar.InDays(days)}{at}.") { PreviousKey = credential.PreviousKeyAt(now) };
    }

    /// <summary>Returns the state at <paramref name="now"/> of credentials that were generated, and <see cref="DaysRemaining"/>.</summary>
    internal static (CredentialState State, int? DaysRemaining) StateOf(DateTimeOffset expiresAt, bool isRevoked, LeaCalendar calendar, DateTimeOffset now)
    {
        if (isRevoked)
            return (CredentialState.Revoked, null);
        if (now >= expiresAt)
            return (CredentialState.Expired, 0);
        var days = calendar.DaysUntil(expiresAt, now);
        return (days <= ExpiringDays ? CredentialState.Expiring : CredentialState.Active, days);
    }
}
