using System.Globalization;
using System.Net;
using System.Text.Json;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Disclosures;

[Kind(TestKind.Storage)]
public sealed class DisclosureEndpointTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task A_coordinator_and_TOMS_see_which_report_was_downloaded_when_with_which_key_and_by_whom()
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        await downloads.GetAsync(Downloads.Report, "X-Vendor", "Aeries");
        downloads.World.Clock.Advance(TimeSpan.FromHours(2));
        await downloads.GetAsync(Downloads.Report, "X-Vendor", "Paradigm", "Range", "bytes=4-");

        foreach (var persona in (string[])["rosa", "toms"])
        {
            var page = (await downloads.Host.SendAsync(HttpMethod.Get, Downloads.List, persona)).Json;
            Assert.Equal(
                """
                {"disclosures":[
                {"ssid":"9016125901","reportId":"2026-ssr-en.pdf","generation":1,"client":"Paradigm","at":"2026-11-23T22:00:00Z","isWhole":false,"byLink":false},
                {"ssid":"9016125901","reportId":"2026-ssr-en.pdf","generation":1,"client":"Aeries","at":"2026-11-23T20:00:00Z","isWhole":true,"byLink":false}],
                "next":null,"timeZone":"America/Los_Angeles"}
                """.ReplaceLineEndings(""),
                page.GetRawText());
        }
    }

    [Fact]
    public async Task A_download_by_a_temporary_link_is_one_by_the_program_that_obtained_the_link()
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        var report = (await downloads.GetAsync($"{Downloads.Reports}?links=temporary", "X-Vendor", "ParentSquare")).Json[0];

        await downloads.Host.SendAsync(HttpMethod.Get, report.GetProperty("temporaryLink").GetString()!, headers: ["User-Agent", "Mozilla/5.0"]);

        var recorded = Assert.Single(await downloads.ListAsync());
        Assert.Equal(("ParentSquare", true), (recorded.GetProperty("client").GetString(), recorded.GetProperty("byLink").GetBoolean()));
    }

    [Fact]
    public async Task A_download_with_the_previous_key_has_its_generation()
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        await downloads.Host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 1);
        await downloads.GetAsync();
        Assert.Equal(1, Assert.Single(await downloads.ListAsync()).GetProperty("generation").GetInt32());
    }

    [Theory]
    [InlineData(304, "If-None-Match", "*")]
    [InlineData(412, "If-Match", "\"another\"")]
    [InlineData(416, "Range", "bytes=99-")]
    public async Task A_response_without_content_of_the_file_is_no_download(int status, string header, string value)
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        Assert.Equal(status, (int)(await downloads.GetAsync(Downloads.Report, header, value)).Status);
        await downloads.GetAsync($"{Downloads.Reports}/2026-ssr-fr.pdf");
        await downloads.GetAsync(Downloads.Reports);
        Assert.Empty(await downloads.ListAsync());
    }

    [Fact]
    public async Task The_ranges_of_a_download_are_one_download_within_an_hour()
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        await downloads.GetAsync();
        await RangeAsync(TimeSpan.FromMinutes(59)); // the rest of an interrupted download
        Assert.Single(await downloads.ListAsync());
        await RangeAsync(TimeSpan.FromMinutes(2)); // more than an hour after the download
        await RangeAsync(TimeSpan.FromMinutes(30));
        Assert.Equal([false, true], (await downloads.ListAsync()).Select(download => download.GetProperty("isWhole").GetBoolean()));

        await downloads.GetAsync(Downloads.Report, "Range", "bytes=4-", "X-Vendor", "Another");
        Assert.Equal(3, (await downloads.ListAsync()).Count);
        await downloads.GetAsync(); // the whole file is always a download
        Assert.Equal(4, (await downloads.ListAsync()).Count);

        async Task RangeAsync(TimeSpan after)
        {
            downloads.World.Clock.Advance(after);
            Assert.Equal(HttpStatusCode.PartialContent, (await downloads.GetAsync(Downloads.Report, "Range", "bytes=4-")).Status);
        }
    }

    [Fact]
    public async Task Each_download_is_counted_by_its_outcome()
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        using var outcomes = Metrics.Collect<long>(downloads.Host.Meters, "credentialing.disclosures");

        await downloads.GetAsync();
        await downloads.GetAsync(Downloads.Report, "Range", "bytes=4-");
        await downloads.World.Storage.Disclosures.DeleteAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await downloads.GetAsync()).Status);

        Assert.Equal(["1 outcome=continued", "1 outcome=failed", "1 outcome=recorded"], Metrics.Sums(outcomes));
    }

    /// <summary>The row key of a range has the beginning of its minute.</summary>
    [Fact]
    public async Task A_range_almost_an_hour_after_the_first_range_belongs_to_its_download()
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        downloads.World.Clock.Advance(TimeSpan.FromSeconds(50));
        await downloads.GetAsync(Downloads.Report, "Range", "bytes=0-3");
        downloads.World.Clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1));
        await downloads.GetAsync(Downloads.Report, "Range", "bytes=4-");
        Assert.Single(await downloads.ListAsync());
        downloads.World.Clock.Advance(TimeSpan.FromSeconds(2));
        await downloads.GetAsync(Downloads.Report, "Range", "bytes=4-");
        Assert.Equal(2, (await downloads.ListAsync()).Count);
    }

    [Fact]
    public async Task Parallel_ranges_are_one_download()
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        var responses = await Task.WhenAll(Enumerable.Range(0, 8).Select(part => downloads.GetAsync(Downloads.Report, "Range", $"bytes={part}-{part}")));
        Assert.All(responses, response => Assert.Equal(HttpStatusCode.PartialContent, response.Status));
        Assert.Single(await downloads.ListAsync());
    }

    [Theory]
    [InlineData(3)] // the credential, the file, the record
    [InlineData(4, "Range", "bytes=4-")] // the credential, the file, the search for a record of the same download, the record
    public async Task A_download_takes_three_storage_requests_and_a_first_range_four(int requests, params string[] headers)
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        await Downloads.RecordAsync(downloads.World, TestWorld.Oakland, ssid: "9016125902");
        await downloads.GetAsync($"{Downloads.Reports}/2026-ssr-fr.pdf"); // records the first use of the day
        await Downloads.RecordAsync(downloads.World, TestWorld.Oakland, ssid: "9016125902");
        await RecordFirstOfTheDayAsync();
        downloads.World.Traffic.Reset();

        await downloads.GetAsync(Downloads.Report, headers);

        Assert.Equal(requests, downloads.World.Traffic.Requests.Count);
        downloads.World.Traffic.Reset();
        await downloads.GetAsync(Downloads.Report, "Range", "bytes=5-");
        Assert.Equal(3, downloads.World.Traffic.Requests.Count); // instead of the record, only the search for it

        // TestHost has services of its own.
        async Task RecordFirstOfTheDayAsync()
        {
            await downloads.World.Storage.ScoreReports.GetBlobClient("01612590000000/9016125902/2026/ssr-en.pdf")
                .UploadAsync(BinaryData.FromString(Downloads.Content), TestContext.Current.CancellationToken);
            await downloads.GetAsync("v1/students/9016125902/score-reports/2026-ssr-en.pdf");
        }
    }

    [Fact]
    public async Task Downloads_are_filtered_by_student_day_and_client_paged_and_exported()
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        downloads.World.Clock.SetUtcNow(new DateTimeOffset(2026, 11, 24, 7, 59, 0, TimeSpan.Zero)); // 23 November, 11:59 PM in California
        for (var number = 0; number < 230; number++)
        {
            await Downloads.RecordAsync(downloads.World, TestWorld.Oakland, ssid: $"901612590{number % 2}", client: number % 10 == 0 ? "Paradigm" : "+Aeries");
            if (number == 99)
                downloads.World.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        await Downloads.RecordAsync(downloads.World, TestWorld.Berkeley);

        Assert.Equal(230, await CountAsync(""));
        Assert.Equal(115, await CountAsync("ssid=9016125901"));
        Assert.Equal(100, await CountAsync("from=2026-11-23&to=2026-11-23"));
        Assert.Equal(130, await CountAsync("from=2026-11-24"));
        Assert.Equal(100, await CountAsync("to=2026-11-23"));
        Assert.Equal(23, await CountAsync("client=Paradigm"));
        Assert.Equal(10, await CountAsync("ssid=9016125900&client=Paradigm&to=2026-11-23&from=2026-11-01"));
        Assert.Equal(0, await CountAsync("client=nobody"));

        async Task<int> CountAsync(string query)
        {
            List<string> paged = [];
            for (string? next = "", path = $"{Downloads.List}?{query}"; next is not null; path = $"{Downloads.List}?{query}&after={next}")
            {
                var page = (await downloads.Host.SendAsync(HttpMethod.Get, path, "rosa")).Json;
                paged.AddRange(page.GetProperty("disclosures").EnumerateArray().Select(item => item.GetRawText()));
                next = page.GetProperty("next").GetString();
                Assert.InRange(page.GetProperty("disclosures").GetArrayLength(), 0, 100);
            }

            var file = await downloads.Host.SendAsync(HttpMethod.Get, $"{Downloads.List}?{query}", "rosa", headers: ["Accept", "text/csv"]);
            var lines = file.Text.TrimEnd().Split("\r\n");
            Assert.Equal("\uFEFFssid,report,at,localTime,client,generation,isWhole,byLink", lines[0]);
            Assert.Equal("downloads-01612590000000.csv", file.ContentHeaders.ContentDisposition?.FileName);
            Assert.Equal(
                paged.Select(item => JsonElement.Parse(item)).Select(item => $"{item.GetProperty("ssid").GetString()} {item.GetProperty("client").GetString()}"),
                lines.Skip(1).Select(line => line.Split(',')).Select(values => $"{values[0]} {values[4].Trim('"').TrimStart('\'')}"));
            Assert.All(lines.Skip(1).Where(line => line.Contains("+Aeries", StringComparison.Ordinal)), line => Assert.Contains(",\"'+Aeries\",", line, StringComparison.Ordinal));
            return paged.Count;
        }
    }

    [Theory]
    [InlineData("", "?ssid=1", "malformed-ssid")]
    [InlineData("", "?ssid=", "malformed-ssid")]
    [InlineData("", "?from=yesterday", "invalid-period")]
    [InlineData("", "?from=2026-10", "invalid-period")]
    [InlineData("", "?from=2026-11-02&to=2026-11-01", "invalid-period")]
    [InlineData("", "?from=2026-11-02&from=2026-11-03", "invalid-period")]
    [InlineData("", "?to=0001-01-01", "invalid-period")]
    [InlineData("", "?after=1", "invalid-after")]
    [InlineData("", "?after=", "invalid-after")]
    [InlineData("/summary", "?from=2026-10-01", "invalid-period")]
    [InlineData("/summary", "?from=2026-10&to=2026-09", "invalid-period")]
    [InlineData("/summary", "?from=2016-10&to=2026-10", "invalid-period")]
    [InlineData("/summary", "?from=2027-10", "invalid-period")]
    public async Task An_invalid_parameter_is_a_clear_error(string path, string query, string problem)
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        var response = await downloads.Host.SendAsync(HttpMethod.Get, Downloads.List + path + query, "rosa");
        Assert.Equal((HttpStatusCode.BadRequest, problem), (response.Status, response.ProblemType));
    }

    [Fact]
    public async Task The_summary_counts_months_of_the_LEA_and_contains_downloads_that_the_daily_run_has_not_counted_yet()
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        downloads.World.Clock.SetUtcNow(new DateTimeOffset(2026, 12, 1, 7, 59, 0, TimeSpan.Zero)); // 30 November in California
        await Downloads.RecordAsync(downloads.World, TestWorld.Oakland);
        await Downloads.RecordAsync(downloads.World, TestWorld.Oakland, client: "Paradigm");
        downloads.World.Clock.Advance(TimeSpan.FromMinutes(1));
        await Downloads.RecordAsync(downloads.World, TestWorld.Oakland);
        var before = await SummaryAsync();
        downloads.World.Clock.Advance(TimeSpan.FromHours(2));
        await downloads.World.Run.RunAsync(TestContext.Current.CancellationToken);
        await Downloads.RecordAsync(downloads.World, TestWorld.Oakland);

        Assert.Equal("2026-12 Aeries 1, 2026-11 Aeries 1, 2026-11 Paradigm 1 as of 2026-12-01T08:00:00Z", before);
        Assert.Equal("2026-12 Aeries 2, 2026-11 Aeries 1, 2026-11 Paradigm 1 as of 2026-12-01T10:00:00Z", await SummaryAsync());
        Assert.Equal("2026-11 Aeries 1, 2026-11 Paradigm 1 as of 2026-12-01T10:00:00Z", await SummaryAsync("?from=2026-11&to=2026-11"));
        Assert.Equal(" as of 2026-12-01T10:00:00Z", await SummaryAsync("?from=2026-10&to=2026-10"));

        async Task<string> SummaryAsync(string query = "")
        {
            var summary = (await downloads.Host.SendAsync(HttpMethod.Get, $"{Downloads.List}/summary{query}", "rosa")).Json;
            var months = summary.GetProperty("months").EnumerateArray().Select(month => string.Create(
                CultureInfo.InvariantCulture, $"{month.GetProperty("month").GetString()} {month.GetProperty("client").GetString()} {month.GetProperty("count").GetInt32()}"));
            return $"{string.Join(", ", months)} as of {summary.GetProperty("asOf").GetString()}";
        }
    }
}
