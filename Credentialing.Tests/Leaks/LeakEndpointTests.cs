using System.Net;
using System.Text.Json;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Leaks;

[Kind(TestKind.Storage)]
public sealed class LeakEndpointTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task TOMS_learns_whose_key_it_is_and_stops_it_and_the_coordinators_get_an_email()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa]));
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        var found = await ReportAsync(host, "toms", new { secretKey = $" {key} " });
        Assert.Equal(
            """{"match":"current","leaId":"01612590000000","leaName":"Oakland Unified","generation":1,"generatedAt":"2026-11-23T20:00:00Z","supersededAt":null,"isUsable":true,"action":"none","unreadable":[],"uncheckedKeys":0}""",
            found.Text);
        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);

        var stopped = await ReportAsync(host, "toms", new { secretKey = key, revoke = true, reason = "Found in a public repository" });
        Assert.Equal(("current", false, "credential-revoked"), StateIn(stopped));
        Assert.Equal("credentials-revoked", (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).ProblemType);
        Assert.Equal(["TOMS: Found in a public repository"], await RevocationsAsync());
        await Eventually.IsTrueAsync(() => world.Mail.Notices.Count == 1);
        Assert.Contains("TOMS revoked the SIS vendor credentials", world.Mail.Notices[0].Email.Subject, StringComparison.Ordinal);
        Assert.Contains("Reason: Found in a public repository", world.Mail.Notices[0].Email.Text, StringComparison.Ordinal);
        Assert.Equal(("current", false, "none"), StateIn(await ReportAsync(host, "toms", new { secretKey = key, revoke = true })));

        var next = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        Assert.Equal(("superseded", false, "none"), StateIn(await ReportAsync(host, "toms", new { secretKey = key, revoke = true })));
        await ReportAsync(host, "toms", new { secretKey = next, revoke = true });
        Assert.Equal(["TOMS: Found in a public repository", "TOMS: The secret key may have leaked."], await RevocationsAsync());

        async Task<IEnumerable<string>> RevocationsAsync() =>
            (await world.AuditEventsAsync(TestWorld.Oakland)).Where(row => row.GetString("Kind") == "credential-revoked").Select(row => $"{row.GetString("ByName")}: {row.GetString("Detail")}").Order();
    }

    [Theory]
    [InlineData("not a key", null, "invalid-secret-key")]
    [InlineData("", null, "invalid-secret-key")]
    [InlineData(null, null, "invalid-secret-key")]
    [InlineData("one digit changed", null, "invalid-secret-key")]
    [InlineData("key", "", "invalid-reason")]
    [InlineData("key", "two\nlines", "invalid-reason")]
    [InlineData("key", "it was: the key", "invalid-reason")]
    public async Task A_text_that_is_not_a_key_or_a_reason_is_rejected_without_a_scan(string? text, string? reason, string type)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        text = text switch { "key" => key, "one digit changed" => key[..10] + (key[10] == 'A' ? 'B' : 'A') + key[11..], _ => text };
        world.Traffic.Reset();

        var response = await ReportAsync(host, "toms", new { secretKey = text, revoke = true, reason = reason?.Replace("the key", key, StringComparison.Ordinal) });

        Assert.Equal((HttpStatusCode.UnprocessableEntity, type), (response.Status, response.ProblemType));
        Assert.DoesNotContain(key, response.Text, StringComparison.Ordinal);
        Assert.Empty(world.Traffic.Requests);
    }

    private static async Task<ApiResponse> ReportAsync(TestHost host, string? persona, object request, params string[] headers)
    {
        using var body = TestHost.Json(JsonSerializer.Serialize(request));
        return await host.SendAsync(HttpMethod.Post, "credentials/leaks", persona, body, headers);
    }

    private static (string?, bool, string?) StateIn(ApiResponse response) => (
        response.Json.GetProperty("match").GetString(), response.Json.GetProperty("isUsable").GetBoolean(), response.Json.GetProperty("action").GetString());
}
