using System.ComponentModel.DataAnnotations;

namespace Credentialing.Core.Leaks;

/// <summary>GitHub's secret scanning partner program: settings <c>Credentialing:SecretScanning:*</c>.</summary>
public sealed class SecretScanningOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Credentialing:SecretScanning";

    /// <summary>
    /// The URL of the public keys that GitHub signs its messages with: <c>https://api.github.com/meta/public_keys/secret_scanning</c>. Must
    /// be https, except for loopback addresses. Null if no messages are accepted.
    /// </summary>
    public Uri? PublicKeysUrl { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // On Unix, a path alone parses as an absolute file URI, which counts as loopback: check the scheme.
        if (PublicKeysUrl is not null and not { IsAbsoluteUri: true, Scheme: "https" } and not { IsAbsoluteUri: true, Scheme: "http", IsLoopback: true })
            yield return new ValidationResult("It must be an https address.", [nameof(PublicKeysUrl)]);
    }
}
