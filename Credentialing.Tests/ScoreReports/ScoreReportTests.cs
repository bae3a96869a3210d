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
    [InlineData("2026-ssr-en.pdf/")]
    [InlineData("2026-../ssr-en.pdf")]
    [InlineData("..%2F..%2F01611430000000%2F9016114301%2F2026%2Fssr-en.pdf")]
    [InlineData("2026/ssr-en.pdf")]
    [InlineData("2026-ssr-en.pdf\n")]
    [InlineData("２０２６-ssr-en.pdf")]
    public void TryParseId_rejects_other_text(string? id) => Assert.False(ScoreReport.TryParseId(Student, id, out _));

    [Theory]
    [InlineData(null)]
    [InlineData("901612590")]
    [InlineData("90161259011")]
    [InlineData("901612590a")]
    [InlineData("../6125901")]
    public void Ssid_TryParse_rejects_anything_but_10_digits(string? ssid) => Assert.False(Ssid.TryParse(ssid, out _));

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
        await using var world = await TestWorld.CreateAsync(azurite);
        Assert.True(ScoreReport.TryParseId(Student, "2026-ssr-en.mp4", out var report));
        await UploadAsync(world, report.BlobName(TestWorld.Oakland), new string('x', 8 * ScoreReportStore.BufferSize));
        var file = await world.Reports.OpenAsync(TestWorld.Oakland, report, TestContext.Current.CancellationToken);
        await using var content = file!.Content;
        world.Traffic.Reset();

        await content.ReadExactlyAsync(new byte[ScoreReportStore.BufferSize], TestContext.Current.CancellationToken);
        Assert.Single(world.Traffic.Requests);

        await content.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        Assert.Equal(8, world.Traffic.Requests.Count);
    }

    [Fact]
    public async Task OpenAsync_returns_null_for_a_missing_file()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        Assert.True(ScoreReport.TryParseId(Student, "2026-ssr-en.pdf", out var report));
        Assert.Null(await world.Reports.OpenAsync(TestWorld.Oakland, report, TestContext.Current.CancellationToken));
    }

    private static Task UploadAsync(TestWorld world, string name, string content) =>
        world.Storage.ScoreReports.GetBlobClient(name).UploadAsync(BinaryData.FromString(content), overwrite: true, TestContext.Current.CancellationToken);
}
