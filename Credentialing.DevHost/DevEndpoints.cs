using System.Globalization;
using Credentialing.Functions.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Credentialing.DevHost;

/// <summary>What only DevHost serves: signing in without a password, moving the clock, and a page about the API.</summary>
internal static class DevEndpoints
{
    /// <summary>Where the API can be read about, and tried.</summary>
    internal const string DescriptionPath = "/docs";

    /// <summary>The description that the API serves, as a page.</summary>
    internal static void UseDescriptionPage(this WebApplication app) => app.UseSwaggerUI(page =>
    {
        page.RoutePrefix = DescriptionPath.TrimStart('/');
        page.DocumentTitle = "Credentialing: the API";
        page.SwaggerEndpoint($"/{FunctionEndpoints.RoutePrefix}/openapi.json", "Credentialing");
    });

    /// <summary><c>POST /dev/sign-in</c> with the form field <c>persona</c> answers with the token, as text.</summary>
    internal static void MapDevSignIn(this WebApplication app) => app.MapPost("/dev/sign-in", async (HttpRequest request, DevSignIn signIn) =>
    {
        var form = await RequestBody.ReadFormAsync(request);
        var id = form is not null && form.TryGetValue("persona", out var value) ? value.ToString() : null;
        return World.Personas.SingleOrDefault(persona => persona.Id == id) is { } found
            ? Results.Text(signIn.SignIn(found))
            : Results.Problem($"Send the form field persona: {string.Join(", ", World.Personas.Select(persona => persona.Id))}.", statusCode: 400, title: "There is no such persona.");
    });

    /// <summary>
    /// <c>POST /dev/clock</c> with the form field <c>days</c> (a fraction will do) moves the system's time forward;
    /// <c>GET /dev/clock</c> tells it.
    /// </summary>
    internal static void MapDevClock(this WebApplication app, DevClock clock)
    {
        app.MapGet("/dev/clock", Now);
        app.MapPost("/dev/clock", async (HttpRequest request) =>
        {
            var form = await RequestBody.ReadFormAsync(request);
            if (form is null || !form.TryGetValue("days", out var value) ||
                !double.TryParse(value, CultureInfo.InvariantCulture, out var days) ||
                days is not >= 0 || days > DevClock.MaxOffset.TotalDays || !clock.TryAdvance(TimeSpan.FromDays(days)))
                return Results.Problem($"Send the form field days: a number from 0 on. The clock can be {DevClock.MaxOffset.TotalDays} days ahead in all.", statusCode: 400, title: "The clock was not moved.");
            return Now();
        });

        IResult Now() => Results.Ok(new { now = clock.GetUtcNow().UtcDateTime });
    }
}
