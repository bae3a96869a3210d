using Azure;
using Credentialing.Core.ScoreReports;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.ScoreReports;

[Kind(TestKind.Storage)]
public sealed class ScoreReportTests(AzuriteFixture azurite)
{
    private static readonly Ssid Student = Ssid.Parse("9016125901");

    [Theory]
    [InlineData("2026-ssr-en.pdf", "application/pdf")]
    [InlineData("2026-lexile-quantile-es.html", "text/html; charset=utf-8")]
    [InlineData("1999-ssr-fil.mp4", "video/mp4")]
    [InlineData("2026-ssr-en.PDF", "application/pdf")]
    [InlineData("2026-ssr-en.Html", "text/html; charset=utf-8")]
    public void TryParseId_returns_a_report_with_the_same_id(string id, string mediaType)
    {
        Assert.True(ScoreReport.TryParseId(Student, id, out var report));
        Assert.Equal((id, mediaType), (report.Id, report.MediaType));
        Assert.Equal($"01612590000000/9016125901/{id[..4]}/{id[5..]}", report.BlobName(TestWorld.Oakland));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("2026-ssr-en")]
    [InlineData("2026-ssr-en.exe")]
    [InlineData("2026-SSR-en.pdf")]
    [InlineData("2026-ssr-EN.pdf")]
    [InlineData("2026-ssr-hant.pdf")]
    [InlineData("2026-zh-hant.pdf")]
    [InlineData("2026-ssr-zh-HANT.pdf")]
    [InlineData("2026-ssr-419.pdf")]
    [InlineData("2026-ssr-es-41.pdf")]
    [InlineData("2026-ssr-es-MEX.pdf")]
    [InlineData("2026-ssr-es-Mx.pdf")]
    [InlineData("2026-ssr-es-MX-hant.pdf")]
    [InlineData("2026-ssr-en.ＰＤＦ")]
    [InlineData("2026-ssr-en.pdf/")]
    [InlineData("2026-../ssr-en.pdf")]
    [InlineData("..%2F..%2F01611430000000%2F9016114301%2F2026%2Fssr-en.pdf")]
    [InlineData("2026/ssr-en.pdf")]
    [InlineData("2026-ssr-en.pdf\n")]
    [InlineData("２０２６-ssr-en.pdf")]
    public void TryParseId_rejects_other_text(string? id) => Assert.False(ScoreReport.TryParseId(Student, id, out _));

    [Theory]
    [InlineData("ssr-en", "ssr", "en")]
    [InlineData("ssr-fil", "ssr", "fil")]
    [InlineData("elpac-alt-en", "elpac-alt", "en")]
    [InlineData("ssr-es-mx", "ssr-es", "mx")]
    [InlineData("ssr-zh-hant", "ssr", "zh-hant")]
    [InlineData("ssr-zh-Hant", "ssr", "zh-Hant")]
    [InlineData("elpac-alt-zh-hant", "elpac-alt", "zh-hant")]
    [InlineData("ssr-zh-hant-TW", "ssr", "zh-hant-TW")]
    [InlineData("ssr-es-MX", "ssr", "es-MX")]
    [InlineData("lexile-quantile-es-419", "lexile-quantile", "es-419")]
    [InlineData("ssr-zh-hant-en", "ssr-zh-hant", "en")]
    [InlineData("ssr-419-es", "ssr-419", "es")]
    public void A_file_name_has_one_type_and_one_language(string name, string type, string language)
    {
        Assert.True(ScoreReport.TryParseId(Student, $"2026-{name}.pdf", out var report));
        Assert.Equal((type, language), (report.Type, report.Language));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("901612590")]
    [InlineData("90161259011")]
    [InlineData("901612590a")]
    [InlineData("../6125901")]
    public void Ssid_TryParse_rejects_anything_but_10_digits(string? ssid)
    {
        Assert.False(Ssid.TryParse(ssid, out var rejected));
        Assert.Equal(default, rejected);
    }

    [Fact]
    public async Task ListAsync_returns_only_reports_newest_first()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        foreach (var name in (string[])["2025/ssr-en.pdf", "2026/ssr-es.pdf", "2026/lexile-quantile-en.pdf", "2026/notes.txt", "draft.pdf"])
            await UploadAsync(world, $"01612590000000/9016125901/{name}", "content");
        await UploadAsync(world, "01612590000000/90161259010/2026/ssr-en.pdf", "a folder with the same prefix");
        await UploadAsync(world, "01611430000000/9016125901/2026/ssr-en.pdf", "another LEA's");

        var listed = await world.Reports.ListAsync(TestWorld.Oakland, Student, TestContext.Current.CancellationToken);

