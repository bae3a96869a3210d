using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Credentialing.Functions.Authentication;

/// <summary>A client credentials token request (RFC 6749, section 4.4.2).</summary>
/// <param name="GrantType"><c>client_credentials</c>.</param>
/// <param name="ClientId">The username. Omit it if it is in the Authorization header.</param>
/// <param name="ClientSecret">The secret key. Omit it if it is in the Authorization header.</param>
/// <param name="Scope">Not supported: tokens have no scopes. Omit it.</param>
internal sealed record TokenForm(
    [property: JsonPropertyName("grant_type"), AllowedValues("client_credentials")] string? GrantType,
    [property: JsonPropertyName("client_id")] string? ClientId = null,
    [property: JsonPropertyName("client_secret")] string? ClientSecret = null,
    [property: JsonPropertyName("scope")] string? Scope = null)
{
    /// <summary>Returns only the type name, so that accidental logging does not disclose the key.</summary>
    public override string ToString() => nameof(TokenForm);
}
