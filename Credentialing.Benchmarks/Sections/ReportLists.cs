using Credentialing.Benchmarks.Measuring;
using Credentialing.Benchmarks.Reporting;
using Credentialing.Benchmarks.Sides;

namespace Credentialing.Benchmarks.Sections;

/// <summary>The list of a student's reports, without and with temporary links, beside the least that a list can do.</summary>
internal sealed class ReportLists : ISection
{
    private const int Connections = 16;
    private const int Operations = 3_000;

    public string Name => "lists";

    public async Task RunAsync(Report report)
    {
        await using var bare = await ServedSide.StartAsync(BareServer.NameWithRow);
        await using var ours = await ServedSide.StartAsync(OurServer.NameFromMemory);
        var token = await TokenEndpoint.GetTokenAsync(ours);
        using var bareLoad = new Load(bare.Address, Connections, () => new(HttpMethod.Get, new Uri(BareServer.ListPath, UriKind.Relative)));
        using var listLoad = new Load(ours.Address, Connections, () => TokenEndpoint.Authorized($"/api/v1/students/{SampleReports.Listed}/score-reports", token));
        using var linksLoad = new Load(ours.Address, Connections, () => TokenEndpoint.Authorized($"/api/v1/students/{SampleReports.Listed}/score-reports?links=temporary", token));
        var figures = await Comparison.RunAsync(
            new Side("bare list, without authentication", bareLoad.SendAsync, bare.Process.UsageAsync, Operations),
            new Side("Credentialing", listLoad.SendAsync, ours.Process.UsageAsync, Operations),
            new Side("Credentialing, with 12 temporary links", linksLoad.SendAsync, ours.Process.UsageAsync, Operations));
        report.Section("List of 12 reports");
        report.Paragraph($"CPU time of the server per request at {Connections} connections. Table and blob responses come from memory. The bare list reads the blobs with the SDK and returns their names.");
        report.Table(["Side", "CPU µs", "Allocated"], figures.Select(side => (IReadOnlyList<string>)[side.Name, Format.Number(side.CpuMicroseconds), Format.Bytes(side.AllocatedBytes)]));
    }
}
