using System.Net;
using Credentialing.Core.Secrets;
using Credentialing.Functions.Endpoints;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Credentialing.Tests.Endpoints;

[Kind(TestKind.Storage)]
public sealed class ReadinessTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Concurrent_and_later_requests_share_one_check_for_five_seconds()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);

        Assert.All(await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => GetAsync(host))), response => Assert.Equal(HttpStatusCode.OK, response.Status));
        world.Clock.Advance(Readiness.CacheInterval - TimeSpan.FromTicks(1));
        world.Traffic.InjectFault = _ => Fault.ConnectionFailed;
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host)).Status);
        Assert.Equal(5, world.Traffic.Requests.Count); // four tables and the container
        Assert.Equal(4, world.Traffic.Requests.Count(request => request.Contains("filter=PartitionKey%20eq%20%27%27", StringComparison.Ordinal))); // no row is read
        Assert.Equal(4, world.Vault.Calls); // for each of the two secrets, the list and the version

        world.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetAsync(host)).Status);
        world.Traffic.InjectFault = null;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetAsync(host)).Status);
        world.Clock.Advance(Readiness.CacheInterval);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host)).Status);
    }

    [Fact]
    public async Task Returns_503_after_five_seconds_when_storage_and_vault_do_not_respond()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        world.Vault.IsUnresponsive = true;
        var gate = world.ExternalCalls.BlockAt(ExternalService.Storage);

        var pending = GetAsync(host);
        await gate.Reached;
        Assert.False(pending.IsCompleted);
        world.Clock.Advance(Readiness.CheckTimeout);
        var response = await pending;

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (response.Status, response.ProblemType));
        Assert.Equal(["storage", "vault"], response.Json.GetProperty("unreachable").EnumerateArray().Select(name => name.GetString()));
        gate.Open();
    }

    [Fact]
    public async Task A_cancelled_request_does_not_cancel_the_check_that_others_wait_for()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var ring = new SecretRing(world.Vault, SecretRing.CredentialPepper, world.Clock, NullLogger<SecretRing>.Instance);
        await using var readiness = new Readiness(world.Storage, ring, ring, world.Clock, NullLogger<Readiness>.Instance);
        using var aborted = new CancellationTokenSource();
        var gate = world.ExternalCalls.BlockAt(ExternalService.Storage);
        var cancelled = readiness.FindUnreachableAsync(aborted.Token);
        var other = readiness.FindUnreachableAsync(TestContext.Current.CancellationToken);
        await gate.Reached;

        await aborted.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        gate.Open();

        Assert.Empty(await other);
        Assert.Equal(5, world.Traffic.Requests.Count);
    }

    [Fact]
    public async Task DisposeAsync_ends_the_check_in_progress()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var ring = new SecretRing(world.Vault, SecretRing.CredentialPepper, world.Clock, NullLogger<SecretRing>.Instance);
        var readiness = new Readiness(world.Storage, ring, ring, world.Clock, NullLogger<Readiness>.Instance);
        world.Vault.IsUnresponsive = true;
        var pending = readiness.FindUnreachableAsync(TestContext.Current.CancellationToken);

        await readiness.DisposeAsync();

        Assert.Contains("vault", await pending);
    }

    [Fact]
    public async Task Vendors_are_served_without_a_wait_while_the_vault_does_not_respond()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Vault.IsUnresponsive = true;
        world.Clock.Advance(SecretRing.RefreshInterval);

        for (var request = 0; request < 5; request++)
            Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);
    }

    [Fact]
    public async Task A_new_instance_returns_503_after_a_short_wait_while_the_vault_does_not_respond()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        world.Vault.IsUnresponsive = true;

        var pending = host.GenerateAsync("rosa", TestWorld.Oakland);
        await world.Clock.AdvanceUntilAsync(pending, step: SecretRing.MaxWait / 50); // a second read after 3 s of real time

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), ((await pending).Status, (await pending).ProblemType));
        Assert.Equal(1, world.Vault.Calls);
    }

    private static Task<ApiResponse> GetAsync(TestHost host) => host.SendAsync(HttpMethod.Get, "health/ready");
}
