using System.Security.Cryptography;
using Azure;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Secrets;

[Kind(TestKind.Unit)]
public sealed class SecretRingTests : IDisposable
{
    private const string Name = SecretRing.CredentialPepper;
    private static readonly TimeSpan OneTick = TimeSpan.FromTicks(1);

    private readonly FakeTimeProvider clock = new();
    private readonly MemoryVault vault = new();
    private readonly SecretRing ring;

    public SecretRingTests() => ring = NewRing(vault);

    public void Dispose() => ring.Dispose();

    [Fact]
    public async Task The_vault_is_read_at_first_use_and_then_not_for_the_refresh_interval()
    {
        Assert.Equal(0, vault.Calls);
        var current = await CurrentAsync();
        Assert.Equal(2, vault.Calls); // one list, one get
        clock.Advance(SecretRing.RefreshInterval - OneTick);
        Assert.Same(current, await CurrentAsync());
        Assert.Same(current, await FindAsync(current.Version));
        Assert.Equal(2, vault.Calls);
    }

    [Fact]
    public async Task After_the_refresh_interval_a_new_version_is_current_and_the_old_one_is_still_found()
    {
        var old = await CurrentAsync();
        var rotated = vault.Rotate(Name);
        clock.Advance(SecretRing.RefreshInterval);
        Assert.Equal(rotated, (await CurrentAsync()).Version);
        Assert.Same(old, await FindAsync(old.Version));
        Assert.Equal(4, vault.Calls); // one more list, and a get of the new version only
    }

    [Fact]
    public async Task After_the_refresh_interval_a_disabled_version_is_not_found()
    {
        var old = await CurrentAsync();
        vault.Rotate(Name);
        vault.Disable(Name, old.Version);
        Assert.NotNull(await FindAsync(old.Version));
        clock.Advance(SecretRing.RefreshInterval);
        Assert.Null(await FindAsync(old.Version));
    }

    [Fact]
    public async Task CurrentAsync_throws_when_no_version_is_enabled()
    {
        vault.Disable(Name, (await vault.ListVersionsAsync(Name, TestContext.Current.CancellationToken)).Single());
        await Assert.ThrowsAsync<InvalidDataException>(CurrentAsync);
    }

    [Fact]
    public async Task In_an_outage_cached_versions_are_returned_and_the_vault_is_called_only_after_the_retry_interval()
    {
        var cached = await CurrentAsync();
        vault.IsAway = true;
        clock.Advance(SecretRing.RefreshInterval);
        Assert.Same(cached, await CurrentAsync());
        Assert.Equal(3, vault.Calls);
        clock.Advance(SecretRing.RetryInterval - OneTick);
        Assert.Same(cached, await FindAsync(cached.Version));
        Assert.Equal(3, vault.Calls);
        clock.Advance(OneTick);
        Assert.Same(cached, await CurrentAsync());
        Assert.Equal(4, vault.Calls);

        vault.IsAway = false;
        var rotated = vault.Rotate(Name);
        clock.Advance(SecretRing.RetryInterval);
        Assert.Equal(rotated, (await CurrentAsync()).Version);
    }

    [Fact]
    public async Task CurrentAsync_throws_at_first_use_until_the_vault_is_available()
    {
        vault.IsAway = true;
        await Assert.ThrowsAsync<RequestFailedException>(CurrentAsync);
        await Assert.ThrowsAsync<RequestFailedException>(CurrentAsync);
        Assert.Equal(1, vault.Calls);
        vault.IsAway = false;
        clock.Advance(SecretRing.UnknownVersionInterval);
        await CurrentAsync();
    }

