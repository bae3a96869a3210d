using System.ComponentModel.DataAnnotations;
using Credentialing.Functions.Hosting;

namespace Credentialing.Functions.Authentication;

/// <summary>Validation and claims of the TOMS identity provider's access tokens: settings <c>Credentialing:Toms:*</c>.</summary>
public sealed class TomsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Credentialing:Toms";

    /// <summary>The issuer: an https URL. It publishes its signing keys by OpenID Connect Discovery.</summary>
    [Required, HttpsAddress]
    public string Authority { get; set; } = "";

    /// <summary>The required audience of a token: this API.</summary>
    [Required]
    public string Audience { get; set; } = "";

    /// <summary>The claim that lists a user's roles.</summary>
    [Required]
    public string RoleClaim { get; set; } = "roles";

    /// <summary>The claim that lists the CDS codes of a coordinator's LEAs.</summary>
    [Required]
    public string LeaClaim { get; set; } = "leas";

    /// <summary>The claim that contains a user's name.</summary>
    [Required]
    public string NameClaim { get; set; } = "name";

    /// <summary>The claim that contains a user's email address.</summary>
    [Required]
    public string EmailClaim { get; set; } = "email";

    /// <summary>The role of LEA coordinators.</summary>
    [Required]
    public string CoordinatorRole { get; set; } = "lea-coordinator";

    /// <summary>The role of TOMS itself.</summary>
    [Required]
    public string SystemRole { get; set; } = "toms";
}
