using System.ComponentModel.DataAnnotations;

namespace Credentialing.Functions.Hosting;

/// <summary>Settings shared by all parts of the app: <c>Credentialing:*</c>.</summary>
public sealed class CredentialingOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Credentialing";

    private const int MaxHelpLength = 200;

    /// <summary>The LEAs' time zone: an IANA name.</summary>
    [Required]
    public string TimeZone { get; set; } = "America/Los_Angeles";

    /// <summary>The URL of the SIS Vendor Credentialing screen: http or https.</summary>
    [Required]
    public Uri? ScreenUrl { get; set; }

    /// <summary>The base URL that a vendor's system is configured with: https, ends in <c>/api/v1</c>. Screens and emails show it.</summary>
    [Required]
    public Uri? VendorBaseUrl { get; set; }

    /// <summary>The URL of the guide for vendors: https; null for no link to it.</summary>
    [HttpsAddress]
    public Uri? VendorGuideUrl { get; set; }

    /// <summary>
    /// The help contact for coordinators and vendors: an email address, a phone number or a URL, in one line of at most
    /// <see cref="MaxHelpLength"/> characters; null for none.
    /// </summary>
    public string? Help { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone, out _))
            yield return new ValidationResult("It must be an IANA time zone, such as America/Los_Angeles.", [nameof(TimeZone)]);
        if (ScreenUrl is not { IsAbsoluteUri: true, Scheme: "https" or "http" })
            yield return new ValidationResult("It must be an absolute http or https URL.", [nameof(ScreenUrl)]);
        if (VendorBaseUrl is not { IsAbsoluteUri: true, Scheme: "https", Query: "", Fragment: "" } || !VendorBaseUrl.AbsolutePath.EndsWith("/api/v1", StringComparison.Ordinal))
            yield return new ValidationResult("It must be an https address that ends in /api/v1.", [nameof(VendorBaseUrl)]);
        if (Help?.Length > MaxHelpLength || Help?.Any(char.IsControl) is true)
            yield return new ValidationResult(FormattableString.Invariant($"It must be one line of at most {MaxHelpLength} characters."), [nameof(Help)]);
    }
}
