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
        if (credential.Revocation is not null)
            return new(CredentialState.Revoked, credential, null, "Current credentials have been revoked.");
        if (credential.HasExpired(now))
            return new(CredentialState.Expired, credential, 0, "Current credentials have expired.");

        var days = calendar.DaysUntil(credential.ExpiresAt, now);
        var state = days <= ExpiringDays ? CredentialState.Expiring : CredentialState.Active;
        var at = days == 0 ? $" at {calendar.TimeInWords(credential.ExpiresAt)}" : "";
        return new(state, credential, days, $"Current credentials expire {LeaCalendar.InDays(days)}{at}.") { PreviousKey = credential.PreviousKeyAt(now) };
    }
}
