using System.Net;
using System.Text.Json;
using Azure.Data.Tables;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.Endpoints;

[Kind(TestKind.Storage)]
public sealed class ShareEndpointTests(AzuriteFixture azurite)
{
    private const string Shares = "leas/01612590000000/shares";
    private const string Ciphertext = "AQIDBAUGBwgJCgsMDQ4PEA-_";

    [Fact]
    public async Task A_share_is_opened_once_by_anyone_and_the_coordinators_see_when()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var id = await CreateAsync(host);
        var waiting = Assert.Single((await host.SendAsync(HttpMethod.Get, Shares, "luis")).Json.EnumerateArray());
        Assert.Equal(("Aeries", JsonValueKind.Null), (waiting.GetProperty("vendor").GetString(), waiting.GetProperty("openedAt").ValueKind));
        world.Clock.Advance(TimeSpan.FromHours(1));

        var first = await OpenAsync(host, id);
        var second = await OpenAsync(host, id);

        Assert.Equal((HttpStatusCode.OK, Ciphertext), (first.Status, first.Json.GetProperty("ciphertext").GetString()));
        Assert.Equal((HttpStatusCode.Gone, "share-gone"), (second.Status, second.ProblemType));
        var opened = Assert.Single((await host.SendAsync(HttpMethod.Get, Shares, "luis")).Json.EnumerateArray());
        Assert.Equal(world.Clock.GetUtcNow().UtcDateTime, opened.GetProperty("openedAt").GetDateTime());
        Assert.DoesNotContain(Ciphertext, await RowsAsync(world), StringComparison.Ordinal);
        var canceled = await CancelAsync(host, id);
        Assert.Equal((HttpStatusCode.Conflict, "share-opened"), (canceled.Status, canceled.ProblemType));
    }

    [Fact]
    public async Task Of_50_concurrent_openings_one_gets_the_ciphertext()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var id = await CreateAsync(host);

        var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => OpenAsync(host, id)));

        Assert.Single(responses, response => response.Status == HttpStatusCode.OK);
        Assert.Equal(49, responses.Count(response => response.Status == HttpStatusCode.Gone));
    }

    [Theory]
    [InlineData("regenerated")]
    [InlineData("revoked")]
    [InlineData("expired")]
    public async Task A_share_of_a_superseded_revoked_or_expired_key_opens_nothing_and_the_daily_run_deletes_it(string end)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var id = await CreateAsync(host);
        if (end == "regenerated")
            await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 7);
        else if (end == "revoked")
            await host.MustRevokeAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        else
            world.Clock.Advance(TimeSpan.FromHours(24));

        Assert.Equal(HttpStatusCode.Gone, (await OpenAsync(host, id)).Status);

        Assert.Empty((await host.SendAsync(HttpMethod.Get, Shares, "rosa")).Json.EnumerateArray());
        await RunAsync(world);
        Assert.DoesNotContain(Ciphertext, await RowsAsync(world), StringComparison.Ordinal);
        Assert.Contains("share-expired", await RowsAsync(world), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_daily_run_keeps_a_share_that_can_still_be_opened_and_a_later_one_finds_it()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await CreateAsync(host, hours: 168);
        for (var day = 1; day <= 6; day++)
        {
            world.Clock.Advance(TimeSpan.FromDays(1));
            await RunAsync(world);
        }

        Assert.Single((await host.SendAsync(HttpMethod.Get, Shares, "rosa")).Json.EnumerateArray());
        world.Clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(world);

        Assert.DoesNotContain(Ciphertext, await RowsAsync(world), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_canceled_share_cannot_be_opened_and_canceling_is_idempotent()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var id = await CreateAsync(host);

        Assert.Equal(HttpStatusCode.NoContent, (await CancelAsync(host, id)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await CancelAsync(host, id)).Status);

        Assert.Equal(HttpStatusCode.Gone, (await OpenAsync(host, id)).Status);
        Assert.DoesNotContain(Ciphertext, await RowsAsync(world), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"vendor":"","ciphertext":"AQ"}""", 422)]
    [InlineData("""{"vendor":"Aeries","ciphertext":"AQ=="}""", 422)]
    [InlineData("""{"vendor":"Aeries"}""", 422)]
    [InlineData("""{"vendor":"Aeries","ciphertext":"AQ","expiresInHours":0}""", 422)]
    [InlineData("""{"vendor":"Aeries","ciphertext":"AQ","expiresInHours":169}""", 422)]
    [InlineData("""{"vendor":"Aeries","ciphertext":"AQ","expiresInHours":"24"}""", 400)]
    public async Task An_invalid_share_is_refused(string body, int status)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        Assert.Equal((HttpStatusCode)status, (await host.SendAsync(HttpMethod.Post, Shares, "rosa", ApiHost.Json(body))).Status);
        Assert.Empty((await host.SendAsync(HttpMethod.Get, Shares, "rosa")).Json.EnumerateArray());
    }

    [Fact]
    public async Task A_share_needs_valid_credentials_of_the_generation_that_was_seen()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        Assert.Equal("nothing-to-share", (await SendAsync(host)).ProblemType);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        Assert.Equal("credential-changed", (await SendAsync(host, 24, "If-Match", "\"2\"")).ProblemType);
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(host, 24, "If-Match", "\"1\"")).Status);
        var malformed = await OpenAsync(host, "01612590000000-x");
        Assert.Equal((HttpStatusCode.BadRequest, "malformed-share-id"), (malformed.Status, malformed.ProblemType));
    }

    private static Task<ApiResponse> SendAsync(ApiHost host, int hours = 24, params string[] headers) => host.SendAsync(
        HttpMethod.Post, Shares, "rosa", ApiHost.Json(JsonSerializer.Serialize(new { vendor = "Aeries", expiresInHours = hours, ciphertext = Ciphertext })), headers);

    private static async Task<string> CreateAsync(ApiHost host, int hours = 24)
    {
        var created = await SendAsync(host, hours);
        Assert.Equal(HttpStatusCode.Created, created.Status);
        return created.Json.GetProperty("id").GetString()!;
    }

    private static Task<ApiResponse> OpenAsync(ApiHost host, string id) => host.SendAsync(HttpMethod.Post, $"shares/{id}/opening");

    private static Task<ApiResponse> CancelAsync(ApiHost host, string id) => host.SendAsync(HttpMethod.Delete, $"{Shares}/{id}", "rosa");

    private static async Task<string> RowsAsync(TestWorld world) => JsonSerializer.Serialize(
        await world.Storage.Leas.QueryAsync<TableEntity>(cancellationToken: TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken));
}
