using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.DevHost;

/// <summary>
/// Generates the OpenAPI 3.1 description of the API. Routes and methods come from the triggers, schemas from the request and response
/// types, texts from their XML documentation, and the rest from the attributes in <c>Http/Description</c>. The build writes it to
/// <c>docs/openapi.json</c>. Both hosts serve that file.
/// </summary>
internal static class ApiDescription
{
    private const string ProblemMediaType = "application/problem+json";
    private const string CredentialExpires = "Credential-Expires";

    private static readonly JsonSerializerOptions WriteOptions = new() { WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The API's JSON settings, with strict numbers and required members for clients.</summary>
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.Strict,
        RespectRequiredConstructorParameters = true,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    private static readonly Dictionary<string, (string Pattern, string Description)> RouteParameters = new()
    {
        ["leaId"] = ("^[0-9]{14}$", "The LEA's CDS (county-district-school) code."),
        ["ssid"] = ("^[0-9]{10}$", "The student's Statewide Student Identifier."),
        ["shareId"] = ("^[0-9]{14}-[0-9a-f]{32}$", "The share's id, from the response that created it."),
        ["id"] = ("^[0-9]{4}-[A-Za-z0-9-]+[.][A-Za-z0-9]+$", "The report's id, from the list of reports."),
    };

    private static readonly Dictionary<CallerKind, (string Tag, string Description, string[] Security)> Callers = new()
    {
        [CallerKind.Coordinator] = ("Coordinators", "An LEA's credentials, for its coordinators. The screens use only these operations. TOMS may also read the status and revoke.", ["toms"]),
        [CallerKind.Toms] = ("TOMS", "Operations for TOMS itself.", ["toms"]),
        [CallerKind.Vendor] = ("Vendors", "Tokens, credential status and score reports, for an LEA's vendors.", ["vendorToken", "vendorBasic"]),
        [CallerKind.VendorOrLink] = ("Vendors", "", ["vendorToken", "vendorBasic", "temporaryLink"]),
        [CallerKind.TokenClient] = ("Vendors", "", ["vendorBasic", ""]),
        [CallerKind.Anyone] = ("Anyone", "Health checks, this API description, the opening of shares, and messages of GitHub's secret scanning.", []),
    };

    /// <summary>Returns the complete description.</summary>
    internal static string Compose()
    {
        var schemas = new SortedDictionary<string, (Type Type, JsonNode Schema)>(StringComparer.Ordinal);
        var paths = new JsonObject();
        foreach (var (function, trigger) in FunctionEndpoints.TriggeredBy<HttpTriggerAttribute>().OrderBy(item => item.Trigger.Route, StringComparer.Ordinal))
        {
            var path = $"/{trigger.Route}";
            if (!paths.ContainsKey(path))
                paths[path] = new JsonObject();
            paths[path]![trigger.Methods!.Single()] = Operation(function, trigger.Route!, schemas);
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "Credentialing",
                ["version"] = "1",
                ["summary"] = "Vendor credentials of California's LEAs, and the score reports to which they give access.",
                ["description"] = "Request and response bodies are JSON, except the token request (a form) and report files. Times are UTC (RFC 3339). Errors are problem details (RFC 9457): branch on `type`. 4xx errors of the token endpoint are OAuth errors (RFC 6749, section 5.2). Every response has `Cache-Control: no-store`. New members may be added to responses.",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = $"/{FunctionEndpoints.RoutePrefix}" }),
            ["tags"] = new JsonArray([.. Callers.Values.Where(caller => caller.Description.Length > 0).Select(caller => new JsonObject { ["name"] = caller.Tag, ["description"] = caller.Description })]),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = SecuritySchemes(),
                ["headers"] = new JsonObject
                {
                    [CredentialExpires] = new JsonObject
                    {
                        ["description"] = "In every response to an authenticated vendor: when its credentials expire, or when the previous key stops. Also in the response for credentials that have expired. An HTTP date (RFC 9110, section 5.6.7).",
                        ["schema"] = new JsonObject { ["type"] = "string" },
                    },
                },
                ["schemas"] = new JsonObject(schemas.Select(schema => KeyValuePair.Create(schema.Key, (JsonNode?)schema.Value.Schema)).Prepend(new("Problem", ProblemSchema()))),
            },
        }.ToJsonString(WriteOptions) + "\n";
    }

    /// <summary>Writes the description if it differs from the file, so that an unchanged file keeps its timestamp.</summary>
    internal static void Write(string file)
    {
        var description = Compose();
        if (!File.Exists(file) || File.ReadAllText(file) != description)
            File.WriteAllText(file, description);
    }

    private static JsonObject Operation(MethodInfo function, string route, SortedDictionary<string, (Type Type, JsonNode Schema)> schemas)
    {
        var name = FunctionEndpoints.NameOf(function);
        var caller = function.GetCustomAttribute<CalledByAttribute>()?.Caller ?? throw new InvalidOperationException($"{name} has no [CalledBy] attribute.");
        var accepts = function.GetCustomAttribute<AcceptsAttribute>();
        var documentation = Documentation.Of(function) ?? throw new InvalidOperationException($"{name} has no XML summary.");
        var operation = new JsonObject
        {
            ["operationId"] = name,
            ["summary"] = documentation.Split(". ")[0].TrimEnd('.').Replace("`", "", StringComparison.Ordinal), // a summary is not Markdown
            ["description"] = documentation,
            ["tags"] = new JsonArray(Callers[caller].Tag),
            ["security"] = new JsonArray([.. Callers[caller].Security.Select(scheme => scheme.Length == 0 ? new JsonObject() : new JsonObject { [scheme] = new JsonArray() })]),
        };
        if (Parameters(function, route) is { Count: > 0 } parameters)
            operation["parameters"] = parameters;
        if (accepts is not null)
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Content(accepts.MediaType, Reference(accepts.Body, schemas, isRequest: true)) };
        operation["responses"] = Responses(function, caller, accepts, schemas);
        return operation;
    }

    private static JsonArray Parameters(MethodInfo function, string route)
    {
        var inRoute =
            from parameter in function.GetParameters()
            where route.Contains($"{{{parameter.Name}}}", StringComparison.Ordinal)
            let known = RouteParameters[parameter.Name!]
            select Parameter("path", parameter.Name!, known.Description, new JsonObject { ["type"] = "string", ["pattern"] = known.Pattern });
        var others = function.GetCustomAttributes<AcceptsParameterAttribute>().Select(parameter =>
            Parameter(parameter.Place, parameter.Name, parameter.Description, ParameterSchema(parameter)));
        return [.. inRoute.Concat(others)];

        static JsonNode ParameterSchema(AcceptsParameterAttribute parameter)
        {
            var schema = Schema(parameter.Type, isRequest: true);
            if (parameter.Values is { Length: > 0 } values)
                schema["enum"] = new JsonArray([.. values.Select(value => JsonValue.Create(value))]);
            return schema;
        }

        static JsonNode Parameter(string place, string name, string description, JsonNode schema) => new JsonObject
        {
            ["name"] = name,
            ["in"] = place,
            ["required"] = place is "path",
            ["description"] = description,
            ["schema"] = schema,
        };
    }

    private static JsonObject Responses(MethodInfo function, CallerKind caller, AcceptsAttribute? accepts, SortedDictionary<string, (Type Type, JsonNode Schema)> schemas)
    {
        var responses = new SortedDictionary<int, JsonObject>();
        foreach (var produced in function.GetCustomAttributes<ProducesResponseAttribute>())
        {
            responses[produced.Status] = Response(
                ReasonPhrase(produced.Status),
                [.. produced.Headers, .. CommonHeaders(caller, produced.Status)],
                SuccessContent(produced, schemas));
        }

        var problems = function.GetCustomAttributes<ProducesProblemAttribute>().Concat(CommonProblems(caller, accepts))
            .SelectMany(problem => problem.Types, (problem, type) => (problem.Status, Type: type));
        foreach (var status in problems.GroupBy(problem => problem.Status, problem => problem.Type))
        {
            var types = status.Distinct().Order(StringComparer.Ordinal).ToList();
            var isOAuthError = caller is CallerKind.TokenClient && status.Key < 500;
            var schema = isOAuthError
                ? Reference(typeof(TokenErrorResponse), schemas)
                : new JsonObject { ["$ref"] = "#/components/schemas/Problem" };
            var content = Content(isOAuthError ? "application/json" : ProblemMediaType, new JsonObject
            {
                ["allOf"] = new JsonArray(schema, new JsonObject
                {
                    ["properties"] = new JsonObject { ["type"] = new JsonObject { ["enum"] = new JsonArray([.. types.Select(type => JsonValue.Create(Problems.TypePrefix + type))]) } },
                }),
            });
            if (caller is CallerKind.VendorOrLink && status.Key is 403 or 404 or 429 or >= 500)
                content[ErrorPage.MediaType] = new JsonObject(); // for a browser with a temporary link
            responses[status.Key] = Response(
                $"{ReasonPhrase(status.Key)}: {string.Join(", ", types.Select(type => $"`{type}`"))}",
                [.. (string[])(status.Key switch { 401 => ["WWW-Authenticate"], 412 => ["ETag"], 429 or 503 => ["Retry-After"], _ => [] }), .. CommonHeaders(caller, status.Key)],
                content);
        }

        return new JsonObject(responses.Select(response => KeyValuePair.Create(response.Key.ToString(CultureInfo.InvariantCulture), (JsonNode?)response.Value)));
    }

    /// <summary>Headers that the kind of caller implies: only the response to an authenticated vendor has <c>Credential-Expires</c>.</summary>
    private static string[] CommonHeaders(CallerKind caller, int status) => (caller, status) switch
    {
        (CallerKind.Vendor or CallerKind.VendorOrLink, not (403 or 429)) or (CallerKind.TokenClient, not (400 or 429)) => [CredentialExpires],
        _ => [],
    };

    /// <summary>Problems that the kind of caller and the request body imply.</summary>
    private static IEnumerable<ProducesProblemAttribute> CommonProblems(CallerKind caller, AcceptsAttribute? accepts)
    {
        if (accepts is { MediaType: "application/json" })
        {
            yield return new ProducesProblemAttribute(400, "malformed-json", "malformed-request");
            yield return new ProducesProblemAttribute(413, "body-too-large");
            yield return new ProducesProblemAttribute(415, "unsupported-media-type");
        }

        if (caller is CallerKind.Coordinator or CallerKind.Toms)
        {
            yield return new ProducesProblemAttribute(401, "not-authenticated");
            yield return new ProducesProblemAttribute(403, "not-permitted");
        }

        if (caller is CallerKind.Coordinator)
            yield return new ProducesProblemAttribute(400, "malformed-lea-id");
        if (caller is CallerKind.VendorOrLink)
            yield return new ProducesProblemAttribute(403, "temporary-link-refused");
        if (caller is CallerKind.Vendor or CallerKind.VendorOrLink)
        {
            yield return new ProducesProblemAttribute(401, "invalid-credentials", "credentials-expired", "credentials-revoked");
            yield return new ProducesProblemAttribute(429, "too-many-failed-authentications");
        }

        if (caller is not CallerKind.Anyone)
        {
            yield return new ProducesProblemAttribute(500, "unexpected");
            yield return new ProducesProblemAttribute(503, "unavailable");
        }
    }

    private static JsonObject Response(string description, IEnumerable<string> headers, JsonObject? content)
    {
        var response = new JsonObject { ["description"] = description };
        var described = headers.Select(name => KeyValuePair.Create(name, (JsonNode?)(name is CredentialExpires
            ? new JsonObject { ["$ref"] = $"#/components/headers/{name}" }
            : new JsonObject { ["schema"] = new JsonObject { ["type"] = "string" } }))).ToList();
        if (described.Count > 0)
            response["headers"] = new JsonObject(described);
        if (content is not null)
            response["content"] = content;
        return response;
    }

    /// <summary>The JSON body, the files, or both: then the client chooses by <c>Accept</c>. Null if there is no body.</summary>
    private static JsonObject? SuccessContent(ProducesResponseAttribute produced, SortedDictionary<string, (Type Type, JsonNode Schema)> schemas)
    {
        var content = produced.Body is null ? [] : Content("application/json", Reference(produced.Body, schemas));
        foreach (var type in produced.Files)
            content[type] = new JsonObject();
        return content.Count == 0 ? null : content;
    }

    private static JsonObject Content(string mediaType, JsonNode schema) => new() { [mediaType] = new JsonObject { ["schema"] = schema } };

    /// <summary>Returns a reference to a type's schema. Adds the schema if it is missing.</summary>
    private static JsonObject Reference(Type type, SortedDictionary<string, (Type Type, JsonNode Schema)> schemas, bool isRequest = false)
    {
        if (type.IsArray)
            return new JsonObject { ["type"] = "array", ["items"] = Reference(type.GetElementType()!, schemas, isRequest) };
        if (type.Assembly == typeof(JsonObject).Assembly)
            return Schema(type, isRequest).AsObject();
        if (schemas.TryAdd(type.Name, (type, Schema(type, isRequest))) || schemas[type.Name].Type == type)
            return new JsonObject { ["$ref"] = $"#/components/schemas/{type.Name}" };
        throw new InvalidOperationException($"Two types have the name {type.Name}.");
    }

    /// <summary>
    /// Returns a type's schema. Request types are nullable, because their values are validated after parsing. Their schemas are not
    /// nullable, unless null is one of the allowed values: clients must not send null.
    /// </summary>
    private static JsonNode Schema(Type type, bool isRequest) => Json.GetJsonSchemaAsNode(type, new JsonSchemaExporterOptions
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = (context, node) =>
        {
            if (node is not JsonObject schema)
                return node;
            var property = context.PropertyInfo?.AttributeProvider as PropertyInfo;
            var allowed = property?.GetCustomAttribute<AllowedValuesAttribute>()?.Values;
            if (isRequest && schema["type"] is JsonArray types && allowed?.Contains(null) is not true)
                schema["type"] = types.First(name => $"{name}" != "null")!.DeepClone();
            if (schema.ContainsKey("default") && context.TypeInfo.Type == typeof(string))
                schema["default"] = ""; // a form field: an empty value is treated as omitted (RFC 6749, section 3.2)
            if ((Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type) is var number && (number == typeof(int) || number == typeof(long)))
                schema["format"] = number == typeof(int) ? "int32" : "int64";
            if (allowed is not null)
                schema["enum"] = new JsonArray([.. allowed.Select(value => JsonSerializer.SerializeToNode(value))]);
            if (context.TypeInfo.Type.IsEnum)
                schema.Insert(0, "type", "string");
            if ((property is null ? Documentation.Of(context.TypeInfo.Type) : Documentation.Of(property)) is { } documentation)
                schema.Insert(0, "description", documentation);
            return schema;
        },
    });

    private static JsonObject ProblemSchema() => new()
    {
        ["description"] = "Problem details (RFC 9457).",
        ["type"] = "object",
        ["required"] = new JsonArray("type", "title", "status", "detail"),
        ["properties"] = new JsonObject
        {
            ["type"] = Text("The problem type. Stable: branch on it.", "uri"),
            ["title"] = Text("A human-readable summary of the problem."),
            ["status"] = new JsonObject { ["description"] = "The HTTP status code of the response.", ["type"] = "integer" },
            ["detail"] = Text("A human-readable description of what to do."),
            ["generatedBy"] = Text("For `credential-changed`: the name of the coordinator who generated the current credentials."),
            ["generatedAt"] = Text("For `credential-changed`: when the current credentials were generated.", "date-time"),
            ["help"] = Text("For `not-permitted`, `unexpected` and `unavailable`: the help contact, an email address, a phone number or a URL."),
            ["expiredAt"] = Text("For `credentials-expired`: when the credentials expired.", "date-time"),
            ["revokedAt"] = Text("For `credentials-revoked`: when the credentials were revoked.", "date-time"),
            ["openedAt"] = Text("For `share-opened`: when the share was opened.", "date-time"),
            ["unreachable"] = new JsonObject
            {
                ["description"] = "For `unavailable`, in the readiness response: the unreachable dependencies.",
                ["type"] = "array",
                ["items"] = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray("storage", "vault") },
            },
        },
    };

    private static JsonObject Text(string description, string? format = null)
    {
        var schema = new JsonObject { ["description"] = description, ["type"] = "string" };
        if (format is not null)
            schema["format"] = format;
        return schema;
    }

    private static JsonObject SecuritySchemes() => new()
    {
        ["toms"] = new JsonObject
        {
            ["description"] = "An access token of the TOMS identity provider.",
            ["type"] = "http",
            ["scheme"] = "bearer",
            ["bearerFormat"] = "JWT",
        },
        ["vendorToken"] = new JsonObject
        {
            ["description"] = "A bearer token that the token endpoint issues for an LEA's vendor credentials.",
            ["type"] = "oauth2",
            ["flows"] = new JsonObject
            {
                ["clientCredentials"] = new JsonObject { ["tokenUrl"] = $"/{FunctionEndpoints.RoutePrefix}/v1/token", ["scopes"] = new JsonObject() },
            },
        },
        ["temporaryLink"] = new JsonObject
        {
            ["description"] = "The query parameter of a report's `temporaryLink`, for a browser. Ignored if the request has an `Authorization` header.",
            ["type"] = "apiKey",
            ["in"] = "query",
            ["name"] = Caller.LinkParameter,
        },
        ["vendorBasic"] = new JsonObject { ["description"] = "The vendor credentials: username and secret key.", ["type"] = "http", ["scheme"] = "basic" },
    };

    private static string ReasonPhrase(int status) => Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status);
}
