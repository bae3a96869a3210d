using System.ComponentModel.DataAnnotations;

namespace Credentialing.Core.Announcements;

/// <summary>Where MyTOMS takes announcements: settings <c>Credentialing:MyToms:*</c>.</summary>
public sealed class MyTomsOptions : IValidatableObject
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Credentialing:MyToms";

    /// <summary>What <c>announcements/{id}</c> is relative to. Https, except to the same machine.</summary>
    [Required]
    public Uri? BaseUrl { get; set; }

    /// <summary>The key that goes with every request, in <c>X-Api-Key</c>: a secret, in production a reference to the vault.</summary>
    public string? ApiKey { get; set; }

    /// <summary>Instead of a key: the scope of the bearer token that the app's managed identity gets, such as <c>api://mytoms/.default</c>.</summary>
    public string? Scope { get; set; }

    /// <summary>How long to wait before the first of three retries; each further wait is twice as long.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:05")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // On Unix, a path alone is an absolute address too, of a file, and counts as loopback.
        if (BaseUrl is not { IsAbsoluteUri: true } ||
            !(BaseUrl.Scheme == Uri.UriSchemeHttps || (BaseUrl.Scheme == Uri.UriSchemeHttp && BaseUrl.IsLoopback)))
            yield return new ValidationResult("BaseUrl must be an https address.", [nameof(BaseUrl)]);
        if (string.IsNullOrEmpty(ApiKey) == string.IsNullOrEmpty(Scope))
            yield return new ValidationResult("Give either ApiKey or Scope.", [nameof(ApiKey), nameof(Scope)]);
    }
}
