using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Credentialing.Tests.Authentication;

/// <summary>
/// An identity provider of TOMS, whose tokens are put together by hand: with its key, or with that of an attacker, who knows only the
/// public key.
/// </summary>
internal sealed class TomsTokens(TimeProvider time) : IDisposable
{
    private const string Issuer = "https://toms.example/matrix";
    private const string Audience = "credentialing-matrix";

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa attacker = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose()
    {
        key.Dispose();
        attacker.Dispose();
    }

    /// <summary>Lets the app accept the tokens of this provider.</summary>
    internal void Configure(WebApplicationBuilder builder) => builder.Services.Configure<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme, bearer =>
    {
        bearer.Audience = Audience;
        bearer.Configuration = new OpenIdConnectConfiguration { Issuer = Issuer, SigningKeys = { new ECDsaSecurityKey(key) { KeyId = "toms" } } };
    });

    /// <summary>Returns a valid token of a coordinator of Oakland and Fresno, after the changes.</summary>
    internal string Token(Action<JsonObject>? header = null, Action<JsonObject>? claims = null, Func<byte[], byte[]>? sign = null)
    {
        var head = new JsonObject { ["alg"] = "ES256", ["kid"] = "toms", ["typ"] = "JWT" };
        var payload = new JsonObject
        {
            ["iss"] = Issuer,
            ["aud"] = Audience,
            ["iat"] = Seconds(TimeSpan.Zero),
            ["nbf"] = Seconds(TimeSpan.Zero),
            ["exp"] = Seconds(TimeSpan.FromHours(1)),
            ["sub"] = "rosa",
            ["name"] = "Rosa Delgado",
            ["email"] = "rosa@lea.example",
            ["roles"] = new JsonArray("lea-coordinator"),
            ["leas"] = new JsonArray(TestWorld.Oakland.Value, TestWorld.Fresno.Value),
        };
        header?.Invoke(head);
        claims?.Invoke(payload);
        var signed = $"{JwtTexts.Encode(head.ToJsonString())}.{JwtTexts.Encode(payload.ToJsonString())}";
        return $"{signed}.{Base64UrlEncoder.Encode((sign ?? Sign)(Encoding.ASCII.GetBytes(signed)))}";
    }

    /// <summary>Returns a token of a coordinator of another LEA in which the LEA was replaced.</summary>
    internal string Changed() => Token(claims: claims => claims["leas"] = new JsonArray(TestWorld.Berkeley.Value)).Split('.') is [var header, _, var signature]
        ? $"{header}.{Token().Split('.')[1]}.{signature}"
        : throw new InvalidOperationException("A token has three parts.");

    /// <summary>Returns a valid token that is encrypted with a symmetric key (RFC 7516).</summary>
    internal string Encrypted() => new JsonWebTokenHandler().EncryptToken(
        Token(), new EncryptingCredentials(new SymmetricSecurityKey(new byte[32]), SecurityAlgorithms.Aes256KW, SecurityAlgorithms.Aes256CbcHmacSha512));

    internal long Seconds(TimeSpan fromNow) => (time.GetUtcNow() + fromNow).ToUnixTimeSeconds();

    internal byte[] SignAsAttacker(byte[] text) => attacker.SignData(text, HashAlgorithmName.SHA256);

    internal byte[] HmacWithPublicKey(byte[] text) => HMACSHA256.HashData(key.ExportSubjectPublicKeyInfo(), text);

    internal byte[] HmacWithPublicPem(byte[] text) => HMACSHA256.HashData(Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem()), text);

    internal static byte[] HmacWithNothing(byte[] text) => HMACSHA256.HashData(ReadOnlySpan<byte>.Empty, text);

    /// <summary>The attacker's public key (RFC 7517).</summary>
    internal JsonObject AttackersKey()
    {
        var point = attacker.ExportParameters(includePrivateParameters: false).Q;
        return new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Base64UrlEncoder.Encode(point.X), ["y"] = Base64UrlEncoder.Encode(point.Y) };
    }

    /// <summary>A certificate with the attacker's public key.</summary>
    internal string AttackersCertificate()
    {
        using var certificate = new CertificateRequest("CN=toms.example", attacker, HashAlgorithmName.SHA256)
            .CreateSelfSigned(time.GetUtcNow().AddDays(-1), time.GetUtcNow().AddDays(1));
        return Convert.ToBase64String(certificate.RawData);
    }

    private byte[] Sign(byte[] text) => key.SignData(text, HashAlgorithmName.SHA256);
}

/// <summary>The parts of a JWT.</summary>
internal static class JwtTexts
{
    internal static string Encode(string json) => Base64UrlEncoder.Encode(json);
}
