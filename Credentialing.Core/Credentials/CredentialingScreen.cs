namespace Credentialing.Core.Credentials;

/// <summary>Builds links to the SIS Vendor Credentialing screen.</summary>
/// <param name="address">The screen's URL.</param>
public sealed class CredentialingScreen(Uri address)
{
    /// <summary>Returns the screen's URL for one LEA, with the query parameter <c>lea</c>.</summary>
    public Uri For(LeaId leaId)
    {
        var link = new UriBuilder(address);
        link.Query = $"{(link.Query.Length > 1 ? $"{link.Query[1..]}&" : "")}lea={leaId}";
        return new Uri(link.Uri.AbsoluteUri); // without the default port
    }
}
