using System.Net;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;
using Duende.IdentityModel.Client;

namespace Credentialing.Tests.Endpoints;

[Kind(TestKind.Storage)]
public sealed class StoryTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Credentials_are_generated_used_until_they_expire_and_regenerated()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await world.Storage.ScoreReports.GetBlobClient("01612590000000/9016125901/2026/ssr-en.pdf")
            .UploadAsync(BinaryData.FromString("%PDF-"), TestContext.Current.CancellationToken);

        // TOMS registers the LEA.
        using (var lea = TestHost.Json("""{"name":"Oakland Unified","coordinators":[{"id":"rosa","name":"Rosa Delgado","email":"rosa@lea.example"}]}"""))
            Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync(HttpMethod.Put, "leas/01612590000000", "toms", lea)).Status);
        var saved = (await host.SendAsync(HttpMethod.Get, "leas/01612590000000", "toms")).Json;
        Assert.Equal("Oakland Unified", saved.GetProperty("name").GetString());
        Assert.Equal("rosa@lea.example", saved.GetProperty("coordinators")[0].GetProperty("email").GetString());

        // The coordinator generates the first credentials.
        var status = await StatusAsync(host);
        Assert.Equal(("none", "generate"), (Text(status, "state"), Text(status, "action")));
        Assert.Null(status.Headers.ETag);
        var generated = await host.GenerateAsync("rosa", TestWorld.Oakland);
        Assert.Equal(HttpStatusCode.Created, generated.Status);
        Assert.Equal("sis-01612590000000", Text(generated, "username"));
        Assert.Equal("/api/leas/01612590000000/credentials", generated.Headers.Location?.OriginalString);
        var key = Text(generated, "secretKey")!;

        // A vendor gets a token with a standard OAuth 2.0 client library, then lists and downloads reports.
        var token = await TokenAsync(host, key);
        Assert.False(token.IsError, token.Error);
        Assert.Equal(900, token.ExpiresIn);
        var bearer = (string[])["Authorization", $"Bearer {token.AccessToken}"];
        var listed = (await host.SendAsync(HttpMethod.Get, "v1/students/9016125901/score-reports", headers: bearer)).Json;
        var report = await host.SendAsync(HttpMethod.Get, listed[0].GetProperty("link").GetString()!, headers: bearer);
        Assert.Equal(("application/pdf", "%PDF-"), (report.ContentHeaders.ContentType?.MediaType, report.Text));

        // The credentials expire after one year.
        status = await StatusAsync(host);
        Assert.Equal(("active", "regenerate", "\"1\""), (Text(status, "state"), Text(status, "action"), status.Headers.ETag?.Tag));
        Assert.Equal("Current credentials expire in 365 days.", Text(status, "notice"));
        Assert.Equal(world.Clock.GetUtcNow().AddDays(365).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null), Text(status, "expiresAt"));
        world.Clock.Advance(TimeSpan.FromDays(356));
        Assert.Equal("Current credentials expire in 9 days.", Text(await StatusAsync(host), "notice"));
        Assert.Equal("expiring", Text(await StatusAsync(host), "state"));
        Assert.Equal(9, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Json.GetProperty("daysRemaining").GetInt32());
        world.Clock.Advance(TimeSpan.FromDays(9));
        Assert.Equal("Current credentials have expired.", Text(await StatusAsync(host), "notice"));
        Assert.Equal("credentials-expired", (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).ProblemType);
        Assert.Contains("expired", (await TokenAsync(host, key)).ErrorDescription, StringComparison.Ordinal);

        // The coordinator regenerates.
        var newKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        Assert.True((await TokenAsync(host, key)).IsError);
        Assert.False((await TokenAsync(host, newKey)).IsError);
        Assert.Equal("Current credentials expire in 365 days.", Text(await StatusAsync(host), "notice"));
    }

    [Fact]
    public async Task A_regeneration_invalidates_the_previous_key_and_its_tokens_on_every_instance()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var otherInstance = world.AnotherInstance();
        await using var host = await TestHost.StartAsync(world);
        await using var otherHost = await TestHost.StartAsync(otherInstance);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var token = (await TokenAsync(host, key)).AccessToken!;
        Assert.Equal(HttpStatusCode.OK, (await WithTokenAsync(otherHost, token)).Status);
        Assert.Equal(HttpStatusCode.OK, (await otherHost.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);

        await host.MustGenerateAsync("luis", TestWorld.Oakland, seenGeneration: 1);

        foreach (var instance in (TestHost[])[host, otherHost])
        {
            Assert.Equal("invalid-credentials", (await WithTokenAsync(instance, token)).ProblemType);
            Assert.Equal("invalid-credentials", (await instance.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).ProblemType);
            Assert.Equal(HttpStatusCode.Unauthorized, (await TokenAsync(instance, key)).HttpStatusCode);
        }

        static Task<ApiResponse> WithTokenAsync(TestHost host, string token) =>
            host.SendAsync(HttpMethod.Get, "v1/credential", headers: ["Authorization", $"Bearer {token}"]);
    }

    [Fact]
    public async Task Only_TOMS_can_validate_credentials()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        var valid = (await ValidateAsync("toms", key)).Json;
        Assert.Equal((true, "01612590000000"), (valid.GetProperty("valid").GetBoolean(), valid.GetProperty("leaId").GetString()));
        Assert.Equal(world.Clock.GetUtcNow().AddDays(365).UtcDateTime, valid.GetProperty("expiresAt").GetDateTime());

        var invalid = (await ValidateAsync("toms", SecretKey.Generate().Reveal())).Json;
        Assert.False(invalid.GetProperty("valid").GetBoolean());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, invalid.GetProperty("leaId").ValueKind);

        world.Clock.Advance(TimeSpan.FromDays(365));
        Assert.False((await ValidateAsync("toms", key)).Json.GetProperty("valid").GetBoolean());
        Assert.Equal("not-permitted", (await ValidateAsync("rosa", key)).ProblemType);

        async Task<ApiResponse> ValidateAsync(string persona, string secretKey)
        {
            using var body = TestHost.Json($$"""{"username":"sis-01612590000000","secretKey":"{{secretKey}}"}""");
            return await host.SendAsync(HttpMethod.Post, "credentials/validate", persona, body);
        }
    }

    private static Task<ApiResponse> StatusAsync(TestHost host) => host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "rosa");

    private static string? Text(ApiResponse response, string property) => response.Json.GetProperty(property).GetString();

    private static async Task<TokenResponse> TokenAsync(TestHost host, string secretKey)
    {
        using var request = new ClientCredentialsTokenRequest
        {
            Address = new Uri(host.Client.BaseAddress!, "v1/token").ToString(),
            ClientId = "sis-01612590000000",
            ClientSecret = secretKey,
        };
        return await host.Client.RequestClientCredentialsTokenAsync(request, TestContext.Current.CancellationToken);
    }
}
