using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;

namespace Credentialing.Functions.Endpoints;

/// <summary>The state of an LEA's credentials.</summary>
/// <param name="LeaId">The LEA's CDS code.</param>
/// <param name="State">The state: no credentials, active, expiring (14 days or fewer remain), expired or revoked.</param>
/// <param name="Notice">A human-readable sentence about the state.</param>
/// <param name="Username">The username; null if there are no credentials.</param>
/// <param name="Generation">1 for the LEA's first credentials, +1 at each regeneration; null if there are no credentials.</param>
/// <param name="GeneratedAt">When they were generated; null if there are no credentials.</param>
/// <param name="GeneratedBy">The name of the coordinator who generated them; null if there are no credentials.</param>
/// <param name="ExpiresAt">When they expire or expired; null if there are no credentials.</param>
/// <param name="DaysRemaining">Calendar days until the expiration; null if there are no credentials, or they were revoked.</param>
/// <param name="LastUsedOn">The last date on which a vendor used the current secret key; null if it was not used.</param>
/// <param name="Previous">The previous secret key, while it still works beside the current one; else null.</param>
/// <param name="Revoked">The revocation; null unless the credentials were revoked.</param>
/// <param name="Usage">Which client has last used which secret key, of the current generation and the one before. The latest use is first.</param>
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
    int? Generation,
    DateTime? GeneratedAt,
    string? GeneratedBy,
    DateTime? ExpiresAt,
    int? DaysRemaining,
    DateOnly? LastUsedOn,
    CredentialResponse.PreviousKey? Previous,
    CredentialResponse.Revocation? Revoked,
    IReadOnlyList<CredentialResponse.Use> Usage,
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
        status.Credential?.Generation,
        status.Credential?.GeneratedAt.UtcDateTime,
        status.Credential?.GeneratedBy.Name,
        status.Credential?.ExpiresAt.UtcDateTime,
        status.DaysRemaining,
        status.LastUsedOn,
        status.PreviousKey is { } previous ? new PreviousKey(previous.Generation, previous.ExpiresAt.UtcDateTime) : null,
        status.Credential?.Revocation is { } revocation ? new Revocation(revocation.At.UtcDateTime, revocation.By.Name, revocation.Reason) : null,
        [.. status.Usage.Select(use => new Use(use.Client.ToString(), use.Generation, use.LastUsedOn))],
        calendar.TimeZone,
        status.State is CredentialState.None or CredentialState.Revoked ? "generate" : "regenerate",
        new Wording(ReleaseWording.Current.Version, ReleaseWording.Current.Text),
        new VendorAddresses(addresses.VendorBaseUrl.AbsoluteUri, addresses.VendorGuideUrl?.AbsoluteUri),
        addresses.Help);

    /// <summary>Returns only the type name, so that accidental logging does not disclose the key.</summary>
    public override string ToString() => nameof(CredentialResponse);

    /// <summary>The previous secret key, which still works beside the current one.</summary>
    /// <param name="Generation">Its generation.</param>
    /// <param name="Until">When it stops.</param>
    internal sealed record PreviousKey(int Generation, DateTime Until);

    /// <summary>The revocation of the credentials.</summary>
    /// <param name="At">When they were revoked.</param>
    /// <param name="By">The name of the coordinator who revoked them, or <c>TOMS</c>.</param>
    /// <param name="Reason">Why: one line of plain text.</param>
    internal sealed record Revocation(DateTime At, string By, string Reason);

    /// <summary>The last use of a secret key by a client.</summary>
    /// <param name="Client">
    /// The client's name for itself, at most 64 characters. <c>unknown</c>: it sends none. <c>other</c>: all clients after the first 50.
    /// </param>
    /// <param name="Generation">The generation of the secret key.</param>
    /// <param name="LastUsedOn">The date, in the LEA's time zone.</param>
    internal sealed record Use(string Client, int Generation, DateOnly LastUsedOn);

    /// <summary>The authorization wording to display, and the version to send with a generation.</summary>
    /// <param name="WordingVersion">The version of the wording.</param>
    /// <param name="Text">The text to display next to the checkbox.</param>
    internal sealed record Wording(string WordingVersion, string Text);

    /// <summary>The addresses to give to vendors.</summary>
    /// <param name="BaseUrl">The base URL that a vendor's system is configured with.</param>
    /// <param name="GuideUrl">The guide for vendors; null if there is no link to it.</param>
    internal sealed record VendorAddresses(string BaseUrl, string? GuideUrl);
}
