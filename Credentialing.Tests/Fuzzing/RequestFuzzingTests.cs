using System.Net;
using System.Text;
using Credentialing.Tests.Support;
using CsCheck;
using Microsoft.IdentityModel.Tokens;

namespace Credentialing.Tests.Fuzzing;

/// <summary>
/// Everything that the API reads from the network is fuzzed: valid requests with mutations. No response is a 5xx or takes longer than five
/// seconds; a refused request changes nothing; nothing is logged as an error; every response is described; none repeats a secret.
/// </summary>
[Kind(TestKind.Storage)]
public sealed class RequestFuzzingTests(AzuriteFixture azurite, ITestOutputHelper output)
{
    /// <summary>For requests that count as failed authentications with a username: it has a budget of ten per minute.</summary>
    private static readonly TimeSpan BetweenFailures = TimeSpan.FromSeconds(3);

    private static readonly string[] Tags = ["\"1\"", "W/\"1\"", "*", "\"1\", \"2\"", "\"0x8DE000000000000\"", "W/\"0x8DE000000000000\""];

    [Fact]
    public Task Any_request() => SampleAsync(250, api => new ApiOperations(api).Requests(), async (api, request) =>
    {
        await api.SendAsync(request);
        if (request.Method is not "GET" && api.HasJustChanged)
            await api.RegenerateAsync();
    });

    [Fact]
    public Task A_bearer_token_or_a_temporary_link() => SampleAsync(
        100,
        api => Gen.Select(
            Tokens(api),
            Gen.OneOf("v1/credential", FuzzedApi.Credentials, "credentials/validate", "link"),
            (token, path) => path switch
            {
                "link" => Get($"{FuzzedApi.Report}?link={Uri.EscapeDataString(token)}", token),
                "credentials/validate" => new FuzzedRequest("POST", path, [("Authorization", $"Bearer {Mutations.Sendable(token)}")]) { Secrets = Secrets(token) },
                _ => Get(path, token, ("Authorization", $"Bearer {Mutations.Sendable(token)}")),
            }),
        (api, request) => api.SendAsync(request));

    [Fact]
    public Task An_Authorization_header() => SampleAsync(
        100,
        api =>
        {
            var username = Gen.Frequency((1, Gen.Const("sis-01612590000000")), (4, Gen.Long[0, 99_999_999_999_999].Select(number => $"sis-{number:D14}")));
            var pairs = Gen.Select(username, ApiOperations.Now(() => api.Key), (name, key) => $"{name}:{key}");
            var headers = Gen.OneOf(
                Mutations.Text(Mutations.HeaderChars).Select(Mutations.Sendable),
                Mutations.Bytes(Mutations.Of(Mutations.AllChars, pairs)).Select(pair => $"Basic {Convert.ToBase64String(pair)}"),
                Mutations.Header(ApiOperations.Now(() => api.Basic)));
            return Gen.Select(headers, Gen.OneOf("v1/credential", FuzzedApi.Credentials, "v1/token", FuzzedApi.Report), (header, path) => path == "v1/token"
                ? new FuzzedRequest("POST", path, [("Authorization", header)], "grant_type=client_credentials"u8.ToArray(), "application/x-www-form-urlencoded") { Secrets = Secrets(header) }
                : Get(path, header, ("Authorization", header)));
        },
        async (api, request) =>
        {
            api.World.Clock.Advance(BetweenFailures);
            await api.SendAsync(request);
        });

    [Fact]
    public Task An_id_in_a_path_or_a_date_in_a_query() => SampleAsync(
        75,
        api => Gen.Select(
            Mutations.Of(Mutations.AllChars, "9016125901", "2026-ssr-en.pdf", "01612590000000", "2026-11-23", "2026-11", "temporary", "1").Select(Uri.EscapeDataString),
            Gen.Int[0, 11],
            (text, place) => place switch
            {
                0 => ($"v1/students/{text}/score-reports", "vendor"),
                1 => ($"v1/students/9016125901/score-reports/{text}", "vendor"),
                2 => ($"v1/students/9016125901/score-reports?links={text}", "vendor"),
                3 => ($"leas/{text}/credentials", "rosa"),
                4 => ($"leas/{text}/announcements", "rosa"),
                5 => ($"leas/{text}", "toms"),
                6 => ($"reminders/preview?on={text}", "toms"),
                7 => ($"leas/01612590000000/disclosures?from={text}&ssid={text}", "rosa"),
                8 => ($"leas/01612590000000/disclosures/summary?to={text}", "rosa"),
                9 => ($"leas/01612590000000/disclosures?after={text}&client={text}", "rosa"),
                10 => ($"leas/01612590000000/events?after={text}", "rosa"),
                _ => ($"leas?after={text}&q={text}&state={text}", "toms"),
            })
            .Select((target, caller) => new FuzzedRequest("GET", target, [("Authorization", caller switch { "vendor" => api.Basic, "rosa" => api.Rosa, _ => api.Toms })])),
        (api, request) => api.SendAsync(request));

