using System.Text.Json;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Disclosures;
using Credentialing.Core.ScoreReports;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Disclosures;

/// <summary>Oakland's vendor, a report, and the downloads that are recorded.</summary>
internal sealed class Downloads(TestWorld world, TestHost host, string key) : IAsyncDisposable
{
    internal const string Reports = "v1/students/9016125901/score-reports";
    internal const string Report = $"{Reports}/2026-ssr-en.pdf";
    internal const string Content = "0123456789";
    internal const string List = "leas/01612590000000/disclosures";

    internal TestWorld World => world;

    internal TestHost Host => host;

    internal string Key => key;

    internal static async Task<Downloads> CreateAsync(AzuriteFixture azurite)
    {
        var world = await TestWorld.CreateAsync(azurite);
        var host = await TestHost.StartAsync(world);
        var downloads = new Downloads(world, host, await host.MustGenerateAsync("rosa", TestWorld.Oakland));
        await world.Storage.ScoreReports.GetBlobClient("01612590000000/9016125901/2026/ssr-en.pdf")
            .UploadAsync(BinaryData.FromString(Content), TestContext.Current.CancellationToken);
        return downloads;
    }

    /// <summary>Sends a request as Oakland's vendor.</summary>
    internal Task<ApiResponse> GetAsync(string path = Report, params string[] headers) => host.AsVendorAsync(TestWorld.Oakland, key, path, headers);

    /// <summary>Returns the recorded downloads, newest first, as Oakland's coordinator sees them.</summary>
    internal async Task<IReadOnlyList<JsonElement>> ListAsync(string query = "") =>
        [.. (await host.SendAsync(HttpMethod.Get, List + query, "rosa")).Json.GetProperty("disclosures").EnumerateArray()];

    /// <summary>Records a download of a whole file now.</summary>
    internal static Task RecordAsync(TestWorld world, LeaId leaId, string ssid = "9016125901", string client = "Aeries") => world.Disclosures.RecordAsync(new Disclosure(
        leaId, Ssid.Parse(ssid), "2026-ssr-en.pdf", Generation: 1, ClientName.Of(client), ByLink: false, IsWhole: true, world.Clock.GetUtcNow()));

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await world.DisposeAsync();
    }
}
