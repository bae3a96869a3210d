using System.Globalization;
using System.Net;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Authentication;

/// <summary>Too many failed authentications of vendors, over HTTP, as on Azure: the platform says the client's address.</summary>
[Kind(TestKind.Storage)]
public sealed class ThrottlingTests(AzuriteFixture azurite)
{
    private const string TooMany = "too-many-failed-authentications";
    private const string Report = "v1/students/9016125901/score-reports/2026-ssr-en.pdf";
    private const string Scanner = "203.0.113.7:49828";
    private const string Vendor = "198.51.100.1:50000";

    /// <summary>Failures that are allowed at once with the settings of these tests.</summary>
    private const int PerUsername = 4, PerAddress = 20;

    [Fact]
    public async Task Wrong_keys_get_429_with_Retry_After_and_the_right_key_is_always_accepted()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);

        for (var failure = 0; failure < PerUsername; failure++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await scenario.CredentialAsync(SecretKey.Generate().Reveal())).Status);
        for (var failure = 0; failure < 10; failure++)
        {
            var throttled = await scenario.CredentialAsync(SecretKey.Generate().Reveal());
            Assert.Equal((HttpStatusCode.TooManyRequests, TooMany), (throttled.Status, throttled.ProblemType));
            Assert.Equal(TimeSpan.FromSeconds(30), throttled.Headers.RetryAfter!.Delta);
            Assert.Equal("There were too many failed authentications.", throttled.Json.GetProperty("title").GetString());
            Assert.Empty(throttled.Headers.WwwAuthenticate);
            // The same username, from the same address.
            Assert.Equal(HttpStatusCode.OK, (await scenario.CredentialAsync(scenario.Key)).Status);
            Assert.Equal(HttpStatusCode.OK, (await scenario.TokenAsync(TestWorld.Oakland, scenario.Key)).Status);
        }

        scenario.World.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(HttpStatusCode.Unauthorized, (await scenario.CredentialAsync(SecretKey.Generate().Reveal())).Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await scenario.CredentialAsync(SecretKey.Generate().Reveal())).Status);
    }

    [Fact]
    public async Task The_token_endpoint_returns_an_OAuth_error_with_429()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        for (var failure = 0; failure < PerUsername; failure++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await scenario.TokenAsync(TestWorld.Oakland, SecretKey.Generate().Reveal())).Status);

        var throttled = await scenario.TokenAsync(TestWorld.Oakland, SecretKey.Generate().Reveal());
        Assert.Equal("There were too many failed authentications.", throttled.Json.GetProperty("title").GetString());

        Assert.Equal((HttpStatusCode.TooManyRequests, "application/json"), (throttled.Status, throttled.ContentHeaders.ContentType?.MediaType));
        Assert.Equal(TimeSpan.FromSeconds(30), throttled.Headers.RetryAfter!.Delta);
        Assert.Equal("invalid_client", throttled.Json.GetProperty("error").GetString());
        Assert.Equal($"urn:problem-type:credentialing:{TooMany}", throttled.Json.GetProperty("type").GetString());
        Assert.True(throttled.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task A_username_without_credentials_gets_the_same_responses_with_the_same_work()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        await scenario.CredentialAsync(scenario.Key); // its first use of the day is another request
        var transcripts = new List<string>();
        foreach (var lea in (LeaId[])[TestWorld.Oakland, TestWorld.Berkeley])
        {
            var responses = new List<string>();
            scenario.World.Traffic.Reset();
            for (var failure = 0; failure < PerUsername + 2; failure++)
            {
                responses.Add(Transcript(await scenario.TokenAsync(lea, SecretKey.Generate().Reveal())));
                responses.Add(Transcript(await scenario.TokenAsync(lea, "mistyped")));
            }

            responses.Add($"{scenario.World.Traffic.Requests.Count} storage requests");
            transcripts.Add(string.Join('\n', responses));
        }

        Assert.Contains("429", transcripts[0], StringComparison.Ordinal);
        Assert.Equal(transcripts[0], transcripts[1]);

        static string Transcript(ApiResponse response) =>
            $"{response.Status:D} {string.Join(' ', response.Headers.Concat(response.ContentHeaders).Where(header => header.Key is not "Date").Select(header => $"{header.Key}: {string.Join(',', header.Value)}"))} {response.Text}";
    }

    [Fact]
    public async Task Failures_with_many_usernames_are_throttled_by_address_and_other_addresses_are_not()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);

        var statuses = new List<HttpStatusCode>();
        for (var number = 0; number < PerAddress + 5; number++)
        {
            var lea = LeaId.Parse(string.Create(CultureInfo.InvariantCulture, $"{number:D14}"));
            // A client cannot choose its address.
            statuses.Add((await scenario.TokenAsync(lea, SecretKey.Generate().Reveal(), "X-Forwarded-For", $"192.0.2.{number}", "X-Azure-SocketIP", $"192.0.2.{number}")).Status);
        }

        Assert.Equal([.. Enumerable.Repeat(HttpStatusCode.Unauthorized, PerAddress), .. Enumerable.Repeat(HttpStatusCode.TooManyRequests, 5)], statuses);
        scenario.Address = Vendor;
        Assert.Equal(HttpStatusCode.Unauthorized, (await scenario.CredentialAsync(SecretKey.Generate().Reveal())).Status);
        scenario.Address = Scanner;
        Assert.Equal(HttpStatusCode.OK, (await scenario.CredentialAsync(scenario.Key)).Status);
    }

    [Fact]
    public async Task Forged_tokens_and_links_are_throttled_by_address_and_valid_ones_are_accepted()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var token = (await scenario.TokenAsync(TestWorld.Oakland, scenario.Key)).Json.GetProperty("access_token").GetString()!;
        for (var failure = 0; failure < PerAddress / 2; failure++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await scenario.BearerAsync(token + "A")).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await scenario.GetAsync($"{Report}?link={token}")).Status);
        }

        Assert.Equal(TooMany, (await scenario.BearerAsync(token + "A")).ProblemType);
        Assert.Equal(TooMany, (await scenario.GetAsync($"{Report}?link={token}")).ProblemType);
        var page = await scenario.GetAsync($"{Report}?link={token}", "Accept", "text/html");
        Assert.Equal((HttpStatusCode.TooManyRequests, "text/html"), (page.Status, page.ContentHeaders.ContentType?.MediaType));
        Assert.Contains("This link no longer works", page.Text, StringComparison.Ordinal);
        Assert.NotNull(page.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, (await scenario.BearerAsync(token)).Status);
    }

    /// <summary>These are the normal ends of tokens, links and keys, and the first request of a client that waits for a challenge.</summary>
    [Fact]
    public async Task Ended_tokens_links_and_credentials_and_requests_without_credentials_do_not_count()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        await scenario.World.Storage.ScoreReports.GetBlobClient("01612590000000/9016125901/2026/ssr-en.pdf").UploadAsync(BinaryData.FromString("%PDF"), TestContext.Current.CancellationToken);
        var token = (await scenario.TokenAsync(TestWorld.Oakland, scenario.Key)).Json.GetProperty("access_token").GetString()!;
        var link = (await scenario.Host.AsVendorAsync(TestWorld.Oakland, scenario.Key, "v1/students/9016125901/score-reports?links=temporary")).Json[0].GetProperty("temporaryLink").GetString()!;
        Assert.Equal(HttpStatusCode.OK, (await scenario.GetAsync(link)).Status);
        scenario.World.Clock.Advance(TimeSpan.FromMinutes(30));
        for (var failure = 0; failure <= PerAddress; failure++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await scenario.BearerAsync(token)).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await scenario.GetAsync(link)).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, (await scenario.GetAsync("v1/credential")).Status);
        }

        token = (await scenario.TokenAsync(TestWorld.Oakland, scenario.Key)).Json.GetProperty("access_token").GetString()!;
        await scenario.Host.MustRevokeAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        for (var failure = 0; failure <= PerAddress; failure++)
        {
            Assert.Equal("credentials-revoked", (await scenario.CredentialAsync(scenario.Key)).ProblemType);
            Assert.Equal("credentials-revoked", (await scenario.BearerAsync(token)).ProblemType);
        }

        await scenario.Host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        for (var failure = 0; failure <= PerAddress; failure++)
            Assert.Equal("invalid-credentials", (await scenario.BearerAsync(token)).ProblemType); // superseded
    }

    private sealed class Scenario : IAsyncDisposable
    {
        private Scenario(TestWorld world, TestHost host, string key) => (World, Host, Key) = (world, host, key);

        internal TestWorld World { get; }

        internal TestHost Host { get; }

        internal string Key { get; }

        /// <summary>The client's address, as the platform says it.</summary>
        internal string Address { get; set; } = Scanner;

        internal static async Task<Scenario> CreateAsync(AzuriteFixture azurite)
        {
            var world = await TestWorld.CreateAsync(azurite);
            var host = await TestHost.StartAsync(world, builder =>
            {
                builder.Configuration["IDENTITY_ENDPOINT"] = "http://127.0.0.1";
                builder.Configuration["Credentialing:Throttling:UsernameFailuresPerMinute"] = $"{PerUsername / 2}";
                builder.Configuration["Credentialing:Throttling:AddressFailuresPerMinute"] = $"{PerAddress / 2}";
            });
            return new Scenario(world, host, await host.MustGenerateAsync("rosa", TestWorld.Oakland));
        }

        internal Task<ApiResponse> GetAsync(string path, params string[] headers) => Host.SendAsync(HttpMethod.Get, path, headers: ["CLIENT-IP", Address, .. headers]);

        internal Task<ApiResponse> BearerAsync(string token) => GetAsync("v1/credential", "Authorization", $"Bearer {token}");

        /// <summary>Authenticates as Oakland with Basic.</summary>
        internal Task<ApiResponse> CredentialAsync(string key) => GetAsync("v1/credential", "Authorization", ApiHost.Basic(TestWorld.Oakland, key));

        internal async Task<ApiResponse> TokenAsync(LeaId lea, string key, params string[] headers)
        {
            using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", $"{new Username(lea)}"), new("client_secret", key)]);
            return await Host.SendAsync(HttpMethod.Post, "v1/token", null, form, ["CLIENT-IP", Address, .. headers]);
        }

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            await World.DisposeAsync();
        }
    }
}
