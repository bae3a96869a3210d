using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;

namespace Credentialing.Functions.Endpoints;

/// <summary>The state of an LEA's credentials.</summary>
/// <param name="LeaId">The LEA's CDS code.</param>
/// <param name="State">The state: no credentials, active, expiring (14 days or fewer remain) or expired.</param>
/// <param name="Notice">A human-readable sentence about the state.</param>
/// <param name="Username">The username; null if there are no credentials.</param>
/// <param name="GeneratedAt">When they were generated; null if there are no credentials.</param>
/// <param name="GeneratedBy">The name of the coordinator who generated them; null if there are no credentials.</param>
/// <param name="ExpiresAt">When they expire or expired; null if there are no credentials.</param>
/// <param name="DaysRemaining">Calendar days until the expiration; null if there are no credentials.</param>
/// <param name="LastUsedOn">The last date on which a vendor used them; null if they were not used.</param>
/// <param name="TimeZone">The IANA time zone in which to display dates and times.</param>
/// <param name="Action">The available action.</param>
/// <param name="Authorization">The authorization wording that a coordinator must agree to.</param>
/// <param name="Vendors">What vendors need in addition to the credentials.</param>
/// <param name="Help">The help contact: an email address, a phone number or a URL; null if there is none.</param>
internal sealed record CredentialResponse(
    string LeaId,
    CredentialState State,
    string Notice,
    string? Username,
    DateTime? GeneratedAt,
    string? GeneratedBy,
    DateTime? ExpiresAt,
    int? DaysRemaining,
    DateOnly? LastUsedOn,
    string TimeZone,
    [property: AllowedValues("generate", "regenerate")] string Action,
    CredentialResponse.Wording Authorization,
    CredentialResponse.VendorAddresses Vendors,
    string? Help)
{
    /// <summary>The secret key. Present only in the response of a generation.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SecretKey { get; init; }

    internal static CredentialResponse Of(LeaId leaId, CredentialStatus status, LeaCalendar calendar, ServiceAddresses addresses) => new(
        leaId.Value,
        status.State,
        status.Notice,
        status.Credential?.Username.ToString(),
        status.Credential?.GeneratedAt.UtcDateTime,
        status.Credential?.GeneratedBy.Name,
        status.Credential?.ExpiresAt.UtcDateTime,
        status.DaysRemaining,
        status.Credential?.LastUsedOn,
        calendar.TimeZone,
        status.State is CredentialState.None ? "generate" : "regenerate",
        new Wording(ReleaseWording.Current.Version, ReleaseWording.Current.Text),
        new VendorAddresses(addresses.VendorBaseUrl.AbsoluteUri, addresses.VendorGuideUrl?.AbsoluteUri),
        addresses.Help);

    /// <summary>Returns only the type name, so that accidental logging does not disclose the key.</summary>
    public override string ToString() => nameof(CredentialResponse);

    /// <summary>The authorization wording to display, and the version to send with a generation.</summary>
    /// <param name="WordingVersion">The version of the wording.</param>
    /// <param name="Text">The text to display next to the checkbox.</param>
    internal sealed record Wording(string WordingVersion, string Text);

    /// <summary>The addresses to give to vendors.</summary>
    /// <param name="BaseUrl">The base URL that a vendor's system is configured with.</param>
    /// <param name="GuideUrl">The guide for vendors; null if there is no link to it.</param>
    internal sealed record VendorAddresses(string BaseUrl, string? GuideUrl);
}
