using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Tests.Endpoints;

[Kind(TestKind.Storage)]
public sealed class ReminderPreviewTests(AzuriteFixture azurite)
{
    private const string Route = "reminders/preview";

    [Theory]
    [InlineData("?on=")]
    [InlineData("?on")]
    [InlineData("?on=rubbish")]
    [InlineData("?on=tomorrow")]
    [InlineData("?on=11/24/2026")]
    [InlineData("?on=2026-12-1")]
    [InlineData("?on=2027-02-29")]
    [InlineData("?on=%202026-12-01")]
    [InlineData("?on=2026-12-01T00:00:00Z")]
    [InlineData("?on=%D9%A2%D9%A0%D9%A2%D9%A6-12-01")]
    [InlineData("?on=2026-11-22")] // yesterday
    [InlineData("?on=0001-01-01")]
    [InlineData("?on=2028-11-24")] // two years and a day ahead
    [InlineData("?on=2029-11-23")]
    [InlineData("?on=9999-12-31")]
    [InlineData("?on=2026-12-01&on=2026-12-01")]
    [InlineData("?on=2026-12-01,2026-12-02")]
    public async Task An_invalid_date_returns_400(string query)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var response = await host.SendAsync(HttpMethod.Get, Route + query, "toms");
        Assert.Equal((HttpStatusCode.BadRequest, "invalid-date"), (response.Status, response.ProblemType));
        Assert.Empty(world.Traffic.Requests);
    }

    /// <summary>Dates are in the LEAs' time zone. In their evening, the UTC date is already the next day.</summary>
    [Theory]
    [InlineData("", "2026-11-23", "2026-11-24T04:30:00Z")]
    [InlineData("?on=2026-11-23", "2026-11-23", "2026-11-24T04:30:00Z")]
    [InlineData("?on=2026-11-24", "2026-11-24", "2026-11-25T04:30:00Z")]
    [InlineData("?on=2027-07-01", "2027-07-01", "2027-07-02T03:30:00Z")] // daylight saving time
    [InlineData("?on=2028-11-23", "2028-11-23", "2028-11-24T04:30:00Z")]
    [InlineData("?On=2026-11-24", "2026-11-24", "2026-11-25T04:30:00Z")]
    public async Task The_preview_is_for_today_or_the_given_date_at_the_current_time_of_day(string query, string on, string at)
    {
        await using var world = await TestWorld.CreateAsync(azurite, new DateTimeOffset(2026, 11, 24, 4, 30, 0, TimeSpan.Zero));
        await using var host = await TestHost.StartAsync(world);
        Assert.Equal($$"""{"on":"{{on}}","at":"{{at}}","leas":[],"expired":[],"problems":[],"failures":[]}""", (await GetAsync(host, query)).Text);
        Assert.Equal(2, world.Traffic.Requests.Count); // what is due, and what the run does not read
    }

    [Fact]
    public async Task The_preview_lists_expired_LEAs_and_problems_that_only_a_person_can_correct_without_further_requests()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa with { Email = null }]));
        await world.GenerateAsync(TestWorld.Oakland, by: TestWorld.Rosa with { Email = null });
        await world.SaveAsync(new Lea(TestWorld.Fresno, "Fresno Unified", [TestWorld.Rosa, TestWorld.Luis]));
        world.Clock.Advance(TimeSpan.FromDays(7));
        await world.MustGenerateAsync(TestWorld.Berkeley);
        await world.MustGenerateAsync(TestWorld.Fresno);
        world.Clock.Advance(TimeSpan.FromDays(359));
        world.Mail.RejectedAddresses.Add("rosa@lea.example");
        await world.Run.RunAsync(TestContext.Current.CancellationToken);
        await using var host = await TestHost.StartAsync(world);
        world.Traffic.Reset();

        var preview = (await GetAsync(host)).Json;

        Assert.Equal(5, world.Traffic.Requests.Count); // the index, what the run does not read, and the rows of each LEA
        Assert.Equal("""[{"leaId":"01612590000000","name":"Oakland Unified","expiredAt":"2027-11-23T20:00:00Z"}]""", preview.GetProperty("expired").GetRawText());
        Assert.Equal(
            [("01611430000000", "all-refused", "rosa@lea.example"), ("01612590000000", "no-address", ""), ("10621660000000", "some-refused", "rosa@lea.example")],
            preview.GetProperty("problems").EnumerateArray().Select(problem => (
                Text(problem, "leaId")!, Text(problem, "kind")!, string.Join(' ', problem.GetProperty("refused").EnumerateArray().Select(address => address.GetString())))));
    }

    [Fact]
    public async Task The_preview_for_today_is_for_the_current_instant_in_an_ambiguous_hour()
    {
        var now = new DateTimeOffset(2026, 11, 1, 1, 30, 0, TimeSpan.FromHours(-7)); // this local time occurs again one hour later
        await using var world = await TestWorld.CreateAsync(azurite, now.ToUniversalTime());
        await using var host = await TestHost.StartAsync(world);

        var response = await host.SendAsync(HttpMethod.Get, "reminders/preview", "toms");

        Assert.Equal(now, response.Json.GetProperty("at").GetDateTimeOffset());
    }

    [Fact]
    public async Task The_preview_lists_the_recipients_and_the_announcement_of_each_LEA()
    {
        await using var world = await BusyWorldAsync();
        await using var host = await TestHost.StartAsync(world);

        var preview = await GetAsync(host);

        const string Expected = """
            {
              "on": "2027-11-16",
              "at": "2027-11-16T20:00:00Z",
              "leas": [
                {
                  "leaId": "01611430000000",
                  "name": "LEA 01611430000000",
                  "expiresAt": "2027-11-23T20:00:00Z",
                  "daysRemaining": 7,
                  "reminder": { "milestone": 7, "to": ["rosa@lea.example"], "rejected": [] },
                  "announcement": { "action": "post", "text": "(as MyTOMS is to show it)" },
                  "notices": 0
                },
                {
                  "leaId": "01612590000000",
                  "name": "Oakland Unified",
                  "expiresAt": "2028-11-14T20:00:00Z",
                  "daysRemaining": 364,
                  "reminder": null,
                  "announcement": { "action": "remove", "text": null },
                  "notices": 0
                }
              ],
              "expired": [],
              "problems": [],
              "failures": []
            }
            """;
        var announcement = (await world.Announcements.FindAsync(TestWorld.Berkeley, TestContext.Current.CancellationToken))!;
        var expected = JsonNode.Parse(Expected.Replace("(as MyTOMS is to show it)", announcement.Text, StringComparison.Ordinal));
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(preview.Body)), preview.Text);
        Assert.True(preview.Headers.CacheControl!.NoStore);
    }

    [Theory]
    [InlineData("credential", "ExpiresAt", "rubbish")]
    [InlineData("credential", "LastUsedOn", "rubbish")]
    [InlineData("credential", "LastUsedOn", 1)]
    [InlineData("credential", "Generation", "one")]
    [InlineData("credential", "GeneratedByEmail", 1)]
    [InlineData("announcement", "Content", 1)]
    [InlineData("announcement", "PostingUntil", "rubbish")]
    [InlineData("reminder:000001:14", "SentAt", "rubbish")]
    [InlineData("reminder:000001:14", "ClaimedBy", "rubbish")]
    [InlineData("reminder:rubbish", "SentAt", null)]
    [InlineData("lea", "Name", 1)]
    [InlineData("coordinator:rosa", "Email", 1)]
    public async Task A_corrupt_row_is_listed_as_a_failure_and_other_LEAs_are_still_listed(string rowKey, string column, object? value)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        foreach (var lea in (LeaId[])[TestWorld.Oakland, TestWorld.Berkeley])
        {
            await world.SaveAsync(new Lea(lea, "An LEA", [TestWorld.Rosa]));
            await world.MustGenerateAsync(lea);
        }

        world.Clock.Advance(TimeSpan.FromDays(351));
        await world.Run.RunAsync(TestContext.Current.CancellationToken);
        world.Clock.Advance(TimeSpan.FromDays(7));
        await world.Storage.Leas.UpsertEntityAsync(
            new TableEntity(TestWorld.Oakland.Value, rowKey) { [column] = value }, TableUpdateMode.Merge, TestContext.Current.CancellationToken);
        await world.Storage.Expirations.AddEntityAsync(new TableEntity("2027-11-01", "not an LEA"), TestContext.Current.CancellationToken);

        await using var host = await TestHost.StartAsync(world);
        var preview = (await GetAsync(host)).Json;

        Assert.Equal([TestWorld.Berkeley.Value], Texts(preview.GetProperty("leas"), "leaId"));
        Assert.Equal(
            """[{"leaId":"01612590000000","detail":"Its rows are corrupt."},{"leaId":"not an LEA","detail":"The row key of its index entry is not a CDS code."}]""",
            preview.GetProperty("failures").GetRawText());
        var failed = await Assert.ThrowsAsync<DailyRunFailedException>(() => world.Run.RunAsync(TestContext.Current.CancellationToken));
        Assert.Equal([TestWorld.Oakland.Value, "not an LEA"], failed.Summary.Failures.Select(failure => failure.Where).Order(StringComparer.Ordinal));
        Assert.Equal(1, failed.Summary.Sent);
    }

    [Fact]
    public async Task The_preview_returns_503_when_storage_is_unavailable()
    {
        await using var world = await BusyWorldAsync();
        await using var host = await TestHost.StartAsync(world);
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number == 1 ? Fault.None : Fault.ConnectionFailed; // reads of entries succeed, reads of LEAs fail
        var response = await host.SendAsync(HttpMethod.Get, Route, "toms");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (response.Status, response.ProblemType));
    }

    [Fact]
    public async Task The_preview_changes_nothing()
    {
        await using var world = await BusyWorldAsync();
        await using var host = await TestHost.StartAsync(world);
        var (rows, sends, requests) = (await RowsAsync(world), world.Mail.Sends.Count, world.MyToms.Requests.Count);

        foreach (var query in (string[])["", "?on=2027-11-20", "?on=2027-12-24", "?on=2028-11-14"])
            Assert.NotEmpty((await GetAsync(host, query)).Json.GetProperty("leas").EnumerateArray());

        Assert.Equal((sends, requests), (world.Mail.Sends.Count, world.MyToms.Requests.Count));
        Assert.Equal(rows, await RowsAsync(world));
        Assert.Equal(world.Traffic.Requests, world.Traffic.Requests.Where(request => request.StartsWith("GET ", StringComparison.Ordinal)));
    }

    /// <summary>Berkeley's credentials expire after 7 days, Oakland's after 364 days.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(30)]
    [InlineData(350)]
    [InlineData(361)]
    [InlineData(363)]
    [InlineData(364)]
    [InlineData(366)]
    public async Task The_preview_for_a_day_equals_what_the_run_of_that_day_does(int days)
    {
        await using var world = await BusyWorldAsync();
        var day = world.Calendar.LocalDate(world.Clock.GetUtcNow()).AddDays(days);
        var preview = await PreviewAsync($"?on={day:yyyy-MM-dd}");
        var (sends, requests) = (world.Mail.Sends.Count, world.MyToms.Requests.Count);

        world.Clock.Advance(preview.GetProperty("at").GetDateTime() - world.Clock.GetUtcNow().UtcDateTime);
        await world.Run.RunAsync(TestContext.Current.CancellationToken);

        var leas = preview.GetProperty("leas").EnumerateArray().ToList();
        Assert.Equal(
            leas.Where(lea => Has(lea, "reminder")).Select(Reminder),
            world.Mail.Sends.Skip(sends)
                .Select(send => $"{send.Email.Subject} to {string.Join(", ", send.Email.To.Select(to => to.Address))}")
                .Order(StringComparer.Ordinal));
        Assert.Equal(
            leas.Where(lea => Has(lea, "announcement")).Select(Announcement).Order(StringComparer.Ordinal),
            world.MyToms.Requests.Skip(requests)
                .Select(request => $"{request.Request} {request.Body?.Text}")
                .Order(StringComparer.Ordinal));
        Assert.Empty((await PreviewAsync("")).GetProperty("leas").EnumerateArray());

        // A new host for each preview: a running host would check its timers for every second that the clock advances.
        async Task<JsonElement> PreviewAsync(string query)
        {
            await using var host = await TestHost.StartAsync(world, builder =>
                builder.Services.AddSingleton(new CredentialingScreen(new Uri("https://toms.example/credentialing")))); // same as the world's
            return (await GetAsync(host, query)).Json;
        }

        static bool Has(JsonElement lea, string member) => lea.GetProperty(member).ValueKind is not JsonValueKind.Null;

        static string Reminder(JsonElement lea)
        {
            var to = lea.GetProperty("reminder").GetProperty("to").EnumerateArray().Select(address => address.GetString());
            return $"{Text(lea, "name")}: SIS vendor credentials expire {Days(lea)} to {string.Join(", ", to)}";
        }

        static string Announcement(JsonElement lea)
        {
            var announcement = lea.GetProperty("announcement");
            return $"{(Text(announcement, "action") is "post" ? "PUT" : "DELETE")} {Text(lea, "leaId")} {Text(announcement, "text")}";
        }
    }

    private static string Days(JsonElement lea) => lea.GetProperty("daysRemaining").GetInt32() switch
    {
        0 => "today",
        1 => "in 1 day",
        var days => $"in {days} days",
    };

    private static string? Text(JsonElement item, string member) => item.GetProperty(member).GetString();

    private static IEnumerable<string?> Texts(JsonElement list, string member) => list.EnumerateArray().Select(item => Text(item, member));

    private static async Task<ApiResponse> GetAsync(TestHost host, string query = "")
    {
        var response = await host.SendAsync(HttpMethod.Get, Route + query, "toms");
        Assert.Equal(HttpStatusCode.OK, response.Status);
        return response;
    }

    private static async Task<IReadOnlyList<string>> RowsAsync(TestWorld world)
    {
        var rows = (await world.RowsAsync("Leas")).Concat(await world.RowsAsync("Expirations"));
        return [.. rows.Select(row => $"{row.PartitionKey}/{row.RowKey}/{row.ETag}")];
    }

    /// <summary>
    /// One week before Berkeley's credentials expire. Both LEAs were reminded one week ago. Oakland regenerated one day ago, and its
    /// announcement has not been removed yet.
    /// </summary>
    private async Task<TestWorld> BusyWorldAsync()
    {
        var world = await TestWorld.CreateAsync(azurite);
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Luis, TestWorld.Rosa]));
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        world.Clock.Advance(TimeSpan.FromDays(351));
        await world.Run.RunAsync(TestContext.Current.CancellationToken);
        world.Clock.Advance(TimeSpan.FromDays(6));
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        world.Clock.Advance(TimeSpan.FromDays(1));
        world.Traffic.Reset();
        return world;
    }
}
