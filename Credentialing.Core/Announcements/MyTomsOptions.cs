using System.ComponentModel.DataAnnotations;

namespace Credentialing.Core.Announcements;

/// <summary>How to reach MyTOMS: settings <c>Credentialing:MyToms:*</c>.</summary>
public sealed class MyTomsOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Credentialing:MyToms";

    /// <summary>The base URL of <c>announcements/{id}</c>. Must be https, except for loopback addresses.</summary>
    [Required]
    public Uri? BaseUrl { get; set; }

    /// <summary>The API key, sent in <c>X-Api-Key</c>. A secret: in production, a Key Vault reference.</summary>
    public string? ApiKey { get; set; }

    /// <summary>
    /// Instead of an API key: the scope of the bearer token that the app's managed identity requests, such as
    /// <c>api://mytoms/.default</c>.
    /// </summary>
    public string? Scope { get; set; }

    /// <summary>Delay before the first of three retries. Doubles with each further retry (exponential backoff).</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:05")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // On Unix, a path alone parses as an absolute file URI, which counts as loopback: check the scheme.
        if (BaseUrl is not { IsAbsoluteUri: true } ||
            !(BaseUrl.Scheme == Uri.UriSchemeHttps || (BaseUrl.Scheme == Uri.UriSchemeHttp && BaseUrl.IsLoopback)))
            yield return new ValidationResult("BaseUrl must be an https address.", [nameof(BaseUrl)]);
        if (string.IsNullOrEmpty(ApiKey) == string.IsNullOrEmpty(Scope))
            yield return new ValidationResult("Set exactly one of ApiKey and Scope.", [nameof(ApiKey), nameof(Scope)]);
    }
}
