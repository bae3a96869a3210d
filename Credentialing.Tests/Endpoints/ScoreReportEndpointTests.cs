using System.Net;
using System.Text;
using Azure.Storage.Blobs.Models;
using Credentialing.Core.ScoreReports;
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
        Assert.InRange(scenario.World.Traffic.Requests.Count, 1, Megabytes / 2);
        var length = 1024L;
        var buffer = new byte[ScoreReportStore.BufferSize];
        for (int read; (read = await content.ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0;)
            length += read;
        Assert.Equal(Megabytes * 1024 * 1024, length);
        Assert.InRange(scenario.World.Traffic.Requests.Count, Megabytes, Megabytes + 4);
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
