using Credentialing.Core.Secrets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Credentialing.Core.Credentials;

/// <summary>A bearer token issued to a vendor.</summary>
/// <param name="Value">The token.</param>
/// <param name="Lifetime">Time until it expires, in whole seconds, rounded down.</param>
public sealed record VendorToken(string Value, TimeSpan Lifetime)
{
    /// <summary>A fixed text without the token, so that accidental logging does not leak it.</summary>
    public override string ToString() => nameof(VendorToken);
}

/// <summary>
/// Issues and validates the vendors' bearer tokens: JWTs (RFC 7519) signed with HMAC-SHA-256 and the vault's token key. A token
/// names its LEA and generation and is valid only as long as the key of that generation: the caller must compare it with the LEA's row.
/// </summary>
public sealed class VendorTokens([FromKeyedServices(SecretRing.VendorTokenKey)] SecretRing keys, TimeProvider time)
{
    /// <summary>Maximum lifetime of a token. It never exceeds the expiry of the key that it was issued for.</summary>
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromMinutes(15);

    // One app issues and accepts the tokens; issuer and audience only separate them from other JWTs.
    private const string Party = "credentialing:vendor";
    private const string Type = "at+jwt"; // RFC 9068, section 2.1
    private const string GenerationClaim = "generation";

    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false, MapInboundClaims = false };

    /// <summary>Issues a token for a key. The caller must have checked that it has not expired.</summary>
    public async Task<VendorToken> IssueAsync(VendorKey key, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var expires = now + MaxLifetime < key.ExpiresAt ? now + MaxLifetime : key.ExpiresAt;
        var signing = await keys.CurrentAsync(cancellationToken);
        var value = Handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = Type,
            Issuer = Party,
            Audience = Party,
            IssuedAt = now.UtcDateTime,
            Expires = expires.UtcDateTime,
            Claims = new Dictionary<string, object>
            {
                [JwtRegisteredClaimNames.Sub] = key.Username.ToString(),
                [GenerationClaim] = key.Generation,
            },
            SigningCredentials = new SigningCredentials(SigningKey(signing), SecurityAlgorithms.HmacSha256),
        });
        return new VendorToken(value, TimeSpan.FromSeconds(Math.Floor((expires - now).TotalSeconds)));
    }

    /// <summary>Returns the content of a token; null if it is malformed, has an invalid signature, or has expired.</summary>
    internal async Task<(Username Username, int Generation)?> ReadAsync(string value, CancellationToken cancellationToken)
    {
        if (!TryReadKeyId(value, out var keyId) || await keys.FindAsync(keyId, cancellationToken) is not { } key)
            return null;

        var result = await Handler.ValidateTokenAsync(value, new TokenValidationParameters
        {
            ValidTypes = [Type],
            ValidIssuer = Party,
            ValidAudience = Party,
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            IssuerSigningKey = SigningKey(key),
            LifetimeValidator = (_, expires, _, _) => time.GetUtcNow() < expires,
        });
        return result.IsValid
            && result.SecurityToken is JsonWebToken token
            && Username.TryParse(token.Subject, out var username)
            && token.TryGetPayloadValue(GenerationClaim, out int generation)
            ? (username, generation)
            : null;
    }

    private static SymmetricSecurityKey SigningKey(SecretVersion key) => new(key.Value.ToArray()) { KeyId = key.Version };

    private static bool TryReadKeyId(string value, out string keyId)
    {
        keyId = "";
        if (!Handler.CanReadToken(value))
            return false;
        try
        {
            keyId = new JsonWebToken(value).Kid;
            return !string.IsNullOrEmpty(keyId);
        }
        // The text has the dots of a JWT, but is not one. The library documents only ArgumentException, and throws others for an
        // encrypted token (RFC 7516: five parts).
        catch (Exception malformed) when (malformed is ArgumentException or FormatException)
        {
            return false;
        }
    }
}
