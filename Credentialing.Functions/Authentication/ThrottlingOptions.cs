using System.ComponentModel.DataAnnotations;

namespace Credentialing.Functions.Authentication;

/// <summary>Limits of failed vendor authentications, on each instance of the app: settings <c>Credentialing:Throttling:*</c>.</summary>
public sealed class ThrottlingOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Credentialing:Throttling";

    private const int Most = 1_000_000;

    /// <summary>
    /// Failures per minute with one username, existing or not, in the long run: 1 to 1,000,000. Twice as many are allowed at once. The next ones
    /// get 429.
    /// </summary>
    [Range(1, Most)]
    public int UsernameFailuresPerMinute { get; set; } = 10;

    /// <summary>
    /// Failures per minute from one client address, in the same way. More than for a username, because the systems of a vendor, or the people of
    /// a school, can share an address.
    /// </summary>
    [Range(1, Most)]
    public int AddressFailuresPerMinute { get; set; } = 60;

    /// <summary>
    /// The id of the Azure Front Door profile in front of the app (<c>frontDoorId</c>, a GUID); null if there is none. The client's address is
    /// then read from a header of Front Door, but only in requests with this id.
    /// </summary>
    public string? FrontDoorId { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (FrontDoorId is { Length: > 0 } && !Guid.TryParse(FrontDoorId, out _))
            yield return new ValidationResult("It must be the id of an Azure Front Door profile, a GUID.", [nameof(FrontDoorId)]);
    }
}
