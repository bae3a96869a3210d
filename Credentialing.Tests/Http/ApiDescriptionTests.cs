using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Credentialing.Core.Credentials;
using Credentialing.DevHost;
using Credentialing.Functions.Endpoints;
using Credentialing.Tests.Leaks;
using Credentialing.Tests.Support;
using Microsoft.Playwright;

namespace Credentialing.Tests.Http;

/// <summary>
/// Tests of <c>docs/openapi.json</c>. In addition, <see cref="DescribedResponses"/> checks in every test of the API that it
/// describes each response.
/// </summary>
[Kind(TestKind.Browser)]
public sealed class ApiDescriptionTests(AzuriteFixture azurite, BrowserFixture browser)
{
    private const string Credentials = "leas/01612590000000/credentials";
    private const string CalendarFile = Credentials + "/calendar";
    private const string Shares = "leas/01612590000000/shares";
    private const string Share = """{"vendor":"Aeries","expiresInHours":1,"ciphertext":"AQID"}""";
    private const string Events = "leas/01612590000000/events";
    private const string UnknownShare = "01612590000000-00000000000000000000000000000000";
    private const string Disclosures = "leas/01612590000000/disclosures";
    private const string Summary = Disclosures + "/summary";
    private const string Previous = Credentials + "/previous";
    private const string Revocation = Credentials + "/revocation";
    private const string Reason = """{"reason":"It was disclosed."}""";
    private const string Reports = "v1/students/9016125901/score-reports";
    private const string Leaks = "credentials/leaks";
    private const string SecretScanning = "github/secret-scanning";
    private const string Report = $"{Reports}/2026-ssr-en.pdf";

    private static readonly string Committed = Path.Combine(ProjectFolder.Root, "docs/openapi.json");

    [Fact]
    public async Task The_API_returns_every_described_response()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var gitHub = await SecretScanningServer.StartAsync();
        await using var host = await gitHub.StartAppAsync(world);
        string[] formats = ["pdf", "html", "mp4"];
        foreach (var format in formats)
        {
            await world.Storage.ScoreReports.GetBlobClient($"01612590000000/9016125901/2026/ssr-en.{format}")
                .UploadAsync(BinaryData.FromString("0123456789"), TestContext.Current.CancellationToken);
        }

        string[] ifNoneMatch = ["If-None-Match", "*"];
        string[] ifMatch = ["If-Match", "\"1\""];
        string[] html = ["Accept", "text/html"];
        var links = new List<string>();

        // Anonymous callers.
        await GetAsync("health");
        await GetAsync("health/ready");
        await GetAsync("openapi.json");

        // TOMS.
        await GetAsync("leas/abc", "toms");
        await GetAsync("leas/01612590000000", "toms");
        await SendAsync(HttpMethod.Put, "leas/01612590000000", "toms", """{"name":"Oakland Unified","coordinators":[{"id":"rosa","name":"Rosa Delgado","email":"rosa@lea.example"}]}""");
        await SendAsync(HttpMethod.Put, "leas/01612590000000", "toms", """{"name":"Oakland Unified"}""");
        await SendAsync(HttpMethod.Put, "leas/abc", "toms", "{}");
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number % 2 == 0 ? Fault.Conflict : Fault.None; // reads the rows, then writes them
        await world.Clock.AdvanceUntilAsync(SendAsync(HttpMethod.Put, "leas/01612590000000", "toms", """{"name":"Oakland","coordinators":[]}"""));
        world.Traffic.InjectFault = null;
        await GetAsync("leas/01612590000000", "toms");
        await GetAsync("reminders/preview", "toms");
        await GetAsync("reminders/preview?on=yesterday", "toms");
        foreach (var query in (string[])["", "?state=all", "?q=a&q=b", "?expiresWithin=-1", "?after=1"])
            await GetAsync($"leas{query}", "toms");
        await host.SendAsync(HttpMethod.Get, "leas", "toms", null, "Accept", "text/csv");
        await RestoreAsync("toms");