    [Fact]
    public Task A_precondition_of_a_generation() => SampleAsync(
        40,
        api => Gen.Select(Gen.OneOf("If-Match", "If-None-Match"), Mutations.Header([.. Tags, "\"999999999999\""]), Gen.OneOf("", "/revocation", "/previous"), (name, tag, path) => new FuzzedRequest(
            path == "/previous" ? "DELETE" : "POST", FuzzedApi.Credentials + path, [("Authorization", api.Rosa), (name, tag)], path == "/previous" ? null : """{"authorized":false,"reason":""}"""u8.ToArray(), "application/json")),
        async (api, request) =>
        {
            // The body is refused after the precondition.
            var status = await api.SendAsync(request);
            Assert.True(status is HttpStatusCode.NoContent || (int)status >= 400, $"{status}");
        });

    [Fact]
    public Task A_condition_or_a_range_of_a_download() => SampleAsync(
        20,
        api =>
        {
            string[] ranges = ["bytes=0-3", "bytes=-3", "bytes=4-", "bytes=0-1,3-4", "bytes=0-9223372036854775807", "bytes=9223372036854775807-", "bytes=-9223372036854775807"];
            var headers = Gen.OneOf(
                Gen.Select(Gen.OneOf("If-Match", "If-None-Match", "If-Range"), Mutations.Header(Tags)),
                Gen.Select(Gen.OneOf("If-Modified-Since", "If-Unmodified-Since", "If-Range"), Mutations.Header("Mon, 23 Nov 2026 20:00:00 GMT", "Monday, 23-Nov-26 20:00:00 GMT")),
                Gen.Select(Gen.Const("Range"), Mutations.Header(ranges)));
            return Gen.Select(headers, headers, (first, second) => new FuzzedRequest("GET", FuzzedApi.Report, [("Authorization", api.Basic), first, second]));
        },
        (api, request) => api.SendAsync(request));

    [Fact]
    public Task A_JSON_body() => SampleAsync(
        100,
        api =>
        {
            var operations = new ApiOperations(api);
            var requests = ((string Path, string Method, string Target, Func<string> Caller)[])
            [
                ("/leas/{leaId}/credentials", "post", FuzzedApi.Credentials, () => api.Rosa),
                ("/leas/{leaId}/credentials/revocation", "post", $"{FuzzedApi.Credentials}/revocation", () => api.Toms),
                ("/leas/{leaId}", "put", "leas/01611430000000", () => api.Toms),
                ("/leas/{leaId}/shares", "post", "leas/01612590000000/shares", () => api.Rosa),
                ("/credentials/validate", "post", "credentials/validate", () => api.Toms),
                ("/credentials/leaks", "post", "credentials/leaks", () => api.Toms),
            ];
            return Gen.OneOf(requests.Select(request => Gen.Select(
                Mutations.Bytes(Gen.Frequency((3, operations.Body(request.Path, request.Method)), (1, Mutations.Of(Mutations.AllChars, operations.Body(request.Path, request.Method))))),
                Gen.Frequency((9, Gen.Const("application/json")), (1, Mutations.Header("application/json; charset=utf-16"))),
                (body, type) => new FuzzedRequest(request.Method.ToUpperInvariant(), request.Target, [("Authorization", request.Caller()), ("If-Match", "\"4000\"")], body, type) { Secrets = Secrets(Encoding.UTF8.GetString(body)) })).ToArray<IGen<FuzzedRequest>>());
        },
        async (api, request) =>
        {
            api.World.Clock.Advance(TimeSpan.FromMilliseconds(100));
            await api.SendAsync(request);
            if (request.Target is "credentials/leaks" && api.HasJustChanged)
                await api.RegenerateAsync();
        });

    [Fact]
    public Task A_form() => SampleAsync(
        60,
        api =>
        {
            var usernames = Gen.Frequency((1, Gen.Const("sis-01612590000000")), (4, Gen.Long[0, 99_999_999_999_999].Select(number => $"sis-{number:D14}")));
            var forms = Gen.OneOf(
                Gen.Select(usernames, ApiOperations.Now(() => api.Key), (name, key) => $"grant_type=client_credentials&client_id={name}&client_secret={key}"),
                Gen.OneOf("a&b=%FF&%=%&+&=&&grant_type=client_credentials", "grant_type=client_credentials&resource=a&resource=b&scope="));
            return Gen.Select(
                Mutations.Bytes(Mutations.Of(Mutations.AllChars, forms)),
                Gen.Frequency((5, Gen.Const("application/x-www-form-urlencoded")), (1, Mutations.Header("application/x-www-form-urlencoded; charset=utf-8"))),
                (form, type) => new FuzzedRequest("POST", "v1/token", [], form, type) { Secrets = Secrets(Encoding.UTF8.GetString(form)) });
        },
        async (api, request) =>
        {
            api.World.Clock.Advance(BetweenFailures);
            await api.SendAsync(request);
        });

