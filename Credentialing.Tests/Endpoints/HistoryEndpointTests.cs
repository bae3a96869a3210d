using System.Net;
using System.Text.Json;
using Azure.Data.Tables;
using Credentialing.Core.Audit;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.Endpoints;

[Kind(TestKind.Storage)]
public sealed class HistoryEndpointTests(AzuriteFixture azurite)
{
    private const string Events = "leas/01612590000000/events";
    private static readonly string[] AcceptCsv = ["Accept", "text/csv"];

    [Fact]
    public async Task Every_change_of_a_year_is_in_the_history_with_its_details()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        world.Mail.RejectedAddresses.Add("luis@lea.example");
        await SaveAsync("Oakland", TestWorld.Luis);
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        await SaveAsync("Oakland Unified", TestWorld.Luis with { Language = Language.Spanish }, TestWorld.Rosa);
        await RunWithClockAsync(world); // the notice to both
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        var (opened, canceled, expired) = (await ShareAsync("Aeries"), await ShareAsync("SEIS"), await ShareAsync("Q"));
        await host.SendAsync(HttpMethod.Post, $"shares/{opened}/opening");
        await host.SendAsync(HttpMethod.Delete, $"leas/{TestWorld.Oakland}/shares/{canceled}", "luis");
        world.Clock.Advance(TimeSpan.FromDays(8));
        await RunWithClockAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 7);
        await host.SendAsync(HttpMethod.Delete, $"leas/{TestWorld.Oakland}/credentials/previous", "luis");
        foreach (var days in (int[])[351, 1, 13])
        {
            world.Clock.Advance(TimeSpan.FromDays(days));
            await RunWithClockAsync(world);
        }

        await host.MustRevokeAsync("toms", TestWorld.Oakland, seenGeneration: 2, "The vendor was sold.");
        await RunWithClockAsync(world);

        var events = (await AllAsync(host)).ToLookup(item => Text(item, "kind"));
        Assert.Equal(["rosa"], Details(events["lea-saved"].First(), "added").Select(name => name.Split('(', ')')[1]));
        Assert.Equal(("Oakland Unified", "Luis Ortega (luis)"), (events["lea-saved"].First().GetProperty("details").GetProperty("name").GetString(), Assert.Single(Details(events["lea-saved"].First(), "changed"))));
        Assert.Equal("toms", Text(events["lea-saved"].First().GetProperty("by"), "source"));
        var generated = Assert.Single(events["credential-generated"]);
        Assert.Equal(("person", "Rosa Delgado", "2026-1"), (Text(generated.GetProperty("by"), "source"), Text(generated.GetProperty("by"), "name"), Text(generated.GetProperty("details"), "wording")));
        Assert.Equal(JsonValueKind.String, Assert.Single(events["credential-regenerated"]).GetProperty("previousUntil").ValueKind);
        Assert.Equal("Luis Ortega", Text(Assert.Single(events["previous-key-ended"]).GetProperty("by"), "name"));
        Assert.Equal(("The vendor was sold.", "TOMS"), (Text(Assert.Single(events["credential-revoked"]), "detail"), Text(events["credential-revoked"].Single().GetProperty("by"), "name")));
        Assert.Equal(("Aeries", "vendor"), (Text(Assert.Single(events["share-opened"]).GetProperty("details"), "vendor"), Text(events["share-opened"].Single().GetProperty("by"), "source")));
        Assert.Equal("SEIS", Text(Assert.Single(events["share-canceled"]).GetProperty("details"), "vendor"));
        Assert.Equal(("Q", "daily-run"), (Text(Assert.Single(events["share-expired"]).GetProperty("details"), "vendor"), Text(events["share-expired"].Single().GetProperty("by"), "source")));
        Assert.Equal(3, events["share-created"].Count());
        var reminded = events["reminder-sent"].Last().GetProperty("details");
        Assert.Equal((14, "rosa@lea.example", "luis@lea.example"), (reminded.GetProperty("milestone").GetInt32(), Assert.Single(Strings(reminded, "to")), Assert.Single(Strings(reminded, "rejected"))));
        Assert.Contains(events["notice-sent"], item => Text(item.GetProperty("details"), "about") == "credential-revoked" && Text(item.GetProperty("by"), "source") == "notices");
        // The daily change of the number of days in the announcement is no event.
        Assert.Equal([0, 14], events["announcement-posted"].Select(item => item.GetProperty("details").GetProperty("daysRemaining").GetInt32()));
        Assert.Single(events["announcement-removed"]);
        Assert.DoesNotContain(world.Traffic.Requests, request => request.Contains("tsk_", StringComparison.Ordinal));
        Assert.Equal(
            events.SelectMany(group => group).Select(item => item.GetProperty("at").GetDateTime()).OrderDescending(),
            (await AllAsync(host)).Select(item => item.GetProperty("at").GetDateTime()));

        Task SaveAsync(string name, params Coordinator[] coordinators) =>
            world.Register.SaveAsync(new Lea(TestWorld.Oakland, name, coordinators), "toms", TestContext.Current.CancellationToken);

        async Task<string> ShareAsync(string vendor)
        {
            using var body = ApiHost.Json($$"""{"vendor":"{{vendor}}","expiresInHours":168,"ciphertext":"AQID"}""");
            return (await host.SendAsync(HttpMethod.Post, $"leas/{TestWorld.Oakland}/shares", "rosa", body)).Json.GetProperty("id").GetString()!;
        }
    }

    [Fact]
    public async Task Pages_are_read_to_the_end_without_gaps_or_repetitions_while_events_are_added_and_the_CSV_file_has_the_same_events()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await AddEventsAsync(world, AuditTrail.PageSize + AuditTrail.PageSize / 2);
        await AddEventsAsync(world, AuditTrail.PageSize / 2); // two full pages
        var before = (await world.AuditEventsAsync(TestWorld.Oakland)).Select(row => row.RowKey["event:".Length..]).ToList();

        var ids = new List<string>();
        string? next = null;
        do
        {
            world.Traffic.Reset();
            var page = (await host.SendAsync(HttpMethod.Get, next is null ? Events : $"{Events}?after={Uri.EscapeDataString(next)}", "rosa")).Json;
            Assert.Single(world.Traffic.Requests);
            ids.AddRange(page.GetProperty("events").EnumerateArray().Select(item => Text(item, "id")));
            Assert.Equal("America/Los_Angeles", Text(page, "timeZone"));
            next = page.GetProperty("next").GetString();
            world.Clock.Advance(TimeSpan.FromSeconds(1));
            await AddEventsAsync(world, 1);
        }
        while (next is not null);

        Assert.Equal(before, ids);
        var csv = await host.SendAsync(HttpMethod.Get, Events, "toms", null, AcceptCsv);
        Assert.Equal("attachment; filename=sis-vendor-credentials-history-01612590000000.csv; filename*=UTF-8''sis-vendor-credentials-history-01612590000000.csv", csv.ContentHeaders.ContentDisposition!.ToString());
        var lines = csv.Text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("\uFEFFid,at,localTime,kind,by,byName,generation,", lines[0], StringComparison.Ordinal);
        Assert.Equal(before, lines[^before.Count..].Select(line => line.Split(',')[0]));
        Assert.Contains(",2026-11-23 12:00:00,credential-revoked,person,Rosa Delgado,7,", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_that_is_damaged_or_of_a_newer_release_is_shown_as_unreadable_and_does_not_hide_the_others()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await AddEventsAsync(world, 4);
        var rows = await world.AuditEventsAsync(TestWorld.Oakland);
        foreach (var (row, column, value) in ((TableEntity, string, object)[])[(rows[1], "SchemaVersion", 9), (rows[2], "Generation", "seven")])
        {
            row[column] = value;
            await world.Storage.Leas.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, TestContext.Current.CancellationToken);
        }

        await world.Storage.Leas.AddEntityAsync(new TableEntity(TestWorld.Oakland.Value, "event:rubbish"), TestContext.Current.CancellationToken);

        var events = await AllAsync(host);
        Assert.Equal(["credential-revoked", "unreadable", "unreadable", "credential-revoked"], events.Select(item => Text(item, "kind")));
        Assert.All(events, item => Assert.Equal(world.Clock.GetUtcNow().UtcDateTime, item.GetProperty("at").GetDateTime(), TimeSpan.FromSeconds(1)));
        Assert.Equal(JsonValueKind.Null, events[1].GetProperty("by").ValueKind);
        Assert.Contains(",unreadable,,", (await host.SendAsync(HttpMethod.Get, Events, "rosa", null, AcceptCsv)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_column_hides_no_event()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        object?[] values = [null, "rubbish", 1L, true, Array.Empty<byte>()];
        await AddEventsAsync(world, 1);
        var columns = (await world.AuditEventsAsync(TestWorld.Oakland))[0].Keys.Except(["odata.etag", "PartitionKey", "RowKey", "Timestamp"]).ToList();
        columns.AddRange(typeof(AuditDetails).GetProperties().Select(property => property.Name));
        foreach (var column in columns)
        {
            await world.Storage.Leas.SubmitTransactionAsync(
                values.Select(value =>
                {
                    var insert = AuditEvent.CredentialRevoked(TestWorld.Oakland, world.Clock.GetUtcNow(), "rosa", "Rosa Delgado", 7, "It was disclosed.").ToAction();
                    ((TableEntity)insert.Entity)[column] = value;
                    return insert;
                }),
                TestContext.Current.CancellationToken);
        }

        Assert.InRange(columns.Count, 20, 30);
        var csv = await host.SendAsync(HttpMethod.Get, Events, "rosa", null, AcceptCsv);
        Assert.Equal(1 + 1 + columns.Count * values.Length, csv.Text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(AuditTrail.PageSize, (await AllAsync(host)).Count);
    }

    [Fact]
    public async Task Without_storage_the_response_is_503_and_a_CSV_file_that_fails_later_is_aborted()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await AddEventsAsync(world, 1_001);
        foreach (var headers in (string[][])[[], AcceptCsv])
        {
            world.Traffic.InjectFault = _ => Fault.ConnectionFailed;
            var response = await host.SendAsync(HttpMethod.Get, Events, "rosa", null, headers);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (response.Status, response.ProblemType));
        }

        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number == 1 ? Fault.None : Fault.ConnectionFailed;
        await Assert.ThrowsAsync<HttpRequestException>(() => host.SendAsync(HttpMethod.Get, Events, "rosa", null, AcceptCsv));
    }

    [Theory]
    [InlineData("?after=")]
    [InlineData("?after=1")]
    [InlineData("?after=0000000000000000000:0000000g")]
    [InlineData("?after=0000000000000000000:00000000'%20or%20PartitionKey%20ne%20'")]
    [InlineData("?after=0000000000000000000:00000000&after=0000000000000000000:00000000")]
    public async Task An_invalid_page_is_refused(string query)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var response = await host.SendAsync(HttpMethod.Get, Events + query, "rosa");
        Assert.Equal((HttpStatusCode.BadRequest, "invalid-after"), (response.Status, response.ProblemType));
        Assert.Empty(world.Traffic.Requests);
    }

    /// <summary>Adds events at the current time, in batches of the maximum size.</summary>
    private static async Task AddEventsAsync(TestWorld world, int count)
    {
        foreach (var batch in Enumerable.Range(0, count).Chunk(100))
        {
            var at = world.Clock.GetUtcNow();
            await world.Account.Tables().GetTableClient("Leas").SubmitTransactionAsync(
                batch.Select(number => AuditEvent.CredentialRevoked(TestWorld.Oakland, at.AddTicks(number), "rosa", "Rosa Delgado", 7, "It was disclosed.").ToAction()),
                TestContext.Current.CancellationToken);
        }
    }

    private static async Task<IReadOnlyList<JsonElement>> AllAsync(TestHost host) =>
        [.. (await host.SendAsync(HttpMethod.Get, Events, "rosa")).Json.GetProperty("events").EnumerateArray()];

    private static string Text(JsonElement item, string property) => item.GetProperty(property).GetString()!;

    private static IEnumerable<string> Details(JsonElement item, string property) => Strings(item.GetProperty("details"), property);

    private static IEnumerable<string> Strings(JsonElement details, string property) => details.GetProperty(property).EnumerateArray().Select(value => value.GetString()!);
}