    [Fact]
    public async Task An_unknown_version_causes_at_most_one_vault_refresh_per_second()
    {
        await CurrentAsync();
        var rotated = vault.Rotate(Name);
        clock.Advance(TimeSpan.FromSeconds(1) - OneTick);
        Assert.Null(await FindAsync(rotated));
        Assert.Equal(2, vault.Calls);
        clock.Advance(OneTick);
        Assert.Equal(rotated, (await FindAsync(rotated))?.Version);
        Assert.Equal(4, vault.Calls);
        Assert.Null(await FindAsync("unknown"));
        Assert.Equal(4, vault.Calls);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await FindAsync("unknown"));
        Assert.Null(await FindAsync("another unknown"));
        Assert.Equal(5, vault.Calls);
    }

    [Fact]
    public async Task In_an_outage_an_unknown_version_causes_at_most_one_vault_call_per_second()
    {
        await CurrentAsync();
        vault.IsAway = true;
        for (var calls = 3; calls < 5; calls++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Assert.ThrowsAsync<RequestFailedException>(() => FindAsync("unknown"));
            await Assert.ThrowsAsync<RequestFailedException>(() => FindAsync("another unknown"));
            Assert.Equal(calls, vault.Calls);
        }
    }

    [Fact]
    public async Task Fifty_concurrent_first_calls_read_the_vault_once()
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        var version = Rotate(server);
        using var remote = NewRing(server.CreateClient());
        var versions = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => CurrentAsync(remote)));
        Assert.All(versions, item => Assert.Equal(version, item.Version));
        Assert.Equal(3, server.Requests.Count); // the challenge, the list, the version
    }

    [Fact]
    public async Task Fifty_concurrent_first_calls_share_one_failure()
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        Rotate(server);
        server.Refuse(times: 4, 503, retryAfter: TimeSpan.Zero);
        using var remote = NewRing(server.CreateClient());
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Assert.ThrowsAsync<RequestFailedException>(() => CurrentAsync(remote))));
        Assert.Equal(5, server.Requests.Count); // the challenge, and the list with three retries
    }

    [Fact]
    public async Task Other_callers_do_not_wait_for_a_refresh()
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        var old = Rotate(server);
        using var remote = NewRing(server.CreateClient());
        await CurrentAsync(remote);
        var rotated = Rotate(server);
        clock.Advance(SecretRing.RefreshInterval);
        var responding = new TaskCompletionSource();
        server.RespondsAfter = responding.Task;
        var refreshing = CurrentAsync(remote);
        var other = CurrentAsync(remote);
        Assert.True(other.IsCompletedSuccessfully);
        Assert.Equal(old, (await other).Version);
        responding.SetResult();
        Assert.Equal(rotated, (await refreshing).Version);
    }

    [Fact]
    public async Task With_Key_Vault_a_rotation_is_detected_and_cached_versions_are_returned_in_an_outage()
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        var first = Rotate(server);
        using var remote = NewRing(server.CreateClient());
        Assert.Equal(first, (await CurrentAsync(remote)).Version);

        var second = Rotate(server);
        clock.Advance(SecretRing.RefreshInterval);
        Assert.Equal(second, (await CurrentAsync(remote)).Version);

        server.IsUnavailable = true;
        var third = Rotate(server);
        clock.Advance(SecretRing.RefreshInterval);
        Assert.Equal(second, (await CurrentAsync(remote)).Version);
        Assert.Equal(first, (await remote.FindAsync(first, TestContext.Current.CancellationToken))?.Version);

        server.IsUnavailable = false;
        server.Disable(first);
        clock.Advance(SecretRing.RetryInterval);
        Assert.Equal(third, (await CurrentAsync(remote)).Version);
        Assert.Null(await remote.FindAsync(first, TestContext.Current.CancellationToken));
    }

    private static string Rotate(KeyVaultServer server) => server.Add(Name, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

    private static Task<SecretVersion> CurrentAsync(SecretRing ring) => ring.CurrentAsync(TestContext.Current.CancellationToken).AsTask();

    private SecretRing NewRing(ISecretVault secrets) => new(secrets, Name, clock, NullLogger<SecretRing>.Instance);

    private Task<SecretVersion> CurrentAsync() => CurrentAsync(ring);

    private Task<SecretVersion?> FindAsync(string version) => ring.FindAsync(version, TestContext.Current.CancellationToken).AsTask();
}
