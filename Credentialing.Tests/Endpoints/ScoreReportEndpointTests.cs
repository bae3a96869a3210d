using System.Net;
using System.Text;
using Azure.Storage.Blobs.Models;
using Credentialing.Core.ScoreReports;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Endpoints;

public sealed class ScoreReportEndpointTests(AzuriteFixture azurite)
{
    private const string Report = "v1/students/9016125901/score-reports/2026-ssr-en.pdf";

    [Fact]
    public async Task The_list_tells_type_year_language_format_and_link()
    {
        await using var scene = await Scene.SetAsync(azurite);

        var listed = (await scene.Host.AsVendorAsync(TestWorld.Oakland, scene.Key, "v1/students/9016125901/score-reports")).Json;

        var item = Assert.Single(listed.EnumerateArray());
        Assert.Equal("ssr", item.GetProperty("type").GetString());
        Assert.Equal(2026, item.GetProperty("administrationYear").GetInt32());
        Assert.Equal("en", item.GetProperty("language").GetString());
        Assert.Equal("pdf", item.GetProperty("format").GetString());
        Assert.Equal("/api/" + Report, item.GetProperty("link").GetString());
        Assert.Equal("0123456789".Length, item.GetProperty("length").GetInt32());
    }

    [Fact]
    public async Task A_student_without_reports_has_an_empty_list_and_no_file()
    {
        await using var scene = await Scene.SetAsync(azurite);
        Assert.Equal("[]", (await scene.Host.AsVendorAsync(TestWorld.Oakland, scene.Key, "v1/students/1234567890/score-reports")).Text);
        Assert.Equal("score-report-not-found", (await scene.GetAsync("v1/students/1234567890/score-reports/2026-ssr-en.pdf")).ProblemType);
        Assert.Equal("score-report-not-found", (await scene.GetAsync("v1/students/9016125901/score-reports/rubbish")).ProblemType);
    }

    [Fact]
    public async Task A_file_comes_whole_with_its_type_its_name_and_an_ETag()
    {
        await using var scene = await Scene.SetAsync(azurite);

        var file = await scene.GetAsync(Report);

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
    public async Task A_range_of_it_can_be_had(string range, int status, string content, string? contentRange)
    {
        await using var scene = await Scene.SetAsync(azurite);
        var part = await scene.GetAsync(Report, "Range", range);
        Assert.Equal((status, content, contentRange), ((int)part.Status, part.Text, part.ContentHeaders.ContentRange?.ToString()));
    }

    [Fact]
    public async Task What_a_vendor_has_already_is_not_sent_again()
    {
        await using var scene = await Scene.SetAsync(azurite);
        var tag = (await scene.GetAsync(Report)).Headers.ETag!.ToString();

        Assert.Equal((HttpStatusCode.NotModified, 0), await ShortAsync("If-None-Match", tag));
        Assert.Equal((HttpStatusCode.OK, 10), await ShortAsync("If-None-Match", "\"another\""));
        Assert.Equal((HttpStatusCode.PreconditionFailed, 0), await ShortAsync("If-Match", "\"another\""));
        Assert.Equal((HttpStatusCode.PartialContent, 2), await ShortAsync("Range", "bytes=0-1", "If-Range", tag));
        Assert.Equal((HttpStatusCode.OK, 10), await ShortAsync("Range", "bytes=0-1", "If-Range", "\"another\""));

        async Task<(HttpStatusCode, int)> ShortAsync(params string[] headers)
        {
            var response = await scene.GetAsync(Report, headers);
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
    [InlineData("http://somewhere.example/api/v1/students/9016114301/score-reports/2026-ssr-en.pdf")]
    [InlineData("/api/v1/students/９０１６１１４３０１/score-reports/2026-ssr-en.pdf")]
    public async Task A_vendor_never_reaches_another_LEAs_report(string target)
    {
        await using var scene = await Scene.SetAsync(azurite);

        var response = await scene.Host.SendRawAsync($"GET {target}", TestHost.Basic(TestWorld.Oakland, scene.Key));

        Assert.DoesNotContain(Scene.OfBerkeley, response, StringComparison.Ordinal);
        // 4xx or an empty list, never 5xx.
        Assert.Matches("^HTTP/1.1 (4[0-9][0-9] |200 OK(.|\n)*\r\n\\[\\]\r\n)", response);
    }

    [Fact]
    public async Task A_large_report_is_streamed_and_not_fetched_ahead_of_its_reader()
    {
        const int Megabytes = 64;
        await using var scene = await Scene.SetAsync(azurite);
        await scene.UploadAsync("01612590000000/9016125901/2026/ssr-en.mp4", new byte[Megabytes * 1024 * 1024]);
        using var request = new HttpRequestMessage(HttpMethod.Get, "v1/students/9016125901/score-reports/2026-ssr-en.mp4");
        request.Headers.Add("Authorization", TestHost.Basic(TestWorld.Oakland, scene.Key));
        scene.World.Traffic.Reset();

        using var response = await scene.Host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var content = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await content.ReadExactlyAsync(new byte[1024], TestContext.Current.CancellationToken);

        // Data in transit is in the socket buffers, whose size the operating system chooses, and in one of our buffers.
        Assert.InRange(scene.World.Traffic.Requests.Count, 1, Megabytes / 2);
        var length = 1024L;
        var buffer = new byte[ScoreReportStore.BufferSize];
        for (int read; (read = await content.ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0;)
            length += read;
        Assert.Equal(Megabytes * 1024 * 1024, length);
        Assert.InRange(scene.World.Traffic.Requests.Count, Megabytes, Megabytes + 4);
    }

    /// <summary>Oakland's vendor, with one report of Oakland's and one of Berkeley's in storage.</summary>
    private sealed class Scene(TestWorld world, TestHost host, string key) : IAsyncDisposable
    {
        public const string OfBerkeley = "a report of Berkeley's";

        public TestWorld World => world;

        public TestHost Host => host;

        public string Key => key;

        public static async Task<Scene> SetAsync(AzuriteFixture azurite)
        {
            var world = await TestWorld.CreateAsync(azurite);
            var host = await TestHost.StartAsync(world);
            var scene = new Scene(world, host, await host.MustGenerateAsync("rosa", TestWorld.Oakland));
            await scene.UploadAsync("01612590000000/9016125901/2026/ssr-en.pdf", Encoding.ASCII.GetBytes("0123456789"));
            await scene.UploadAsync("01611430000000/9016114301/2026/ssr-en.pdf", Encoding.ASCII.GetBytes(OfBerkeley));
            return scene;
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
