using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Credentialing.DevHost;
using NJsonSchema;

namespace Credentialing.Tests.Support;

/// <summary>
/// Validates every API response in the tests against <c>docs/openapi.json</c>: status, media type, headers, all members of the
/// body, and the problem type. Also validates path, headers and body of each successful request. Ignores paths that the document
/// does not contain (unknown routes, DevHost's own pages).
/// </summary>
public sealed class DescribedResponses() : DelegatingHandler(new SocketsHttpHandler())
{
    /// <summary>The OpenAPI document. A JsonElement, because tests read it in parallel and JsonNode is not thread-safe.</summary>
    public static readonly JsonElement Description = JsonElement.Parse(File.ReadAllText(Path.Combine(ProjectFolder.Root, "docs/openapi.json")));
    private static readonly string Components = Strict(Description.GetProperty("components").GetProperty("schemas"));
    private static readonly ConcurrentDictionary<string, Task<JsonSchema>> Schemas = new();

    private readonly ConcurrentDictionary<DescribedResponse, bool> seen = new();

    /// <summary>All responses in the OpenAPI document.</summary>
    public static IEnumerable<DescribedResponse> All =>
        from path in Description.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        from response in operation.Value.GetProperty("responses").EnumerateObject()
        from mediaType in Find(response.Value, "content")?.EnumerateObject().Select(content => content.Name) ?? [null]
        from type in TypesOf(response.Value, mediaType) ?? [null]
        select new DescribedResponse(IdOf(operation.Value), int.Parse(response.Name, null), mediaType, type);

    /// <summary>The responses seen so far.</summary>
    public IEnumerable<DescribedResponse> Seen => seen.Keys;

    /// <summary>Records a response to a request that HttpClient cannot send.</summary>
    public void Add(DescribedResponse response) => seen.TryAdd(response, true);

    /// <summary>Validates a response only, for requests that need not be valid.</summary>
    public async Task CheckResponseAsync(HttpRequestMessage request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (Find(request) is var (_, operation))
            await CheckAsync(operation, response, cancellationToken);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is { } content ? await content.ReadAsStringAsync(cancellationToken) : null;
        var response = await base.SendAsync(request, cancellationToken);
        if (Find(request) is var (path, operation))
        {
            await CheckAsync(operation, response, cancellationToken);
            if (response.IsSuccessStatusCode)
                await CheckAsync(path, operation, request, body);
        }

        return response;
    }

    /// <summary>Validates a successful request: its conditional and Range headers, path parameters and body.</summary>
    private static async Task CheckAsync(string path, JsonElement operation, HttpRequestMessage request, string? body)
    {
        var id = IdOf(operation);
        var parameters = Find(operation, "parameters")?.EnumerateArray().ToList() ?? [];
        Assert.All(
            request.Headers.Select(header => header.Key).Where(name => name.StartsWith("If-", StringComparison.Ordinal) || name is "Range"),
            name => Assert.True(parameters.Any(parameter => NameOf(parameter) == name), $"{id} was sent {name}, which is not described."));
        Assert.All(path.Split('/').Zip(request.RequestUri!.AbsolutePath["/api".Length..].Split('/')).Where(pair => pair.First is ['{', ..]), pair =>
        {
            var parameter = parameters.Single(parameter => $"{{{NameOf(parameter)}}}" == pair.First);
            Assert.Matches(parameter.GetProperty("schema").GetProperty("pattern").GetString()!, Uri.UnescapeDataString(pair.Second));
        });
        var requestBody = Find(operation, "requestBody");
        if (Find(requestBody, "content", "application/json", "schema") is { } schema)
            Assert.Empty((await SchemaAsync(schema)).Validate(body!));
        else
            Assert.True(body is null or "" || requestBody is not null, $"{id} was sent a body, which is not described.");
    }

    /// <summary>Finds the operation of a request and its path template; null if the document does not contain it.</summary>
    private static (string Path, JsonElement Operation)? Find(HttpRequestMessage request)
    {
        if (request.RequestUri!.AbsolutePath.Split('/') is not ["", "api", .. var segments])
            return null;
        var path = Description.GetProperty("paths").EnumerateObject().FirstOrDefault(path =>
            path.Name[1..].Split('/') is var template && template.Length == segments.Length &&
            template.Zip(segments).All(pair => pair.First is ['{', ..] ? pair.Second.Length > 0 : pair.First == pair.Second));
        return Find(path.Value, request.Method.Method.ToLowerInvariant()) is { } operation ? (path.Name, operation) : null;
    }

