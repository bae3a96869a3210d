using System.Net;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Tests.Endpoints;

/// <summary>The API tells vendors when their credentials end.</summary>
[Kind(TestKind.Storage)]
public sealed class CredentialExpiryTests(AzuriteFixture azurite)
{
    private const string Header = "Credential-Expires";
    private const string Report = "v1/students/9016125901/score-reports/2026-ssr-en.pdf";
    private static readonly DateTime Expiry = new(2027, 11, 23, 20, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime OverlapEnd = new(2026, 11, 26, 20, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData(200, "v1/credential")]
    [InlineData(200, "v1/students/9016125901/score-reports")]
    [InlineData(400, "v1/students/9016125901/score-reports?links=all")]
    [InlineData(400, "v1/students/1/score-reports")]
    [InlineData(200, Report)]
    [InlineData(206, Report, "Range", "bytes=0-1")]
    [InlineData(304, Report, "If-None-Match", "*")]
    [InlineData(404, "v1/students/9016125901/score-reports/2025-ssr-en.pdf")]
    [InlineData(412, Report, "If-Match", "\"another\"")]
    [InlineData(416, Report, "Range", "bytes=99-")]
    public async Task Every_response_to_an_authenticated_vendor_has_the_expiry_of_its_key(int status, string path, params string[] headers)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await UploadAsync(world);
        var oldKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var newKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 3);

        foreach (var (key, expiry) in ((string, string)[])[(oldKey, "Thu, 26 Nov 2026 20:00:00 GMT"), (newKey, "Tue, 23 Nov 2027 20:00:00 GMT")])
        {
            var response = await host.AsVendorAsync(TestWorld.Oakland, key, path, headers);
            Assert.Equal(status, (int)response.Status);
            Assert.Equal([expiry], response.Headers.GetValues(Header));
        }
    }

    [Fact]
    public async Task A_response_for_a_failure_after_the_authentication_has_the_header_and_one_for_a_failure_before_has_not()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential"); // the first use of a day takes another request
        world.Traffic.Reset();

        world.Traffic.InjectFault = number => number == 1 ? Fault.None : Fault.ConnectionFailed;
        var after = await host.AsVendorAsync(TestWorld.Oakland, key, Report);
        world.Traffic.InjectFault = _ => Fault.ConnectionFailed;
        var before = await host.AsVendorAsync(TestWorld.Oakland, key, Report);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable), (after.Status, before.Status));
        Assert.Equal((true, false), (after.Headers.Contains(Header), before.Headers.Contains(Header)));
    }

    [Fact]
    public async Task The_token_endpoint_and_the_status_tell_when_the_current_or_previous_key_stops()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world, builder =>
            builder.Services.AddSingleton(new ServiceAddresses(new Uri("https://toms.example/api/v1"), new Uri("https://toms.example/vendors"))));
        var oldKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var newKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 3);

        foreach (var (key, expiry, isPrevious) in ((string, DateTime, bool)[])[(oldKey, OverlapEnd, true), (newKey, Expiry, false)])
        {
            var token = await RequestTokenAsync(host, key);
            Assert.Equal(expiry, token.Json.GetProperty("credential_expires_at").GetDateTime());
            Assert.Equal([expiry.ToString("R")], token.Headers.GetValues(Header));
            foreach (var authorization in (string[])[TestHost.Basic(TestWorld.Oakland, key), $"Bearer {token.Json.GetProperty("access_token").GetString()}"])
            {
                var status = (await host.SendAsync(HttpMethod.Get, "v1/credential", headers: ["Authorization", authorization])).Json;
                Assert.Equal((expiry, isPrevious), (status.GetProperty("expiresAt").GetDateTime(), status.GetProperty("isPrevious").GetBoolean()));
                Assert.Equal("https://toms.example/vendors", status.GetProperty("guideUrl").GetString());
            }
        }
    }

    [Fact]
    public async Task Without_the_setting_guideUrl_is_null()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world, builder => builder.Services.AddSingleton(new ServiceAddresses(new Uri("https://toms.example/api/v1"))));
        var status = await host.AsVendorAsync(TestWorld.Oakland, await host.MustGenerateAsync("rosa", TestWorld.Oakland), "v1/credential");
        Assert.Equal("Null", status.Json.GetProperty("guideUrl").ValueKind.ToString());
    }

    [Fact]
    public async Task Responses_for_expired_credentials_have_a_date_in_the_past_and_other_401_responses_have_none()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Clock.Advance(Credential.Lifetime);

        foreach (var response in (ApiResponse[])[await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential"), await RequestTokenAsync(host, key)])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, response.Status);
            Assert.Equal([Expiry.ToString("R")], response.Headers.GetValues(Header));
        }

        var wrong = SecretKey.Generate().Reveal();
        foreach (var response in (ApiResponse[])[await host.AsVendorAsync(TestWorld.Oakland, wrong, "v1/credential"), await RequestTokenAsync(host, wrong), await host.SendAsync(HttpMethod.Get, Report)])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, response.Status);
            Assert.False(response.Headers.Contains(Header));
        }
    }

    private static async Task<ApiResponse> RequestTokenAsync(TestHost host, string key)
    {
        using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials")]);
        return await host.SendAsync(HttpMethod.Post, "v1/token", null, form, "Authorization", TestHost.Basic(TestWorld.Oakland, key));
    }

    private static Task UploadAsync(TestWorld world) => world.Storage.ScoreReports.GetBlobClient("01612590000000/9016125901/2026/ssr-en.pdf")
        .UploadAsync(BinaryData.FromString("0123456789"), TestContext.Current.CancellationToken);
}
