using System.Net;
using System.Text;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Endpoints;

/// <summary>The overlap with the previous key, and the usage of keys, over HTTP.</summary>
[Kind(TestKind.Storage)]
public sealed class RotationEndpointTests(AzuriteFixture azurite)
{
    private const string Credentials = "leas/01612590000000/credentials";
    private const string Previous = Credentials + "/previous";

    [Fact]
    public async Task Both_keys_work_during_an_overlap_and_the_status_for_the_old_one_contains_its_end()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var oldKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var response = await host.GenerateAsync("luis", TestWorld.Oakland, seenGeneration: 1, Body("3"));
        var newKey = response.Json.GetProperty("secretKey").GetString()!;
        var until = new DateTime(2026, 11, 26, 20, 0, 0, DateTimeKind.Utc);

        foreach (var status in (ApiResponse[])[response, await host.SendAsync(HttpMethod.Get, Credentials, "rosa")])
            Assert.Equal((1, until), (status.Json.GetProperty("previous").GetProperty("generation").GetInt32(), status.Json.GetProperty("previous").GetProperty("until").GetDateTime()));
        var old = await host.AsVendorAsync(TestWorld.Oakland, oldKey, "v1/credential");
        Assert.Equal((until, 3), (old.Json.GetProperty("expiresAt").GetDateTime(), old.Json.GetProperty("daysRemaining").GetInt32()));
        Assert.Equal(365, (await host.AsVendorAsync(TestWorld.Oakland, newKey, "v1/credential")).Json.GetProperty("daysRemaining").GetInt32());
        using var body = TestHost.Json($$"""{"username":"sis-01612590000000","secretKey":"{{oldKey}}"}""");
        var validated = await host.SendAsync(HttpMethod.Post, "credentials/validate", "toms", body);
        Assert.Equal((true, until), (validated.Json.GetProperty("valid").GetBoolean(), validated.Json.GetProperty("expiresAt").GetDateTime()));

