using System.Net;
using Azure.Data.Tables;
using Credentialing.Core.Secrets;
using Credentialing.Functions.Endpoints;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Http;

[Kind(TestKind.Storage)]
public sealed class FaultTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task A_storage_failure_returns_503_with_Retry_After()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Traffic.InjectFault = _ => Fault.ConnectionFailed;

        foreach (var response in (ApiResponse[])[
            await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "rosa"),
            await host.GenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1),
            await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")])
        {
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (response.Status, response.ProblemType));
            Assert.NotNull(response.Headers.RetryAfter);
            Assert.True(response.Headers.CacheControl!.NoStore);
        }

        world.Traffic.InjectFault = null;
        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);
    }

    /// <summary>Requests to storage: the row, the file, and the end of the file. The last one fails.</summary>
    [Theory]
    [InlineData(10, Fault.ConnectionFailed)]
    [InlineData(4000, Fault.ConnectionFailed)]
    [InlineData(4000, Fault.Timeout)]
    public async Task A_failure_to_read_a_file_returns_503_without_the_headers_of_the_file(int length, Fault fault)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential"); // records the first use of the day
        await world.Storage.ScoreReports.GetBlobClient("01612590000000/9016125901/2026/ssr-en.pdf")
            .UploadAsync(BinaryData.FromBytes(new byte[length]), TestContext.Current.CancellationToken);
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number < 3 ? Fault.None : fault;

        var response = await host.AsVendorAsync(TestWorld.Oakland, key, "v1/students/9016125901/score-reports/2026-ssr-en.pdf", "Range", "bytes=-3");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (response.Status, response.ProblemType));
        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.Null(response.Headers.ETag);
        Assert.Null(response.ContentHeaders.ContentDisposition);
        Assert.Null(response.ContentHeaders.ContentRange);
    }

    [Fact]
    public async Task A_transient_storage_failure_is_retried()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number <= 2 ? Fault.ConnectionFailed : Fault.None;
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "rosa")).Status);
    }

    [Fact]
    public async Task If_the_vault_is_unavailable_at_startup_requests_return_503_until_it_is_available()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        world.Vault.IsUnavailable = true;
        Assert.Equal("unavailable", (await host.GenerateAsync("rosa", TestWorld.Oakland)).ProblemType);

        world.Vault.IsUnavailable = false;
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
    }

    [Fact]
    public async Task An_invalid_row_returns_500_without_details()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await world.Storage.Leas.AddEntityAsync(new TableEntity("01612590000000", "credential"), TestContext.Current.CancellationToken);

        var response = await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "rosa");

        Assert.Equal((HttpStatusCode.InternalServerError, "unexpected"), (response.Status, response.ProblemType));
        Assert.DoesNotContain("Generation", response.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_app_is_always_live_and_is_ready_only_with_storage_and_both_secrets()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(HttpMethod.Get, "health/ready")).Status);

        world.Vault.Disable(SecretRing.VendorTokenKey, (await world.Vault.ListVersionsAsync(SecretRing.VendorTokenKey, TestContext.Current.CancellationToken)).Single().Version);
        world.Clock.Advance(Readiness.CacheInterval);
        var calls = world.Vault.Calls;
        for (var attempt = 0; attempt < 5; attempt++)
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.SendAsync(HttpMethod.Get, "health/ready")).Status);
        Assert.Equal(calls + 2, world.Vault.Calls); // one per secret: repeated readiness checks do not call the vault again

        world.Vault.IsUnavailable = true;
        world.Traffic.InjectFault = _ => Fault.ConnectionFailed;
        world.Clock.Advance(Readiness.CacheInterval);
        var ready = await host.SendAsync(HttpMethod.Get, "health/ready");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (ready.Status, ready.ProblemType));
        Assert.Equal(["storage", "vault"], ready.Json.GetProperty("unreachable").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(HttpMethod.Get, "health")).Status);
    }
}
