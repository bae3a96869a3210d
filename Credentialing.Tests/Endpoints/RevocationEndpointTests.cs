using System.Net;
using System.Text.Json;
using Credentialing.Core.Announcements;
using Credentialing.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.Endpoints;

[Kind(TestKind.Storage)]
public sealed class RevocationEndpointTests(AzuriteFixture azurite)
{
    private const string Credentials = "leas/01612590000000/credentials";
    private const string Revocation = Credentials + "/revocation";

    [Theory]
    [InlineData("luis", "Luis Ortega")]
    [InlineData("toms", "TOMS")]
    public async Task A_coordinator_or_TOMS_revokes_the_credentials_and_the_status_says_who_when_and_why(string persona, string by)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(1));

        var revoked = await RevokeAsync(host, persona, "The key was in a\u2028public  repository.");

        foreach (var response in (ApiResponse[])[revoked, await host.SendAsync(HttpMethod.Get, Credentials, "rosa"), await host.SendAsync(HttpMethod.Get, Credentials, "toms")])
        {
            Assert.Equal((HttpStatusCode.OK, "\"1\""), (response.Status, response.Headers.ETag!.ToString()));
            var status = response.Json;
            Assert.Equal(
                ("revoked", "Current credentials have been revoked.", "generate", 1),
                (status.GetProperty("state").GetString(), status.GetProperty("notice").GetString(), status.GetProperty("action").GetString(), status.GetProperty("generation").GetInt32()));
            Assert.Equal(JsonValueKind.Null, status.GetProperty("daysRemaining").ValueKind);
            Assert.Equal(JsonValueKind.Null, status.GetProperty("previous").ValueKind);
            Assert.Equal(
                (new DateTime(2026, 11, 24, 20, 0, 0, DateTimeKind.Utc), by, "The key was in a public repository."),
                (status.GetProperty("revoked").GetProperty("at").GetDateTime(), status.GetProperty("revoked").GetProperty("by").GetString(), status.GetProperty("revoked").GetProperty("reason").GetString()));
        }
    }

    [Fact]
    public async Task No_key_and_no_token_works_after_a_revocation_and_only_the_current_key_learns_of_it()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var otherInstance = world.AnotherInstance();
        await using var host = await TestHost.StartAsync(world);
        await using var otherHost = await TestHost.StartAsync(otherInstance);
        var oldKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 7);
        var (oldToken, token) = (await RequestTokenAsync(otherHost, oldKey), await RequestTokenAsync(otherHost, key));

        await host.MustRevokeAsync("luis", TestWorld.Oakland, seenGeneration: 2);

        var revokedAt = world.Clock.GetUtcNow().UtcDateTime;
        foreach (var response in (ApiResponse[])[
            await otherHost.AsVendorAsync(TestWorld.Oakland, key, "v1/credential"),
            await otherHost.AsVendorAsync(TestWorld.Oakland, key, "v1/students/9016125901/score-reports"),
            await AsBearerAsync(otherHost, token)])
            Assert.Equal((HttpStatusCode.Unauthorized, "credentials-revoked", revokedAt), (response.Status, response.ProblemType, response.Json.GetProperty("revokedAt").GetDateTime()));
        var refused = await RequestTokenAsync(otherHost, key);
        Assert.Equal(
            (HttpStatusCode.Unauthorized, "invalid_client", "urn:problem-type:credentialing:credentials-revoked", revokedAt),
            (refused.Status, refused.Json.GetProperty("error").GetString(), refused.Json.GetProperty("type").GetString(), refused.Json.GetProperty("revokedAt").GetDateTime()));
        using var body = TestHost.Json($$"""{"username":"sis-01612590000000","secretKey":"{{key}}"}""");
        var validated = await otherHost.SendAsync(HttpMethod.Post, "credentials/validate", "toms", body);
        Assert.Equal((HttpStatusCode.OK, """{"valid":false,"leaId":null,"expiresAt":null}"""), (validated.Status, validated.Text));
        foreach (var response in (ApiResponse[])[
            await otherHost.AsVendorAsync(TestWorld.Oakland, oldKey, "v1/credential"),
            await otherHost.AsVendorAsync(TestWorld.Oakland, Core.Credentials.SecretKey.Generate().Reveal(), "v1/credential"),
            await AsBearerAsync(otherHost, oldToken)])
            Assert.Equal((HttpStatusCode.Unauthorized, "invalid-credentials"), (response.Status, response.ProblemType));
        Assert.Equal("urn:problem-type:credentialing:invalid-client", (await RequestTokenAsync(otherHost, oldKey)).Json.GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_repeated_revocation_keeps_the_first_reason_and_adds_no_audit_event()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var first = await RevokeAsync(host, "luis", "first");
        world.Clock.Advance(TimeSpan.FromHours(1));

        var second = await RevokeAsync(host, "toms", "second");

        Assert.Equal((HttpStatusCode.OK, first.Text), (second.Status, second.Text));
        var auditEvent = Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland), row => Equals(row["Kind"], "credential-revoked"));
        Assert.Equal(("luis", "Luis Ortega", 1, "first"), (auditEvent["ById"], auditEvent["ByName"], auditEvent["Generation"], auditEvent["Detail"]));
    }

    [Fact]
    public async Task TOMS_gets_412_for_an_LEA_without_credentials()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var response = await RevokeAsync(host, "toms", "x", lea: TestWorld.Fresno.Value);
        Assert.Equal((HttpStatusCode.PreconditionFailed, "credential-changed", null), (response.Status, response.ProblemType, response.Headers.ETag));
    }

    [Theory]
    [InlineData(428, "precondition-required")]
    [InlineData(400, "malformed-precondition", "If-Match", "*")]
    [InlineData(400, "malformed-precondition", "If-Match", "1")]
    [InlineData(400, "malformed-precondition", "If-None-Match", "*")]
    [InlineData(400, "malformed-precondition", "If-None-Match", "\"1\"")]
    [InlineData(412, "credential-changed", "If-Match", "\"2\"")]
    [InlineData(412, "credential-changed", "If-Match", "\"0\"")]
    public async Task A_missing_malformed_or_failed_precondition_revokes_nothing(int status, string type, params string[] headers)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        using var body = TestHost.Json("""{"reason":"x"}""");
        var response = await host.SendAsync(HttpMethod.Post, Revocation, "luis", body, headers);

        Assert.Equal((status, type), ((int)response.Status, response.ProblemType));
        Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland));
    }

    public static TheoryData<string, int> Reasons => new()
    {
        { "", 422 },
        { "null", 422 },
        { "{}", 422 },
        { """{"reason":null}""", 422 },
        { """{"reason":""}""", 422 },
        { """{"reason":" \u00a0 "}""", 422 },
        { """{"reason":"a\nb"}""", 422 },
        { """{"reason":"a\u0000b"}""", 422 },
        { $$"""{"reason":"{{new string('x', 201)}}"}""", 422 },
        { """{"reason":1}""", 400 },
        { """{"reason":["a"]}""", 400 },
        { """{"reason":"a","reason":"b"}""", 400 },
        { $$"""{"reason":"{{new string('x', 200)}}"}""", 200 },
    };

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task The_reason_is_1_to_200_characters_on_one_line(string body, int status)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        using var content = TestHost.Json(body);
        var response = await host.SendAsync(HttpMethod.Post, Revocation, "luis", content, "If-Match", "\"1\"");

        Assert.Equal(status, (int)response.Status);
        if (status != 200)
            Assert.Equal(status == 422 ? "invalid-reason" : "malformed-json", response.ProblemType);
        Assert.Equal(status == 200 ? 2 : 1, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
    }

    [Fact]
    public async Task New_credentials_can_be_generated_after_a_revocation_and_no_key_before_it_is_kept()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var oldKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await host.MustRevokeAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        Assert.Equal("credential-changed", (await host.GenerateAsync("rosa", TestWorld.Oakland)).ProblemType); // If-None-Match: *

        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 7);

        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);
        Assert.Equal("invalid-credentials", (await host.AsVendorAsync(TestWorld.Oakland, oldKey, "v1/credential")).ProblemType);
        var status = (await host.SendAsync(HttpMethod.Get, Credentials, "rosa")).Json;
        Assert.Equal(
            (JsonValueKind.Null, JsonValueKind.Null, "active", "regenerate"),
            (status.GetProperty("revoked").ValueKind, status.GetProperty("previous").ValueKind, status.GetProperty("state").GetString(), status.GetProperty("action").GetString()));
        Assert.Equal(412, (int)(await RevokeAsync(host, "luis", "too late")).Status); // for generation 1
    }

    [Theory]
    [InlineData(351)]
    [InlineData(365)]
    public async Task A_revocation_removes_the_announcement_at_once_and_no_reminder_is_sent(int days)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(days));
        await RunAsync(world);
        Assert.Single(world.MyToms.Shown);
        var delivered = world.Mail.Delivered.Count;
        await using var host = await TestHost.StartAsync(world, builder => builder.Services
            .Configure<MyTomsOptions>(options => (options.ApiKey, options.RetryDelay) = ("the key", TimeSpan.Zero))
            .AddHttpClient(MyToms.Client, client => client.BaseAddress = new Uri("https://mytoms.example/"))
            .ConfigurePrimaryHttpMessageHandler(() => world.MyToms.From(world.ExternalCalls)));

        await host.MustRevokeAsync("luis", TestWorld.Oakland, seenGeneration: 1);

        await Eventually.IsTrueAsync(() => world.MyToms.Shown.Count == 0);
        Assert.Equal(0, (await host.SendAsync(HttpMethod.Get, "leas/01612590000000/announcements", "rosa")).Json.GetArrayLength());
        for (var day = 0; day < 20; day++)
        {
            await RunAsync(world);
            world.Clock.Advance(TimeSpan.FromDays(1));
        }

        Assert.Empty(world.MyToms.Shown);
        Assert.Equal(delivered, world.Mail.Delivered.Count);
    }

    private static async Task<ApiResponse> RevokeAsync(TestHost host, string? persona, string reason, string lea = "01612590000000")
    {
        using var body = TestHost.Json(JsonSerializer.Serialize(new { reason }));
        return await host.SendAsync(HttpMethod.Post, $"leas/{lea}/credentials/revocation", persona, body, "If-Match", "\"1\"");
    }

    private static async Task<ApiResponse> RequestTokenAsync(TestHost host, string key)
    {
        using var content = new FormUrlEncodedContent([new("grant_type", "client_credentials")]);
        return await host.SendAsync(HttpMethod.Post, "v1/token", null, content, "Authorization", TestHost.Basic(TestWorld.Oakland, key));
    }

    private static Task<ApiResponse> AsBearerAsync(TestHost host, ApiResponse token) =>
        host.SendAsync(HttpMethod.Get, "v1/credential", headers: ["Authorization", $"Bearer {token.Json.GetProperty("access_token").GetString()}"]);
}
