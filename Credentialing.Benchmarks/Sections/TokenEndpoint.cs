using System.Net.Http.Headers;
using System.Text.Json;
using Credentialing.Benchmarks.Measuring;
using Credentialing.Benchmarks.Reporting;
using Credentialing.Benchmarks.Sides;

namespace Credentialing.Benchmarks.Sections;

/// <summary>The token endpoint on Kestrel, beside the least that such an endpoint can do, and beside OpenIddict.</summary>
internal sealed class TokenEndpoint : ISection
{
    private static readonly int[] Connections = [1, 16, 64];

    private static readonly IReadOnlyList<(string Name, string Title, int Operations)> Sides =
    [
        (BareServer.Name, "bare endpoint", 4_000),
        (BareServer.NameWithRow, "bare endpoint with one row read", 4_000),
        (OurServer.NameFromMemory, "Credentialing", 4_000),
        (OpenIddictServer.NameTuned, "OpenIddict, tuned", 200),
        (OpenIddictServer.Name, "OpenIddict, defaults", 100),
    ];

    public string Name => "token";

    public async Task RunAsync(Report report)
    {
        var servers = new List<ServedSide>();
        try
        {
            foreach (var side in Sides)
                servers.Add(await ServedSide.StartAsync(side.Name));
            var measured = new Dictionary<int, IReadOnlyList<Figures>>();
            foreach (var connections in Connections)
                measured[connections] = await CompareAsync(servers, connections);
            Write(report, measured);
        }
        finally
        {
            foreach (var server in servers)
                await server.DisposeAsync();
        }
    }

    /// <summary>Returns a request of the token endpoint.</summary>
    internal static HttpRequestMessage Request(string username, string secretKey) => new(HttpMethod.Post, new Uri("/api/v1/token", UriKind.Relative))
    {
        Content = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", username), new("client_secret", secretKey)]),
    };

    /// <summary>Returns a bearer token.</summary>
    internal static async Task<string> GetTokenAsync(ServedSide ours)
    {
        using var client = new HttpClient { BaseAddress = ours.Address };
        using var request = Request(ours.Username, ours.SecretKey);
        using var response = await client.SendAsync(request);
        return JsonElement.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync()).GetProperty("access_token").GetString()!;
    }

    /// <summary>Returns a GET request with a bearer token.</summary>
    internal static HttpRequestMessage Authorized(string path, string token) =>
        new(HttpMethod.Get, new Uri(path, UriKind.Relative)) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };

    private static async Task<IReadOnlyList<Figures>> CompareAsync(List<ServedSide> servers, int connections)
    {
        var loads = servers.Select(server => new Load(server.Address, connections, () => Request(server.Username, server.SecretKey))).ToList();
        try
        {
            return await Comparison.RunAsync([.. Sides.Select((side, index) =>
                new Side(side.Title, loads[index].SendAsync, servers[index].Process.UsageAsync, side.Operations))]);
        }
        finally
        {
            loads.ForEach(load => load.Dispose());
        }
    }

    private static void Write(Report report, Dictionary<int, IReadOnlyList<Figures>> measured)
    {
        report.Section("Token endpoint");
        report.Paragraph("CPU time of the server per request, its allocations, and requests per second, each on Kestrel in a process of its own. Table responses come from memory.");
        report.Table(
            ["Side", .. Connections.Select(connections => $"CPU µs at {connections} {(connections == 1 ? "connection" : "connections")}"), "Allocated", $"Requests/s at {Connections[1]}"],
            Sides.Select((side, index) => (IReadOnlyList<string>)
            [
                side.Title,
                .. Connections.Select(connections => Format.Number(measured[connections][index].CpuMicroseconds)),
                Format.Bytes(measured[Connections[1]][index].AllocatedBytes),
                Format.Number(1e6 / measured[Connections[1]][index].ElapsedMicroseconds),
            ]));
        var figures = measured[Connections[1]];
        report.Plot("token-endpoint", "CPU time of a token request", BarChart.Draw(
            "Token endpoint: CPU time per request, µs", [.. figures.Select((side, index) => (side.Name, side.CpuMicroseconds, IsOurs: index == 2))], Format.Number));

        var (row, ours, tuned, defaults) = (figures[1], figures[2], figures[3], figures[4]);
        AddRatio(
            "Token endpoint: CPU at most 1.1 times the bare endpoint with one row read",
            ours.CpuMicroseconds / row.CpuMicroseconds,
            ratio => ratio <= 1.1,
            "validation of the request, errors, expiry, the record of uses, headers and metrics, which the bare endpoint does not have");
        AddRatio(
            "Token endpoint: at least 160 times less CPU than OpenIddict's defaults",
            defaults.CpuMicroseconds / ours.CpuMicroseconds,
            ratio => ratio >= 160,
            $"the HTTP server and the SDK are on both sides; the bare endpoint with one row read reaches {Format.Ratio(defaults.CpuMicroseconds / row.CpuMicroseconds)}");
        AddRatio(
            "Token endpoint: at least 75 times less CPU than OpenIddict, tuned",
            tuned.CpuMicroseconds / ours.CpuMicroseconds,
            ratio => ratio >= 75,
            $"the bare endpoint with one row read reaches {Format.Ratio(tuned.CpuMicroseconds / row.CpuMicroseconds)}");
        report.Add(new(
            "Token endpoint: under 20 KB allocated",
            Format.Bytes(ours.AllocatedBytes),
            ours.AllocatedBytes < 20_000,
            $"the bare endpoint with one row read allocates {Format.Bytes(row.AllocatedBytes)}, nearly all of it in the SDK"));

        void AddRatio(string goal, double ratio, Func<double, bool> isMet, string reason) => report.Add(new(goal, Format.Ratio(ratio), isMet(ratio), reason));
    }
}
