using System.Net;
using System.Text.RegularExpressions;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Endpoints;

/// <summary>Links to reports for a parent's browser, which has no token.</summary>
[Kind(TestKind.Storage)]
public sealed class TemporaryLinkTests(AzuriteFixture azurite)
{
    private const string Reports = "/api/v1/students/9016125901/score-reports";
    private const string Report = Reports + "/2026-ssr-en.pdf";
    private const string Content = "0123456789";
    private static readonly string[] Browser = ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"];

    [Fact]
    public async Task A_temporary_link_downloads_the_report_without_a_token_for_30_minutes()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var link = await scenario.LinkAsync();
        Assert.StartsWith($"{Report}?link=eyJ", link, StringComparison.Ordinal);

        scenario.World.Clock.Advance(TimeSpan.FromMinutes(30) - TimeSpan.FromSeconds(1));
        var file = await scenario.GetAsync(link, Browser);

        Assert.Equal((HttpStatusCode.OK, Content), (file.Status, file.Text));
        Assert.Equal("9016125901-2026-ssr-en.pdf", file.ContentHeaders.ContentDisposition?.FileName);
        Assert.True(file.Headers.CacheControl!.NoStore);
        Assert.Equal(["no-referrer"], file.Headers.GetValues("Referrer-Policy"));
        Assert.Equal(["sandbox"], file.Headers.GetValues("Content-Security-Policy"));
        Assert.Equal(["Tue, 23 Nov 2027 20:00:00 GMT"], file.Headers.GetValues("Credential-Expires"));

