using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;

namespace Credentialing.DevHost;

/// <summary>
/// Serves the screens as on Azure: the built files of <c>web/dist</c>, compressed, with the headers of
/// <c>staticwebapp.config.json</c>. Only <c>host.js</c> is specific to DevHost.
/// </summary>
internal static class Screens
{
    /// <summary>The path of the SIS Vendor Credentialing screen.</summary>
    internal const string CredentialingPath = "/credentialing/";

    /// <summary>The path of the guide for vendors.</summary>
    internal const string VendorGuidePath = "/dev/vendor-guide.md";

    /// <summary>The folder of the built site.</summary>
    internal static string Site { get; } = Path.Combine(ProjectFolder.Root, "web", "dist");

    internal static void AddScreens(this IServiceCollection services) => services.AddResponseCompression(compression =>
        // Not JSON: a compressed response with a secret and caller-controlled text can leak the secret by its length.
        compression.MimeTypes = ["text/html", "text/css", "text/javascript", "image/svg+xml"]);

    internal static void UseScreens(this WebApplication app)
    {
        var headers = ResponseHeaders.Read(Path.Combine(Site, "staticwebapp.config.json"));
        var files = new PhysicalFileProvider(Site);
        app.UseResponseCompression();
        app.UseDefaultFiles(new DefaultFilesOptions { FileProvider = files });
        app.UseStaticFiles(new StaticFileOptions { FileProvider = files, OnPrepareResponse = file => headers.AddTo(file.Context) });
        app.MapGet("/host.js", (HttpContext context) =>
        {
            headers.AddTo(context);
            return Results.File(Path.Combine(ProjectFolder.Path, "host.js"), "text/javascript");
        });
        app.MapGet(VendorGuidePath, () => Results.File(Path.Combine(ProjectFolder.Root, "docs", "vendor-guide.md"), "text/plain; charset=utf-8"));
        app.MapGet("/dev/personas", () => World.Personas.Select(persona => new
        {
            persona.Id,
            persona.Name,
            Leas = World.Leas.Where(lea => persona.Leas.Contains(lea.Id)).Select(lea => new { Id = lea.Id.Value, lea.Name }),
        }));
    }

    /// <summary>The headers of a static web app. As on Azure, the headers of the first matching route override the global ones.</summary>
    private sealed record ResponseHeaders(IReadOnlyDictionary<string, string> GlobalHeaders, IReadOnlyList<RouteHeaders> Routes)
    {
        internal static ResponseHeaders Read(string file) => JsonSerializer.Deserialize<ResponseHeaders>(File.ReadAllText(file), JsonSerializerOptions.Web)!;

        internal void AddTo(HttpContext context)
        {
            foreach (var (name, value) in GlobalHeaders)
                context.Response.Headers[name] = value;
            foreach (var (name, value) in Routes.FirstOrDefault(route => route.Matches(context.Request.Path))?.Headers ?? new Dictionary<string, string>())
                context.Response.Headers[name] = value;
        }
    }

    /// <param name="Route">A path. It may end with <c>*</c>.</param>
    /// <param name="Headers">The headers of responses for the path.</param>
    private sealed record RouteHeaders(string Route, IReadOnlyDictionary<string, string> Headers)
    {
        internal bool Matches(string path) => Route.EndsWith('*') ? path.StartsWith(Route[..^1], StringComparison.Ordinal) : path == Route;
    }
}
