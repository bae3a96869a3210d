using Credentialing.Core.Leas;

namespace Credentialing.Core.Credentials;

/// <summary>What an LEA's credentials are, at one moment.</summary>
public enum CredentialState
{
    /// <summary>None were generated yet.</summary>
    None,

    /// <summary>They work, for more than <see cref="CredentialStatus.ExpiringDays"/> days.</summary>
    Active,

    /// <summary>They work, and end within <see cref="CredentialStatus.ExpiringDays"/> days.</summary>
    Expiring,

    /// <summary>They no longer work.</summary>
    Expired,
}

/// <summary>What a coordinator sees of the LEA's credentials, at one moment.</summary>
/// <param name="State">What they are.</param>
/// <param name="Credential">The credentials; null if there are none.</param>
/// <param name="DaysRemaining">Calendar days at the LEA until they end, 0 on their last day and ever after; null if there are none.</param>
/// <param name="Notice">The same in a sentence for the screen.</param>
public sealed record CredentialStatus(CredentialState State, Credential? Credential, int? DaysRemaining, string Notice)
{
    /// <summary>From how many days before their end credentials count as expiring.</summary>
    public const int ExpiringDays = 14;

    /// <summary>The status of <paramref name="credential"/> at <paramref name="now"/>.</summary>
    public static CredentialStatus Of(Credential? credential, LeaCalendar calendar, DateTimeOffset now)
    {
        if (credential is null)
            return new(CredentialState.None, null, null, "No credentials have been generated.");
        if (credential.HasExpired(now))
            return new(CredentialState.Expired, credential, 0, "Current credentials have expired.");

        var days = calendar.DaysUntil(credential.ExpiresAt, now);
        var state = days <= ExpiringDays ? CredentialState.Expiring : CredentialState.Active;
        var at = days == 0 ? $" at {calendar.TimeInWords(credential.ExpiresAt)}" : "";
        return new(state, credential, days, $"Current credentials expire {LeaCalendar.InDays(days)}{at}.");
    }
}
