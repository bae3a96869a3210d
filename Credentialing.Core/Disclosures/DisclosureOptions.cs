using System.ComponentModel.DataAnnotations;

namespace Credentialing.Core.Disclosures;

/// <summary>Options of the log of downloads: settings <c>Credentialing:Disclosures:*</c>.</summary>
public sealed class DisclosureOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Credentialing:Disclosures";

    /// <summary>
    /// For how many years a disclosure is kept. The daily run deletes older ones. FERPA (34 CFR 99.32(a)(2)): as long as the student's
    /// education records are maintained.
    /// </summary>
    [Range(1, 100)]
    public int RetentionYears { get; set; } = 7;
}
