using System.ComponentModel.DataAnnotations;

namespace Credentialing.Functions.Hosting;

/// <summary>Settings shared by all parts of the app: <c>Credentialing:*</c>.</summary>
public sealed class CredentialingOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Credentialing";

    /// <summary>The LEAs' time zone: an IANA name.</summary>
    [Required]
    public string TimeZone { get; set; } = "America/Los_Angeles";

    /// <summary>The URL of the SIS Vendor Credentialing screen: http or https.</summary>
    [Required]
    public Uri? ScreenUrl { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone, out _))
            yield return new ValidationResult("It must be an IANA time zone, such as America/Los_Angeles.", [nameof(TimeZone)]);
        if (ScreenUrl is not { IsAbsoluteUri: true, Scheme: "https" or "http" })
            yield return new ValidationResult("It must be an absolute http or https URL.", [nameof(ScreenUrl)]);
    }
}
