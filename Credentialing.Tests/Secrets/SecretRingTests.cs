using System.Security.Cryptography;
using Azure;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Secrets;

public sealed class SecretRingTests : IDisposable
{
    private const string Name = SecretRing.CredentialPepper;
    private static readonly TimeSpan Moment = TimeSpan.FromTicks(1);

    private readonly FakeTimeProvider clock = new();
    private readonly MemoryVault vault = new();
    private readonly SecretRing ring;

    public SecretRingTests() => ring = RingOver(vault);

    public void Dispose() => ring.Dispose();

    [Fact]
    public async Task The_vault_is_read_at_first_use_and_then_left_alone_for_the_refresh_interval()
    {
        Assert.Equal(0, vault.Calls);
        var current = await CurrentAsync();
        Assert.Equal(2, vault.Calls); // one list, one get
        clock.Advance(SecretRing.RefreshInterval - Moment);
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
    public async Task After_the_refresh_interval_a_disabled_version_is_gone()
    {
        var old = await CurrentAsync();
        vault.Rotate(Name);
        vault.Disable(Name, old.Version);
        Assert.NotNull(await FindAsync(old.Version));
        clock.Advance(SecretRing.RefreshInterval);
        Assert.Null(await FindAsync(old.Version));
    }

    [Fact]
    public async Task A_secret_without_a_usable_version_is_invalid()
    {
        vault.Disable(Name, (await vault.ListVersionsAsync(Name, TestContext.Current.CancellationToken)).Single());
        await Assert.ThrowsAsync<InvalidDataException>(CurrentAsync);
    }

    [Fact]
    public async Task In_an_outage_what_is_held_goes_on_serving_and_the_vault_is_asked_again_only_after_the_retry_interval()
    {
        var held = await CurrentAsync();
        vault.IsAway = true;
        clock.Advance(SecretRing.RefreshInterval);
        Assert.Same(held, await CurrentAsync());
        Assert.Equal(3, vault.Calls);
        clock.Advance(SecretRing.RetryInterval - Moment);
        Assert.Same(held, await FindAsync(held.Version));
        Assert.Equal(3, vault.Calls);
        clock.Advance(Moment);
        Assert.Same(held, await CurrentAsync());
        Assert.Equal(4, vault.Calls);

        vault.IsAway = false;
        var rotated = vault.Rotate(Name);
        clock.Advance(SecretRing.RetryInterval);
        Assert.Equal(rotated, (await CurrentAsync()).Version);
    }

    [Fact]
    public async Task An_outage_at_first_use_is_an_exception_until_the_vault_is_back()
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
    public async Task An_unknown_version_asks_the_vault_anew_at_most_once_a_second()
    {
        await CurrentAsync();
        var rotated = vault.Rotate(Name);
        clock.Advance(TimeSpan.FromSeconds(1) - Moment);
        Assert.Null(await FindAsync(rotated));
        Assert.Equal(2, vault.Calls);
        clock.Advance(Moment);
        Assert.Equal(rotated, (await FindAsync(rotated))?.Version);
        Assert.Equal(4, vault.Calls);
        Assert.Null(await FindAsync("made up"));
        Assert.Equal(4, vault.Calls);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await FindAsync("made up"));
        Assert.Null(await FindAsync("made up too"));
        Assert.Equal(5, vault.Calls);
    }

    [Fact]
    public async Task In_an_outage_too_an_unknown_version_asks_the_vault_at_most_once_a_second()
    {
        await CurrentAsync();
        vault.IsAway = true;
        for (var calls = 3; calls < 5; calls++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Assert.ThrowsAsync<RequestFailedException>(() => FindAsync("made up"));
            await Assert.ThrowsAsync<RequestFailedException>(() => FindAsync("made up too"));
            Assert.Equal(calls, vault.Calls);
        }
    }

    [Fact]
    public async Task Fifty_first_calls_at_once_read_the_vault_once()
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        var version = Rotate(server);
        using var remote = RingOver(server.Connect());
        var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => CurrentAsync(remote)));
        Assert.All(responses, response => Assert.Equal(version, response.Version));
        Assert.Equal(3, server.Requests.Count); // the challenge, the list, the version
    }

    [Fact]
    public async Task Fifty_first_calls_at_once_fail_together_when_the_vault_refuses()
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        Rotate(server);
        server.Refuse(times: 4, 503, retryAfter: TimeSpan.Zero);
        using var remote = RingOver(server.Connect());
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Assert.ThrowsAsync<RequestFailedException>(() => CurrentAsync(remote))));
        Assert.Equal(5, server.Requests.Count); // the challenge, and the list with three retries
    }

    [Fact]
    public async Task While_one_caller_refreshes_the_others_do_not_wait()
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        var old = Rotate(server);
        using var remote = RingOver(server.Connect());
        await CurrentAsync(remote);
        var rotated = Rotate(server);
        clock.Advance(SecretRing.RefreshInterval);
        var answering = new TaskCompletionSource();
        server.RespondsAfter = answering.Task;
        var refreshing = CurrentAsync(remote);
        var other = CurrentAsync(remote);
        Assert.True(other.IsCompletedSuccessfully);
        Assert.Equal(old, (await other).Version);
        answering.SetResult();
        Assert.Equal(rotated, (await refreshing).Version);
    }

    [Fact]
    public async Task Over_Key_Vault_a_rotation_is_noticed_and_an_outage_is_survived()
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        var first = Rotate(server);
        using var remote = RingOver(server.Connect());
        Assert.Equal(first, (await CurrentAsync(remote)).Version);

        var second = Rotate(server);
        clock.Advance(SecretRing.RefreshInterval);
        Assert.Equal(second, (await CurrentAsync(remote)).Version);

        server.IsAway = true;
        var third = Rotate(server);
        clock.Advance(SecretRing.RefreshInterval);
        Assert.Equal(second, (await CurrentAsync(remote)).Version);
        Assert.Equal(first, (await remote.FindAsync(first, TestContext.Current.CancellationToken))?.Version);

        server.IsAway = false;
        server.Disable(first);
        clock.Advance(SecretRing.RetryInterval);
        Assert.Equal(third, (await CurrentAsync(remote)).Version);
        Assert.Null(await remote.FindAsync(first, TestContext.Current.CancellationToken));
    }

    private static string Rotate(KeyVaultServer server) => server.Add(Name, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

    private static Task<SecretVersion> CurrentAsync(SecretRing ring) => ring.CurrentAsync(TestContext.Current.CancellationToken).AsTask();

    private SecretRing RingOver(ISecretVault secrets) => new(secrets, Name, clock, NullLogger<SecretRing>.Instance);

    private Task<SecretVersion> CurrentAsync() => CurrentAsync(ring);

    private Task<SecretVersion?> FindAsync(string version) => ring.FindAsync(version, TestContext.Current.CancellationToken).AsTask();
}