        // Coordinators.
        await GetAsync(Credentials, "rosa");
        await GetAsync("leas/01612590000000/announcements", "rosa");
        foreach (var path in (string[])["leas/abc/credentials", "leas/abc/announcements", "leas/abc/credentials/calendar", CalendarFile, $"{CalendarFile}?language=fr"])
            await GetAsync(path, "rosa");
        await SendAsync(HttpMethod.Post, "leas/abc/credentials", "rosa", TestHost.Authorization, ifNoneMatch);
        await SendAsync(HttpMethod.Post, Credentials, "rosa", TestHost.Authorization);
        await SendAsync(HttpMethod.Post, Credentials, "rosa", TestHost.Authorization, "If-Match", "*");
        await SendAsync(HttpMethod.Post, Credentials, "rosa", """{"authorized":false,"wordingVersion":"2026-1"}""", ifNoneMatch);
        await SendAsync(HttpMethod.Post, Credentials, "rosa", """{"authorized":true,"wordingVersion":"1999-1"}""", ifNoneMatch);
        await SendAsync(HttpMethod.Post, Credentials, "rosa", """{"authorized":true,"wordingVersion":"2026-1","keepPreviousForDays":8}""", ifNoneMatch);
        await host.SendAsync(HttpMethod.Delete, "leas/abc/credentials/previous", "rosa");
        await host.SendAsync(HttpMethod.Delete, Previous, "rosa");
        await host.SendAsync(HttpMethod.Delete, Previous, "rosa", null, ifNoneMatch);
        await host.SendAsync(HttpMethod.Delete, Previous, "rosa", null, ifMatch);
        await SendAsync(HttpMethod.Post, "leas/abc/credentials/revocation", "rosa", Reason, ifMatch);
        await SendAsync(HttpMethod.Post, Revocation, "rosa", Reason);
        await SendAsync(HttpMethod.Post, Revocation, "rosa", Reason, ifNoneMatch);
        await SendAsync(HttpMethod.Post, Revocation, "rosa", Reason, ifMatch);
        await SendAsync(HttpMethod.Post, Revocation, "rosa", "{}", ifMatch);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await host.GenerateAsync("rosa", TestWorld.Oakland);
        await GetAsync(CalendarFile, "rosa");

        // Vendors, and TOMS validating their credentials.
        var basic = TestHost.Basic(TestWorld.Oakland, key);
        await AsVendorAsync("v1/credential");
        await AsVendorAsync(Reports);
        foreach (var format in formats)
        {
            await AsVendorAsync($"{Reports}/2026-ssr-en.{format}");
            await AsVendorAsync($"{Reports}/2026-ssr-en.{format}", "Range", "bytes=0-3", "If-Range", "\"another\"");
            await AsVendorAsync($"{Reports}/2026-ssr-en.{format}", "Range", "bytes=0-3");
        }

        await AsVendorAsync(Report, "Range", "bytes=99-");
        await AsVendorAsync(Report, "If-Match", "\"another\"");
        await AsVendorAsync(Report, "If-None-Match", (await AsVendorAsync(Report)).Headers.ETag!.ToString());
        await AsVendorAsync($"{Reports}/2026-ssr-fr.pdf");
        await AsVendorAsync("v1/students/1/score-reports");
        await AsVendorAsync($"{Reports}?links=all");
        await AsVendorAsync("v1/students/1/score-reports/2026-ssr-en.pdf");
        foreach (var item in (await AsVendorAsync($"{Reports}?links=temporary")).Json.EnumerateArray())
            links.Add(item.GetProperty("temporaryLink").GetString()!);
        await ByLinkAsync();
        await host.SendAsync(HttpMethod.Get, links[0] + "A");
        await host.SendAsync(HttpMethod.Get, links[0] + "A", headers: html);
        await world.Storage.ScoreReports.DeleteBlobAsync("01612590000000/9016125901/2026/ssr-en.html", cancellationToken: TestContext.Current.CancellationToken);
        await ByLinkAsync();
        await ValidateAsync();
        await TokenAsync("grant_type=client_credentials", "Authorization", basic);
        await TokenAsync("grant_type=password");
        await TokenAsync("grant_type=client_credentials&scope=all");
        await TokenAsync("");
        await TokenAsync("grant_type=client_credentials");

