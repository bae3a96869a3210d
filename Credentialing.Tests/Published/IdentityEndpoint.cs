using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Credentialing.Tests.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Credentialing.Tests.Published;

/// <summary>
/// A fake managed identity endpoint of App Service (<c>IDENTITY_ENDPOINT</c>), API version 2019-08-01. Requires the secret of
/// <c>IDENTITY_HEADER</c>.
/// </summary>
internal sealed class IdentityEndpoint : IAsyncDisposable
{
    internal const string ClientId = "b3cbb1a4-6f1f-4a6e-9f63-0b8d6a4f1f52";

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private readonly WebApplication app;

    private IdentityEndpoint()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0));
        app = builder.Build();
        app.Run(RespondAsync);
    }

    internal Uri Address => new(new Uri(app.Urls.Single()), "msi/token");

    internal string Secret { get; } = Guid.NewGuid().ToString();

    internal static async Task<IdentityEndpoint> StartAsync()
    {
        var endpoint = new IdentityEndpoint();
        await endpoint.app.StartAsync(TestContext.Current.CancellationToken);
        return endpoint;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private Task RespondAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        if (request.Headers["X-IDENTITY-HEADER"] != Secret || request.Query["client_id"] != ClientId || request.Query["resource"] is not [{ } resource])
        {
            response.StatusCode = StatusCodes.Status400BadRequest;
            return Task.CompletedTask;
        }

        var expiresAt = TimeProvider.System.GetUtcNow() + Lifetime;
        return response.WriteAsJsonAsync(new
        {
            access_token = resource == KeyVaultServer.Resource ? KeyVaultServer.Token : NewToken(resource, expiresAt),
            expires_on = expiresAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            resource,
            token_type = "Bearer",
            client_id = ClientId,
        });
    }

    /// <summary>A token like those of Microsoft Entra. Azurite validates issuer, audience and lifetime, but not the signature.</summary>
    private static string NewToken(string resource, DateTimeOffset expiresAt)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = "https://sts.windows.net/test-tenant/",
            Audience = resource,
            NotBefore = (expiresAt - Lifetime).UtcDateTime,
            Expires = expiresAt.UtcDateTime,
            SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(key), SecurityAlgorithms.EcdsaSha256)
            {
                CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false },
            },
        });
    }
}
