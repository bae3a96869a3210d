using System.Net;
using System.Text;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using Duende.IdentityModel.Client;
using MimeKit;

namespace Credentialing.Tests.Published;

/// <summary>End-to-end tests of the published app with its production clients.</summary>
[Kind(TestKind.Process)]
public sealed class PublishedAppTests : IClassFixture<RunningApp>
{
    /// <summary>In bytes: 20 % more than it has.</summary>
    private const long MaxSize = 48_000_000;

    /// <summary>
    /// The deployed assemblies that the app needs for its first response. Each costs start-up time. What only some requests, the daily
    /// run or telemetry use is loaded later: email, templates, calendars, CSV files, the app's identity, the exporter.
    /// </summary>
    private static readonly string[] LoadedAtStart =
    [
        "Azure.Core", "Azure.Data.Tables", "Azure.Security.KeyVault.Secrets", "Azure.Storage.Blobs", "Credentialing.Core", "Credentialing.Functions", "Google.Protobuf",
        "Grpc.Core.Api", "Grpc.Net.Client", "Grpc.Net.Common", "Microsoft.AspNetCore.Authentication.JwtBearer", "Microsoft.Azure.Functions.Worker",
        "Microsoft.Azure.Functions.Worker.Core", "Microsoft.Azure.Functions.Worker.Extensions.Abstractions", "Microsoft.Azure.Functions.Worker.Extensions.Http",
        "Microsoft.Azure.Functions.Worker.Extensions.Http.AspNetCore", "Microsoft.Azure.Functions.Worker.Extensions.Timer", "Microsoft.Azure.Functions.Worker.Grpc",
        "Microsoft.Extensions.Diagnostics.ExceptionSummarization", "Microsoft.Extensions.Http.Resilience", "NCrontab", "OpenTelemetry", "Polly.Core", "Polly.Extensions",
        "System.ClientModel", "System.Memory.Data",
    ];

    private readonly RunningApp running;
    private readonly PublishedApp app;

    public PublishedAppTests(RunningApp running, PublishedApp app)
    {
        PublishedApp.SkipUnlessSupported();
        (this.running, this.app) = (running, app);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private FunctionsHost Host => running.Host;

    [Fact]
    public void The_worker_loads_every_function() =>
        Assert.Equal(FunctionEndpoints.Functions.Select(FunctionEndpoints.NameOf).Order(), Host.Functions.Select(function => function.Name).Order());

    [Fact]
    public void The_app_loads_no_assembly_at_start_that_its_first_response_does_not_need()
    {
        Assert.Contains("Credentialing.Functions", running.LoadedAtStart);
        Assert.Empty(running.LoadedAtStart.Except(LoadedAtStart));
    }

    [Fact]
    public async Task The_deployment_is_not_larger_than_its_budget() => Assert.InRange(
        new DirectoryInfo(await app.FolderAsync()).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length), 1, MaxSize);

    [Fact]
    public async Task The_app_is_ready_and_serves_its_description()
    {
        Assert.Equal(HttpStatusCode.OK, (await Host.SendAsync(HttpMethod.Get, "health")).Status);
        Assert.Equal(HttpStatusCode.OK, (await Host.SendAsync(HttpMethod.Get, "health/ready")).Status);
        Assert.Equal(DescribedResponses.Description.GetRawText(), (await Host.SendAsync(HttpMethod.Get, "openapi.json")).Json.GetRawText());
    }

    /// <summary>The worker's peer is the Functions host. The address of the client is only in the header that Azure's front end writes.</summary>
    [Fact]
    public async Task Failed_authentications_are_throttled_by_the_address_that_the_platform_says()
    {
        var failures = new List<HttpStatusCode>();
        do
            failures.Add(await ForgeAsync("203.0.113.7:49828", forwardedFor: $"192.0.2.{failures.Count}"));
        while (failures[^1] is HttpStatusCode.Unauthorized && failures.Count < 1000);

        Assert.Equal(HttpStatusCode.TooManyRequests, failures[^1]);
        Assert.InRange(failures.Count, 121, 200); // 120 at once, and one for each second since the first
        Assert.Equal(HttpStatusCode.Unauthorized, await ForgeAsync("203.0.113.8:49828", forwardedFor: "203.0.113.7"));

        async Task<HttpStatusCode> ForgeAsync(string clientIp, string forwardedFor) =>
            (await Host.SendAsync(HttpMethod.Get, "v1/credential", headers: ["Authorization", "Bearer forged", "CLIENT-IP", clientIp, "X-Forwarded-For", forwardedFor])).Status;
    }

