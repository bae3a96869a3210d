using Credentialing.Benchmarks.Measuring;
using Credentialing.Benchmarks.Reporting;
using Credentialing.Benchmarks.Sides;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Published;

namespace Credentialing.Benchmarks.Sections;

/// <summary>
/// The token endpoint of the published app on the Functions worker, beside a trivial app with the same packages. The Functions host is the
/// one of the tests; its own use of the processor is not measured. Tables are in Azurite, over HTTPS and with access tokens.
/// </summary>
internal sealed class Worker : ISection
{
    private const int Connections = 16;
    private const int Operations = 1_000;

    public string Name => "worker";

    public async Task RunAsync(Report report)
    {
        await using var services = await ExternalServices.StartAsync();
        using var ourMeter = new ProcessMeter();
        using var trivialMeter = new ProcessMeter();
        await using var ours = await FunctionsHost.StartAsync(new PublishedApp(), services, ourMeter.Attach);
        await using var trivial = await FunctionsHost.StartAsync(PublishedApp.Of("Credentialing.Benchmarks/TrivialApp", "Credentialing.TrivialApp"), services, trivialMeter.Attach);
        var secretKey = await ours.MustGenerateAsync("rosa", OurServer.Oakland);

        using var constantLoad = new Load(trivial.Address, Connections, () => Post("api/trivial"));
        using var rowLoad = new Load(trivial.Address, Connections, () => Post($"api/row/{OurServer.Oakland}"));
        using var tokenLoad = new Load(ours.Address, Connections, () => TokenEndpoint.Request(new Username(OurServer.Oakland).ToString(), secretKey));
        var figures = await Comparison.RunAsync(
            new Side("trivial function", constantLoad.SendAsync, trivialMeter.UsageAsync, Operations),
            new Side("trivial function with one row read", rowLoad.SendAsync, trivialMeter.UsageAsync, Operations),
            new Side("Credentialing, token", tokenLoad.SendAsync, ourMeter.UsageAsync, Operations));

        report.Section("Token endpoint on the Functions worker");
        report.Paragraph($"CPU time of the worker process per request at {Connections} connections. The Functions host is the one of the tests. The row is read over HTTPS.");
        report.Table(["Function", "CPU µs", "Allocated"], figures.Select(side => (IReadOnlyList<string>)[side.Name, Format.Number(side.CpuMicroseconds), Format.Bytes(side.AllocatedBytes)]));
        var (constant, row, token) = (figures[0].CpuMicroseconds, figures[1].CpuMicroseconds, figures[2].CpuMicroseconds);
        var limit = constant + (1.2 * (row - constant));
        report.Add(new(
            "Token endpoint on the worker: at most the trivial function plus 1.2 times one row read",
            $"{Format.Number(token)} µs; the limit is {Format.Number(limit)} µs",
            token <= limit,
            $"the form, the HMAC, the token and its signature take {Format.Number(token - row)} µs"));
    }

    private static HttpRequestMessage Post(string path) => new(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = new ByteArrayContent([]) };
}