    [Fact]
    public Task A_message_of_secret_scanning() => SampleAsync(
        40,
        api =>
        {
            var messages = Mutations.Bytes(Gen.OneOf(new ApiOperations(api).Body("/github/secret-scanning", "post"), Mutations.Of(Mutations.AllChars, "[{\"token\":\"tsk_A\",\"type\":\"toms_secret_key\",\"url\":\"https://github.com\",\"source\":\"content\"}]")));
            return Gen.Select(messages, Gen.Int[0, 9], Mutations.Header("key-1"), Mutations.Header(ApiOperations.Now(() => api.GitHub.Sign("[]"))), (message, kind, identifier, signature) => new FuzzedRequest(
                "POST",
                "github/secret-scanning",
                [("Github-Public-Key-Identifier", kind == 0 ? identifier : api.GitHub.KeyIdentifier), ("Github-Public-Key-Signature", kind == 1 ? signature : api.GitHub.Sign(message))],
                message,
                "application/json")
            { Secrets = Secrets(Encoding.UTF8.GetString(message)) });
        },
        async (api, request) =>
        {
            await api.SendAsync(request);
            if (api.HasJustChanged)
                await api.RegenerateAsync();
        });

    private static FuzzedRequest Get(string target, string secret, params (string, string)[] headers) => new("GET", target, headers) { Secrets = Secrets(secret) };

    /// <summary>The parts of a text that can be a key or a token.</summary>
    private static string[] Secrets(string text) =>
        [.. text.Split([' ', '"', '&', '=', ':', ','], StringSplitOptions.RemoveEmptyEntries).Where(part => part.Length > 40 && (part.StartsWith("tsk_", StringComparison.Ordinal) || part.StartsWith("eyJ", StringComparison.Ordinal)))];

    /// <summary>Tokens of all kinds with changed parts: each part alone, the JSON in it, and the number of parts.</summary>
    private static Gen<string> Tokens(FuzzedApi api)
    {
        var valid = Gen.OneOf(ApiOperations.Now(() => api.Token), ApiOperations.Now(() => api.Link), ApiOperations.Now(() => api.Rosa["Bearer ".Length..]), ApiOperations.Now(() => api.Toms["Bearer ".Length..]));
        var json = Mutations.Of(
            Mutations.AllChars,
            """{"alg":"HS256","kid":"1","typ":"at+jwt"}""", """{"alg":"none"}""", """{"alg":"dir","enc":"A256GCM","kid":"1"}""", """{"alg":"ES256","kid":"dev","crit":["b64"],"b64":false}""", """{"kid":1}""",
            """{"alg":"RS256","jku":"https://attacker.example/keys","kid":"version2"}""",
            """{"sub":"sis-01612590000000","generation":1,"exp":1}""", """{"sub":"rosa","roles":["toms"],"exp":1e400,"aud":["a",1]}""", """{"exp":"99999999999999999999","nbf":-1,"iat":null,"sub":{},"roles":[[]]}""").Select(text => Base64UrlEncoder.Encode(text));
        var part = Gen.OneOf(Mutations.Text(Mutations.HeaderChars), Gen.OneOf("", "A", "e30", "AA", "bnVsbA", "W10"), json);
        return Gen.Frequency(
            (3, Gen.Select(valid, Gen.Int[0, 2], part, (token, index, replacement) => string.Join('.', token.Split('.').Select((text, number) => number == index ? replacement : text)))),
            (2, Gen.Select(valid, Gen.Int[0, 2], Gen.Double[0, 1], Gen.Byte, (token, index, place, value) => string.Join('.', token.Split('.').Select((text, number) => number == index ? Base64UrlEncoder.Encode(Mutations.Damage(Base64UrlEncoder.DecodeBytes(text), place, value, value % 3)) : text)))),
            (2, Gen.Select(valid, valid, Gen.Int[0, 2], (first, second, index) => string.Join('.', first.Split('.').Select((text, number) => number == index ? second.Split('.')[index] : text)))),
            (2, Mutations.Of(Mutations.AllChars, valid)),
            (2, part.Array[0, 7].Select(parts => string.Join('.', parts))));
    }

    private Task SampleAsync(int perMille, Func<FuzzedApi, Gen<FuzzedRequest>> requests, Func<FuzzedApi, FuzzedRequest, Task> send) =>
        FuzzRun.SampleAsync(output, perMille, () => FuzzedApi.StartAsync(azurite), requests, send, request => request.ToString());
}
