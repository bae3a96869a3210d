using System.Net;
using Credentialing.DevHost;
using Credentialing.Functions.Authentication;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Credentialing.Tests.Published;

/// <summary>
/// A fake TOMS identity provider over HTTPS. It publishes its keys through OpenID Connect Discovery 1.0 and signs tokens as DevHost
/// does.
/// </summary>
internal sealed class TomsIdentityProvider : IAsyncDisposable
{
    private readonly DevSignIn signIn = new(Options.Create(new TomsOptions()), TimeProvider.System);
    private readonly WebApplication app;

    private TomsIdentityProvider(TestCertificate certificate)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0, listen => listen.UseHttps(certificate.Certificate)));
        app = builder.Build();
        app.Run(context => context.Request.Path.Value switch
        {
            "/.well-known/openid-configuration" => context.Response.WriteAsJsonAsync(new { issuer = DevSignIn.Issuer, jwks_uri = new Uri(Authority, "keys") }),
            "/keys" => context.Response.WriteAsJsonAsync(new { keys = PublicKeys() }),
            _ => Task.FromResult(context.Response.StatusCode = StatusCodes.Status404NotFound),
        });
    }

    internal Uri Authority => new(app.Urls.Single());

    internal static async Task<TomsIdentityProvider> StartAsync(TestCertificate certificate)
    {
        var provider = new TomsIdentityProvider(certificate);
        await provider.app.StartAsync(TestContext.Current.CancellationToken);
        return provider;
    }

    /// <summary>Returns an access token of a DevHost persona.</summary>
    internal string SignIn(string persona) => SignIn(World.Personas.Single(known => known.Id == persona));

    /// <summary>Returns an access token of any persona.</summary>
    internal string SignIn(Persona persona) => signIn.SignIn(persona);

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        signIn.Dispose();
    }

    /// <summary>The public keys as a JSON Web Key Set (RFC 7517).</summary>
    private IEnumerable<object> PublicKeys() => signIn.Configuration.SigningKeys
        .Select(key => JsonWebKeyConverter.ConvertFromSecurityKey(key))
        .Select(key => new { kty = key.Kty, crv = key.Crv, x = key.X, y = key.Y, kid = key.Kid, use = "sig" });
}
