using System.Globalization;
using System.Net;
using System.Text.Json;
using Azure.Data.Tables;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Endpoints;

/// <summary><c>GET leas</c>: the statewide overview for TOMS.</summary>
[Kind(TestKind.Storage)]
public sealed class OverviewEndpointTests(AzuriteFixture azurite)
{
    private static readonly Lea Penasco = new(TestWorld.Fresno, "Peñasco Union", [new("eva", "Eva Ruiz", null), TestWorld.Luis]);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_appears_after_its_response_and_the_use_of_a_key_with_the_check()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        using var lea = TestHost.Json("""{"name":"Oakland Unified","coordinators":[{"id":"rosa","name":"Rosa Delgado","email":"rosa@lea.example"},{"id":"luis","name":"Luis Ortega","email":"luis@lea.example"}]}""");
        await host.SendAsync(HttpMethod.Put, $"leas/{TestWorld.Oakland}", "toms", lea);
        await WaitForAsync(host, item => item.GetProperty("coordinators").GetArrayLength() == 2 && StateOf(item) == "none");
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await WaitForAsync(host, item => StateOf(item) == "active" && item.GetProperty("lastEmail") is { ValueKind: JsonValueKind.Object } email
            && email.GetProperty("kind").GetString() == "notice" && email.GetProperty("result").GetString() == "sent");
        await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential", "X-Vendor", "Aeries");
        // Not whether the use is shown already: the refresh that follows the notice may still be on its way, and show it.
        Assert.Equal(JsonValueKind.Null, (await host.SendAsync(HttpMethod.Get, "leas", "toms")).Json.GetProperty("asOf").ValueKind);

        Assert.Equal(HttpStatusCode.Accepted, (await host.SendAsync(HttpMethod.Post, "/admin/functions/CheckOverview")).Status);
        var used = await WaitForAsync(host, item => item.GetProperty("lastUse").ValueKind is JsonValueKind.Object);
        Assert.Equal(("Aeries", "2026-11-23"), (used.GetProperty("lastUse").GetProperty("client").GetString(), used.GetProperty("lastUse").GetProperty("on").GetString()));