        world.Clock.Advance(TimeSpan.FromDays(3) - TimeSpan.FromSeconds(10));
        var token = await RequestTokenAsync(host, oldKey);
        Assert.Equal((HttpStatusCode.OK, 10), (token.Status, token.Json.GetProperty("expires_in").GetInt32()));
        world.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("invalid-credentials", (await host.AsVendorAsync(TestWorld.Oakland, oldKey, "v1/credential")).ProblemType);
        Assert.Equal("invalid-credentials", (await AsBearerAsync(host, token)).ProblemType);
        Assert.Equal(HttpStatusCode.Unauthorized, (await RequestTokenAsync(host, oldKey)).Status);
        Assert.Equal("Null", (await host.SendAsync(HttpMethod.Get, Credentials, "rosa")).Json.GetProperty("previous").ValueKind.ToString());
    }

    [Theory]
    [InlineData("-1", 422, "invalid-overlap")]
    [InlineData("8", 422, "invalid-overlap")]
    [InlineData("2147483647", 422, "invalid-overlap")]
    [InlineData("1.5", 400, "malformed-json")]
    [InlineData("99999999999", 400, "malformed-json")]
    [InlineData("\"3\"", 400, "malformed-json")]
    [InlineData("true", 400, "malformed-json")]
    [InlineData("null", 400, "malformed-json")]
    public async Task An_overlap_that_is_not_a_number_from_0_to_7_is_refused_and_changes_nothing(string days, int status, string type)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        var response = await host.GenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, Body(days));

        Assert.Equal((status, type), ((int)response.Status, response.ProblemType));
        Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland));
        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);
    }

    [Fact]
    public async Task DELETE_ends_the_overlap_for_the_next_request_and_is_idempotent()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var otherInstance = world.AnotherInstance();
        await using var host = await TestHost.StartAsync(world);
        await using var otherHost = await TestHost.StartAsync(otherInstance);
        Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync(HttpMethod.Delete, Previous, "rosa")).Status); // nothing to end
        var oldKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var newKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 7);
        var token = await RequestTokenAsync(otherHost, oldKey);
        Assert.Equal(HttpStatusCode.OK, (await AsBearerAsync(otherHost, token)).Status);

        var conflict = await host.SendAsync(HttpMethod.Delete, Previous, "luis", null, "If-Match", "\"1\"");
        Assert.Equal((HttpStatusCode.PreconditionFailed, "credential-changed", "\"2\""), (conflict.Status, conflict.ProblemType, conflict.Headers.ETag!.ToString()));
        foreach (var headers in (string[][])[["If-Match", "*"], ["If-None-Match", "*"], ["If-None-Match", "\"2\""], ["If-Match", "2"]])
            Assert.Equal("malformed-precondition", (await host.SendAsync(HttpMethod.Delete, Previous, "luis", null, headers)).ProblemType);
        Assert.Equal(HttpStatusCode.OK, (await AsBearerAsync(otherHost, token)).Status);
        foreach (var headers in (string[][])[["If-Match", "\"2\""], [], ["If-Match", "\"2\""]])
        {
            Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync(HttpMethod.Delete, Previous, "luis", null, headers)).Status);
            Assert.Equal("invalid-credentials", (await otherHost.AsVendorAsync(TestWorld.Oakland, oldKey, "v1/credential")).ProblemType);
            Assert.Equal("invalid-credentials", (await AsBearerAsync(otherHost, token)).ProblemType);
        }

        Assert.Equal(HttpStatusCode.OK, (await otherHost.AsVendorAsync(TestWorld.Oakland, newKey, "v1/credential")).Status);
        Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland), row => Equals(row["Kind"], "previous-key-ended"));
    }

    /// <summary>RFC 9110, section 10.1.5: the first product of User-Agent is the most significant one.</summary>
    [Theory]
    [InlineData("Aeries", "Aeries", null)]
    [InlineData("Aeries", "Aeries", "curl/8.5.0")]
    [InlineData("curl", null, "curl/8.5.0")]
    [InlineData("Apache-HttpClient", null, "Apache-HttpClient/4.5.13 (Java/17.0.9)")]
    [InlineData("curl", "", "curl/8.5.0")]
    [InlineData("curl", "#?/%", "curl")]
    [InlineData("unknown", null, null)]
    [InlineData("unknown", null, "/1.0")]
    [InlineData("a b", "a/b\t\"'#?%\\", null)]
    [InlineData("SEIS", "\ud83d\ude00 SEIS", null)]
    public async Task The_status_shows_the_name_that_a_client_sends(string name, string? vendor, string? userAgent)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        host.Client.DefaultRequestHeaders.Clear();

        string[] headers = [.. vendor is null ? (string[])[] : ["X-Vendor", vendor], .. userAgent is null ? (string[])[] : ["User-Agent", userAgent]];
        var response = await SendUtf8Async(host, TestHost.Basic(TestWorld.Oakland, key), headers);

        Assert.Contains("HTTP/1.1 200 ", response, StringComparison.Ordinal);
        Assert.Equal([$"{name} 1 2026-11-23"], await UsageAsync(host));
    }

    [Fact]
    public async Task A_name_of_10000_characters_is_cut_off()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential", "X-Vendor", new string('x', 10_000))).Status);

        Assert.Equal([$"{new string('x', 64)} 1 2026-11-23"], await UsageAsync(host));
    }

    [Fact]
    public async Task Token_requests_and_validations_are_uses_and_bearer_requests_are_not()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var oldKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var newKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 7);
        var token = await RequestTokenAsync(host, oldKey, "X-Vendor", "SEIS");
        using var body = TestHost.Json($$"""{"username":"sis-01612590000000","secretKey":"{{newKey}}"}""");
        await host.SendAsync(HttpMethod.Post, "credentials/validate", "toms", body, "X-Vendor", "Aeries");
        world.Clock.Advance(TimeSpan.FromMinutes(14));

        Assert.Equal(HttpStatusCode.OK, (await AsBearerAsync(host, token, "X-Vendor", "another")).Status);

        Assert.Equal(["Aeries 2 2026-11-23", "SEIS 1 2026-11-23"], await UsageAsync(host));
        Assert.Equal("2026-11-23", (await host.SendAsync(HttpMethod.Get, Credentials, "rosa")).Json.GetProperty("lastUsedOn").GetString());
        Assert.Equal(["Aeries 2 2026-11-23"], Usage(await host.GenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 2)));
    }

    private static string Body(string keepPreviousForDays) => $$"""{"authorized":true,"wordingVersion":"2026-1","keepPreviousForDays":{{keepPreviousForDays}}}""";

    private static async Task<string> SendUtf8Async(TestHost host, string authorization, string[] headers)
    {
        var fields = string.Concat(headers.Chunk(2).Select(header => $"{header[0]}: {header[1]}\r\n"));
        return await host.SendRawAsync("GET /api/v1/credential", authorization, Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(fields)) + "\r\n");
    }

    private static async Task<ApiResponse> RequestTokenAsync(TestHost host, string key, params string[] headers)
    {
        using var content = new FormUrlEncodedContent([new("grant_type", "client_credentials")]);
        return await host.SendAsync(HttpMethod.Post, "v1/token", null, content, ["Authorization", TestHost.Basic(TestWorld.Oakland, key), .. headers]);
    }

    private static Task<ApiResponse> AsBearerAsync(TestHost host, ApiResponse token, params string[] headers) =>
        host.SendAsync(HttpMethod.Get, "v1/credential", headers: ["Authorization", $"Bearer {token.Json.GetProperty("access_token").GetString()}", .. headers]);

    private static async Task<IReadOnlyList<string>> UsageAsync(TestHost host) => Usage(await host.SendAsync(HttpMethod.Get, Credentials, "rosa"));

    private static IReadOnlyList<string> Usage(ApiResponse status) => [.. status.Json.GetProperty("usage").EnumerateArray()
        .Select(use => $"{use.GetProperty("client")} {use.GetProperty("generation")} {use.GetProperty("lastUsedOn")}")];
}