        scenario.World.Clock.Advance(TimeSpan.FromSeconds(1));
        await scenario.AssertRefusedAsync(link);
    }

    [Fact]
    public async Task Only_a_list_that_is_requested_with_temporary_links_contains_them()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        Assert.False(Assert.Single((await scenario.AsVendorAsync(Reports)).Json.EnumerateArray()).TryGetProperty("temporaryLink", out _));
        Assert.Equal("[]", (await scenario.AsVendorAsync("/api/v1/students/1234567890/score-reports?links=temporary")).Text);
    }

    [Theory]
    [InlineData("links=")]
    [InlineData("links")]
    [InlineData("links=Temporary")]
    [InlineData("links=permanent")]
    [InlineData("links=temporary&links=temporary")]
    [InlineData("links=temporary,temporary")]
    public async Task Another_value_of_links_is_refused(string query)
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var response = await scenario.AsVendorAsync($"{Reports}?{query}");
        Assert.Equal((HttpStatusCode.BadRequest, "invalid-links"), (response.Status, response.ProblemType));
    }

    [Theory]
    [InlineData]
    [InlineData("Range", "bytes=4-")]
    [InlineData("Range", "bytes=-3")]
    [InlineData("Range", "bytes=99-")]
    [InlineData("If-None-Match", "*")]
    [InlineData("If-Match", "\"another\"")]
    public async Task A_request_by_link_has_the_response_and_the_round_trips_of_a_request_with_a_token(params string[] headers)
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        await scenario.UploadAsync("01612590000000/9016125901/2026/ssr-es.pdf");
        var (link, token) = (await scenario.LinkAsync(), await scenario.TokenAsync());
        await scenario.GetAsync(Report.Replace("-en", "-es", StringComparison.Ordinal), "Authorization", $"Bearer {token}"); // the first download of the day

        var byToken = await RequestAsync(Report, ["Authorization", $"Bearer {token}", .. headers]);
        var byLink = await RequestAsync(link, headers);

        Assert.Equal(byToken, byLink);

        async Task<(HttpStatusCode, string, string, string)> RequestAsync(string path, string[] requestHeaders)
        {
            scenario.World.Traffic.Reset();
            var response = await scenario.GetAsync(path, requestHeaders);
            var responseHeaders = response.Headers.Concat(response.ContentHeaders).Where(header => header.Key is not "Date").Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");
            return (response.Status, response.Text, string.Join('\n', responseHeaders), string.Join('\n', scenario.World.Traffic.Requests));
        }
    }

    [Fact]
    public async Task A_link_is_valid_only_for_its_report_and_a_bearer_token_is_no_link()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        await scenario.UploadAsync("01612590000000/9016125901/2026/ssr-es.pdf");
        await scenario.UploadAsync("01612590000000/9016125901/2026/ssr-en.PDF");
        await scenario.UploadAsync("01612590000000/9016114301/2026/ssr-en.pdf");
        var link = (await scenario.LinkAsync()).Split("link=")[1];
        var token = await scenario.TokenAsync();
        scenario.World.Traffic.Reset();

        await scenario.AssertRefusedAsync($"{Reports}/2026-ssr-es.pdf?link={link}");
        await scenario.AssertRefusedAsync($"{Reports}/2026-ssr-en.PDF?link={link}");
        await scenario.AssertRefusedAsync($"{Reports}/2027-ssr-en.pdf?link={link}");
        await scenario.AssertRefusedAsync($"{Reports}/x?link={link}");
        await scenario.AssertRefusedAsync($"/api/v1/students/9016114301/score-reports/2026-ssr-en.pdf?link={link}");
        await scenario.AssertRefusedAsync($"/api/v1/students/1/score-reports/2026-ssr-en.pdf?link={link}");
        await scenario.AssertRefusedAsync($"{Report}?link={link}&link={link}");
        await scenario.AssertRefusedAsync($"{Report}?link={link}&Link=");
        await scenario.AssertRefusedAsync($"{Report}?link=");
        await scenario.AssertRefusedAsync($"{Report}?link");
        await scenario.AssertRefusedAsync($"{Report}?link={link[..^1]}");
        await scenario.AssertRefusedAsync($"{Report}?link={link}%3D");
        await scenario.AssertRefusedAsync($"{Report}?link={token}");
        Assert.Empty(scenario.World.Traffic.Requests);

        Assert.Equal("invalid-credentials", (await scenario.GetAsync(Report, "Authorization", $"Bearer {link}")).ProblemType);
        Assert.Equal("invalid-credentials", (await scenario.GetAsync("/api/v1/credential", "Authorization", $"Bearer {link}")).ProblemType);
        Assert.Equal("invalid-credentials", (await scenario.GetAsync($"{Reports}?link={link}")).ProblemType);
        Assert.Equal("invalid-credentials", (await scenario.GetAsync(Report)).ProblemType);
        Assert.Empty(scenario.World.Traffic.Requests);
    }

    [Fact]
    public async Task A_link_ends_with_a_regeneration_unless_the_previous_key_is_kept()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var first = await scenario.LinkAsync();
        await scenario.Host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 1);
        Assert.Equal(Content, (await scenario.GetAsync(first)).Text);

        // A vendor that still has the old key: its links end with it.
        scenario.World.Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(10));
        var lastOfOldKey = await scenario.LinkAsync();
        scenario.World.Clock.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(1));
        Assert.Equal(Content, (await scenario.GetAsync(lastOfOldKey)).Text);
        scenario.World.Clock.Advance(TimeSpan.FromSeconds(1));
        await scenario.AssertRefusedAsync(lastOfOldKey);

        // The coordinator ends the overlap early.
        scenario.Key = await scenario.Host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 2);
        var third = await scenario.LinkAsync();
        await scenario.Host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 3, keepPreviousForDays: 7);
        Assert.Equal(Content, (await scenario.GetAsync(third)).Text);
        await scenario.Host.SendAsync(HttpMethod.Delete, "leas/01612590000000/credentials/previous", "rosa");
        await scenario.AssertRefusedAsync(third);
    }

    [Fact]
    public async Task A_link_ends_with_a_revocation_and_with_the_credentials()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        scenario.World.Clock.Advance(Credential.Lifetime - TimeSpan.FromMinutes(10));
        var last = await scenario.LinkAsync();
        Assert.Equal(Content, (await scenario.GetAsync(last)).Text);
        scenario.World.Clock.Advance(TimeSpan.FromMinutes(10));
        await scenario.AssertRefusedAsync(last);

        scenario.Key = await scenario.Host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        var revoked = await scenario.LinkAsync();
        await scenario.Host.MustRevokeAsync("rosa", TestWorld.Oakland, seenGeneration: 2);
        await scenario.AssertRefusedAsync(revoked);
    }

    [Fact]
    public async Task The_Authorization_header_takes_precedence_over_a_link()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var link = await scenario.LinkAsync();
        Assert.Equal(Content, (await scenario.AsVendorAsync($"{Report}?link=invalid")).Text);
        var response = await scenario.GetAsync(link, ["Authorization", "Bearer invalid", .. Browser]);
        Assert.Equal((HttpStatusCode.Unauthorized, "invalid-credentials"), (response.Status, response.ProblemType));
    }

    [Theory]
    [InlineData(403, "This link no longer works", "Este enlace ya no funciona")]
    [InlineData(404, "The report was not found", "No se encontró el informe")]
    [InlineData(500, "The report cannot be shown now", "El informe no se puede mostrar ahora")]
    [InlineData(503, "The report cannot be shown now", "El informe no se puede mostrar ahora")]
    public async Task A_browser_gets_an_error_as_a_page_in_English_and_Spanish_and_a_program_gets_a_problem(int status, string english, string spanish)
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var link = await scenario.LinkAsync();
        if (status == 403)
            scenario.World.Clock.Advance(TimeSpan.FromMinutes(30));
        else if (status == 404)
            await scenario.World.Storage.ScoreReports.DeleteBlobAsync("01612590000000/9016125901/2026/ssr-en.pdf", cancellationToken: TestContext.Current.CancellationToken);
        else
            scenario.World.Traffic.InjectFault = _ => status == 500 ? Fault.UnexpectedException : Fault.ConnectionFailed;

        var page = await scenario.GetAsync(link, Browser);

        Assert.Equal((status, "text/html; charset=utf-8"), ((int)page.Status, page.ContentHeaders.ContentType?.ToString()));
        Assert.Contains($"<h1>{english}</h1>", page.Text, StringComparison.Ordinal);
        Assert.Matches($"(?s)<section lang=\"es\">\\s*<h2>{spanish}</h2>", page.Text);
        Assert.Equal(2, Regex.Count(page.Text, "<p>[^<]{30,}[.]</p>")); // what to do, in both languages
        Assert.DoesNotContain("<script", page.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(["default-src 'none'"], page.Headers.GetValues("Content-Security-Policy"));
        Assert.Equal(["no-referrer"], page.Headers.GetValues("Referrer-Policy"));
        Assert.True(page.Headers.CacheControl!.NoStore);
        Assert.Equal(status == 503, page.Headers.RetryAfter is not null);
        foreach (var accept in (string[][])[[], ["Accept", "*/*"], ["Accept", "application/pdf, text/html;q=0"]])
        {
            var problem = await scenario.GetAsync(link, accept);
            Assert.Equal(status, (int)problem.Status);
            Assert.NotEmpty(problem.ProblemType);
        }

        if (status != 403)
            Assert.NotEmpty((await scenario.GetAsync(Report, ["Authorization", TestHost.Basic(TestWorld.Oakland, scenario.Key), .. Browser])).ProblemType);
    }

    [Fact]
    public async Task Requests_by_link_are_counted_as_authentications_by_link()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var link = await scenario.LinkAsync();
        using var counted = Metrics.Collect<long>(scenario.Host.Meters, "credentialing.authentications");

        await scenario.GetAsync(link);
        await scenario.GetAsync(link + "A");

        Assert.Equal(["link accepted", "link refused"], counted.GetMeasurementSnapshot().Select(measurement => $"{measurement.Tags["by"]} {measurement.Tags["outcome"]}"));
    }

    /// <summary>A vendor of Oakland, and one report in storage.</summary>
    private sealed class Scenario(TestWorld world, TestHost host, string key) : IAsyncDisposable
    {
        public TestWorld World => world;

        public TestHost Host => host;

        /// <summary>The key that the vendor has.</summary>
        public string Key { get; set; } = key;

        public static async Task<Scenario> CreateAsync(AzuriteFixture azurite)
        {
            var world = await TestWorld.CreateAsync(azurite);
            var host = await TestHost.StartAsync(world);
            var scenario = new Scenario(world, host, await host.MustGenerateAsync("rosa", TestWorld.Oakland));
            await scenario.UploadAsync("01612590000000/9016125901/2026/ssr-en.pdf");
            return scenario;
        }

        public async Task<string> LinkAsync()
        {
            var list = await AsVendorAsync($"{Reports}?links=temporary");
            return list.Json.EnumerateArray().Single(item => item.GetProperty("link").GetString() == Report).GetProperty("temporaryLink").GetString()!;
        }

        public async Task<string> TokenAsync()
        {
            using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials")]);
            var response = await host.SendAsync(HttpMethod.Post, "v1/token", null, form, "Authorization", TestHost.Basic(TestWorld.Oakland, Key));
            return response.Json.GetProperty("access_token").GetString()!;
        }

        public Task<ApiResponse> GetAsync(string path, params string[] headers) => host.SendAsync(HttpMethod.Get, path, headers: headers);

        public Task<ApiResponse> AsVendorAsync(string path) => host.AsVendorAsync(TestWorld.Oakland, Key, path);

        public async Task AssertRefusedAsync(string link)
        {
            var response = await GetAsync(link);
            Assert.Equal((HttpStatusCode.Forbidden, "temporary-link-refused"), (response.Status, response.ProblemType));
            Assert.Empty(response.Headers.WwwAuthenticate); // a browser would ask for a password
        }

        public Task UploadAsync(string name) => world.Storage.ScoreReports.GetBlobClient(name).UploadAsync(BinaryData.FromString(Content), TestContext.Current.CancellationToken);

        public async ValueTask DisposeAsync()
        {
            await host.DisposeAsync();
            await world.DisposeAsync();
        }
    }
}
