using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Credentialing.DevHost;
using NJsonSchema;

namespace Credentialing.Tests.Support;

/// <summary>
/// Holds every answer of the API that a test gets against <c>docs/openapi.json</c>: its status, its media type, its headers, its
/// body with every member, and, of a problem, its type; and of a request that was right, its path, headers and body. What the API
/// does not describe (a route that does not exist, DevHost's own pages) passes.
/// </summary>
public sealed class DescribedAnswers() : DelegatingHandler(new SocketsHttpHandler())
{
    /// <summary>The description itself.</summary>
    public static readonly JsonNode Description = JsonNode.Parse(File.ReadAllText(Path.Combine(ProjectFolder.Root, "docs/openapi.json")))!;
    private static readonly string Components = Strict(Description["components"]!["schemas"]!).ToJsonString();
    private static readonly ConcurrentDictionary<string, Task<JsonSchema>> Schemas = new();

    private readonly ConcurrentDictionary<DescribedAnswer, bool> seen = new();

    /// <summary>All that the API's description promises.</summary>
    public static IEnumerable<DescribedAnswer> All =>
        from path in Description["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        from response in operation.Value!["responses"]!.AsObject()
        from mediaType in response.Value!["content"]?.AsObject().Select(content => content.Key) ?? [null]
        from type in TypesOf(response.Value!) ?? [null]
        select new DescribedAnswer($"{operation.Value!["operationId"]}", int.Parse(response.Key, null), mediaType, type);

    /// <summary>What was answered so far.</summary>
    public IEnumerable<DescribedAnswer> Seen => seen.Keys;

    /// <summary>Says that an answer was seen that no HTTP client could ask for.</summary>
    public void Add(DescribedAnswer answer) => seen.TryAdd(answer, true);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is { } content ? await content.ReadAsStringAsync(cancellationToken) : null;
        var response = await base.SendAsync(request, cancellationToken);
        if (Find(request) is { } operation)
        {
            await CheckAsync(operation, response, cancellationToken);
            if (response.IsSuccessStatusCode)
                await CheckAsync(operation, request, body);
        }

        return response;
    }

    /// <summary>The body of a request with which nothing is wrong, and the headers that have to do with how it is answered.</summary>
    private static async Task CheckAsync(JsonNode operation, HttpRequestMessage request, string? body)
    {
        var id = $"{operation["operationId"]}";
        var parameters = operation["parameters"]?.AsArray() ?? [];
        Assert.All(
            request.Headers.Select(header => header.Key).Where(name => name.StartsWith("If-", StringComparison.Ordinal) || name is "Range"),
            name => Assert.True(parameters.Any(parameter => $"{parameter!["name"]}" == name), $"{id} was sent {name}, which is not described."));
        var path = Description["paths"]!.AsObject().Single(path => path.Value!.AsObject().Any(item => item.Value == operation)).Key;
        Assert.All(path.Split('/').Zip(request.RequestUri!.AbsolutePath["/api".Length..].Split('/')).Where(pair => pair.First is ['{', ..]), pair =>
        {
            var parameter = parameters.Single(parameter => $"{{{parameter!["name"]}}}" == pair.First)!;
            Assert.Matches($"{parameter["schema"]!["pattern"]}", Uri.UnescapeDataString(pair.Second));
        });
        if (operation["requestBody"]?["content"]!["application/json"] is { } json)
            Assert.Empty((await SchemaAsync(json["schema"]!)).Validate(body!));
        else
            Assert.True(body is null or "" || operation["requestBody"] is not null, $"{id} was sent a body, which is not described.");
    }

    private static JsonNode? Find(HttpRequestMessage request)
    {
        if (request.RequestUri!.AbsolutePath.Split('/') is not ["", "api", .. var segments])
            return null;
        return Description["paths"]!.AsObject()
            .Where(path => path.Key[1..].Split('/') is var template && template.Length == segments.Length &&
                template.Zip(segments).All(pair => pair.First is ['{', ..] || pair.First == pair.Second))
            .Select(path => path.Value![request.Method.Method.ToLowerInvariant()])
            .FirstOrDefault();
    }

    private async Task CheckAsync(JsonNode operation, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var (id, status) = ($"{operation["operationId"]}", (int)answer.StatusCode);
        var described = operation["responses"]![$"{status}"];
        Assert.True(described is not null, $"{id} answered {status}, which is not described.");
        Assert.True(answer.Headers.CacheControl?.NoStore, $"{id} answered {status} without no-store.");
        var undescribed = answer.Headers.Concat(answer.Content.Headers).Select(header => header.Key)
            .Except(["Cache-Control", "Date", "Server", "Transfer-Encoding", "Content-Length", "Content-Type", "Access-Control-Expose-Headers", "X-Content-Type-Options", "Content-Security-Policy"])
            .Except(described["headers"]?.AsObject().Select(header => header.Key) ?? [], StringComparer.OrdinalIgnoreCase);
        Assert.True(!undescribed.Any(), $"{id} answered {status} with the headers {string.Join(", ", undescribed)}, which are not described.");
        var missing = (described["headers"]?.AsObject().Select(header => header.Key) ?? [])
            .Except(answer.Headers.Concat(answer.Content.Headers).Select(header => header.Key), StringComparer.OrdinalIgnoreCase)
            .Where(name => !(name is "ETag" && id is "GetCredentials" or "GenerateCredentials")); // there may be no credentials
        Assert.True(!missing.Any(), $"{id} answered {status} without the headers {string.Join(", ", missing)}, which are described.");

        var mediaType = answer.Content.Headers.ContentLength is 0 ? null : answer.Content.Headers.ContentType?.MediaType;
        var content = described["content"]?.AsObject();
        Assert.True(mediaType is null ? content is null : content?.ContainsKey(mediaType) is true, $"{id} answered {status} with {mediaType ?? "no body"}, which is not described.");
        string? type = null;
        if (mediaType is not null && content![mediaType]!["schema"] is { } schema)
        {
            await answer.Content.LoadIntoBufferAsync(cancellationToken);
            var body = await answer.Content.ReadAsStringAsync(cancellationToken);
            var failures = (await SchemaAsync(schema)).Validate(body);
            Assert.True(failures.Count == 0, $"{id} answered {status} with a body that is not as described: {string.Join("; ", failures)}");
            if (TypesOf(described) is not null)
                type = $"{JsonNode.Parse(body)!["type"]}";
        }

        Add(new DescribedAnswer(id, status, mediaType, type));
    }

    private static Task<JsonSchema> SchemaAsync(JsonNode schema) => Schemas.GetOrAdd(schema.ToJsonString(), static text => JsonSchema.FromJsonAsync(
        $$"""{"allOf":[{{text}}],"definitions":{{Components}}}""".Replace("#/components/schemas/", "#/definitions/", StringComparison.Ordinal)));

    private static IEnumerable<string?>? TypesOf(JsonNode response) =>
        response["content"]?.AsObject().FirstOrDefault().Value?["schema"]?["allOf"]?[1]!["properties"]!["type"]!["enum"]!.AsArray().Select(type => $"{type}");

    /// <summary>Clients must expect members that are not described; we must not send any.</summary>
    private static JsonNode Strict(JsonNode schema)
    {
        var strict = schema.DeepClone();
        Forbid(strict);
        return strict;

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

/// <summary>An answer that is described.</summary>
/// <param name="Operation">The function's name.</param>
/// <param name="Status">Its status.</param>
/// <param name="MediaType">The media type of its body; null if it has none.</param>
/// <param name="Type">The problem's type; null if it is none.</param>
public sealed record DescribedAnswer(string Operation, int Status, string? MediaType, string? Type);