        // Leaked keys.
        await SendAsync(HttpMethod.Post, Leaks, "toms", $$"""{"secretKey":"{{key}}"}""");
        await SendAsync(HttpMethod.Post, Leaks, "toms", $$"""{"secretKey":"{{key}}","reason":""}""");
        await SendAsync(HttpMethod.Post, Leaks, "toms", "{}");
        await gitHub.SendAsync(host, SecretScanningServer.MessageOf(SecretKey.Generate().Reveal()));
        await gitHub.SendAsync(host, "[]", signature: "AAAA");
        await gitHub.SendAsync(host, "[");
        await gitHub.SendAsync(host, new string(' ', 300_000));
        using (var text = new StringContent("[]"))
            await host.SendAsync(HttpMethod.Post, SecretScanning, null, text, "Github-Public-Key-Identifier", gitHub.KeyIdentifier, "Github-Public-Key-Signature", gitHub.Sign("[]"));
        await using (var off = await TestHost.StartAsync(world))
        {
            await gitHub.SendAsync(off, "[]");
            AddSeenBy(off);
        }

        // Too many failed authentications.
        await using (var strict = await TestHost.StartAsync(world, builder => builder.Configuration["Credentialing:Throttling:AddressFailuresPerMinute"] = "1"))
        {
            foreach (var path in (string[])[Report, Report, Report, Reports, "v1/credential"])
                await strict.SendAsync(HttpMethod.Get, path, headers: ["Authorization", "Bearer forged"]);
            await strict.SendAsync(HttpMethod.Get, links[0] + "A", headers: html);
            using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", "a"), new("client_secret", "b")]);
            await strict.SendAsync(HttpMethod.Post, "v1/token", null, form);
            AddSeenBy(strict);
        }

        // Shares.
        foreach (var path in (string[])["leas/1/shares", Shares])
        {
            await GetAsync(path, "rosa");
            await SendAsync(HttpMethod.Post, path, "rosa", "{}");
            await host.SendAsync(HttpMethod.Delete, $"{path}/{UnknownShare}", "rosa");
        }

        await SendAsync(HttpMethod.Post, Shares, "rosa", Share, "If-Match", "*");
        await SendAsync(HttpMethod.Post, Shares, "rosa", Share, "If-Match", "\"999\"");
        var id = (await host.SendAsync(HttpMethod.Post, Shares, "rosa", ApiHost.Json(Share))).Json.GetProperty("id").GetString();
        foreach (var share in (string?[])[id, id, "1"])
            await host.SendAsync(HttpMethod.Post, $"shares/{share}/opening");
        foreach (var share in (string?[])[id, "1"])
            await host.SendAsync(HttpMethod.Delete, $"{Shares}/{share}", "rosa");
        while ((await host.SendAsync(HttpMethod.Post, Shares, "rosa", ApiHost.Json(Share))).Status == HttpStatusCode.Created)
        {
        }

        // Downloads.
        foreach (var path in (string[])[
            "leas/abc/disclosures", "leas/abc/disclosures/summary", Disclosures, Summary,
            $"{Disclosures}?ssid=1", $"{Disclosures}?from=1", $"{Disclosures}?after=1", $"{Summary}?from=1"])
            await GetAsync(path, "rosa");
        await host.SendAsync(HttpMethod.Get, Disclosures, "rosa", headers: ["Accept", "text/csv"]);

