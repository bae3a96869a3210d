using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;

namespace Credentialing.DevHost;

/// <summary>
/// Serves the screens as on Azure: the files of <c>web/site</c>, compressed, with the headers of
/// <c>staticwebapp.config.json</c>. Only <c>host.js</c> is specific to DevHost.
/// </summary>
internal static class Screens
{
    /// <summary>The path of the SIS Vendor Credentialing screen.</summary>
    internal const string CredentialingPath = "/credentialing/";

    /// <summary>The path of the guide for vendors.</summary>
    internal const string VendorGuidePath = "/dev/vendor-guide.md";

    private static readonly string Site = Path.Combine(ProjectFolder.Root, "web", "site");

    internal static void AddScreens(this IServiceCollection services) => services.AddResponseCompression(compression =>
        // Not JSON: a compressed response with a secret and caller-controlled text can leak the secret by its length.
        compression.MimeTypes = ["text/html", "text/css", "text/javascript", "image/svg+xml"]);

    internal static void UseScreens(this WebApplication app)
    {
        var headers = ReadHeaders();
        var files = new PhysicalFileProvider(Site);
        app.UseResponseCompression();
        app.UseDefaultFiles(new DefaultFilesOptions { FileProvider = files });
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = files,
            OnPrepareResponse = file =>
            {
                foreach (var (name, value) in headers)
                    file.Context.Response.Headers[name] = value;
            },
        });
        app.MapGet("/host.js", () => Results.File(Path.Combine(ProjectFolder.Path, "host.js"), "text/javascript"));
        app.MapGet(VendorGuidePath, () => Results.File(Path.Combine(ProjectFolder.Root, "docs", "vendor-guide.md"), "text/plain; charset=utf-8"));
        app.MapGet("/dev/personas", () => World.Personas.Select(persona => new
        {
            persona.Id,
            persona.Name,
            Leas = World.Leas.Where(lea => persona.Leas.Contains(lea.Id)).Select(lea => new { Id = lea.Id.Value, lea.Name }),
        }));
    }

    private static Dictionary<string, string> ReadHeaders()
    {
        using var configuration = JsonDocument.Parse(File.ReadAllText(Path.Combine(Site, "staticwebapp.config.json")));
        return configuration.RootElement.GetProperty("globalHeaders").Deserialize<Dictionary<string, string>>()!;
    }
}
