namespace Credentialing.Core.Credentials;

/// <summary>Where coordinators find the SIS Vendor Credentialing screen.</summary>
/// <param name="address">The screen's address.</param>
public sealed class CredentialingScreen(Uri address)
{
    /// <summary>The screen of one LEA: the address, with its query parameter <c>lea</c>.</summary>
    public Uri For(LeaId leaId)
    {
        var link = new UriBuilder(address);
        link.Query = $"{(link.Query.Length > 1 ? $"{link.Query[1..]}&" : "")}lea={leaId}";
        return new Uri(link.Uri.AbsoluteUri); // as it is written by people, without a port that goes without saying
    }
}
