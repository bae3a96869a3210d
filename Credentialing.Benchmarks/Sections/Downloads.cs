using System.Globalization;
using Credentialing.Benchmarks.Measuring;
using Credentialing.Benchmarks.Reporting;
using Credentialing.Benchmarks.Sides;
using Credentialing.Tests.Performance;

namespace Credentialing.Benchmarks.Sections;

/// <summary>The download of a report over Azurite, beside a bare proxy and beside storage itself.</summary>
internal sealed class Downloads : ISection
{
    private static readonly int[] Connections = [1, 32];

    public string Name => "downloads";

    public async Task RunAsync(Report report)
    {
        await using var proxy = await ServedSide.StartAsync(ProxyServer.Name);
        await using var proxyWithRows = await ServedSide.StartAsync(ProxyServer.NameWithRows);
        await using var ours = await ServedSide.StartAsync(OurServer.Name);
        using var client = new HttpClient();
        var token = await TokenEndpoint.GetTokenAsync(ours);

        report.Section("Download");
        report.Paragraph(
            "Downloads per second over Azurite, relative to a bare proxy, which authenticates nobody and streams the response of one GET request. "
            + "A download of the service sends two more requests to storage: it reads the credentials, and records the disclosure. The proxy with the same requests shows what they cost. A test asserts that the file takes one request.");
        var rows = new List<IReadOnlyList<string>>();
        var peaks = new List<long>();
        foreach (var (year, bytes) in SampleReports.Sizes)
        {
            var direct = new Uri(await client.GetStringAsync(new Uri(proxy.Address, ProxyServer.StoragePathOf(year))));
            foreach (var connections in Connections)
            {
                var operations = Math.Max(connections, 20_000_000 / bytes * 2);
                using var storageLoad = new Load(new Uri(direct.GetLeftPart(UriPartial.Authority)), connections, () => new(HttpMethod.Get, direct));
                using var proxyLoad = new Load(proxy.Address, connections, () => Get(ProxyServer.PathOf(year)));
                using var rowsLoad = new Load(proxyWithRows.Address, connections, () => Get(ProxyServer.PathOf(year)));
                using var oursLoad = new Load(ours.Address, connections, () => TokenEndpoint.Authorized(ReportPath(year), token));
                ours.Process.ResetPeakMemory();
                var figures = await Comparison.RunAsync(
                    Side.InProcess("storage itself", operations, storageLoad.SendAsync),
                    new Side("bare proxy", proxyLoad.SendAsync, proxy.Process.UsageAsync, operations),
                    new Side("bare proxy with the same requests", rowsLoad.SendAsync, proxyWithRows.Process.UsageAsync, operations),
                    new Side("Credentialing", oursLoad.SendAsync, ours.Process.UsageAsync, operations));
                var (storage, bare, same, own) = (figures[0], figures[1], figures[2], figures[3]);
                peaks.Add(ours.Process.PeakMemory());
                rows.Add(
                [
                    $"{Format.Bytes(bytes)}, {connections} in parallel",
                    Format.Ratio(bare.ElapsedMicroseconds / storage.ElapsedMicroseconds),
                    "1.00",
                    Format.Ratio(bare.ElapsedMicroseconds / same.ElapsedMicroseconds),
                    Format.Ratio(bare.ElapsedMicroseconds / own.ElapsedMicroseconds),
                    Format.Number(bare.CpuMicroseconds),
                    Format.Number(same.CpuMicroseconds),
                    Format.Number(own.CpuMicroseconds),
                    Format.Bytes(own.AllocatedBytes),
                    Format.Bytes(peaks[^1]),
                ]);
                var ratio = bare.ElapsedMicroseconds / own.ElapsedMicroseconds;
                if (connections == 1)
                {
                    report.Add(new($"Download of {Format.Bytes(bytes)}: at least 0.9 of a bare proxy", Format.Ratio(ratio), ratio >= 0.9,
                        $"the two requests that authenticate and record take the rest, over an emulator; a bare proxy with the same requests reaches {Format.Ratio(bare.ElapsedMicroseconds / same.ElapsedMicroseconds)}"));
                }
            }
        }

        // The same number of downloads at once, of the smallest and of the largest report.
        var growth = (double)peaks[^1] / peaks[Connections.Length - 1];
        report.Add(new($"Download: peak memory independent of the size ({Connections[^1]} in parallel: {Format.Bytes(SampleReports.Sizes[^1].Bytes)} beside {Format.Bytes(SampleReports.Sizes[0].Bytes)})", Format.Ratio(growth), growth < 1.2));
        report.Table(["Report", "Storage itself", "Bare proxy", "Proxy, same requests", "Credentialing", "CPU µs: proxy", "same requests", "Credentialing", "Allocated", "Peak memory"], rows);
    }

    private static string ReportPath(int year) =>
        string.Create(CultureInfo.InvariantCulture, $"/api/v1/students/{SampleReports.Downloaded}/score-reports/{SampleReports.Report(year).Id}");

    private static HttpRequestMessage Get(string path) => new(HttpMethod.Get, new Uri(path, UriKind.Relative));
}
