namespace Credentialing.Core.Credentials;

/// <summary>
/// A wording that coordinators agree to when they authorize the release of student data. A changed text is a new version:
/// what somebody agreed to can always be told from the version in the credential's row.
/// </summary>
/// <param name="Version">Its name, which an authorization must repeat.</param>
/// <param name="Text">What stands beside the box.</param>
public sealed record ReleaseWording(string Version, string Text)
{
    /// <summary>The wording to show, and the only one that a new authorization may be given under.</summary>
    public static ReleaseWording Current { get; } = new(
        "2026-1",
        "I authorize the release of this LEA's electronic Student Score Reports and Lexile/Quantile Measures Reports to the " +
        "vendors to whom the LEA gives its vendor credentials. The LEA is responsible for giving them to no one else, and " +
        "for regenerating them when a vendor is no longer to have access.");
}
