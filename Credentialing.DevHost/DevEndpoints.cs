using System.Globalization;
using Azure.Data.Tables.Sas;
using Credentialing.Functions.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Credentialing.DevHost;

/// <summary>Endpoints that only DevHost has: sign-in without a password, the clock, the storage, and a page of the API description.</summary>
internal static class DevEndpoints
{
    /// <summary>The path of the Swagger UI page.</summary>
    internal const string DescriptionPath = "/docs";

    /// <summary>Serves the API description as a Swagger UI page.</summary>
    internal static void UseDescriptionPage(this WebApplication app) => app.UseSwaggerUI(page =>
    {
        page.RoutePrefix = DescriptionPath.TrimStart('/');
        page.DocumentTitle = "Credentialing: the API";
        page.SwaggerEndpoint($"/{FunctionEndpoints.RoutePrefix}/openapi.json", "Credentialing");
    });

    /// <summary><c>POST /dev/sign-in</c> with the form field <c>persona</c> returns an access token as text.</summary>
    internal static void MapDevSignIn(this WebApplication app) => app.MapPost("/dev/sign-in", async (HttpRequest request, DevSignIn signIn) =>
    {
        var id = (await RequestBody.ReadFormAsync(request))?.GetValueOrDefault("persona");
        return World.Personas.SingleOrDefault(persona => persona.Id == id) is { } found
            ? Results.Text(signIn.SignIn(found))
            : Results.Problem($"Send the form field persona: {string.Join(", ", World.Personas.Select(persona => persona.Id))}.", statusCode: 400, title: "The persona is unknown.");
    });

    /// <summary>
    /// <c>GET /dev/storage</c> returns how to connect to the emulator: the addresses of the account, its key, and a shared access signature
    /// for the tables. The drills do their damage with it.
    /// </summary>
    internal static void MapDevStorage(this WebApplication app, Azurite azurite, string account) => app.MapGet("/dev/storage", () => Results.Ok(new
    {
        tables = new Uri(azurite.TableAddress, account),
        blobs = new Uri(azurite.BlobAddress, account),
        key = azurite.AccountKey,
        signature = azurite.Tables(account).GenerateSasUri(TableAccountSasPermissions.All, TableAccountSasResourceTypes.All, TimeProvider.System.GetUtcNow().AddDays(1)).Query,
    }));

    /// <summary>
    /// <c>POST /dev/clock</c> with the form field <c>days</c> (fractions are allowed) advances the clock. <c>GET /dev/clock</c> returns
    /// the current time.
    /// </summary>
    internal static void MapDevClock(this WebApplication app, DevClock clock)
    {
        app.MapGet("/dev/clock", Now);
        app.MapPost("/dev/clock", async (HttpRequest request) =>
        {
            var value = (await RequestBody.ReadFormAsync(request))?.GetValueOrDefault("days");
            if (!double.TryParse(value, CultureInfo.InvariantCulture, out var days) ||
                days is not >= 0 || days > DevClock.MaxOffset.TotalDays || !clock.TryAdvance(TimeSpan.FromDays(days)))
                return Results.Problem($"Send the form field days: a number, 0 or more. The total offset must not exceed {DevClock.MaxOffset.TotalDays} days.", statusCode: 400, title: "The clock was not changed.");
            return Now();
        });

        IResult Now() => Results.Ok(new { now = clock.GetUtcNow().UtcDateTime });
    }
}
