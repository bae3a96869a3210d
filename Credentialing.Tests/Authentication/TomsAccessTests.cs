using System.Net;
using System.Security.Cryptography;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Credentialing.Tests.Authentication;

[Kind(TestKind.Storage)]
public sealed class TomsAccessTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task A_token_is_valid_for_one_hour_plus_5_minutes_of_clock_skew()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var token = await host.SignInAsync("rosa");

        world.Clock.Advance(TimeSpan.FromMinutes(64));
        Assert.Equal(HttpStatusCode.OK, (await StatusAsync(host, $"Bearer {token}")).Status);
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.Unauthorized, (await StatusAsync(host, $"Bearer {token}")).Status);
    }

    [Fact]
    public async Task With_an_unavailable_identity_provider_a_token_returns_503_and_no_token_returns_401()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world, builder => builder.Services.Configure<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme, bearer =>
        {
            bearer.Configuration = null; // replaces DevHost's keys by discovery at a closed port
            bearer.Authority = "http://127.0.0.1:1";
            bearer.RequireHttpsMetadata = false;
        }));

        Assert.Equal("unavailable", (await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "rosa")).ProblemType);
        Assert.Equal("not-authenticated", (await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials")).ProblemType);
    }

    /// <summary>RFC 8725, section 3.11. All tokens have a valid signature of the provider.</summary>
    [Theory]
    [InlineData("JWT", HttpStatusCode.OK)]
    [InlineData("at+jwt", HttpStatusCode.OK)]
    [InlineData("application/at+jwt", HttpStatusCode.OK)]
    [InlineData("logout+jwt", HttpStatusCode.Unauthorized)]
    [InlineData("dpop+jwt", HttpStatusCode.Unauthorized)]
    public async Task Only_the_types_of_access_tokens_are_accepted(string type, HttpStatusCode status)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var world = await TestWorld.CreateAsync(azurite);
        Assert.Equal(status, await StatusOfTokenAsync(world, new ECDsaSecurityKey(key) { KeyId = "a" }, SecurityAlgorithms.EcdsaSha256, type));
    }

    /// <summary>RFC 8725, section 2.1: a provider that publishes a key of the wrong kind by mistake.</summary>
    [Fact]
    public async Task A_token_with_a_symmetric_signature_is_refused_even_if_the_provider_publishes_such_a_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusOfTokenAsync(world, new SymmetricSecurityKey(new byte[32]) { KeyId = "a" }, SecurityAlgorithms.HmacSha256, "JWT"));
    }

    /// <summary>Returns the status of a request with a token of this key, which the provider publishes.</summary>
    private static async Task<HttpStatusCode> StatusOfTokenAsync(TestWorld world, SecurityKey key, string algorithm, string type)
    {
        await using var host = await TestHost.StartAsync(world, builder => builder.Services.Configure<JwtBearerOptions>(
            JwtBearerDefaults.AuthenticationScheme, bearer => bearer.Configuration!.SigningKeys.Add(key)));
        var genuine = new JsonWebToken(await host.SignInAsync("rosa"));
        var token = new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            TokenType = type,
            Issuer = genuine.Issuer,
            Audience = genuine.Audiences.Single(),
            Claims = genuine.Claims.Where(claim => claim.Type is "sub" or "roles" or "leas").GroupBy(claim => claim.Type).ToDictionary(claims => claims.Key, claims => claims.Key == "sub" ? (object)claims.Single().Value : claims.Select(claim => claim.Value).ToArray()),
            IssuedAt = genuine.IssuedAt,
            NotBefore = genuine.ValidFrom,
            Expires = genuine.ValidTo,
            SigningCredentials = new SigningCredentials(key, algorithm) { CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false } },
        });
        return (await StatusAsync(host, $"Bearer {token}")).Status;
    }

    [Theory]
    [InlineData("", "rosa@lea.example", "user-1", "rosa@lea.example")]
    [InlineData(" \u200B", "rosa@lea.example", "user-1", "rosa@lea.example")]
    [InlineData(null, null, "user-1", null)]
    [InlineData("Rosa\r\nBcc: eve@lea.example\r\n\r\nHello", "rosa@lea.example\r\nBcc: eve@lea.example", "Rosa Bcc: eve@lea.example Hello", null)]
    [InlineData("Rosa Delgado", "rosa@district", "Rosa Delgado", null)]
    public async Task The_name_in_a_token_becomes_one_line_or_the_id_and_an_invalid_address_is_ignored(string? name, string? email, string storedName, string? storedEmail)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        using var keys = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var key = new ECDsaSecurityKey(keys) { KeyId = "a" };
        await using var host = await TestHost.StartAsync(world, builder => builder.Services.Configure<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme, bearer =>
        {
            bearer.Audience = "credentialing";
            bearer.Configuration = new OpenIdConnectConfiguration { Issuer = "https://toms.example", SigningKeys = { key } };
        }));
        var claims = new Dictionary<string, object> { ["sub"] = "user-1", ["roles"] = "lea-coordinator", ["leas"] = TestWorld.Oakland.Value };
        if (name is not null)
            claims["name"] = name;
        if (email is not null)
            claims["email"] = email;
        var token = new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = "https://toms.example",
            Audience = "credentialing",
            Claims = claims,
            IssuedAt = world.Clock.GetUtcNow().UtcDateTime,
            NotBefore = world.Clock.GetUtcNow().UtcDateTime,
            Expires = world.Clock.GetUtcNow().UtcDateTime.AddHours(1),
            SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.EcdsaSha256) { CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false } },
        });
        using var body = ApiHost.Json(ApiHost.Authorization);

        var response = await host.SendAsync(
            HttpMethod.Post, "leas/01612590000000/credentials", content: body, headers: ["Authorization", $"Bearer {token}", "If-None-Match", "*"]);

        Assert.Equal(HttpStatusCode.Created, response.Status);
        var stored = (await world.Credentials.StatusAsync(TestWorld.Oakland, TestContext.Current.CancellationToken)).Credential!.GeneratedBy;
        Assert.Equal(("user-1", storedName, storedEmail), (stored.Id, stored.Name, stored.Email));
    }

    private static Task<ApiResponse> StatusAsync(TestHost host, string authorization) =>
        host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", headers: ["Authorization", authorization]);
}
