using System.Net;
using System.Security.Cryptography;
using System.Text;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leaks;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Leaks;

/// <summary>The messages of GitHub's secret scanning partner program.</summary>
[Kind(TestKind.Storage)]
public sealed class SecretScanningTests(AzuriteFixture azurite)
{
    private const string Reason = "The secret key was found by GitHub secret scanning.";

    [Fact]
    public async Task A_message_stops_the_keys_that_work_tells_the_coordinators_and_returns_what_each_match_was()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var gitHub = await SecretScanningServer.StartAsync();
        await using var host = await gitHub.StartAppAsync(world);
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa, TestWorld.Luis]));
        var superseded = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var previous = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        var kept = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 2, keepPreviousForDays: 7);
        var current = await host.MustGenerateAsync("bea", TestWorld.Berkeley);
        var unknown = SecretKey.Generate().Reveal();
        using var counted = Metrics.Collect<long>(host.Meters, "credentialing.leaks");
        await Eventually.IsTrueAsync(() => world.Mail.Notices.Count == 3); // the notices of the generations, to Luis
        world.Traffic.Reset();
        var message = SecretScanningServer.MessageOf(superseded, previous, "tsk_EXAMPLE", current, unknown, previous);

        var response = await gitHub.SendAsync(host, message);

        Assert.Equal(HttpStatusCode.OK, response.Status);
        Assert.Equal(
            [(superseded, true), (previous, true), ("tsk_EXAMPLE", false), (current, true), (unknown, false)],
            response.Json.EnumerateArray().Select(item => (
                new[] { superseded, previous, "tsk_EXAMPLE", current, unknown }.Single(token => item.GetProperty("token_hash").GetString() == HashOf(token)),
                item.GetProperty("label").GetString() is "true_positive")));
        Assert.All(response.Json.EnumerateArray(), item => Assert.Equal(("toms_secret_key", 3), (item.GetProperty("token_type").GetString(), item.EnumerateObject().Count())));
        Assert.DoesNotContain("tsk_", response.Text, StringComparison.Ordinal);
        Assert.Single(world.Traffic.Requests, request => request.StartsWith("GET /", StringComparison.Ordinal) && !request.Contains("PartitionKey", StringComparison.Ordinal) && request.Contains("superseded", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.AsVendorAsync(TestWorld.Oakland, previous, "v1/credential")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, kept, "v1/credential")).Status);
        Assert.Equal("credentials-revoked", (await host.AsVendorAsync(TestWorld.Berkeley, current, "v1/credential")).ProblemType);
        var ended = (await world.AuditEventsAsync(TestWorld.Oakland)).Single(row => row.GetString("Kind") == "previous-key-ended");
        Assert.Equal(("github-secret-scanning", "TOMS", 2, Reason), (ended.GetString("ById"), ended.GetString("ByName"), ended.GetInt32("Generation"), ended.GetString("Detail")));
        Assert.Contains(await world.AuditEventsAsync(TestWorld.Berkeley), row => row.GetString("Kind") == "credential-revoked" && row.GetString("Detail") == Reason);
        await Eventually.IsTrueAsync(() => world.Mail.Notices.Count == 4);
        var email = world.Mail.Notices[^1].Email;
        Assert.Equal(["luis@lea.example", "rosa@lea.example"], email.Addresses.Order());
        Assert.Contains("TOMS stopped the old secret key", email.Subject, StringComparison.Ordinal);
        Assert.Contains($"Reason: {Reason}", email.Text, StringComparison.Ordinal);
        Assert.Equal(
            ["current github", "previous github", "superseded github", "unknown github"],
            counted.GetMeasurementSnapshot().Select(measurement => $"{measurement.Tags["match"]} {measurement.Tags["by"]}").Order());

        // GitHub repeats a message whose response it did not receive.
        Assert.Equal(response.Text, (await gitHub.SendAsync(host, message)).Text);
        Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland), row => row.GetString("Kind") == "previous-key-ended");
        Assert.Single(await world.AuditEventsAsync(TestWorld.Berkeley), row => row.GetString("Kind") == "credential-revoked");
        Assert.Equal((1, "Credentialing"), (gitHub.Requests, gitHub.UserAgent));
    }

    [Fact]
    public async Task A_message_without_a_valid_signature_changes_nothing()
    {
        using var logs = new CapturedLogs();
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var gitHub = await SecretScanningServer.StartAsync();
        await using var host = await gitHub.StartAppAsync(world, builder => logs.Attach(builder.Logging));
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var message = SecretScanningServer.MessageOf(key);
        var signature = gitHub.Sign(message);

        ApiResponse[] responses =
        [
            await gitHub.SendAsync(host, message + " ", signature: signature), // a changed body
            await gitHub.SendAsync(host, "[", signature: signature), // not parsed
            await gitHub.SendAsync(host, message, signature: gitHub.Sign("[]")),
            await gitHub.SendAsync(host, message, signature: signature[..^4]),
            await gitHub.SendAsync(host, message, signature: "not base64"),
            await gitHub.SendAsync(host, message, signature: "AAAA"),
            await gitHub.SendAsync(host, message, identifier: "key-2"),
            await gitHub.SendAsync(host, message, identifier: "malformed"),
            await host.SendAsync(HttpMethod.Post, "github/secret-scanning", null, ApiHost.Json(message), "Github-Public-Key-Identifier", "key-1"),
            await host.SendAsync(HttpMethod.Post, "github/secret-scanning", null, ApiHost.Json(message), "Github-Public-Key-Signature", signature),
            await host.SendAsync(HttpMethod.Post, "github/secret-scanning", null, ApiHost.Json(message), "Github-Public-Key-Identifier", "key-1", "Github-Public-Key-Signature", signature, "Github-Public-Key-Signature", "AAAA"),
            await gitHub.SendAsync(host, message, signature: IeeeSignatureOf(message)), // of another key, in another format
        ];

        Assert.All(responses, response => Assert.Equal((HttpStatusCode.Forbidden, "invalid-signature"), (response.Status, response.ProblemType)));
        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);
        Assert.Equal(HttpStatusCode.OK, (await gitHub.SendAsync(host, message)).Status);
        Assert.DoesNotContain(logs.Lines, line => line.Contains(key[4..56], StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Without_the_setting_no_message_is_accepted()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var gitHub = await SecretScanningServer.StartAsync();
        await using var host = await TestHost.StartAsync(world);

        var response = await gitHub.SendAsync(host, "[]");

        Assert.Equal((HttpStatusCode.NotFound, "secret-scanning-off"), (response.Status, response.ProblemType));
        Assert.Equal(0, gitHub.Requests);
    }

    [Fact]
    public async Task The_public_keys_are_cached_and_invented_identifiers_cause_few_requests()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var gitHub = await SecretScanningServer.StartAsync();
        await using var host = await gitHub.StartAppAsync(world);

        Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => gitHub.SendAsync(host, "[]"))), response => Assert.Equal("[]", response.Text));
        Assert.Equal(1, gitHub.Requests);
        for (var number = 0; number < 20; number++)
            Assert.Equal(HttpStatusCode.Forbidden, (await gitHub.SendAsync(host, "[]", identifier: $"invented-{number}")).Status);
        Assert.Equal(1, gitHub.Requests);
        world.Clock.Advance(SecretScanningKeys.MinInterval);
        for (var number = 0; number < 20; number++)
            Assert.Equal(HttpStatusCode.Forbidden, (await gitHub.SendAsync(host, "[]", identifier: $"invented-{number}")).Status);
        Assert.Equal(2, gitHub.Requests);

        gitHub.Rotate("key-2");
        world.Clock.Advance(SecretScanningKeys.MinInterval);
        Assert.Equal(HttpStatusCode.OK, (await gitHub.SendAsync(host, "[]")).Status); // with the new key
        Assert.Equal(HttpStatusCode.Forbidden, (await gitHub.SendAsync(host, "[]", identifier: "key-1")).Status);
        Assert.Equal(3, gitHub.Requests);
        world.Clock.Advance(SecretScanningKeys.RefreshInterval);
        Assert.Equal(HttpStatusCode.OK, (await gitHub.SendAsync(host, "[]")).Status);
        Assert.Equal(4, gitHub.Requests);
    }

    [Theory]
    [InlineData(503, null)]
    [InlineData(403, null)]
    [InlineData(302, null)]
    [InlineData(200, "<html>")]
    [InlineData(200, "[]")]
    [InlineData(200, "too long")]
    public async Task If_the_public_keys_cannot_be_read_the_response_is_503_and_cached_keys_are_used_for_a_day(int status, string? body)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var gitHub = await SecretScanningServer.StartAsync();
        await using var host = await gitHub.StartAppAsync(world);
        (gitHub.Status, gitHub.Body) = (status, body is "too long" ? new string(' ', 70_000) : body);

        var response = await SendAsync();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (response.Status, response.ProblemType));
        Assert.NotNull(response.Headers.RetryAfter);
        var requests = gitHub.Requests;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await SendAsync()).Status);
        Assert.Equal(requests, gitHub.Requests);

        (gitHub.Status, gitHub.Body) = (200, null);
        world.Clock.Advance(SecretScanningKeys.MinInterval);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync()).Status);
        (gitHub.Status, gitHub.Body) = (status, body is "too long" ? new string(' ', 70_000) : body);
        world.Clock.Advance(SecretScanningKeys.MaxAge - TimeSpan.FromHours(1));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync()).Status);
        world.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await SendAsync()).Status);

        async Task<ApiResponse> SendAsync()
        {
            var sending = gitHub.SendAsync(host, "[]");
            await world.Clock.AdvanceUntilAsync(sending); // the retries
            return await sending;
        }
    }

    [Fact]
    public async Task A_listed_key_on_another_curve_is_not_used()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var gitHub = await SecretScanningServer.StartAsync();
        await using var host = await gitHub.StartAppAsync(world);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        gitHub.Body = gitHub.List(other.ExportSubjectPublicKeyInfoPem());

        var signature = Convert.ToBase64String(other.SignData("[]"u8, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        Assert.Equal("invalid-signature", (await gitHub.SendAsync(host, "[]", signature: signature)).ProblemType);
    }

    [Fact]
    public async Task If_the_scan_fails_the_response_is_503_and_the_repeated_message_stops_the_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var gitHub = await SecretScanningServer.StartAsync();
        await using var host = await gitHub.StartAppAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var message = SecretScanningServer.MessageOf(key);
        world.Traffic.InjectFault = _ => Fault.ConnectionFailed;
        var failed = await gitHub.SendAsync(host, message);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (failed.Status, failed.ProblemType));

        world.Traffic.InjectFault = null;
        Assert.Contains("true_positive", (await gitHub.SendAsync(host, message)).Text, StringComparison.Ordinal);
        Assert.Equal("credentials-revoked", (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).ProblemType);
    }

    [Fact]
    public async Task A_match_has_no_label_if_a_row_of_its_LEA_may_be_unreadable()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var gitHub = await SecretScanningServer.StartAsync();
        await using var host = await gitHub.StartAppAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await world.Storage.Leas.AddEntityAsync(new Azure.Data.Tables.TableEntity(TestWorld.Berkeley.Value, "credential"), TestContext.Current.CancellationToken);

        var response = await gitHub.SendAsync(host, SecretScanningServer.MessageOf(SecretKey.Generate().Reveal(), key, "tsk_EXAMPLE"));

        Assert.Equal([(HashOf(key), "true_positive"), (HashOf("tsk_EXAMPLE"), "false_positive")], response.Json.EnumerateArray().Select(item => (item.GetProperty("token_hash").GetString()!, item.GetProperty("label").GetString()!)));
    }

    [Theory]
    [InlineData("", 200)]
    [InlineData("[]", 200)]
    [InlineData("[null,{},{\"token\":null,\"type\":\"t\"}]", 200)]
    [InlineData("{}", 400)]
    [InlineData("[1]", 400)]
    [InlineData("[", 400)]
    [InlineData("1000 matches", 200)]
    [InlineData("1001 matches", 400)]
    [InlineData("260000 characters", 200)]
    [InlineData("263000 characters", 413)]
    public async Task A_signed_message_is_a_list_of_limited_length(string message, int status)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var gitHub = await SecretScanningServer.StartAsync();
        await using var host = await gitHub.StartAppAsync(world);
        if (message.Split(' ') is [var count, var unit])
        {
            message = unit is "characters"
                ? $"[{new string(' ', int.Parse(count, null))}]"
                : $"[{string.Join(',', Enumerable.Range(0, int.Parse(count, null)).Select(number => $$"""{"token":"tsk_{{number}}","type":"t","url":"","source":"commit"}"""))}]";
        }

        // Members may be missing here, which the description does not allow: the request is sent without its check.
        using var client = new HttpClient { BaseAddress = host.Client.BaseAddress };
        using var request = new HttpRequestMessage(HttpMethod.Post, "github/secret-scanning") { Content = new StringContent(message, Encoding.UTF8, "application/json") };
        request.Headers.Add("Github-Public-Key-Identifier", gitHub.KeyIdentifier);
        request.Headers.Add("Github-Public-Key-Signature", gitHub.Sign(message));
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)response.StatusCode);
    }

    /// <summary>The example of an earlier version of GitHub's documentation, signed by GitHub.</summary>
    [Fact]
    public void The_signature_of_GitHubs_own_example_is_valid()
    {
        const string PublicKey = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUqkCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==";
        const string Signature = "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc=";
        var key = new SecretScanningKey("90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a", Convert.FromBase64String(PublicKey));

        Assert.True(key.Verifies("""[{"token":"some_token","type":"some_type","url":"some_url"}]"""u8, Signature));
        Assert.False(key.Verifies("""[{"token":"some_token","type":"some_type","url":"some-url"}]"""u8, Signature));
    }

    private static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private static string IeeeSignatureOf(string message)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.SignData(Encoding.UTF8.GetBytes(message), HashAlgorithmName.SHA256));
    }
}