        // The history.
        foreach (var path in (string[])["leas/1/events", Events, $"{Events}?after=1"])
            await GetAsync(path, "rosa");
        await host.SendAsync(HttpMethod.Get, Events, "rosa", null, "Accept", "text/csv");

        // Unauthenticated and unauthorized callers.
        foreach (var path in (string[])["v1/credential", Reports, Report])
            await GetAsync(path);
        foreach (var persona in (string?[])[null, "bea"])
        {
            foreach (var path in (string[])[Credentials, CalendarFile, Disclosures, Summary, Events, "leas/01612590000000/announcements", "leas/01612590000000", "leas", "reminders/preview"])
                await GetAsync(path, persona);
            await SendAsync(HttpMethod.Put, "leas/01612590000000", persona, "{}");
            await SendAsync(HttpMethod.Post, Credentials, persona, "{}");
            await host.SendAsync(HttpMethod.Delete, Previous, persona);
            await SendAsync(HttpMethod.Post, Revocation, persona, Reason, ifMatch);
            await SendAsync(HttpMethod.Post, "credentials/validate", persona, "{}");
            await SendAsync(HttpMethod.Post, Leaks, persona, "{}");
            await RestoreAsync(persona);
            await GetAsync(Shares, persona);
            await SendAsync(HttpMethod.Post, Shares, persona, Share);
            await host.SendAsync(HttpMethod.Delete, $"{Shares}/{UnknownShare}", persona);
        }

        // Invalid request bodies.
        foreach (var (operation, method, path, persona) in ((string, string, string, string)[])[
            ("GenerateCredentials", "POST", Credentials, "rosa"), ("RevokeCredentials", "POST", Revocation, "rosa"), ("CreateShare", "POST", Shares, "rosa"),
            ("ValidateCredentials", "POST", "credentials/validate", "toms"), ("ReportLeak", "POST", Leaks, "toms"), ("PutLea", "PUT", "leas/01612590000000", "toms")])
        {
            await SendAsync(HttpMethod.Parse(method), path, persona, "{", ifMatch);
            await SendAsync(HttpMethod.Parse(method), path, persona, new string(' ', 70_000), ifMatch);
            using var text = new StringContent("{}");
            await host.SendAsync(HttpMethod.Parse(method), path, persona, text, ifMatch);

            await SendMalformedAsync(operation, method, path, authorization: $"Bearer {await host.SignInAsync(persona)}");
        }

        await SendMalformedAsync("ReceiveSecretScanningMessage", "POST", SecretScanning, headers: $"Github-Public-Key-Identifier: {gitHub.KeyIdentifier}\r\nGithub-Public-Key-Signature: AAAA\r\n");

        // Storage unavailable, and an internal error.
        foreach (var fault in (Fault[])[Fault.ConnectionFailed, Fault.UnexpectedException])
        {
            world.Traffic.InjectFault = _ => fault;
            foreach (var (path, persona) in ((string, string)[])[(Credentials, "rosa"), (CalendarFile, "rosa"), (Disclosures, "rosa"), (Summary, "rosa"), (Events, "rosa"), ("leas/01612590000000/announcements", "rosa"), ("leas/01612590000000", "toms"), ("leas", "toms"), ("reminders/preview", "toms")])
                await GetAsync(path, persona);
            foreach (var path in (string[])["v1/credential", Reports, Report])
                await AsVendorAsync(path);
            await ByLinkAsync();
            await SendAsync(HttpMethod.Put, "leas/01612590000000", "toms", """{"name":"Oakland","coordinators":[]}""");
            await host.GenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
            await host.SendAsync(HttpMethod.Delete, Previous, "rosa");
            await SendAsync(HttpMethod.Post, Revocation, "rosa", Reason, ifMatch);
            await GetAsync(Shares, "rosa");
            await SendAsync(HttpMethod.Post, Shares, "rosa", Share);
            await host.SendAsync(HttpMethod.Delete, $"{Shares}/{UnknownShare}", "rosa");
            await host.SendAsync(HttpMethod.Post, $"shares/{UnknownShare}/opening");
            await RestoreAsync("toms");
            await ValidateAsync();
            await SendAsync(HttpMethod.Post, Leaks, "toms", $$"""{"secretKey":"{{key}}"}""");
            await gitHub.SendAsync(host, SecretScanningServer.MessageOf(key));
            await TokenAsync("grant_type=client_credentials", "Authorization", basic);
            world.Clock.Advance(Readiness.CacheInterval);
            await GetAsync("health/ready");
            world.Traffic.InjectFault = null;
        }

