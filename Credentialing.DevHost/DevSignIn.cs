using System.Security.Cryptography;
using Credentialing.Core;
using Credentialing.Core.Leas;
using Credentialing.Functions.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Credentialing.DevHost;

/// <summary>A sample user: a coordinator of some LEAs, or TOMS itself.</summary>
/// <param name="Id">The name to sign in with, and the subject of the token.</param>
/// <param name="Name">The name in the token.</param>
/// <param name="Leas">The coordinator's LEAs; empty for TOMS.</param>
/// <param name="Language">The language of the emails to the coordinator.</param>
internal sealed record Persona(string Id, string Name, IReadOnlyList<LeaId> Leas, Language Language = Language.English)
{
    /// <summary>The email address in the token. Its top-level domain is reserved (RFC 2606).</summary>
    public string Email => $"{Id}@lea.example";
}

/// <summary>
/// A stand-in for the TOMS identity provider. Signs a persona's token with a key that exists as long as the process. Tokens are
/// validated with the same configuration as in production, except that the signing key comes from here.
/// </summary>
internal sealed class DevSignIn(IOptions<TomsOptions> options, TimeProvider time) : IDisposable
{
    internal const string Issuer = "https://toms.example/dev";
    internal const string Audience = "credentialing-dev";

    private static readonly TimeSpan TokenLifetime = TimeSpan.FromHours(1);

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly TomsOptions toms = options.Value;

    public void Dispose() => key.Dispose();

    internal OpenIdConnectConfiguration Configuration => new() { Issuer = Issuer, SigningKeys = { SecurityKey } };

    private ECDsaSecurityKey SecurityKey => new(key) { KeyId = "dev" };

    internal string SignIn(Persona persona)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Audience,
            IssuedAt = now,
            NotBefore = now,
            Expires = now + TokenLifetime,
            Claims = new Dictionary<string, object>
            {
                [JwtRegisteredClaimNames.Sub] = persona.Id,
                [toms.NameClaim] = persona.Name,
                [toms.EmailClaim] = persona.Email,
                [toms.RoleClaim] = new[] { persona.Leas.Count == 0 ? toms.SystemRole : toms.CoordinatorRole },
                [toms.LeaClaim] = persona.Leas.Select(lea => lea.Value).ToArray(),
            },
            SigningCredentials = new SigningCredentials(SecurityKey, SecurityAlgorithms.EcdsaSha256),
        });
    }
}

internal static class DevSignInRegistration
{
    internal static void AddDevSignIn(this IServiceCollection services)
    {
        services.AddSingleton<DevSignIn>();
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<DevSignIn>((bearer, signIn) => bearer.Configuration = signIn.Configuration);
    }
}
