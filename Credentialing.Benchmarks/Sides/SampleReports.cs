using Credentialing.Core.ScoreReports;
using Credentialing.Core.Storage;

namespace Credentialing.Benchmarks.Sides;

/// <summary>The reports of the measured student.</summary>
internal static class SampleReports
{
    /// <summary>The student with twelve reports for the list, each of one byte.</summary>
    internal static readonly Ssid Listed = Ssid.Parse("1234567890");

    /// <summary>The student with three large reports, one of each size.</summary>
    internal static readonly Ssid Downloaded = Ssid.Parse("1234567891");

    /// <summary>The sizes of the large reports in bytes, with the administration year of each.</summary>
    internal static readonly IReadOnlyList<(int Year, int Bytes)> Sizes = [(2024, 100_000), (2025, 5_000_000), (2026, 50_000_000)];

    /// <summary>Returns the large report of a year.</summary>
    internal static ScoreReport Report(int year) => new(Downloaded, year, "ssr", "en", "pdf");

    /// <summary>Uploads all of them.</summary>
    internal static async Task UploadAsync(CredentialingStorage storage)
    {
        foreach (var year in Enumerable.Range(2021, 6))
        {
            foreach (var language in (string[])["en", "es"])
                await UploadAsync(new ScoreReport(Listed, year, "ssr", language, "pdf"), bytes: 1);
        }

        foreach (var (year, bytes) in Sizes)
            await UploadAsync(Report(year), bytes);

        async Task UploadAsync(ScoreReport report, int bytes) =>
            await storage.ScoreReports.GetBlobClient(report.BlobName(OurServer.Oakland)).UploadAsync(BinaryData.FromBytes(new byte[bytes]));
    }
}
