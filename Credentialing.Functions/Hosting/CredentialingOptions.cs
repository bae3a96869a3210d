using System.ComponentModel.DataAnnotations;

namespace Credentialing.Functions.Hosting;

/// <summary>What all parts of the app share: settings <c>Credentialing:*</c>.</summary>
public sealed class CredentialingOptions : IValidatableObject
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Credentialing";

    /// <summary>The IANA name of the LEAs' time zone.</summary>
    [Required]
    public string TimeZone { get; set; } = "America/Los_Angeles";

    /// <summary>The address of the SIS Vendor Credentialing screen: http or https.</summary>
    [Required]
    public Uri? ScreenUrl { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone, out _))
            yield return new ValidationResult("It must be an IANA time zone, such as America/Los_Angeles.", [nameof(TimeZone)]);
        if (ScreenUrl is not { IsAbsoluteUri: true, Scheme: "https" or "http" })
            yield return new ValidationResult("It must be the address of a web page.", [nameof(ScreenUrl)]);
    }
}
