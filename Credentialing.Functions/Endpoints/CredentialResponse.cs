using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;

namespace Credentialing.Functions.Endpoints;

/// <summary>An LEA's credentials as its coordinators see them.</summary>
/// <param name="LeaId">The LEA's CDS code.</param>
/// <param name="State">Whether there are any, and whether they are about to end, from 14 days before, or have ended.</param>
/// <param name="Notice">The state in a sentence.</param>
/// <param name="Username">The username; null if there are no credentials.</param>
/// <param name="GeneratedAt">When they were generated.</param>
/// <param name="GeneratedBy">The name of who generated them.</param>
/// <param name="ExpiresAt">When they end, or ended.</param>
/// <param name="DaysRemaining">Calendar days until then.</param>
/// <param name="LastUsedOn">The last date on which a vendor used them.</param>
/// <param name="TimeZone">The IANA name of the time zone in which to tell people dates and times.</param>
/// <param name="Action">What the button does.</param>
/// <param name="Authorization">The wording that a coordinator must agree to.</param>
internal sealed record CredentialResponse(
    string LeaId,
    [property: AllowedValues("none", "active", "expiring", "expired")] string State,
    string Notice,
    string? Username,
    DateTime? GeneratedAt,
    string? GeneratedBy,
    DateTime? ExpiresAt,
    int? DaysRemaining,
    DateOnly? LastUsedOn,
    string TimeZone,
    [property: AllowedValues("generate", "regenerate")] string Action,
    CredentialResponse.Wording Authorization)
{
    /// <summary>The secret key; only in the answer to its generation.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SecretKey { get; init; }

    internal static CredentialResponse Of(LeaId leaId, CredentialStatus status, LeaCalendar calendar) => new(
        leaId.Value,
        status.State switch
        {
            CredentialState.None => "none",
            CredentialState.Active => "active",
            CredentialState.Expiring => "expiring",
            CredentialState.Expired => "expired",
            _ => throw new InvalidOperationException($"Unknown state {status.State}."),
        },
        status.Notice,
        status.Credential?.Username.ToString(),
        status.Credential?.GeneratedAt.UtcDateTime,
        status.Credential?.GeneratedBy.Name,
        status.Credential?.ExpiresAt.UtcDateTime,
        status.DaysRemaining,
        status.Credential?.LastUsedOn,
        calendar.TimeZone,
        status.State is CredentialState.None ? "generate" : "regenerate",
        new Wording(ReleaseWording.Current.Version, ReleaseWording.Current.Text));

    /// <summary>Only its type, so that logging one by mistake tells no key.</summary>
    public override string ToString() => nameof(CredentialResponse);

    /// <summary>The wording to show beside the box, and the version to send back.</summary>
    /// <param name="WordingVersion">The version.</param>
    /// <param name="Text">The wording.</param>
    internal sealed record Wording(string WordingVersion, string Text);
}
