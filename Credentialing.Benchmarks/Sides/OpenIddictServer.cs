using System.Security.Claims;
using System.Security.Cryptography;
using Credentialing.Core.Credentials;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;

namespace Credentialing.Benchmarks.Sides;

/// <summary>
/// What a team would use instead: OpenIddict's server with the client credentials flow and its Entity Framework Core stores, over SQLite
/// in memory.
/// </summary>
internal static class OpenIddictServer
{
    internal const string Name = "openiddict";

    /// <summary>
    /// The same, with everything switched off that the flow does not need: no encryption of tokens, no token and authorization entries, a
    /// symmetric signing key.
    /// </summary>
    internal const string NameTuned = "openiddict-tuned";

    private const string TokenPath = "/api/v1/token";

    /// <summary>Runs the server until the standard input is closed.</summary>
    internal static async Task RunAsync(bool isTuned)
    {
        const string Address = "Data Source=openiddict;Mode=Memory;Cache=Shared";
        await using var database = new SqliteConnection(Address); // the database exists as long as a connection is open
        await database.OpenAsync();
        var builder = ServedSide.NewBuilder();
        builder.Services.AddDbContext<Database>(options => options.UseSqlite(Address).UseOpenIddict());
        builder.Services.AddOpenIddict()
            .AddCore(core => core.UseEntityFrameworkCore().UseDbContext<Database>())
            .AddServer(server =>
            {
                server.SetTokenEndpointUris(TokenPath).AllowClientCredentialsFlow();
                server.UseAspNetCore().EnableTokenEndpointPassthrough().DisableTransportSecurityRequirement();
                server.AddEphemeralEncryptionKey();
                if (isTuned)
                    server.DisableAccessTokenEncryption().DisableTokenStorage().DisableAuthorizationStorage().AddSigningKey(new SymmetricSecurityKey(RandomNumberGenerator.GetBytes(32)));
                server.AddEphemeralSigningKey(); // it requires an asymmetric key too
            });
        await using var app = builder.Build();
        app.UseAuthentication();
        app.MapPost(TokenPath, (HttpContext context) =>
        {
            var identity = new ClaimsIdentity(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
            identity.SetClaim(OpenIddictConstants.Claims.Subject, context.GetOpenIddictServerRequest()!.ClientId);
            return Results.SignIn(new ClaimsPrincipal(identity), authenticationScheme: OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
        });

        var (username, secretKey) = (new Username(OurServer.Oakland).ToString(), SecretKey.Generate().Reveal());
        await using (var scope = app.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<Database>().Database.EnsureCreatedAsync();
            await scope.ServiceProvider.GetRequiredService<IOpenIddictApplicationManager>().CreateAsync(new OpenIddictApplicationDescriptor
            {
                ClientId = username,
                ClientSecret = secretKey,
                Permissions = { OpenIddictConstants.Permissions.Endpoints.Token, OpenIddictConstants.Permissions.GrantTypes.ClientCredentials },
            });
        }

        await ServedSide.ServeAsync(app, username, secretKey);
    }

    private sealed class Database(DbContextOptions<Database> options) : DbContext(options);
}
