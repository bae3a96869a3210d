using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Credentialing.Core.Secrets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Credentialing.Core.Credentials;

/// <summary>A bearer token, or the token of a temporary link, issued to a vendor.</summary>
/// <param name="Value">The token.</param>
/// <param name="Lifetime">Time until it expires, in whole seconds, rounded down.</param>
public sealed record VendorToken(string Value, TimeSpan Lifetime)
{
    /// <summary>A fixed text without the token, so that accidental logging does not leak it.</summary>
    public override string ToString() => nameof(VendorToken);
}

/// <summary>The content of a token with a valid signature.</summary>
/// <param name="Username">The username of the LEA's credentials.</param>
/// <param name="Generation">The generation of the key that the token was issued for.</param>
/// <param name="Client">The client that a temporary link was issued to; unknown for a bearer token.</param>
/// <param name="HasEnded">Whether its lifetime is over. It is then not valid, and nothing else of it was validated.</param>
internal sealed record IssuedToken(Username Username, int Generation, ClientName Client, bool HasEnded);

/// <summary>
/// Issues and validates the vendors' bearer tokens and the tokens of temporary links: JWTs (RFC 7519) signed with HMAC-SHA-256 and the
/// vault's token key. A token names its LEA and generation and is valid only as long as the key of that generation: the caller must
/// compare it with the LEA's row. The two kinds differ in type and audience, so that neither is accepted as the other (RFC 8725,
/// sections 3.11 and 3.12). Thread safe.
/// </summary>
public sealed class VendorTokens([FromKeyedServices(SecretRing.VendorTokenKey)] SecretRing keys, TimeProvider time)
{
    /// <summary>Maximum lifetime of a bearer token. It never exceeds the expiry of the key that it was issued for.</summary>
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromMinutes(15);

    /// <summary>Maximum lifetime of a temporary link. It never exceeds the expiry of the key that it was issued for.</summary>
    public static readonly TimeSpan MaxLinkLifetime = TimeSpan.FromMinutes(30);

    // One app issues and accepts the tokens; issuer and audience only separate them from other JWTs.
    private const string Issuer = "credentialing:vendor";
    private const string GenerationClaim = "generation";
    private const string ResourceClaim = "resource";
    private const string ClientClaim = "client";

    private static readonly Kind Bearer = new("at+jwt", Issuer, MaxLifetime); // type: RFC 9068, section 2.1
    private static readonly Kind Link = new("link+jwt", "credentialing:link", MaxLinkLifetime);

    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false, MapInboundClaims = false };

    private readonly ConditionalWeakTable<SecretVersion, SigningCredentials> credentials = [];

    /// <summary>
    /// Issues a bearer token for a key. The caller must have checked that the key has not expired.
    /// </summary>
    public Task<VendorToken> IssueAsync(VendorKey key, CancellationToken cancellationToken) => IssueAsync(Bearer, key, [], cancellationToken);

    /// <summary>
    /// Issues the token of a temporary link to one resource. The caller must have checked that the key has not expired.
    /// </summary>
    /// <param name="key">The key of the vendor that gets the link.</param>
    /// <param name="resource">The resource, unique within the LEA.</param>
    /// <param name="client">The vendor's client that gets the link.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<VendorToken> IssueLinkAsync(VendorKey key, string resource, ClientName client, CancellationToken cancellationToken) =>
        IssueAsync(Link, key, [new(ResourceClaim, resource), new(ClientClaim, client.ToString())], cancellationToken);

    /// <summary>
    /// Returns the content of a bearer token; null if it is malformed, or was changed in any character.
    /// </summary>
    internal Task<IssuedToken?> ReadAsync(string value, CancellationToken cancellationToken) => ReadAsync(Bearer, value, resource: null, cancellationToken);

    /// <summary>
    /// Returns the content of a temporary link's token; null if it is malformed, was changed in any character, or was issued for another
    /// resource.
    /// </summary>
    internal Task<IssuedToken?> ReadLinkAsync(string value, string resource, CancellationToken cancellationToken) =>
        ReadAsync(Link, value, resource, cancellationToken);

    private async Task<VendorToken> IssueAsync(Kind kind, VendorKey key, IEnumerable<KeyValuePair<string, object>> kindClaims, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var expires = now + kind.MaxLifetime < key.ExpiresAt ? now + kind.MaxLifetime : key.ExpiresAt;
        var claims = new Dictionary<string, object>(kindClaims) { [JwtRegisteredClaimNames.Sub] = key.Username.ToString(), [GenerationClaim] = key.Generation };
        var signing = await keys.CurrentAsync(cancellationToken);
        var value = Handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = kind.Type,
            Issuer = Issuer,
            Audience = kind.Audience,
            IssuedAt = now.UtcDateTime,
            Expires = expires.UtcDateTime,
            Claims = claims,
            SigningCredentials = CredentialsOf(signing),
        });
        return new VendorToken(value, TimeSpan.FromSeconds(Math.Floor((expires - now).TotalSeconds)));
    }

    private async Task<IssuedToken?> ReadAsync(Kind kind, string value, string? resource, CancellationToken cancellationToken)
    {
        if (!TryParse(value, out var token) || await keys.FindAsync(token.Kid, cancellationToken) is not { } key)
            return null;

        // The library decodes strictly: the unused bits in the last character of a signature must be zero. A test checks each character.
        var result = await Handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidTypes = [kind.Type],
            ValidIssuer = Issuer,
            ValidAudience = kind.Audience,
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            IssuerSigningKey = CredentialsOf(key).Key,
            LifetimeValidator = (_, expires, _, _) => time.GetUtcNow() < expires,
        });
        // The library validates the signature first.
        if (result.Exception is SecurityTokenInvalidLifetimeException)
            return new IssuedToken(default, Generation: 0, ClientName.Unknown, HasEnded: true);
        return result.IsValid
            && (token.TryGetPayloadValue(ResourceClaim, out string issuedFor) ? issuedFor : null) == resource
            && Username.TryParse(token.Subject, out var username)
            && token.TryGetPayloadValue(GenerationClaim, out int generation)
            ? new IssuedToken(username, generation, ClientName.Of(token.TryGetPayloadValue(ClientClaim, out string client) ? client : null), HasEnded: false)
            : null;
    }

    /// <summary>Returns the key for signing and validation: one object for each version, for which the library caches what it computes.</summary>
    private SigningCredentials CredentialsOf(SecretVersion key) => credentials.GetValue(
        key, static version => new SigningCredentials(new SymmetricSecurityKey(version.Value.ToArray()) { KeyId = version.Version }, SecurityAlgorithms.HmacSha256));

    /// <summary>Parses a token that names its key. Validates nothing.</summary>
    private static bool TryParse(string value, [NotNullWhen(true)] out JsonWebToken? token)
    {
        token = null;
        if (!Handler.CanReadToken(value))
            return false;
        try
        {
            token = new JsonWebToken(value);
            return !string.IsNullOrEmpty(token.Kid);
        }
        // The text has the dots of a JWT, but is not one. The library documents only ArgumentException, and throws others for an
        // encrypted token (RFC 7516: five parts).
        catch (Exception malformed) when (malformed is ArgumentException or FormatException)
        {
            return false;
        }
    }

    /// <summary>What a token is for.</summary>
    /// <param name="Type">The header <c>typ</c>.</param>
    /// <param name="Audience">The claim <c>aud</c>.</param>
    /// <param name="MaxLifetime">The maximum lifetime.</param>
    private sealed record Kind(string Type, string Audience, TimeSpan MaxLifetime);
}
