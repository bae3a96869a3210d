using System.Text.Json;
using Credentialing.Tests.Support;
using CsCheck;

namespace Credentialing.Tests.Fuzzing;

/// <summary>Requests of all operations of the OpenAPI document, so that a new route is fuzzed without a new test.</summary>
internal sealed class ApiOperations(FuzzedApi api)
{
    private static readonly JsonElement Components = DescribedResponses.Description.GetProperty("components").GetProperty("schemas");

    private static readonly string[] Methods = ["get", "put", "post", "delete"];

    /// <summary>Requests of any operation. Each has about one part that is not valid.</summary>
    internal Gen<FuzzedRequest> Requests()
    {
        var requests =
            from path in DescribedResponses.Description.GetProperty("paths").EnumerateObject()
            from operation in path.Value.EnumerateObject()
            where Methods.Contains(operation.Name)
            select Request(operation.Name.ToUpperInvariant(), path.Name, operation.Value);
        return Gen.OneOf(requests.ToArray<IGen<FuzzedRequest>>());
    }

    /// <summary>Bodies of an operation, with the structure of its schema.</summary>
    internal Gen<string> Body(string path, string method) => Mutations.Json(
        DescribedResponses.Description.GetProperty("paths").GetProperty(path).GetProperty(method).GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema"),
        Components, Json);

    /// <summary>Values of the Authorization header: mostly of a caller who may do something.</summary>
    internal Gen<string> Authorization() => Gen.Frequency(
        (4, Now(() => api.Toms)), (4, Now(() => api.Rosa)), (4, Now(() => api.Basic)), (2, Now(() => $"Bearer {api.Token}")), (1, Gen.Const("")),
        (2, Mutations.Header(Gen.OneOf(Now(() => api.Toms), Now(() => api.Rosa), Now(() => api.Basic), Now(() => $"Bearer {api.Token}")))));

    /// <summary>A value that is read when an input is generated: an accepted request can change it.</summary>
    internal static Gen<string> Now(Func<string> value) => Gen.Const(0).Select(_ => value());

    private Gen<FuzzedRequest> Request(string method, string path, JsonElement operation)
    {
        var parameters = operation.TryGetProperty("parameters", out var described)
            ? described.EnumerateArray().Select(parameter => (Name: parameter.GetProperty("name").GetString()!, In: parameter.GetProperty("in").GetString()!)).ToList()
            : [];
        var segments = path[1..].Split('/').Select(segment => segment is ['{', .. var name, '}'] ? Mostly(Seeds(name), Mutations.AllChars).Select(Uri.EscapeDataString) : Gen.Const(segment)).ToArray();
        var query = parameters.Where(parameter => parameter.In == "query")
            .Select(parameter => Gen.Frequency((2, Gen.Const("")), (3, Mostly(Seeds(parameter.Name), Mutations.AllChars).Select(value => $"{parameter.Name}={Uri.EscapeDataString(value)}")), (1, Mostly(Seeds(parameter.Name), Mutations.AllChars).Select(value => $"{parameter.Name}={Uri.EscapeDataString(value)}&{parameter.Name}=2"))))
            .Append(Gen.Frequency((8, Gen.Const("")), (1, Mutations.Text(Mutations.AllChars).Select(text => $"{Uri.EscapeDataString(text)}=1")), (1, Now(() => $"link={api.Link}"))))
            .ToArray();
        var headers = parameters.Where(parameter => parameter.In == "header").Select(parameter => parameter.Name)
            .Concat(["Accept", "X-Vendor", "User-Agent", "Cookie", "Origin", "X-Forwarded-For"]).ToArray();
        var header = Gen.OneOf(headers).SelectMany(name => Mutations.Header(Seeds(name)).Select(value => (Name: name, Value: value)));
        var own = headers.Where(name => name is "If-Match" or "If-None-Match").Select(name => Gen.Frequency((1, Gen.Const("")), (3, Seeds(name))).Select(value => (Name: name, Value: value))).Take(1).ToArray();
        Gen<byte[]?> bodies = operation.TryGetProperty("requestBody", out var body)
            ? body.GetProperty("content").EnumerateObject().First() is var content && content.Name == "application/json"
                ? Mutations.Bytes(Mutations.Json(content.Value.GetProperty("schema"), Components, Json)).Select(bytes => (byte[]?)bytes)
                : Mutations.Bytes(Mutations.Of(Mutations.AllChars, Now(() => $"grant_type=client_credentials&client_id=sis-01612590000000&client_secret={api.Key}"))).Select(bytes => (byte[]?)bytes)
            : Gen.Const((byte[]?)null);
        var type = body.ValueKind is JsonValueKind.Undefined ? "" : body.GetProperty("content").EnumerateObject().First().Name;
        var types = Gen.Frequency((9, Gen.Const(type)), (1, Mutations.Header(type.Length == 0 ? "text/plain" : $"{type}; charset=utf-8")));
        return Gen.Select(
            All(segments), All(query), Gen.Frequency((5, Gen.Const(Array.Empty<(string Name, string Value)>())), (3, header.Array[1, 3])), All(own), Authorization(), bodies, types,
            (path, query, more, own, authorization, body, type) => new FuzzedRequest(
                method,
                $"{string.Join('/', path)}?{string.Join('&', query.Where(part => part.Length > 0))}".TrimEnd('?'),
                [.. more, .. own.Where(pair => pair.Value.Length > 0), .. authorization.Length > 0 ? [("Authorization", authorization)] : Array.Empty<(string, string)>()],
                body,
                type.Length == 0 ? null : type));
    }

