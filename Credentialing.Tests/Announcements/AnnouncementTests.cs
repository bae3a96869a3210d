using System.Net;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Core.Announcements;
using Credentialing.Core.Leas;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Tests.Announcements;

[Kind(TestKind.Storage)]
public sealed class AnnouncementTests(AzuriteFixture azurite)
{
    private const string Route = "leas/01612590000000/announcements";
    private const string Regenerate = "Regenerate the credentials on the SIS Vendor Credentialing screen. Give your vendors the username (unchanged) and the new secret key.";

    [Fact]
    public async Task An_LEA_without_credentials_has_no_announcement()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        Assert.Equal("[]", (await GetAsync(host)).Text);
        Assert.Single(world.Traffic.Requests);
    }

    /// <summary>The credentials expire at noon. No days remain on the date of expiry.</summary>
    [Theory]
    [InlineData(0, null, null)]
    [InlineData(350 * 24, null, null)]
    [InlineData(350 * 24 + 11, null, null)]
    [InlineData(350 * 24 + 12, "in 14 days", "in 14 days, on Tuesday, November 23, 2027, at 12:00 PM Pacific Time")]
    [InlineData(351 * 24, "in 14 days", "in 14 days, on Tuesday, November 23, 2027, at 12:00 PM Pacific Time")]
    [InlineData(363 * 24, "in 2 days", "in 2 days, on Tuesday, November 23, 2027, at 12:00 PM Pacific Time")]
    [InlineData(364 * 24, "in 1 day", "in 1 day, on Tuesday, November 23, 2027, at 12:00 PM Pacific Time")]
    [InlineData(364 * 24 + 12, "today at 12:00 PM Pacific Time", "today, on Tuesday, November 23, 2027, at 12:00 PM Pacific Time")]
    [InlineData(364 * 24 + 23, "today at 12:00 PM Pacific Time", "today, on Tuesday, November 23, 2027, at 12:00 PM Pacific Time")]
    public async Task The_announcement_counts_down_from_14_days_before_expiry(int hours, string? title, string? text)
    {
        await using var world = await WorldAsync(hours);
        await using var host = await TestHost.StartAsync(world);

        var announcements = await GetAsync(host);

        var shown = announcements.Json.EnumerateArray()
            .Select(item => (item.GetProperty("title").GetString(), item.GetProperty("text").GetString()));
        (string?, string?)[] expected = title is null ? [] : [
            ($"Oakland Unified: SIS vendor credentials expire {title}",
            $"The SIS vendor credentials of Oakland Unified expire {text}. After that, vendors can no longer download student score reports. {Regenerate}")];
        Assert.Equal(expected, shown);
        Assert.Equal(title is null ? 1 : 2, world.Traffic.Requests.Count);
    }

    [Theory]
    [InlineData(365)]
    [InlineData(366)]
    [InlineData(1000)]
    public async Task An_announcement_stays_after_expiry_with_state_expired(int days)
    {
        await using var world = await WorldAsync(days * 24);
        await using var host = await TestHost.StartAsync(world);

        var announcement = Assert.Single((await GetAsync(host)).Json.EnumerateArray());

        Assert.Equal(
            [
                ("leaId", "01612590000000"),
                ("state", "expired"),
                ("title", "Oakland Unified: SIS vendor credentials have expired"),
                ("text", $"The SIS vendor credentials of Oakland Unified expired on Tuesday, November 23, 2027. Vendors can no longer download student score reports. {Regenerate}"),
                ("expiresAt", "2027-11-23T20:00:00Z"),
                ("timeZone", "America/Los_Angeles"),
                ("daysRemaining", "0"),
                ("link", $"{host.Address}credentialing/?lea=01612590000000"),
            ],
            announcement.EnumerateObject().Select(member => (member.Name, member.Value.ToString())));
    }

    [Fact]
    public async Task An_announcement_contains_the_CDS_code_of_an_unregistered_LEA()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(351));
        await using var host = await TestHost.StartAsync(world);
        Assert.StartsWith(
            "The SIS vendor credentials of LEA 01612590000000 expire in 14 days",
            Assert.Single((await GetAsync(host)).Json.EnumerateArray()).GetProperty("text").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_regeneration_removes_the_announcement_immediately()
    {
        await using var world = await WorldAsync(hours: 360 * 24);
        await using var host = await TestHost.StartAsync(world);
        Assert.NotEqual("[]", (await GetAsync(host)).Text);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        Assert.Equal("[]", (await GetAsync(host)).Text);
    }

    [Fact]
    public async Task A_malformed_LEA_id_returns_400_and_a_corrupt_row_returns_500_without_details()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await world.Storage.Leas.AddEntityAsync(new TableEntity("01612590000000", "credential"), TestContext.Current.CancellationToken);

        Assert.Equal("malformed-lea-id", (await host.SendAsync(HttpMethod.Get, "leas/oakland/announcements", "rosa")).ProblemType);
        var response = await host.SendAsync(HttpMethod.Get, Route, "rosa");

        Assert.Equal((HttpStatusCode.InternalServerError, "unexpected"), (response.Status, response.ProblemType));
        Assert.DoesNotContain("Generation", response.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(351)]
    [InlineData(364)]
    [InlineData(365)]
    [InlineData(500)]
    public async Task A_regeneration_deletes_the_announcement_on_MyTOMS_and_the_next_run_completes_the_removal(int days)
    {
        await using var world = await AnnouncedWorldAsync(days);
        await using var host = await StartHostWithMyTomsAsync(world);
        var before = world.MyToms.Requests.Count;

        await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);

        await Eventually.IsTrueAsync(() => world.MyToms.Shown.Count == 0);
        Assert.Equal(["DELETE 01612590000000"], world.MyToms.Requests.Skip(before).Select(request => request.Request));
        await RunAsync(world);
        await AssertAnnouncementRemovedAsync(world);
    }

    [Fact]
    public async Task DevHosts_MyTOMS_does_not_show_the_announcement_after_a_regeneration()
    {
        await using var world = await WorldAsync(hours: 360 * 24);
        await using var host = await TestHost.StartAsync(world);
        using var body = TestHost.Json((await GetAsync(host)).Json[0].GetRawText());
        Assert.Equal(
            HttpStatusCode.NoContent,
            (await host.SendAsync(HttpMethod.Put, "/dev/mytoms/announcements/01612590000000", null, body, "X-Api-Key", DevMyToms.ApiKey)).Status);
        Assert.Contains("Oakland Unified", (await host.SendAsync(HttpMethod.Get, "/dev/mytoms")).Text, StringComparison.Ordinal);

        await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);

        await Eventually.IsTrueAsync(async () =>
            !(await host.SendAsync(HttpMethod.Get, "/dev/mytoms")).Text.Contains("Oakland Unified", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_generation_sends_no_request_to_MyTOMS_when_no_announcement_can_exist()
    {
        await using var world = await WorldAsync(hours: 350 * 24 + 11);
        await using var host = await StartHostWithMyTomsAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1); // still active, not yet announced
        await host.MustGenerateAsync("luis", LeaId.Parse("01612590130617"));
        Assert.Empty(world.MyToms.Requests);
    }

    [Fact]
    public async Task A_regeneration_with_a_conflict_does_not_remove_the_announcement()
    {
        await using var world = await AnnouncedWorldAsync(days: 360);
        await using var host = await StartHostWithMyTomsAsync(world);
        Assert.Equal("credential-changed", (await host.GenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 2)).ProblemType);
        Assert.Single(world.MyToms.Shown);
        Assert.Single(world.MyToms.Requests);
    }

    [Theory]
    [InlineData(Fault.ConnectionFailed)]
    [InlineData(Fault.ResponseLost)]
    [InlineData(Fault.Timeout)]
    [InlineData(Fault.Throttled)]
    [InlineData(Fault.Unavailable)]
    public async Task A_regeneration_succeeds_when_MyTOMS_is_unavailable_and_the_next_run_removes_the_announcement(Fault fault)
    {
        await using var world = await AnnouncedWorldAsync(days: 360);
        await using var host = await StartHostWithMyTomsAsync(world);
        world.ExternalCalls.InjectFault = called => called is ExternalService.MyToms ? fault : Fault.None;

        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);

        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);
        world.ExternalCalls.InjectFault = null;
        await RunAsync(world);
        await AssertAnnouncementRemovedAsync(world);
    }

    /// <summary>The clock does not advance, so a response that waited for MyTOMS would never be sent.</summary>
    [Fact]
    public async Task A_regeneration_and_the_next_request_of_its_connection_do_not_wait_for_MyTOMS()
    {
        await using var world = await AnnouncedWorldAsync(days: 360);
        await using var host = await StartHostWithMyTomsAsync(world);
        var removal = world.ExternalCalls.BlockAt(ExternalService.MyToms);
        using var oneConnection = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1 }) { BaseAddress = new Uri(host.Address, "api/") };
        oneConnection.DefaultRequestHeaders.Authorization = new("Bearer", await host.SignInAsync("rosa"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "leas/01612590000000/credentials") { Content = TestHost.Json(TestHost.Authorization) };
        request.Headers.Add("If-Match", "\"1\"");

        var response = await ApiResponse.ReadAsync(await oneConnection.SendAsync(request, TestContext.Current.CancellationToken));

        Assert.Equal(HttpStatusCode.Created, response.Status);
        Assert.NotEmpty(response.Json.GetProperty("secretKey").GetString()!);
        await removal.Reached;
        using var next = await oneConnection.GetAsync(new Uri("leas/01612590000000/credentials", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
        Assert.Single(world.MyToms.Shown);
        removal.Open();
        await Eventually.IsTrueAsync(() => world.MyToms.Shown.Count == 0);
    }

    [Fact]
    public async Task A_removal_without_a_response_of_MyTOMS_ends_after_5_seconds_and_the_next_run_makes_sure()
    {
        await using var world = await AnnouncedWorldAsync(days: 360);
        await using var host = await StartHostWithMyTomsAsync(world);
        world.MyToms.HangingLeas.Add(TestWorld.Oakland.Value);
        var removal = world.ExternalCalls.BlockAt(ExternalService.MyToms);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        await removal.Reached;
        removal.Open();
        world.Clock.Advance(TimeSpan.FromSeconds(5));
        world.MyToms.HangingLeas.Clear();

        await RunAsync(world);

        await AssertAnnouncementRemovedAsync(world);
    }

    [Fact]
    public async Task A_run_completes_the_removal_if_the_row_of_the_announcement_is_deleted_meanwhile()
    {
        await using var world = await AnnouncedWorldAsync(days: 360);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        var removal = world.ExternalCalls.BlockAt(ExternalService.MyToms);
        var run = RunAsync(world);
        await removal.Reached;

        await world.Account.Tables().GetTableClient("Leas").DeleteEntityAsync(TestWorld.Oakland.Value, "announcement", cancellationToken: TestContext.Current.CancellationToken);
        removal.Open();

        await run;
        await AssertAnnouncementRemovedAsync(world);
    }

    /// <summary>Starts a host that uses the same MyTOMS as the daily runs.</summary>
    private static Task<TestHost> StartHostWithMyTomsAsync(TestWorld world) => TestHost.StartAsync(world, builder => builder.Services
        .Configure<MyTomsOptions>(options => (options.ApiKey, options.RetryDelay) = ("the key", TimeSpan.Zero))
        .AddHttpClient(MyToms.Client, client => client.BaseAddress = new Uri("https://mytoms.example/"))
        .ConfigurePrimaryHttpMessageHandler(() => world.MyToms.From(world.ExternalCalls)));

    private static async Task<ApiResponse> GetAsync(TestHost host)
    {
        var response = await host.SendAsync(HttpMethod.Get, Route, "rosa");
        Assert.Equal(HttpStatusCode.OK, response.Status);
        Assert.True(response.Headers.CacheControl!.NoStore);
        return response;
    }

    private static Task RunAsync(TestWorld world) => world.Run.RunAsync(TestContext.Current.CancellationToken);

    private static async Task AssertAnnouncementRemovedAsync(TestWorld world)
    {
        Assert.Empty(world.MyToms.Shown);
        Assert.DoesNotContain(await world.RowsAsync("Leas"), row => row.RowKey == "announcement");
        world.Clock.Advance(TimeSpan.FromDays(2)); // the run keeps the entry of the regeneration while that can be in progress
        await RunAsync(world);
        Assert.Single(await world.RowsAsync("Expirations"));
    }

    /// <summary>A world in which Oakland's credentials were generated some hours ago.</summary>
    private async Task<TestWorld> WorldAsync(int hours)
    {
        var world = await TestWorld.CreateAsync(azurite);
        await world.Register.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", []), "test", TestContext.Current.CancellationToken);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromHours(hours));
        world.Traffic.Reset();
        return world;
    }

    /// <summary>A world in which Oakland's credentials were generated some days ago, and MyTOMS has their announcement.</summary>
    private async Task<TestWorld> AnnouncedWorldAsync(int days)
    {
        var world = await WorldAsync(days * 24);
        await RunAsync(world);
        Assert.Single(world.MyToms.Shown);
        return world;
    }
}