        await host.MustRevokeAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        await WaitForAsync(host, item => StateOf(item) == "revoked");
        await Eventually.IsTrueAsync(async () => (await host.SendAsync(HttpMethod.Get, "leas", "toms")).Json.GetProperty("asOf").ValueKind is JsonValueKind.String);
    }

    [Fact]
    public async Task The_daily_run_refreshes_the_LEAs_with_an_email()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.SendAsync(HttpMethod.Post, "/admin/functions/SendExpiryReminders");
        var lea = await WaitForAsync(host, item => item.GetProperty("lastEmail").ValueKind is JsonValueKind.Object);
        Assert.Equal(("reminder", 14), (lea.GetProperty("lastEmail").GetProperty("kind").GetString(), lea.GetProperty("lastEmail").GetProperty("milestone").GetInt32()));
    }

    [Theory]
    [InlineData("", "01611430000000 01612590000000 10621660000000")]
    [InlineData("?state=active", "01611430000000")]
    [InlineData("?state=none", "10621660000000")]
    [InlineData("?state=expired", "")]
    [InlineData("?state=revoked", "01612590000000")]
    [InlineData("?expiresWithin=364", "")]
    [InlineData("?expiresWithin=365", "01611430000000")]
    [InlineData("?q=PENASCO", "10621660000000")]
    [InlineData("?q=0161", "01611430000000 01612590000000")]
    [InlineData("?q=0161&state=revoked", "01612590000000")]
    [InlineData("?after=01612590000000", "10621660000000")]
    public async Task The_list_can_be_filtered_as_JSON_and_as_CSV(string query, string expected)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.SaveAsync(Penasco);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Rosa, "It was disclosed.", seenGeneration: 1, Cancellation);
        await world.Overview.CheckAsync(Cancellation);
        await using var host = await TestHost.StartAsync(world);

        var page = (await host.SendAsync(HttpMethod.Get, "leas" + query, "toms")).Json;
        Assert.Equal(expected, string.Join(' ', page.GetProperty("leas").EnumerateArray().Select(lea => lea.GetProperty("leaId").GetString())));
        Assert.Equal((JsonValueKind.Null, "America/Los_Angeles"), (page.GetProperty("next").ValueKind, page.GetProperty("timeZone").GetString()));

        if (query.Contains("after", StringComparison.Ordinal))
            return;
        var file = await host.SendAsync(HttpMethod.Get, "leas" + query, "toms", headers: ["Accept", "text/csv"]);
        var lines = file.Text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected, string.Join(' ', lines.Skip(1).Select(line => line.Split(',')[0])));
        Assert.Equal("attachment; filename=sis-vendor-credentials.csv", file.ContentHeaders.ContentDisposition?.ToString().Split("; filename*")[0]);
        if (query == "?q=PENASCO")
            Assert.EndsWith(",Eva Ruiz; Luis Ortega <luis@lea.example>,Eva Ruiz,", lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("*/*")]
    [InlineData("text/*")]
    [InlineData("text/csv;q=0")]
    public async Task A_request_that_does_not_name_CSV_gets_JSON(string accept)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        Assert.Equal("application/json", (await host.SendAsync(HttpMethod.Get, "leas", "toms", headers: ["Accept", accept])).ContentHeaders.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("?state=all", "invalid-state")]
    [InlineData("?state=", "invalid-state")]
    [InlineData("?state=none&state=active", "invalid-state")]
    [InlineData("?q=a&q=b", "invalid-search")]
    [InlineData("?expiresWithin=soon", "invalid-days")]
    [InlineData("?expiresWithin=366", "invalid-days")]
    [InlineData("?after=1", "invalid-after")]
    [InlineData("?after=01612590000000&after=01612590000000", "invalid-after")]
    public async Task An_invalid_parameter_returns_400(string query, string type)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        foreach (var accept in (string[])["application/json", "text/csv"])
            Assert.Equal(type, (await host.SendAsync(HttpMethod.Get, "leas" + query, "toms", headers: ["Accept", accept])).ProblemType);
        Assert.Equal("invalid-search", (await host.SendAsync(HttpMethod.Get, $"leas?q={new string('a', 201)}", "toms")).ProblemType);
    }

    /// <summary>The number of LEAs in California.</summary>
    [Fact]
    public async Task All_2300_LEAs_are_read_with_at_most_20_storage_requests()
    {
        const int Leas = 2_300;
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.Overview.RefreshAsync(TestWorld.Oakland);
        var model = (await world.RowsAsync("Overview")).Single();
        foreach (var batch in Enumerable.Range(1, Leas - 1).Chunk(100))
        {
            await world.Account.Tables().GetTableClient("Overview").SubmitTransactionAsync(batch.Select(number => new TableTransactionAction(
                TableTransactionActionType.Add, new TableEntity(model) { RowKey = number.ToString("D14", CultureInfo.InvariantCulture) })), Cancellation);
        }

        await using var host = await TestHost.StartAsync(world);
        world.Traffic.Reset();
        var ids = new List<string>();
        for (string? next = ""; next is not null;)
        {
            var page = (await host.SendAsync(HttpMethod.Get, $"leas?state=active{(next.Length == 0 ? "" : $"&after={next}")}", "toms")).Json;
            ids.AddRange(page.GetProperty("leas").EnumerateArray().Select(lea => lea.GetProperty("leaId").GetString()!));
            next = page.GetProperty("next").GetString();
        }

        Assert.Equal((Leas, Leas), (ids.Count, ids.Distinct(StringComparer.Ordinal).Count()));
        Assert.Equal(6, world.Traffic.Requests.Count); // three pages, and each time the row of the last check

        world.Traffic.Reset();
        var file = await host.SendAsync(HttpMethod.Get, "leas", "toms", headers: ["Accept", "text/csv"]);
        Assert.Equal(1 + Leas, file.Text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(3, world.Traffic.Requests.Count);
    }

    [Fact]
    public async Task Storage_faults_return_503()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        world.Traffic.InjectFault = _ => Fault.ConnectionFailed;
        foreach (var accept in (string[])["application/json", "text/csv"])
            Assert.Equal("unavailable", (await host.SendAsync(HttpMethod.Get, "leas", "toms", headers: ["Accept", accept])).ProblemType);
    }

    private static string? StateOf(JsonElement lea) => lea.GetProperty("state").GetString();

    /// <summary>Waits until the list has Oakland as expected.</summary>
    private static async Task<JsonElement> WaitForAsync(TestHost host, Func<JsonElement, bool> isExpected)
    {
        JsonElement found = default;
        await Eventually.IsTrueAsync(async () =>
        {
            var leas = (await host.SendAsync(HttpMethod.Get, "leas", "toms")).Json.GetProperty("leas");
            if (leas.GetArrayLength() == 0)
                return false;
            found = leas[0];
            return isExpected(found);
        });
        return found;
    }
}