    [Fact]
    public async Task A_coordinator_generates_a_vendor_downloads_and_the_timer_reminds()
    {
        // Registration, and generation of credentials: a second generation without If-Match fails.
        using (var lea = ApiHost.Json("""{"name":"Oakland Unified","coordinators":[{"id":"rosa","name":"Rosa Delgado","email":"rosa@lea.example"}]}"""))
            Assert.Equal(HttpStatusCode.NoContent, (await Host.SendAsync(HttpMethod.Put, $"leas/{TestWorld.Oakland}", "toms", lea)).Status);
        Assert.Equal("none", (await StatusAsync(TestWorld.Oakland, "rosa")).Json.GetProperty("state").GetString());
        var key = await Host.MustGenerateAsync("rosa", TestWorld.Oakland);
        Assert.Equal("credential-changed", (await Host.GenerateAsync("rosa", TestWorld.Oakland)).ProblemType);
        Assert.Equal("Current credentials expire in 365 days.", (await StatusAsync(TestWorld.Oakland, "rosa")).Json.GetProperty("notice").GetString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await StatusAsync(TestWorld.Oakland, persona: null)).Status);
        Assert.Equal("not-permitted", (await StatusAsync(TestWorld.Oakland, "bea")).ProblemType);

        // A token with both OAuth 2.0 client authentication methods, list of reports, download, range request, conditional request.
        await running.Services.Storage.ScoreReports.GetBlobClient($"{TestWorld.Oakland}/9016125901/2026/ssr-en.pdf").UploadAsync(BinaryData.FromString("%PDF-1.7"), Cancellation);
        Assert.False((await TokenAsync(key, ClientCredentialStyle.PostBody)).IsError);
        var token = await TokenAsync(key, ClientCredentialStyle.AuthorizationHeader);
        Assert.False(token.IsError, token.Error);
        string[] bearer = ["Authorization", $"Bearer {token.AccessToken}"];
        var listed = (await Host.SendAsync(HttpMethod.Get, "v1/students/9016125901/score-reports", headers: bearer)).Json;
        var link = Assert.Single(listed.EnumerateArray()).GetProperty("link").GetString()!;
        var whole = await Host.SendAsync(HttpMethod.Get, link, headers: bearer);
        Assert.Equal((HttpStatusCode.OK, "application/pdf", "%PDF-1.7"), (whole.Status, whole.ContentHeaders.ContentType?.MediaType, whole.Text));
        var part = await Host.SendAsync(HttpMethod.Get, link, headers: [.. bearer, "Range", "bytes=5-"]);
        Assert.Equal((HttpStatusCode.PartialContent, "bytes 5-7/8", "1.7"), (part.Status, part.ContentHeaders.ContentRange?.ToString(), part.Text));
        var cached = await Host.SendAsync(HttpMethod.Get, link, headers: [.. bearer, "If-None-Match", whole.Headers.ETag!.ToString()]);
        Assert.Equal(HttpStatusCode.NotModified, cached.Status);

        // A link for a browser, and the page for a link that is not valid.
        var temporary = (await Host.SendAsync(HttpMethod.Get, "v1/students/9016125901/score-reports?links=temporary", headers: bearer)).Json[0].GetProperty("temporaryLink").GetString()!;
        Assert.Equal("%PDF-1.7", (await Host.SendAsync(HttpMethod.Get, temporary)).Text);
        var page = await Host.SendAsync(HttpMethod.Get, temporary[..^1], headers: ["Accept", "text/html"]);
        Assert.Equal((HttpStatusCode.Forbidden, "text/html"), (page.Status, page.ContentHeaders.ContentType?.MediaType));

        // The record of the downloads: the range belongs to the first one.
        var disclosures = (await Host.SendAsync(HttpMethod.Get, $"leas/{TestWorld.Oakland}/disclosures?ssid=9016125901", "rosa")).Json.GetProperty("disclosures");
        Assert.Equal([true, false], disclosures.EnumerateArray().Select(disclosure => disclosure.GetProperty("byLink").GetBoolean()));
        var file = await Host.SendAsync(HttpMethod.Get, $"leas/{TestWorld.Oakland}/disclosures", "toms", headers: ["Accept", "text/csv"]);
        Assert.Equal(3, file.Text.TrimEnd().Split("\r\n").Length);

        // Validation of the key by TOMS.
        using (var credentials = ApiHost.Json($$"""{"username":"sis-{{TestWorld.Oakland}}","secretKey":"{{key}}"}"""))
            Assert.True((await Host.SendAsync(HttpMethod.Post, "credentials/validate", "toms", credentials)).Json.GetProperty("valid").GetBoolean());