    /// <summary>Finds a nested member by its names; null if it does not exist.</summary>
    private static JsonElement? Find(JsonElement? element, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            element = element is { ValueKind: JsonValueKind.Object } parent && parent.TryGetProperty(name, out var member) ? member : null;
        return element;
    }

    private static string IdOf(JsonElement operation) => operation.GetProperty("operationId").GetString()!;

    private static string NameOf(JsonElement parameter) => parameter.GetProperty("name").GetString()!;

    private async Task CheckAsync(JsonElement operation, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var (id, status) = (IdOf(operation), (int)response.StatusCode);
        var described = Find(operation, "responses", $"{status}");
        Assert.True(described is not null, $"{id} returned {status}, which is not described.");
        var headers = Find(described, "headers")?.EnumerateObject().Select(header => header.Name).ToList() ?? [];
        Assert.True(response.Headers.CacheControl?.NoStore, $"{id} returned {status} without no-store.");
        var undescribed = response.Headers.Concat(response.Content.Headers).Select(header => header.Key)
            .Except(["Cache-Control", "Date", "Server", "Transfer-Encoding", "Content-Length", "Content-Type", "Access-Control-Expose-Headers", "X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy"])
            .Except(headers, StringComparer.OrdinalIgnoreCase);
        Assert.True(!undescribed.Any(), $"{id} returned {status} with the headers {string.Join(", ", undescribed)}, which are not described.");
        var isJson = response.Content.Headers.ContentType?.MediaType is "application/json";
        var missing = headers
            .Except(response.Headers.Concat(response.Content.Headers).Select(header => header.Key), StringComparer.OrdinalIgnoreCase)
            .Where(name => !(name is "Credential-Expires" && status is 401 or >= 500)) // only a response to an authenticated vendor
            .Where(name => !(name is "Content-Disposition" && isJson)) // only the file that the client can choose instead
            .Where(name => !(name is "ETag" && id is "GetCredentials" or "GenerateCredentials" or "EndPreviousKey" or "RevokeCredentials")); // no ETag if there are no credentials
        Assert.True(!missing.Any(), $"{id} returned {status} without the headers {string.Join(", ", missing)}, which are described.");

        var mediaType = response.Content.Headers.ContentLength is 0 ? null : response.Content.Headers.ContentType?.MediaType;
        var content = Find(described, "content");
        Assert.True(mediaType is null ? content is null : Find(content, mediaType) is not null, $"{id} returned {status} with {mediaType ?? "no body"}, which is not described.");
        string? type = null;
        if (mediaType is not null && Find(content, mediaType, "schema") is { } schema)
        {
            await response.Content.LoadIntoBufferAsync(cancellationToken);
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            var failures = (await SchemaAsync(schema)).Validate(body);
            Assert.True(failures.Count == 0, $"{id} returned {status} with a body that is not as described: {string.Join("; ", failures)}");
            if (TypesOf(described.Value, mediaType) is not null)
                type = JsonElement.Parse(body).GetProperty("type").GetString();
        }

        Add(new DescribedResponse(id, status, mediaType, type));
    }

    private static Task<JsonSchema> SchemaAsync(JsonElement schema) => Schemas.GetOrAdd(schema.GetRawText(), static text => JsonSchema.FromJsonAsync(
        $$"""{"allOf":[{{text}}],"definitions":{{Components}}}""".Replace("#/components/schemas/", "#/definitions/", StringComparison.Ordinal)));

    private static IEnumerable<string?>? TypesOf(JsonElement response, string? mediaType) =>
        mediaType is not null && Find(response, "content", mediaType, "schema", "allOf") is { } all
            ? all[1].GetProperty("properties").GetProperty("type").GetProperty("enum").EnumerateArray().Select(type => type.GetString())
            : null;

    /// <summary>Forbids undocumented members. Clients must tolerate them, but the API must not send any.</summary>
    private static string Strict(JsonElement schemas)
    {
        var strict = JsonNode.Parse(schemas.GetRawText())!;
        Forbid(strict);
        return strict.ToJsonString();

        static void Forbid(JsonNode node)
        {
            if (node is JsonObject found && found.ContainsKey("properties"))
                found["additionalProperties"] = false;
            foreach (var child in node is JsonObject all ? all.Select(member => member.Value) : node is JsonArray items ? items : [])
            {
                if (child is not null)
                    Forbid(child);
            }
        }
    }
}

/// <summary>A response in the OpenAPI document.</summary>
/// <param name="Operation">The operationId, which is the function's name.</param>
/// <param name="Status">The HTTP status code.</param>
/// <param name="MediaType">The media type; null without a body.</param>
/// <param name="Type">The problem type; null if the response is not a problem.</param>
public sealed record DescribedResponse(string Operation, int Status, string? MediaType, string? Type);