        // Expired credentials, and revoked ones.
        world.Clock.Advance(TimeSpan.FromDays(366));
        for (var pass = 0; pass < 2; pass++)
        {
            foreach (var path in (string[])["v1/credential", Reports, Report])
                await AsVendorAsync(path);
            await TokenAsync("grant_type=client_credentials", "Authorization", basic);
            await SendAsync(HttpMethod.Post, Shares, "rosa", Share);
            await SendAsync(HttpMethod.Post, Revocation, "rosa", Reason, ifMatch);
        }

        Assert.Equal(DescribedResponses.All.Select(response => $"{response}").Order(), host.Described.Seen.Select(response => $"{response}").Order());

        void AddSeenBy(TestHost other)
        {
            foreach (var response in other.Described.Seen)
                host.Described.Add(response);
        }

        async Task SendMalformedAsync(string operation, string method, string path, string authorization = "none", string headers = "")
        {
            var response = await host.SendRawAsync(
                $"{method} /api/{path}", authorization,
                $"{headers}If-Match: \"1\"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n");
            Assert.StartsWith("HTTP/1.1 400 ", response, StringComparison.Ordinal);
            Assert.Contains("\r\nContent-Type: application/problem+json\r\n", response, StringComparison.Ordinal);
            Assert.Contains("\"urn:problem-type:credentialing:malformed-request\"", response, StringComparison.Ordinal);
            host.Described.Add(new DescribedResponse(operation, 400, "application/problem+json", "urn:problem-type:credentialing:malformed-request"));
        }

        Task<ApiResponse> GetAsync(string path, string? persona = null) => host.SendAsync(HttpMethod.Get, path, persona);

        Task<ApiResponse> AsVendorAsync(string path, params string[] headers) => host.AsVendorAsync(TestWorld.Oakland, key, path, headers);

        async Task ByLinkAsync()
        {
            foreach (var link in links)
                await host.SendAsync(HttpMethod.Get, link, headers: html);
        }

        Task RestoreAsync(string? persona) => host.SendAsync(HttpMethod.Post, "expirations/restore", persona);

        Task ValidateAsync() => SendAsync(HttpMethod.Post, "credentials/validate", "toms", $$"""{"username":"sis-01612590000000","secretKey":"{{key}}"}""");

        async Task SendAsync(HttpMethod method, string path, string? persona, string body, params string[] headers)
        {
            using var content = TestHost.Json(body);
            await host.SendAsync(method, path, persona, content, headers);
        }