    /// <summary>A valid value, or, less often, a mutated one.</summary>
    private static Gen<string> Mostly(Gen<string> seeds, Gen<char> chars) => Gen.Frequency((4, seeds), (1, Mutations.Of(chars, seeds)));

    /// <summary>Valid values of a parameter or a header. One without values of its own gets those of the others.</summary>
    private Gen<string> Seeds(string name) => name switch
    {
        "leaId" => Gen.Const("01612590000000"),
        "ssid" => Gen.Const(FuzzedApi.Ssid),
        "id" => Gen.Const(FuzzedApi.ReportId),
        "shareId" => Now(() => api.ShareId),
        "If-Match" => Now(() => $"\"{api.Generation}\""),
        "If-None-Match" => Gen.OneOf("*", "\"0x8DE000000000000\"", "W/\"1\"", "\"1\", \"2\""),
        "If-Modified-Since" or "If-Unmodified-Since" => Gen.Const("Mon, 23 Nov 2026 20:00:00 GMT"),
        "If-Range" => Gen.OneOf("\"0x8DE000000000000\"", "Mon, 23 Nov 2026 20:00:00 GMT"),
        "Range" => Gen.OneOf("bytes=0-3", "bytes=-3", "bytes=4-", "bytes=0-1,3-4", "bytes=0-9223372036854775807"),
        "Accept" => Gen.OneOf("text/csv", "text/html", "application/json;q=0.5, */*"),
        "from" or "to" => Gen.OneOf("2026-11-23", "2026-11", "2027-02"),
        "on" => Gen.Const("2026-11-23"),
        "language" => Gen.OneOf("en", "es"),
        "links" => Gen.Const("temporary"),
        "state" => Gen.OneOf("active", "none", "expired"),
        "Github-Public-Key-Identifier" => Now(() => api.GitHub.KeyIdentifier),
        "Github-Public-Key-Signature" => Now(() => api.GitHub.Sign("[]")),
        _ => Gen.OneOf("1", "Aeries", "Oakland", "2026-11-23", "0123456789abcdef", "Aeries/1.0 (Linux)"),
    };

    /// <summary>Valid values of a JSON member, as JSON; null if they follow from the schema.</summary>
    private Gen<string>? Json(string name) => name switch
    {
        "authorized" => Gen.Const("true"),
        "wordingVersion" => Gen.Const("\"2026-1\""),
        "keepPreviousForDays" => Gen.OneOf("0", "7", "8"),
        "username" or "client_id" => Gen.Const("\"sis-01612590000000\""),
        "secretKey" or "client_secret" or "token" => Gen.OneOf(Now(() => api.Key), Mutations.Of(Mutations.AllChars, Now(() => api.Key))).Select(text => JsonSerializer.Serialize(text)),
        "reason" or "name" or "vendor" => Gen.OneOf(Gen.OneOf("Oakland Unified", "Rosa Delgado"), Mutations.Text(Mutations.AllChars)).Select(text => JsonSerializer.Serialize(text)),
        "id" => Gen.OneOf(Gen.OneOf("rosa", "luis"), Mutations.Text(Mutations.HeaderChars)).Select(text => JsonSerializer.Serialize(text)),
        "email" => Gen.OneOf(Gen.OneOf("rosa@lea.example", "josé@bücher.example"), Mutations.Of(Mutations.AllChars, "luis@lea.example")).Select(text => JsonSerializer.Serialize(text)),
        "language" => Gen.OneOf("\"en\"", "\"es\"", "null", "\"fr\""),
        "ciphertext" => Gen.Frequency((3, Mutations.Of(Mutations.HeaderChars, "AQID", "0123456789-_")), (1, Gen.OneOf(new string('A', 4_096), new string('A', 4_097), new string('A', 40_000)))).Select(text => JsonSerializer.Serialize(text)),
        "expiresInHours" => Gen.OneOf("1", "24", "168", "169"),
        _ => null,
    };

    private static Gen<T[]> All<T>(Gen<T>[] parts) => parts.Aggregate(Gen.Const(Array.Empty<T>()), (all, part) => Gen.Select(all, part, (values, value) => (T[])[.. values, value]));
}
