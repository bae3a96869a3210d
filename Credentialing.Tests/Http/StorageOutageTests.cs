using System.Net;
using Azure.Data.Tables;
using Azure.Storage;
using Azure.Storage.Blobs;
using Credentialing.Core.Storage;
using Credentialing.Functions.Hosting;
using Credentialing.Tests.Announcements;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Tests.Http;

/// <summary>Storage that refuses connections or does not respond, with the retry policy of production. The time is real.</summary>
[Kind(TestKind.Storage)]
public sealed class StorageOutageTests(AzuriteFixture azurite)
{
    private const string Reports = "v1/students/9016125901/score-reports";

    private static readonly Uri Closed = new("http://127.0.0.1:1/account");

    /// <summary>More than 6 seconds, only because the test machine may be busy.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_call_of_storage_ends_within_6_seconds() => Assert.InRange(StorageRetryPolicy.TimeLimit, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(6));

    [Fact]
    public async Task A_vendor_gets_a_503_in_time_when_blob_storage_refuses_connections() =>
        await AssertUnavailableAsync(Closed);

    [Fact]
    public async Task A_vendor_gets_a_503_in_time_when_blob_storage_does_not_respond()
    {
        await using var server = await MyTomsServer.StartAsync([.. Enumerable.Repeat<RequestDelegate>(MyTomsServer.HangAsync, 20)]);
        await AssertUnavailableAsync(new Uri(server.BaseUrl, "/account"));
    }

    [Fact]
    public async Task A_vendor_gets_a_503_in_time_when_blob_storage_sends_headers_but_no_content()
    {
        await using var server = await MyTomsServer.StartAsync([.. Enumerable.Repeat<RequestDelegate>(HangAfterHeadersAsync, 20)]);
        await AssertUnavailableAsync(new Uri(server.BaseUrl, "/account"));
    }

    [Fact]
    public async Task A_vendor_gets_a_503_in_time_when_table_storage_does_not_respond()
    {
        await using var server = await MyTomsServer.StartAsync([.. Enumerable.Repeat<RequestDelegate>(MyTomsServer.HangAsync, 20)]);
        var tables = new TableServiceClient(
            new Uri(server.BaseUrl, "/account"), new TableSharedKeyCredential("account", Convert.ToBase64String(new byte[32])), AzureRegistration.ForStorage(new TableClientOptions()));
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        await using var host = await TestHost.StartAsync(world, builder => builder.Services.AddSingleton(tables));
        await AssertUnavailableAsync(host, key, "v1/credential");
    }

    private static async Task HangAfterHeadersAsync(HttpContext context)
    {
        context.Response.Headers.ETag = "\"1\"";
        context.Response.Headers.LastModified = "Mon, 23 Nov 2026 20:00:00 GMT";
        await MyTomsServer.HangAfterHeadersAsync(context);
    }

    private static async Task AssertUnavailableAsync(TestHost host, string key, string path)
    {
        var began = TimeProvider.System.GetTimestamp();
        var response = await host.AsVendorAsync(TestWorld.Oakland, key, path);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (response.Status, response.ProblemType));
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, Limit);
    }

    private async Task AssertUnavailableAsync(Uri blobEndpoint)
    {
        var blobs = new BlobServiceClient(
            blobEndpoint, new StorageSharedKeyCredential("account", Convert.ToBase64String(new byte[32])), AzureRegistration.ForStorage(new BlobClientOptions()));
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        await using var host = await TestHost.StartAsync(world, builder => builder.Services.AddSingleton(blobs));
        await Task.WhenAll(AssertUnavailableAsync(host, key, Reports), AssertUnavailableAsync(host, key, $"{Reports}/2026-ssr-en.pdf"));
    }
}
