using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Credentialing.Functions.Authentication;

/// <summary>The form of a token request (RFC 6749, section 4.4.2).</summary>
/// <param name="GrantType"><c>client_credentials</c>.</param>
/// <param name="ClientId">The username, unless it is in the Authorization header.</param>
/// <param name="ClientSecret">The secret key, unless it is in the Authorization header.</param>
/// <param name="Scope">None: tokens have no scopes.</param>
internal sealed record TokenForm(
    [property: JsonPropertyName("grant_type"), AllowedValues("client_credentials")] string? GrantType,
    [property: JsonPropertyName("client_id")] string? ClientId = null,
    [property: JsonPropertyName("client_secret")] string? ClientSecret = null,
    [property: JsonPropertyName("scope")] string? Scope = null)
{
    /// <summary>Only its type, so that logging one by mistake tells no key.</summary>
    public override string ToString() => nameof(TokenForm);
}