        Assert.Equal(["2026-lexile-quantile-en.pdf", "2026-ssr-es.pdf", "2025-ssr-en.pdf"], listed.Select(item => item.Report.Id));
        Assert.All(listed, item => Assert.Equal("content".Length, item.Length));
    }

    [Fact]
    public async Task OpenAsync_returns_a_stream_that_does_not_read_ahead()
    {
        const int Length = 8 * 1024 * 1024;
        await using var world = await TestWorld.CreateAsync(azurite);
        var report = await UploadVideoAsync(world, new string('x', Length));
        await using var content = (await OpenAsync(world, report))!.Content;

        await content.ReadExactlyAsync(new byte[1024], TestContext.Current.CancellationToken);
        Assert.Equal(1024, world.Traffic.BytesRead);

        await content.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        Assert.Equal(Length, world.Traffic.BytesRead);
        Assert.Single(world.Traffic.Requests, request => request.StartsWith("GET", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(4, null)]
    [InlineData(4, 2L)]
    [InlineData(99, null)]
    public async Task OpenAsync_returns_a_stream_that_reads_everywhere_whatever_range_was_requested(long offset, long? length)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var report = await UploadVideoAsync(world, "0123456789");
        await using var content = (await OpenAsync(world, report, new HttpRange(offset, length)))!.Content;

        Assert.Equal(10, content.Length);
        foreach (var position in (int[])[4, 0, 9, 6, 10, 99])
        {
            content.Position = position;
            using var rest = new StreamReader(content, leaveOpen: true);
            Assert.Equal("0123456789"[Math.Min(position, 10)..], await rest.ReadToEndAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task OpenAsync_returns_a_stream_that_never_mixes_two_versions_of_the_file()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var report = await UploadVideoAsync(world, "0123456789");
        await using var content = (await OpenAsync(world, report))!.Content;
        await UploadVideoAsync(world, "abcdefghij");

        content.Position = 5;
        var failure = await Assert.ThrowsAsync<RequestFailedException>(async () => await content.ReadExactlyAsync(new byte[5], TestContext.Current.CancellationToken));

        Assert.Equal(412, failure.Status);
    }

    [Fact]
    public async Task OpenAsync_returns_a_stream_that_seeks_and_cannot_be_written()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var report = await UploadVideoAsync(world, "0123456789");
        await using var content = (await OpenAsync(world, report))!.Content;

        Assert.Equal((true, true, false), (content.CanRead, content.CanSeek, content.CanWrite));
        Assert.Equal((4, 6, 8, 1), (content.Seek(4, SeekOrigin.Begin), content.Seek(2, SeekOrigin.Current), content.Seek(-2, SeekOrigin.End), content.Seek(1, SeekOrigin.Begin)));
        var buffer = "xxxxx"u8.ToArray();
#pragma warning disable CA1835 // this overload is what the test is about
        Assert.Equal(3, await content.ReadAsync(buffer, 1, 3, TestContext.Current.CancellationToken));
#pragma warning restore CA1835
        Assert.Equal("x123x"u8, buffer);
        Assert.Equal(4, content.Position);
        Assert.Throws<NotSupportedException>(() => content.Write([1]));
        Assert.Throws<NotSupportedException>(() => content.SetLength(1));
        Assert.Throws<NotSupportedException>(() => content.ReadByte());
    }

    [Fact]
    public async Task OpenAsync_returns_a_stream_that_releases_its_connections()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var report = await UploadVideoAsync(world, new string('x', 1024 * 1024));
        await using (var content = (await OpenAsync(world, report))!.Content)
        {
            foreach (var position in (int[])[5, 3, 1])
            {
                content.Position = position;
                await content.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken);
                Assert.Equal(1, world.Traffic.OpenContents);
            }
        }

        Assert.Equal(0, world.Traffic.OpenContents);
    }

    [Fact]
    public async Task OpenAsync_returns_a_stream_that_records_the_download_once_before_its_first_bytes()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var report = await UploadVideoAsync(world, "0123456789");
        var records = 0;
        await using var content = (await world.Reports.OpenAsync(
            TestWorld.Oakland, report, range: default, known: null, record: () => Task.FromResult(records++), TestContext.Current.CancellationToken))!.Content;

        Assert.Equal(0, await content.ReadAsync(Memory<byte>.Empty, TestContext.Current.CancellationToken));
        content.Position = 10;
        Assert.Equal(0, await content.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        Assert.Equal(0, records);

        content.Position = 9;
        await content.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken);
        Assert.Equal(1, records);
        content.Position = 0;
        await content.ReadExactlyAsync(new byte[10], TestContext.Current.CancellationToken);
        Assert.Equal(1, records);
    }

    [Fact]
    public async Task OpenAsync_returns_null_for_a_missing_file()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        Assert.True(ScoreReport.TryParseId(Student, "2026-ssr-en.pdf", out var report));
        Assert.Null(await OpenAsync(world, report));
        Assert.Null(await OpenAsync(world, report, new HttpRange(5)));
    }

    private static Task<ScoreReportFile?> OpenAsync(TestWorld world, ScoreReport report, HttpRange range = default) =>
        world.Reports.OpenAsync(TestWorld.Oakland, report, range, known: null, record: () => Task.CompletedTask, TestContext.Current.CancellationToken);

    private static async Task<ScoreReport> UploadVideoAsync(TestWorld world, string content)
    {
        Assert.True(ScoreReport.TryParseId(Student, "2026-ssr-en.mp4", out var report));
        await UploadAsync(world, report.BlobName(TestWorld.Oakland), content);
        return report;
    }

    private static Task UploadAsync(TestWorld world, string name, string content) =>
        world.Storage.ScoreReports.GetBlobClient(name).UploadAsync(BinaryData.FromString(content), overwrite: true, TestContext.Current.CancellationToken);
}