        // 13 days before expiry: two timer invocations send one email and post one announcement.
        await MoveExpiryAsync(TestWorld.Oakland, TimeProvider.System.GetUtcNow().AddDays(13));
        var preview = (await Host.SendAsync(HttpMethod.Get, "reminders/preview", "toms")).Json.GetProperty("leas");
        Assert.Equal(TestWorld.Oakland.Value, Assert.Single(preview.EnumerateArray()).GetProperty("leaId").GetString());
        for (var run = 0; run < 2; run++)
            Assert.Equal(StatusResult.Types.Status.Success, (await Host.FireTimerAsync("SendExpiryReminders")).Status);
        using var message = new MemoryStream(Encoding.UTF8.GetBytes(Assert.Single(running.Services.Smtp.Messages)));
        using var email = await MimeMessage.LoadAsync(message, Cancellation);
        Assert.Equal("rosa@lea.example", Assert.Single(email.To.Mailboxes).Address);
        Assert.Contains("Pacific Time", email.TextBody, StringComparison.Ordinal);
        var announced = Assert.Single(running.Services.MyToms.Requests);
        Assert.Equal(("PUT", true), (announced.Method, announced.Authorization?.StartsWith("Bearer ", StringComparison.Ordinal)));

        // The key is shared: one of two openings gets the ciphertext.
        using var content = ApiHost.Json("""{"vendor":"Aeries","ciphertext":"AQID"}""");
        var share = (await Host.SendAsync(HttpMethod.Post, $"leas/{TestWorld.Oakland}/shares", "rosa", content)).Json.GetProperty("id").GetString();
        var openings = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Host.SendAsync(HttpMethod.Post, $"shares/{share}/opening")));
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Gone], openings.Select(opening => opening.Status).Order());
        var calendar = await Host.SendAsync(HttpMethod.Get, $"leas/{TestWorld.Oakland}/credentials/calendar?language=es", "rosa");
        Assert.StartsWith("BEGIN:VCALENDAR", calendar.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", HttpStatusCode.BadRequest)]
    [InlineData("""{"authorized":"perhaps"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"authorized":false,"wordingVersion":"2026-1"}""", HttpStatusCode.UnprocessableEntity)]
    public async Task A_malformed_body_is_refused_and_changes_nothing(string body, HttpStatusCode status)
    {
        var response = await Host.GenerateAsync("mei", TestWorld.Fresno, body: body);
        Assert.Equal(status, response.Status);
        Assert.NotEmpty(response.ProblemType);
        Assert.Equal("none", (await StatusAsync(TestWorld.Fresno, "mei")).Json.GetProperty("state").GetString());
    }

    [Fact]
    public async Task An_unexpected_exception_is_a_500_problem_that_reveals_nothing_and_is_logged()
    {
        await running.Services.Storage.Leas.AddEntityAsync(new TableEntity(TestWorld.Berkeley.Value, "credential"), Cancellation);

        var response = await StatusAsync(TestWorld.Berkeley, "bea");

        Assert.Equal((HttpStatusCode.InternalServerError, "unexpected"), (response.Status, response.ProblemType));
        Assert.DoesNotContain("Exception", response.Text, StringComparison.Ordinal);
        var logged = Assert.Single(Host.Logs, log => log.Message == "GetCredentials failed.");
        Assert.Contains("UnreadableRowException", logged.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_route_and_a_wrong_method_return_404()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await Host.SendAsync(HttpMethod.Get, "v2/token")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Host.SendAsync(HttpMethod.Get, "v1/token")).Status);
    }

    private Task<ApiResponse> StatusAsync(LeaId leaId, string? persona) => Host.SendAsync(HttpMethod.Get, $"leas/{leaId}/credentials", persona);

    private async Task<TokenResponse> TokenAsync(string secretKey, ClientCredentialStyle style)
    {
        using var request = new ClientCredentialsTokenRequest
        {
            Address = new Uri(Host.Client.BaseAddress!, "v1/token").ToString(),
            ClientId = $"sis-{TestWorld.Oakland}",
            ClientSecret = secretKey,
            ClientCredentialStyle = style,
        };
        return await Host.Client.RequestClientCredentialsTokenAsync(request, Cancellation);
    }

    /// <summary>Moves the expiry date in storage, because the app uses the system clock.</summary>
    private async Task MoveExpiryAsync(LeaId leaId, DateTimeOffset expiresAt)
    {
        var storage = running.Services.Storage;
        TableEntity row = await storage.Leas.GetEntityAsync<TableEntity>(leaId.Value, "credential", cancellationToken: Cancellation);
        row["GeneratedAt"] = expiresAt.AddDays(-365);
        row["ExpiresAt"] = expiresAt;
        await storage.Leas.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, Cancellation);
        var entry = await storage.Expirations.QueryAsync<TableEntity>($"RowKey eq '{leaId}'", cancellationToken: Cancellation).SingleAsync(Cancellation);
        entry.PartitionKey = expiresAt.UtcDateTime.ToString("yyyy-MM-dd", null);
        await storage.Expirations.AddEntityAsync(entry, Cancellation);
    }
}
