using System.Net;
using System.Text;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Http;

[Kind(TestKind.Storage)]
public sealed class HostileInputTests(AzuriteFixture azurite)
{
    private const string Credentials = "leas/01612590000000/credentials";

    [Theory]
    [InlineData("0161259000000")]
    [InlineData("abc")]
    [InlineData("01612590000000%20")]
    [InlineData("01612590000000%2F")]
    [InlineData("%E0%A4%A")]
    [InlineData("'%20or%20'1'%20eq%20'1")]
    public async Task A_malformed_LEA_id_returns_400(string leaId)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        Assert.Equal("malformed-lea-id", (await host.SendAsync(HttpMethod.Get, $"leas/{leaId}/credentials", "rosa")).ProblemType);
        Assert.Equal("malformed-lea-id", (await host.SendAsync(HttpMethod.Get, $"leas/{leaId}", "toms")).ProblemType);
        Assert.Empty(world.Traffic.Requests);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("\"authorized\"")]
    [InlineData("{\"tsk_private\":[1,}")]
    [InlineData("{} and more")]
    [InlineData("\0")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]")]
    public async Task Malformed_JSON_returns_400_without_repeating_it(string body)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        foreach (var (method, path, persona) in ((HttpMethod, string, string)[])[(HttpMethod.Post, Credentials, "rosa"), (HttpMethod.Put, "leas/01612590000000", "toms"), (HttpMethod.Post, "credentials/validate", "toms")])
        {
            using var content = TestHost.Json(body);
            var response = await host.SendAsync(method, path, persona, content, "If-None-Match", "*");
            Assert.Equal((HttpStatusCode.BadRequest, "malformed-json"), (response.Status, response.ProblemType));
            Assert.DoesNotContain("private", response.Text, StringComparison.Ordinal);
        }

        Assert.Empty(await world.RowsAsync("Leas"));
    }

    [Theory]
    [InlineData("""{"authorized":"yes","wordingVersion":"2026-1"}""")]
    [InlineData("""{"authorized":true,"authorized":false,"wordingVersion":"2026-1"}""")]
    [InlineData("""{"authorized":true,"wordingVersion":2026}""")]
    public async Task An_ambiguous_or_mistyped_authorization_returns_400(string body)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        Assert.Equal("malformed-json", (await host.GenerateAsync("rosa", TestWorld.Oakland, body: body)).ProblemType);
        Assert.Empty(await world.RowsAsync("Leas"));
    }

    [Fact]
    public async Task Invalid_UTF_8_is_malformed_JSON()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        using var content = new ByteArrayContent([(byte)'{', 0xFF, 0xFE, (byte)'}']);
        content.Headers.ContentType = new("application/json");
        Assert.Equal("malformed-json", (await host.SendAsync(HttpMethod.Post, Credentials, "rosa", content, "If-None-Match", "*")).ProblemType);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_of_2_MB_returns_413_with_or_without_Content_Length(bool chunked)
    {
        string[] transfer = chunked ? ["Transfer-Encoding", "chunked"] : [];
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        foreach (var (method, path, persona) in ((HttpMethod, string, string)[])[(HttpMethod.Post, Credentials, "rosa"), (HttpMethod.Put, "leas/01612590000000", "toms"), (HttpMethod.Post, "credentials/validate", "toms")])
        {
            using var content = Large("application/json");
            var response = await host.SendAsync(method, path, persona, content, ["If-None-Match", "*", .. transfer]);
            Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "body-too-large"), (response.Status, response.ProblemType));
        }

        using var form = Large("application/x-www-form-urlencoded");
        var token = await host.SendAsync(HttpMethod.Post, "v1/token", null, form, transfer);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (token.Status, token.Json.GetProperty("error").GetString()));

        static StringContent Large(string type) => new(new string(' ', 2 * 1024 * 1024), Encoding.ASCII, type);
    }

    [Theory]
    [InlineData("no length")]
    [InlineData("ffffffffff")]
    public async Task A_body_with_an_invalid_chunk_size_returns_400(string chunkSize)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var response = await host.SendRawAsync(
            $"POST /api/{Credentials}", $"Bearer {await host.SignInAsync("rosa")}",
            $"If-None-Match: *\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunkSize}\r\n");
        Assert.StartsWith("HTTP/1.1 400 ", response, StringComparison.Ordinal);
        Assert.Contains("urn:problem-type:credentialing:malformed-request", response, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/xml; charset=utf-8")]
    [InlineData("invalid")]
    [InlineData(null)]
    public async Task A_wrong_content_type_returns_415(string? type)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(TestHost.Authorization));
        if (type is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        var response = await host.SendAsync(HttpMethod.Post, Credentials, "rosa", content, "If-None-Match", "*");
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "unsupported-media-type"), (response.Status, response.ProblemType));
    }

    [Theory]
    [InlineData("901612590")]
    [InlineData("90161259011")]
    [InlineData("901612590x")]
    [InlineData("%2e%2e%2f01611430000000")]
    public async Task A_malformed_SSID_returns_400(string ssid)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        Assert.Equal("malformed-ssid", (await host.AsVendorAsync(TestWorld.Oakland, key, $"v1/students/{ssid}/score-reports")).ProblemType);
        Assert.Equal("malformed-ssid", (await host.AsVendorAsync(TestWorld.Oakland, key, $"v1/students/{ssid}/score-reports/2026-ssr-en.pdf")).ProblemType);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic !!!!")]
    [InlineData("Basic c2lzLTAxNjEyNTkwMDAwMDAw")] // no colon
    [InlineData("Basic /////w==")] // not UTF-8
    [InlineData("Basic Og==")] // neither username nor key
    [InlineData("Bearer")]
    [InlineData("Bearer ....")]
    [InlineData("Digest username=\"sis-01612590000000\"")]
    [InlineData(",,,")]
    public async Task A_malformed_authorization_returns_401(string authorization)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);

        var response = await host.SendAsync(HttpMethod.Get, "v1/credential", headers: ["Authorization", authorization]);

        Assert.Equal((HttpStatusCode.Unauthorized, "invalid-credentials"), (response.Status, response.ProblemType));
        var error = authorization.StartsWith("Bearer ", StringComparison.Ordinal) ? ", error=\"invalid_token\"" : "";
        Assert.Equal(
            [$"Bearer realm=\"credentialing\"{error}", "Basic realm=\"credentialing\""],
            response.Headers.WwwAuthenticate.Select(challenge => challenge.ToString()));
        Assert.Empty(world.Traffic.Requests);
    }

    [Theory]
    [InlineData("DELETE", "leas/01612590000000/credentials")]
    [InlineData("PUT", "leas/01612590000000/credentials")]
    [InlineData("POST", "leas/01612590000000")]
    [InlineData("GET", "v1/token")]
    [InlineData("HEAD", "health")]
    [InlineData("POST", "v1/students/9016125901/score-reports")]
    [InlineData("GET", "no/such/route")]
    public async Task A_wrong_method_or_route_returns_404_without_a_body(string method, string path)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var response = await host.SendAsync(HttpMethod.Parse(method), path);
        Assert.Equal((HttpStatusCode.NotFound, 0), (response.Status, response.Body.Length));
        Assert.Empty(response.ContentHeaders.Allow);
    }

    [Theory]
    [InlineData("""{"name":"","coordinators":[]}""")]
    [InlineData("""{"name":"Oakland\nUnified","coordinators":[]}""")]
    [InlineData("""{"coordinators":[]}""")]
    [InlineData("""{"name":"Oakland Unified"}""")]
    [InlineData("""{"name":"Oakland Unified","coordinators":[null]}""")]
    [InlineData("""{"name":"Oakland Unified","coordinators":[{"id":"a/b","name":"A","email":"a@lea.example"}]}""")]
    [InlineData("""{"name":"Oakland Unified","coordinators":[{"id":"a","name":"A","email":"invalid"}]}""")]
    [InlineData("""{"name":"Oakland Unified","coordinators":[{"id":"a","name":"A","email":"A <a@lea.example>"}]}""")]
    [InlineData("""{"name":"Oakland Unified","coordinators":[{"id":"a","name":"A"}]}""")]
    [InlineData("""{"name":"Oakland Unified","coordinators":[{"id":"a","name":"A","email":"a@lea.example"},{"id":"a","name":"B","email":"b@lea.example"}]}""")]
    [InlineData("null")]
    public async Task An_invalid_LEA_returns_422_and_changes_nothing(string body)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        using var content = TestHost.Json(body);
        var response = await host.SendAsync(HttpMethod.Put, "leas/01612590000000", "toms", content);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "invalid-lea"), (response.Status, response.ProblemType));
        Assert.Empty(await world.RowsAsync("Leas"));
        Assert.Equal("lea-not-found", (await host.SendAsync(HttpMethod.Get, "leas/01612590000000", "toms")).ProblemType);
    }

    /// <summary>RFC 8259, section 8.1: a parser may ignore a byte order mark.</summary>
    [Fact]
    public async Task JSON_with_a_byte_order_mark_is_read()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        using var content = TestHost.Json("\uFEFF" + TestHost.Authorization);
        Assert.Equal(HttpStatusCode.Created, (await host.SendAsync(HttpMethod.Post, Credentials, "rosa", content, "If-None-Match", "*")).Status);

        using var twice = TestHost.Json("\uFEFF\uFEFF" + TestHost.Authorization);
        Assert.Equal("malformed-json", (await host.SendAsync(HttpMethod.Post, Credentials, "rosa", twice, "If-None-Match", "*")).ProblemType);
        using var alone = TestHost.Json("\uFEFF");
        Assert.Equal("malformed-json", (await host.SendAsync(HttpMethod.Post, Credentials, "rosa", alone, "If-None-Match", "*")).ProblemType);
    }
}
