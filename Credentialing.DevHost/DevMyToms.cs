using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Credentialing.Core;
using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.DevHost;

/// <summary>
/// A stand-in for MyTOMS. Accepts announcements as specified in <c>docs/mytoms.openapi.yaml</c> and shows them on a page. A file
/// stores them, so that they persist when DevHost restarts.
/// </summary>
internal sealed class DevMyToms
{
    /// <summary>The path on DevHost.</summary>
    internal const string Path = "/dev/mytoms";

    /// <summary>The required API key. It is not a secret.</summary>
    internal const string ApiKey = "development";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.Strict,
        PropertyNameCaseInsensitive = false,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    private readonly Lock saving = new();
    private readonly string? file;
    private readonly ConcurrentDictionary<string, AnnouncementMessage> announcements;

    /// <summary>Loads the announcements from the file; null to keep them in memory only.</summary>
    internal DevMyToms(string? file)
    {
        this.file = file;
        announcements = new(
            file is not null && File.Exists(file) ? JsonSerializer.Deserialize<Dictionary<string, AnnouncementMessage>>(File.ReadAllText(file), Json)! : [],
            StringComparer.Ordinal);
    }

    /// <summary>The current announcements by CDS code.</summary>
    internal IReadOnlyDictionary<string, AnnouncementMessage> Announcements => announcements;

    internal async Task<IResult> PutAsync(string id, HttpRequest request)
    {
        if (!HasApiKey(request))
            return Results.Unauthorized();
        try
        {
            if (!request.HasJsonContentType() ||
                await request.ReadFromJsonAsync<AnnouncementMessage>(Json, request.HttpContext.RequestAborted) is not { } announcement ||
                !IsValid(id, announcement))
                return Results.BadRequest();
            announcements[id] = announcement;
            Save();
            return Results.NoContent();
        }
        catch (JsonException)
        {
            return Results.BadRequest();
        }
    }

    internal IResult Delete(string id, HttpRequest request)
    {
        if (!HasApiKey(request))
            return Results.Unauthorized();
        announcements.TryRemove(id, out _);
        Save();
        return Results.NoContent();
    }

    internal string Page()
    {
        var items = string.Concat(announcements.Values.OrderByDescending(item => item.ExpiresAt).Select(item => $"""
              <li class="{(item.State is CredentialState.Expired ? "expired" : "expiring")}">
                <h2>{Encode(item.Title)}</h2>
                <p>{Encode(item.Text)}</p>
                <p><a href="{Encode(item.Link.AbsoluteUri)}">SIS Vendor Credentialing</a> &middot; LEA {Encode(item.LeaId)}</p>
              </li>

            """));
        var count = announcements.Count.ToString(CultureInfo.InvariantCulture);
        return $$"""
            <!doctype html>
            <html lang="en">
            <head>
              <meta charset="utf-8">
              <meta name="viewport" content="width=device-width">
              <title>Announcements sent to MyTOMS</title>
              <style>
                body { font: 1rem/1.5 system-ui, sans-serif; color: #1b1b1b; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
                ul { list-style: none; padding: 0 }
                li { border-left: .5rem solid #ffbe2e; background: #faf3d1; padding: .5rem 1rem; margin: 1rem 0 }
                li.expired { border-color: #d54309; background: #f4e3db }
                h2 { font-size: 1.1rem; margin: 0 }
                p { margin: .25rem 0 }
              </style>
            </head>
            <body>
              <h1>Announcements sent to MyTOMS</h1>
              <p>DevHost simulates MyTOMS. Announcements sent: {{count}} in all.</p>
              <ul>
            {{items}}  </ul>
            </body>
            </html>
            """;
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);

    private static bool IsValid(string id, AnnouncementMessage announcement) => LeaId.TryParse(id, out _) && announcement.LeaId == id && announcement is
    {
        State: CredentialState.Expiring or CredentialState.Expired,
        Title.Length: > 0,
        Text.Length: > 0,
        ExpiresAt.Kind: DateTimeKind.Utc,
        TimeZone.Length: > 0,
        DaysRemaining: >= 0 and <= CredentialStatus.ExpiringDays,
        Link: { IsAbsoluteUri: true, Scheme: "https" or "http" },
    };

    private static bool HasApiKey(HttpRequest request) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(request.Headers["X-Api-Key"].ToString()), Encoding.UTF8.GetBytes(ApiKey));

    private void Save()
    {
        if (file is null)
            return;
        lock (saving)
        {
            // Replaced atomically, so that a killed process does not leave a partial file.
            File.WriteAllText(file + ".new", JsonSerializer.Serialize(announcements, Json));
            File.Move(file + ".new", file, overwrite: true);
        }
    }
}

internal static class DevMyTomsEndpoints
{
    internal static void MapDevMyToms(this WebApplication app)
    {
        var myToms = app.Services.GetRequiredService<DevMyToms>();
        app.MapGet(DevMyToms.Path, () => Results.Text(myToms.Page(), "text/html; charset=utf-8"));
        app.MapPut($"{DevMyToms.Path}/announcements/{{id}}", myToms.PutAsync);
        app.MapDelete($"{DevMyToms.Path}/announcements/{{id}}", myToms.Delete);
    }
}
