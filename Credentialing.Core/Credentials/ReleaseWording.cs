namespace Credentialing.Core.Credentials;

/// <summary>
/// A text that coordinators agree to when they authorize the release of student data. A changed text needs a new version, so that
/// the version in the credential's row identifies the text that was agreed to.
/// </summary>
/// <param name="Version">The version, which the request must repeat.</param>
/// <param name="Text">The text beside the box.</param>
public sealed record ReleaseWording(string Version, string Text)
{
    /// <summary>The current wording, the only one that new authorizations may use.</summary>
    public static ReleaseWording Current { get; } = new(
        "2026-1",
        "I authorize the release of this LEA's electronic Student Score Reports and Lexile/Quantile Measures Reports to the " +
        "vendors to whom the LEA gives its vendor credentials. The LEA is responsible for giving them to no one else, and " +
        "for regenerating them when a vendor is no longer to have access.");
}