        async Task TokenAsync(string form, params string[] headers)
        {
            using var content = new StringContent(form, Encoding.ASCII, "application/x-www-form-urlencoded");
            await host.SendAsync(HttpMethod.Post, "v1/token", null, content, headers);
        }
    }

    [Fact]
    public void Every_property_has_a_description_and_only_the_listed_properties_are_optional()
    {
        var schemas = DescribedResponses.Description.GetProperty("components").GetProperty("schemas").EnumerateObject()
            .SelectMany(schema => WithProperties(schema.Name, schema.Value)).ToList();
        Assert.All(schemas.SelectMany(schema => schema.Schema.GetProperty("properties").EnumerateObject()), property => Assert.True(property.Value.TryGetProperty("description", out _)));
        Assert.Equal(
            [
                "AuthorizationRequest.keepPreviousForDays", "CredentialResponse.secretKey", "LeaRequest.language", "LeakRequest.reason", "LeakRequest.revoke", "Problem.expiredAt", "Problem.generatedAt", "Problem.generatedBy",
                "Problem.help", "Problem.openedAt", "Problem.revokedAt", "Problem.unreachable", "ScoreReportResponse.temporaryLink", "SecretScanningMatch.source", "SecretScanningMatch.url", "ShareRequest.expiresInHours", "TokenErrorResponse.expiredAt", "TokenErrorResponse.revokedAt", "TokenForm.client_id", "TokenForm.client_secret", "TokenForm.scope",
            ],
            schemas.SelectMany(schema => schema.Schema.GetProperty("properties").EnumerateObject().Select(property => property.Name)
                .Except(schema.Schema.TryGetProperty("required", out var required) ? required.EnumerateArray().Select(name => name.GetString()!) : [])
                .Select(name => $"{schema.Name}.{name}")).Order(StringComparer.Ordinal));
        Assert.Equal(
            "/api/v1/token",
            DescribedResponses.Description.GetProperty("components").GetProperty("securitySchemes").GetProperty("vendorToken")
                .GetProperty("flows").GetProperty("clientCredentials").GetProperty("tokenUrl").GetString());

        static IEnumerable<(string Name, JsonElement Schema)> WithProperties(string name, JsonElement element)
        {
            IEnumerable<(string Name, JsonElement Schema)> own = element.ValueKind is JsonValueKind.Object && element.TryGetProperty("properties", out _) ? [(name, element)] : [];
            IEnumerable<JsonElement> children = element.ValueKind switch
            {
                JsonValueKind.Object => element.EnumerateObject().Select(member => member.Value),
                JsonValueKind.Array => element.EnumerateArray(),
                _ => [],
            };
            return own.Concat(children.SelectMany(child => WithProperties(name, child)));
        }
    }

    [Fact]
    public async Task The_served_description_matches_the_function_classes()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var committed = await File.ReadAllTextAsync(Committed, TestContext.Current.CancellationToken);

        Assert.Equal(ApiDescription.Compose(), committed);
        Assert.Equal(committed, (await host.SendAsync(HttpMethod.Get, "openapi.json")).Text);
    }

    [Fact]
    public async Task The_description_page_shows_every_operation_and_sends_requests_only_to_DevHost()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var context = await browser.NewContextAsync(new());
        var page = await context.NewPageAsync();
        var requestedUrls = new List<string>();
        page.Request += (_, request) => requestedUrls.Add(request.Url);

        await page.GotoAsync(new Uri(host.Address, "docs").ToString());

        await Assertions.Expect(page.Locator(".opblock")).ToHaveCountAsync(DescribedResponses.All.Select(response => response.Operation).Distinct().Count());
        await Assertions.Expect(page.GetByText("/v1/students/{ssid}/score-reports/{id}")).ToBeVisibleAsync();
        Assert.All(requestedUrls, url => Assert.True(url.StartsWith("data:", StringComparison.Ordinal) || url.StartsWith(host.Address.ToString(), StringComparison.Ordinal), url));
    }

    [Fact]
    public async Task The_linter_reports_no_problems_in_the_description()
    {
        var tests = Path.Combine(ProjectFolder.Root, "Credentialing.Tests");
        var linter = await ProcessResult.RunAsync(new ProcessStartInfo("node")
        {
            ArgumentList = { Path.Combine(tests, "node_modules/@redocly/cli/bin/cli.js"), "lint", Committed, "--config", Path.Combine(tests, "redocly.yaml") },
            Environment = { ["REDOCLY_TELEMETRY"] = "off", ["REDOCLY_SUPPRESS_UPDATE_NOTICE"] = "true" },
        });
        Assert.True(linter.ExitCode == 0, $"{linter.Output}\n{linter.Errors}");
    }
}
