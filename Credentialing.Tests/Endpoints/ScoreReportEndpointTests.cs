using System.Net;
using System.Text;
using Azure.Storage.Blobs.Models;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Endpoints;

[Kind(TestKind.Storage)]
public sealed class ScoreReportEndpointTests(AzuriteFixture azurite)
{
    private const string Report = "v1/students/9016125901/score-reports/2026-ssr-en.pdf";

    [Fact]
    public async Task The_list_contains_type_year_language_format_link_and_length()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);

        var listed = (await scenario.Host.AsVendorAsync(TestWorld.Oakland, scenario.Key, "v1/students/9016125901/score-reports")).Json;

        var item = Assert.Single(listed.EnumerateArray());
        Assert.Equal("ssr", item.GetProperty("type").GetString());
        Assert.Equal(2026, item.GetProperty("administrationYear").GetInt32());
        Assert.Equal("en", item.GetProperty("language").GetString());
        Assert.Equal("pdf", item.GetProperty("format").GetString());
        Assert.Equal("/api/" + Report, item.GetProperty("link").GetString());
        Assert.Equal("0123456789".Length, item.GetProperty("length").GetInt32());
    }

    [Theory]
    [InlineData("ssr-zh-hant.pdf", "zh-hant", "pdf", "application/pdf")]
    [InlineData("ssr-es-MX.PDF", "es-MX", "pdf", "application/pdf")]
    [InlineData("ssr-es-419.Html", "es-419", "html", "text/html")]
    [InlineData("ssr-fil.MP4", "fil", "mp4", "video/mp4")]
    public async Task Reports_with_a_script_a_region_or_a_capital_extension_are_listed_and_downloaded(string file, string language, string format, string mediaType)
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        await scenario.UploadAsync($"01612590000000/1234567890/2026/{file}", Encoding.ASCII.GetBytes(file));

        var item = Assert.Single((await scenario.GetAsync("v1/students/1234567890/score-reports?links=temporary")).Json.EnumerateArray());
        var download = await scenario.GetAsync(item.GetProperty("link").GetString()!);
        var byLink = await scenario.Host.SendAsync(HttpMethod.Get, item.GetProperty("temporaryLink").GetString()!);

        Assert.Equal(
            ($"2026-{file}", "ssr", language, format),
            (item.GetProperty("id").GetString(), item.GetProperty("type").GetString(), item.GetProperty("language").GetString(), item.GetProperty("format").GetString()));
        foreach (var response in (ApiResponse[])[download, byLink])
        {
            Assert.Equal((file, mediaType), (response.Text, response.ContentHeaders.ContentType?.MediaType));
            Assert.Equal($"1234567890-2026-{file}", response.ContentHeaders.ContentDisposition?.FileName);
        }
    }

    [Fact]
    public async Task The_list_is_empty_for_a_student_without_reports_and_an_unknown_file_is_not_found()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        Assert.Equal("[]", (await scenario.Host.AsVendorAsync(TestWorld.Oakland, scenario.Key, "v1/students/1234567890/score-reports")).Text);
        Assert.Equal("score-report-not-found", (await scenario.GetAsync("v1/students/1234567890/score-reports/2026-ssr-en.pdf")).ProblemType);
        Assert.Equal("score-report-not-found", (await scenario.GetAsync("v1/students/9016125901/score-reports/rubbish")).ProblemType);
    }

    [Fact]
    public async Task A_download_returns_the_file_with_media_type_file_name_and_ETag()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);

        var file = await scenario.GetAsync(Report);

        Assert.Equal((HttpStatusCode.OK, "0123456789"), (file.Status, file.Text));
        Assert.Equal("application/pdf", file.ContentHeaders.ContentType?.MediaType);
        Assert.Equal("9016125901-2026-ssr-en.pdf", file.ContentHeaders.ContentDisposition?.FileName);
        Assert.Equal(10, file.ContentHeaders.ContentLength);
        Assert.NotNull(file.ContentHeaders.LastModified);
        Assert.False(file.Headers.ETag!.IsWeak);
        Assert.Equal(["nosniff"], file.Headers.GetValues("X-Content-Type-Options"));
        Assert.True(file.Headers.CacheControl!.NoStore);
    }

    [Theory]
    [InlineData("bytes=0-3", 206, "0123", "bytes 0-3/10")]
    [InlineData("bytes=4-", 206, "456789", "bytes 4-9/10")]
    [InlineData("bytes=-3", 206, "789", "bytes 7-9/10")]
    [InlineData("bytes=5-99", 206, "56789", "bytes 5-9/10")]
    [InlineData("bytes=99-", 416, "", "bytes */10")]
    [InlineData("pages=1", 200, "0123456789", null)]
    public async Task A_Range_header_is_honoured(string range, int status, string content, string? contentRange)
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var part = await scenario.GetAsync(Report, "Range", range);
        Assert.Equal((status, content, contentRange), ((int)part.Status, part.Text, part.ContentHeaders.ContentRange?.ToString()));
    }

    [Fact]
    public async Task Conditional_request_headers_are_honoured()
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var tag = (await scenario.GetAsync(Report)).Headers.ETag!.ToString();

        Assert.Equal((HttpStatusCode.NotModified, 0), await StatusAndLengthAsync("If-None-Match", tag));
        Assert.Equal((HttpStatusCode.OK, 10), await StatusAndLengthAsync("If-None-Match", "\"another\""));
        Assert.Equal((HttpStatusCode.PreconditionFailed, 0), await StatusAndLengthAsync("If-Match", "\"another\""));
        Assert.Equal((HttpStatusCode.PartialContent, 2), await StatusAndLengthAsync("Range", "bytes=0-1", "If-Range", tag));
        Assert.Equal((HttpStatusCode.OK, 10), await StatusAndLengthAsync("Range", "bytes=0-1", "If-Range", "\"another\""));

        async Task<(HttpStatusCode, int)> StatusAndLengthAsync(params string[] headers)
        {
            var response = await scenario.GetAsync(Report, headers);
            return (response.Status, response.Body.Length);
        }
    }

    /// <summary>Attempts by Oakland's vendor to read Berkeley's report: path traversal, encodings, query parameters.</summary>
    [Theory]
    [InlineData("/api/v1/students/9016114301/score-reports/2026-ssr-en.pdf")]
    [InlineData("/api/v1/students/9016125901/score-reports/../../9016114301/score-reports/2026-ssr-en.pdf")]
    [InlineData("/api/v1/students/9016125901/score-reports/%2e%2e%2f%2e%2e%2f01611430000000%2f9016114301%2f2026%2fssr-en.pdf")]
    [InlineData("/api/v1/students/..%2F01611430000000%2F9016114301/score-reports/2026-ssr-en.pdf")]
    [InlineData("/api/v1/students/..%5C01611430000000%5C9016114301/score-reports/2026-ssr-en.pdf")]
    [InlineData("/api/v1/students/../01611430000000/9016114301/score-reports/2026-ssr-en.pdf")]
    [InlineData("/api/v1/students/9016125901/score-reports/..%252F..%252F01611430000000%252F9016114301%252F2026%252Fssr-en.pdf")]
    [InlineData("/api/v1/students/9016125901/score-reports/01611430000000-9016114301-2026-ssr-en.pdf")]
    [InlineData("/api/v1/students/01611430000000/score-reports/2026-ssr-en.pdf")]
    [InlineData("/api/v1/students/01611430000000%2F9016114301/score-reports")]
    [InlineData("/api/v1/students/9016114301/score-reports?leaId=01611430000000")]
    [InlineData("/api/v1/students/9016114301/score-reports/2026-ssr-en.pdf?username=sis-01611430000000")]
    [InlineData("/API/V1/STUDENTS/9016114301/SCORE-REPORTS/2026-SSR-EN.PDF")]
    [InlineData("/api/v1/students/9016114301%00/score-reports/2026-ssr-en.pdf")]
    [InlineData("//api/v1/students/9016114301/score-reports/2026-ssr-en.pdf")]
    [InlineData("http://other.example/api/v1/students/9016114301/score-reports/2026-ssr-en.pdf")]
    [InlineData("/api/v1/students/９０１６１１４３０１/score-reports/2026-ssr-en.pdf")]
    public async Task A_vendor_cannot_read_another_LEAs_report(string target)
    {
        await using var scenario = await Scenario.CreateAsync(azurite);

        var response = await scenario.Host.SendRawAsync($"GET {target}", TestHost.Basic(TestWorld.Oakland, scenario.Key));

        Assert.DoesNotContain(Scenario.BerkeleyReport, response, StringComparison.Ordinal);
        // 4xx or an empty list, never 5xx.
        Assert.Matches("^HTTP/1.1 (4[0-9][0-9] |200 OK(.|\n)*\r\n\\[\\]\r\n)", response);
    }

    [Fact]
    public async Task A_large_report_is_streamed_without_reading_ahead()
    {
        const int Megabytes = 64;
        await using var scenario = await Scenario.CreateAsync(azurite);
        await scenario.UploadAsync("01612590000000/9016125901/2026/ssr-en.mp4", new byte[Megabytes * 1024 * 1024]);
        using var request = new HttpRequestMessage(HttpMethod.Get, "v1/students/9016125901/score-reports/2026-ssr-en.mp4");
        request.Headers.Add("Authorization", TestHost.Basic(TestWorld.Oakland, scenario.Key));
        scenario.World.Traffic.Reset();

        using var response = await scenario.Host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var content = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await content.ReadExactlyAsync(new byte[1024], TestContext.Current.CancellationToken);

        // Data in transit is in the socket buffers, whose size the operating system chooses, and in one of our buffers.
        Assert.InRange(scenario.World.Traffic.BytesRead, 1, Megabytes / 2 * 1024 * 1024);
        var length = 1024L;
        var buffer = new byte[1024 * 1024];
        for (int read; (read = await content.ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0;)
            length += read;
        Assert.Equal(Megabytes * 1024 * 1024, length);
        Assert.Equal(length, scenario.World.Traffic.BytesRead);
        Assert.Single(scenario.World.Traffic.Requests, request => request.StartsWith("GET", StringComparison.Ordinal) && request.Contains("score-reports", StringComparison.Ordinal));
    }

    /// <summary>In addition to one request for the credential, and one for the record of the download. HEAD requests of the API do not exist.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(1, "Range", "bytes=4-")]
    [InlineData(1, "Range", "bytes=0-3")]
    [InlineData(1, "Range", "bytes=4-", "If-Range", "TAG")]
    [InlineData(1, "Range", "bytes=0-0, 9-9")]
    [InlineData(1, "Range", "rubbish")]
    [InlineData(1, "If-None-Match", "TAG")]
    [InlineData(1, "If-None-Match", "W/TAG")]
    [InlineData(1, "If-None-Match", "\"another\"")]
    [InlineData(1, "If-Match", "TAG")]
    [InlineData(1, "If-Match", "\"another\"")]
    [InlineData(2, "Range", "bytes=-3")] // the file's length is not known before
    [InlineData(2, "Range", "bytes=99-")]
    [InlineData(2, "Range", "bytes=4-", "If-Range", "\"another\"")] // the whole file is sent instead of the range
    public async Task A_download_takes_one_GET_and_a_range_that_depends_on_the_file_takes_two(int requests, params string[] headers)
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var tag = (await scenario.GetAsync(Report)).Headers.ETag!.ToString();
        scenario.World.Traffic.Reset();

        var response = await scenario.GetAsync(Report, [.. headers.Select(header => header.Replace("TAG", tag, StringComparison.Ordinal))]);

        Assert.Equal(requests, scenario.World.Traffic.Requests.Count(request => request.StartsWith("GET", StringComparison.Ordinal) && request.Contains("/score-reports/", StringComparison.Ordinal)));
        Assert.Equal(requests + (response.Body.Length > 0 ? 2 : 1), scenario.World.Traffic.Requests.Count);
    }

    /// <summary>RFC 9110, section 13. TAG, DATE, EARLIER and LATER are relative to the file.</summary>
    [Theory]
    [InlineData(206, "Range", "bytes=5-", "If-Range", "TAG")]
    [InlineData(206, "Range", "bytes=5-", "If-Range", "DATE")]
    [InlineData(200, "Range", "bytes=5-", "If-Range", "W/TAG")] // strong comparison
    [InlineData(200, "Range", "bytes=5-", "If-Range", "UNQUOTED")]
    [InlineData(200, "Range", "bytes=5-", "If-Range", "0x8DE000000000000")]
    [InlineData(200, "Range", "bytes=5-", "If-Range", "\"another\"")]
    [InlineData(200, "Range", "bytes=5-", "If-Range", "*")]
    [InlineData(200, "Range", "bytes=5-", "If-Range", "TAG, \"another\"")]
    [InlineData(200, "Range", "bytes=5-", "If-Range", "EARLIER")]
    [InlineData(200, "Range", "bytes=5-", "If-Range", "LATER")] // a date matches exactly
    [InlineData(200, "Range", "bytes=5-", "If-Range", "yesterday")]
    [InlineData(416, "Range", "bytes=10-", "If-Range", "TAG")]
    [InlineData(200, "Range", "bytes=10-", "If-Range", "\"another\"")]
    [InlineData(200, "If-Range", "TAG")]
    [InlineData(304, "If-None-Match", "TAG")]
    [InlineData(304, "If-None-Match", "W/TAG")] // weak comparison: a proxy that compresses makes the tag weak
    [InlineData(304, "If-None-Match", "*")]
    [InlineData(304, "If-None-Match", "\"another\", TAG")]
    [InlineData(304, "If-None-Match", "TAG", "Range", "bytes=0-3")]
    [InlineData(304, "If-None-Match", "TAG", "Range", "bytes=99-")]
    [InlineData(200, "If-None-Match", "UNQUOTED")]
    [InlineData(200, "If-None-Match", "\"another\"")]
    [InlineData(206, "If-None-Match", "\"another\"", "Range", "bytes=0-3")]
    [InlineData(304, "If-None-Match", "TAG", "If-Modified-Since", "EARLIER")] // the date is ignored
    [InlineData(200, "If-None-Match", "\"another\"", "If-Modified-Since", "DATE")]
    [InlineData(304, "If-Modified-Since", "DATE")]
    [InlineData(304, "If-Modified-Since", "LATER")]
    [InlineData(200, "If-Modified-Since", "EARLIER")]
    [InlineData(200, "If-Modified-Since", "yesterday")]
    [InlineData(200, "If-Match", "TAG")]
    [InlineData(200, "If-Match", "*")]
    [InlineData(200, "If-Match", "\"another\", TAG")]
    [InlineData(412, "If-Match", "W/TAG")] // strong comparison
    [InlineData(412, "If-Match", "UNQUOTED")]
    [InlineData(412, "If-Match", "\"another\"")]
    [InlineData(412, "If-Match", "\"another\"", "Range", "bytes=0-3")]
    [InlineData(412, "If-Match", "\"another\"", "If-None-Match", "TAG")] // evaluated in this order
    [InlineData(304, "If-Match", "TAG", "If-None-Match", "TAG")]
    [InlineData(200, "If-Match", "TAG", "If-Unmodified-Since", "EARLIER")] // the date is ignored
    [InlineData(412, "If-Match", "\"another\"", "If-Unmodified-Since", "DATE")]
    [InlineData(200, "If-Unmodified-Since", "DATE")]
    [InlineData(200, "If-Unmodified-Since", "LATER")]
    [InlineData(412, "If-Unmodified-Since", "EARLIER")]
    [InlineData(412, "If-Unmodified-Since", "EARLIER", "If-None-Match", "TAG")]
    [InlineData(200, "If-Unmodified-Since", "yesterday")]
    public async Task Each_condition_is_evaluated_as_RFC_9110_specifies(int status, params string[] headers)
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var file = await scenario.GetAsync(Report);
        var (tag, date) = (file.Headers.ETag!.ToString(), file.ContentHeaders.LastModified!.Value);

        var response = await scenario.GetAsync(Report, [.. headers.Select(header => header
            .Replace("UNQUOTED", tag.Trim('"'), StringComparison.Ordinal)
            .Replace("TAG", tag, StringComparison.Ordinal)
            .Replace("DATE", date.ToString("R"), StringComparison.Ordinal)
            .Replace("EARLIER", date.AddSeconds(-1).ToString("R"), StringComparison.Ordinal)
            .Replace("LATER", date.AddSeconds(1).ToString("R"), StringComparison.Ordinal))]);

        Assert.Equal(status, (int)response.Status);
        Assert.Equal(tag, response.Headers.ETag!.ToString());
        if (status == 200)
            Assert.Equal("0123456789", response.Text);
        else if (status != 206)
            Assert.Empty(response.Body);
    }

    [Theory]
    [InlineData("bytes=0-1,4-5", 200, null)] // several ranges: the whole file
    [InlineData("Bytes=0-1", 206, "bytes 0-1/10")] // RFC 9110, section 14.1: case-insensitive
    [InlineData("bytes=0-9223372036854775807", 206, "bytes 0-9/10")]
    [InlineData("bytes=9223372036854775807-", 416, "bytes */10")]
    [InlineData("bytes=-0", 416, "bytes */10")]
    [InlineData("bytes=-99", 206, "bytes 0-9/10")]
    [InlineData("bytes=9-", 206, "bytes 9-9/10")]
    [InlineData("bytes=10-", 416, "bytes */10")]
    [InlineData("bytes=5-2", 200, null)]
    [InlineData("bytes=-", 200, null)]
    [InlineData("bytes=", 200, null)]
    [InlineData("bytes=99999999999999999999-", 200, null)]
    public async Task A_range_at_the_limits_is_handled_as_RFC_9110_specifies(string range, int status, string? contentRange)
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        var part = await scenario.GetAsync(Report, "Range", range);
        Assert.Equal((status, contentRange), ((int)part.Status, part.ContentHeaders.ContentRange?.ToString()));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(416, "Range", "bytes=0-")]
    [InlineData(416, "Range", "bytes=0-3")]
    public async Task An_empty_file_is_sent_as_such(int status, params string[] headers)
    {
        await using var scenario = await Scenario.CreateAsync(azurite);
        await scenario.UploadAsync("01612590000000/9016125901/2026/ssr-en.pdf", []);
        // Not with the client that checks the API's description, which cannot describe a file without content.
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(scenario.Host.Address, $"api/{Report}"));
        request.Headers.Add("Authorization", TestHost.Basic(TestWorld.Oakland, scenario.Key));
        for (var index = 0; index < headers.Length; index += 2)
            request.Headers.Add(headers[index], headers[index + 1]);
        using var client = new HttpClient();

        var response = await ApiResponse.ReadAsync(await client.SendAsync(request, TestContext.Current.CancellationToken));

        Assert.Equal((status, 0), ((int)response.Status, response.Body.Length));
    }

    /// <summary>A vendor of Oakland. Storage contains one report of Oakland and one of Berkeley.</summary>
    private sealed class Scenario(TestWorld world, TestHost host, string key) : IAsyncDisposable
    {
        public const string BerkeleyReport = "a report of Berkeley's";

        public TestWorld World => world;

        public TestHost Host => host;

        public string Key => key;

        public static async Task<Scenario> CreateAsync(AzuriteFixture azurite)
        {
            var world = await TestWorld.CreateAsync(azurite);
            var host = await TestHost.StartAsync(world);
            var scenario = new Scenario(world, host, await host.MustGenerateAsync("rosa", TestWorld.Oakland));
            await scenario.UploadAsync("01612590000000/9016125901/2026/ssr-en.pdf", Encoding.ASCII.GetBytes("0123456789"));
            await scenario.UploadAsync("01611430000000/9016114301/2026/ssr-en.pdf", Encoding.ASCII.GetBytes(BerkeleyReport));
            return scenario;
        }

        public Task<ApiResponse> GetAsync(string path, params string[] headers) => host.AsVendorAsync(TestWorld.Oakland, key, path, headers);

        public Task UploadAsync(string name, byte[] content) => world.Storage.ScoreReports.GetBlobClient(name)
            .UploadAsync(BinaryData.FromBytes(content), new BlobUploadOptions(), TestContext.Current.CancellationToken);

        public async ValueTask DisposeAsync()
        {
            await host.DisposeAsync();
            await world.DisposeAsync();
        }
    }
}
