using System.ComponentModel.DataAnnotations;

namespace Credentialing.Core.Rotation;

/// <summary>Options of the rotation of the app's secrets: settings <c>Credentialing:SecretRotation:*</c>.</summary>
public sealed class SecretRotationOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Credentialing:SecretRotation";

    /// <summary>The smallest number of days.</summary>
    public const int MinDays = 30;

    /// <summary>The largest number of days.</summary>
    public const int MaxDays = 730;

    /// <summary>
    /// The age, in days, at which the current version of a secret is replaced by a new one: <see cref="MinDays"/> to <see cref="MaxDays"/>.
    /// 0: the app changes nothing in the vault.
    /// </summary>
    public int Days { get; set; } = 180;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Days is not 0 and (< MinDays or > MaxDays))
            yield return new ValidationResult(FormattableString.Invariant($"It must be 0, or {MinDays} to {MaxDays}."), [nameof(Days)]);
    }
}
