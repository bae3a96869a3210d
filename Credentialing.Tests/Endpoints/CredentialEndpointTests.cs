using System.Net;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Endpoints;

[Kind(TestKind.Storage)]
public sealed class CredentialEndpointTests(AzuriteFixture azurite)
{
    [Theory]
    [InlineData("{}", "release-not-authorized")]
    [InlineData("null", "release-not-authorized")]
    [InlineData("", "release-not-authorized")]
    [InlineData("""{"authorized":null,"wordingVersion":"2026-1"}""", "release-not-authorized")]
    [InlineData("""{"authorized":false,"wordingVersion":"2026-1"}""", "release-not-authorized")]
    [InlineData("""{"authorized":true}""", "unknown-wording")]
    [InlineData("""{"authorized":true,"wordingVersion":null}""", "unknown-wording")]
    [InlineData("""{"authorized":true,"wordingVersion":"1999-1"}""", "unknown-wording")]
    public async Task A_generation_without_authorization_under_a_known_wording_returns_422_and_changes_nothing(string body, string type)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var before = (await world.RowsAsync("Leas")).Select(row => row.ETag);

        var response = await host.GenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, body);

        Assert.Equal((HttpStatusCode.UnprocessableEntity, type), (response.Status, response.ProblemType));
        Assert.Equal(before, (await world.RowsAsync("Leas")).Select(row => row.ETag));
        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);
    }

    [Fact]
    public async Task Two_concurrent_generations_return_one_201_and_one_412_with_the_current_author_and_time()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var otherInstance = world.AnotherInstance();
        await using var host = await TestHost.StartAsync(world);
        await using var otherHost = await TestHost.StartAsync(otherInstance);
        for (var round = 0; round < 50; round++)
        {
            int? seen = round == 0 ? null : round;
            var responses = await Task.WhenAll(host.GenerateAsync("rosa", TestWorld.Oakland, seen), otherHost.GenerateAsync("luis", TestWorld.Oakland, seen));

            var created = Assert.Single(responses, response => response.Status == HttpStatusCode.Created);
            var conflict = Assert.Single(responses, response => response.Status == HttpStatusCode.PreconditionFailed);
            Assert.Equal("credential-changed", conflict.ProblemType);
            Assert.Equal(created.Json.GetProperty("generatedBy").GetString(), conflict.Json.GetProperty("generatedBy").GetString());
            Assert.Equal(created.Json.GetProperty("generatedAt").GetDateTime(), conflict.Json.GetProperty("generatedAt").GetDateTime());
            Assert.Equal(created.Headers.ETag, conflict.Headers.ETag);
            Assert.False(conflict.Json.TryGetProperty("secretKey", out _));
            Assert.Equal(HttpStatusCode.OK, (await otherHost.AsVendorAsync(TestWorld.Oakland, created.Json.GetProperty("secretKey").GetString()!, "v1/credential")).Status);
            Assert.Equal(round + 1, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
        }
    }

    [Theory]
    [InlineData(428, "precondition-required")]
    [InlineData(400, "malformed-precondition", "If-Match", "*")]
    [InlineData(400, "malformed-precondition", "If-Match", "1")]
    [InlineData(400, "malformed-precondition", "If-Match", "\"1\", \"2\"")]
    [InlineData(400, "malformed-precondition", "If-None-Match", "\"1\"")]
    [InlineData(400, "malformed-precondition", "If-None-Match", "*", "If-Match", "\"1\"")]
    [InlineData(412, "credential-changed", "If-None-Match", "*")]
    [InlineData(412, "credential-changed", "If-Match", "\"2\"")]
    [InlineData(412, "credential-changed", "If-Match", "\"0\"")]
    [InlineData(412, "credential-changed", "If-Match", "\"01\"")]
    [InlineData(412, "credential-changed", "If-Match", "\"\"")]
    [InlineData(412, "credential-changed", "If-Match", "\"99999999999999999999\"")]
    [InlineData(412, "credential-changed", "If-Match", "\"somebody else's\"")]
    [InlineData(412, "credential-changed", "If-Match", "W/\"2\"")]
    [InlineData(412, "credential-changed", "If-Match", "W/\"01\"")]
    [InlineData(400, "malformed-precondition", "If-Match", "W/1")]
    public async Task A_missing_malformed_or_failed_precondition_changes_nothing(int status, string type, params string[] headers)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        using var body = TestHost.Json(TestHost.Authorization);
        var response = await host.SendAsync(HttpMethod.Post, "leas/01612590000000/credentials", "luis", body, headers);

        Assert.Equal((status, type), ((int)response.Status, response.ProblemType));
        Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland));
    }

    [Fact]
    public async Task A_regeneration_without_credentials_returns_412()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var response = await host.GenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        Assert.Equal((HttpStatusCode.PreconditionFailed, "credential-changed"), (response.Status, response.ProblemType));
        Assert.Null(response.Headers.ETag);
    }

    [Fact]
    public async Task Each_endpoint_keeps_its_round_trip_budget()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential"); // records the first use of the day

        Assert.Equal(1, await RoundTripsAsync(() => host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")));
        Assert.Equal(1, await RoundTripsAsync(() => host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "rosa")));
        Assert.Equal(0, await RoundTripsAsync(() => host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "bea")));
        world.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(4, await RoundTripsAsync(() => host.GenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1)));

        async Task<int> RoundTripsAsync(Func<Task<ApiResponse>> send)
        {
            world.Traffic.Reset();
            await send();
            return world.Traffic.Requests.Count;
        }
    }

    [Fact]
    public async Task The_status_contains_the_wording_version_and_no_secret_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        var status = await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "rosa");

        Assert.Equal(ReleaseWording.Current.Version, status.Json.GetProperty("authorization").GetProperty("wordingVersion").GetString());
        Assert.False(status.Json.TryGetProperty("secretKey", out _));
        Assert.DoesNotContain("tsk_", status.Text, StringComparison.Ordinal);
        Assert.True(status.Headers.CacheControl!.NoStore);
    }

    /// <summary>A proxy that compresses responses makes ETags weak. The ETag of credentials names a generation, not bytes.</summary>
    [Fact]
    public async Task A_regeneration_accepts_the_weak_form_of_the_current_ETag()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        using var body = TestHost.Json(TestHost.Authorization);
        var response = await host.SendAsync(HttpMethod.Post, "leas/01612590000000/credentials", "rosa", body, "If-Match", "W/\"1\"");

        Assert.Equal((HttpStatusCode.Created, "\"2\""), (response.Status, response.Headers.ETag!.ToString()));
    }

    [Fact]
    public async Task Every_response_forbids_the_browser_to_guess_its_media_type()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        foreach (var path in (string[])["health", "openapi.json", "v1/credential", "leas/01612590000000/credentials"])
            Assert.Equal(["nosniff"], (await host.SendAsync(HttpMethod.Get, path, path.StartsWith("leas", StringComparison.Ordinal) ? "rosa" : null)).Headers.GetValues("X-Content-Type-Options"));

        world.Traffic.InjectFault = _ => Fault.UnexpectedException; // the headers of a response that was not sent are replaced
        Assert.Equal(["nosniff"], (await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "rosa")).Headers.GetValues("X-Content-Type-Options"));
    }
}
