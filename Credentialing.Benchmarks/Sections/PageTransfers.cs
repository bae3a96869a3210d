using System.Globalization;
using Credentialing.Benchmarks.Reporting;
using Credentialing.Tests.Screens;
using Credentialing.Tests.Support;

namespace Credentialing.Benchmarks.Sections;

/// <summary>What the screens transfer, in a browser, as in the tests of their budgets.</summary>
internal sealed class PageTransfers : ISection
{
    public string Name => "screens";

    public async Task RunAsync(Report report)
    {
        await using var azurite = new AzuriteFixture();
        await using var browser = new BrowserFixture();
        var measured = new List<(string Path, PageTransfer Transfer)>();
        foreach (var (path, persona, shown) in PageTransfer.Pages)
            measured.Add((path, await PageTransfer.MeasureAsync(azurite, browser, path, persona, shown)));
        report.Section("Screens");
        report.Paragraph("In Chromium with DevHost as the server: bytes of all responses with headers, compressed. The list of the statewide overview comes in addition, with 480 bytes for each LEA.");
        report.Table(["Page", "First visit", "Responses", "Repeat visit, requests"], measured.Select(page => (IReadOnlyList<string>)
        [
            $"`/{page.Path.Split('#')[0]}`",
            Format.Bytes(page.Transfer.Bytes),
            page.Transfer.First.Count.ToString(CultureInfo.InvariantCulture),
            page.Transfer.Repeated.Count.ToString(CultureInfo.InvariantCulture),
        ]));
        var (bytes, requests) = (measured.Max(page => page.Transfer.Bytes), measured.Max(page => page.Transfer.Repeated.Count));
        report.Add(new("Screens: first visit under 90 KB", Format.Bytes(bytes), bytes < 90_000));
        report.Add(new("Screens: repeat visit under 5 requests", requests.ToString(CultureInfo.InvariantCulture), requests < 5));
    }
}
