using System.Security.Cryptography;
using Azure;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Secrets;

[Kind(TestKind.Unit)]
public sealed class SecretRingTests : IAsyncDisposable
{
    private const string Name = SecretRing.CredentialPepper;
    private static readonly TimeSpan OneTick = TimeSpan.FromTicks(1);

    private readonly FakeTimeProvider clock = new();
    private readonly MemoryVault vault;
    private readonly SecretRing ring;

    public SecretRingTests() => ring = NewRing(vault = new MemoryVault(clock));

    public ValueTask DisposeAsync() => ring.DisposeAsync();

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
        vault.Disable(Name, (await vault.ListVersionsAsync(Name, TestContext.Current.CancellationToken)).Single().Version);
        await Assert.ThrowsAsync<InvalidDataException>(CurrentAsync);
    }

    [Fact]
    public async Task In_an_outage_cached_versions_are_returned_and_the_vault_is_called_only_after_the_retry_interval()
    {
        var cached = await CurrentAsync();
        vault.IsUnavailable = true;
        clock.Advance(SecretRing.RefreshInterval);
        Assert.Same(cached, await CurrentAsync());
        Assert.Equal(3, vault.Calls);
        clock.Advance(SecretRing.RetryInterval - OneTick);
        Assert.Same(cached, await FindAsync(cached.Version));
        Assert.Equal(3, vault.Calls);
        clock.Advance(OneTick);
        Assert.Same(cached, await CurrentAsync());
        Assert.Equal(4, vault.Calls);

        vault.IsUnavailable = false;
        var rotated = vault.Rotate(Name);
        clock.Advance(SecretRing.RetryInterval);
        Assert.Equal(rotated, (await CurrentAsync()).Version);
    }

    [Fact]
    public async Task CurrentAsync_throws_at_first_use_until_the_vault_is_available()
    {
        vault.IsUnavailable = true;
        await Assert.ThrowsAsync<RequestFailedException>(CurrentAsync);
        await Assert.ThrowsAsync<RequestFailedException>(CurrentAsync);
        Assert.Equal(1, vault.Calls);
        vault.IsUnavailable = false;
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
        vault.IsUnavailable = true;
        for (var calls = 3; calls < 5; calls++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Null(await FindAsync("unknown"));
            Assert.Null(await FindAsync("another unknown"));
            Assert.Equal(calls, vault.Calls);
        }

        clock.Advance(SecretRing.RefreshInterval); // the list is too old: the version may exist
        Assert.Equal(5, vault.Calls);
        await Assert.ThrowsAsync<RequestFailedException>(() => FindAsync("unknown"));
        await Assert.ThrowsAsync<RequestFailedException>(() => FindAsync("another unknown"));
        Assert.Equal(5, vault.Calls);
    }

    [Fact]
    public async Task Fifty_concurrent_first_calls_read_the_vault_once()
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        var version = Rotate(server);
        await using var remote = NewRing(server.CreateClient());
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
        await using var remote = NewRing(server.CreateClient());
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Assert.ThrowsAsync<RequestFailedException>(() => CurrentAsync(remote))));
        Assert.Equal(5, server.Requests.Count); // the challenge, and the list with three retries
    }

    [Fact]
    public async Task Other_callers_do_not_wait_for_a_refresh()
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        var old = Rotate(server);
        await using var remote = NewRing(server.CreateClient());
        await CurrentAsync(remote);
        var rotated = Rotate(server);
        var responding = new TaskCompletionSource();
        server.RespondsAfter = responding.Task; // before the clock starts the refresh
        clock.Advance(SecretRing.RefreshInterval);
        for (var request = 0; request < 5; request++)
        {
            var current = CurrentAsync(remote);
            Assert.True(current.IsCompletedSuccessfully);
            Assert.Equal(old, (await current).Version);
        }

        responding.SetResult();
        await CheckAsync(remote);
        Assert.Equal(rotated, (await CurrentAsync(remote)).Version);
    }

    [Fact]
    public async Task With_Key_Vault_a_rotation_is_detected_and_cached_versions_are_returned_in_an_outage()
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        var first = Rotate(server);
        await using var remote = NewRing(server.CreateClient());
        Assert.Equal(first, (await CurrentAsync(remote)).Version);

        var second = Rotate(server);
        clock.Advance(SecretRing.RefreshInterval);
        await CheckAsync(remote);
        Assert.Equal(second, (await CurrentAsync(remote)).Version);

        server.IsUnavailable = true;
        var third = Rotate(server);
        clock.Advance(SecretRing.RefreshInterval);
        await Assert.ThrowsAsync<AggregateException>(() => CheckAsync(remote));
        Assert.Equal(second, (await CurrentAsync(remote)).Version);
        Assert.Equal(first, (await FindAsync(remote, first))?.Version);

        server.IsUnavailable = false;
        server.Disable(first);
        clock.Advance(SecretRing.RetryInterval);
        await CheckAsync(remote);
        Assert.Equal(third, (await CurrentAsync(remote)).Version);
        Assert.Null(await FindAsync(remote, first));
    }

    [Fact]
    public async Task A_cancelled_request_does_not_cancel_the_read_that_others_wait_for()
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        var version = Rotate(server);
        var responding = new TaskCompletionSource();
        server.RespondsAfter = responding.Task;
        await using var remote = NewRing(server.CreateClient());
        using var aborted = new CancellationTokenSource();
        var cancelled = remote.CurrentAsync(aborted.Token).AsTask();
        var other = CurrentAsync(remote);

        await aborted.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        responding.SetResult();

        Assert.Equal(version, (await other).Version);
        Assert.Equal(3, server.Requests.Count); // the challenge, the list, the version
    }

    [Fact]
    public async Task Requests_without_a_cached_version_wait_five_seconds_for_an_unresponsive_vault_and_then_fail_immediately()
    {
        vault.IsUnresponsive = true;
        var waiting = Enumerable.Range(0, 20).Select(_ => CurrentAsync()).ToList();
        clock.Advance(SecretRing.MaxWait - OneTick);
        Assert.All(waiting, request => Assert.False(request.IsCompleted));
        clock.Advance(OneTick);
        await Assert.AllAsync(waiting, request => Assert.ThrowsAsync<TimeoutException>(() => request));
        await Assert.ThrowsAsync<TimeoutException>(CurrentAsync);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal($"The vault did not return secret {Name} in time.", (await Assert.ThrowsAsync<TimeoutException>(CurrentAsync)).Message);
        Assert.Equal(1, vault.Calls);
    }

    [Theory]
    [InlineData(nameof(MemoryVault.ListVersionsAsync))]
    [InlineData(nameof(MemoryVault.GetAsync))]
    public async Task A_response_that_arrives_after_its_read_was_given_up_replaces_nothing(string method)
    {
        var late = new TaskCompletionSource(); // runs the rest of the read before SetResult returns
        vault.Delay = called => called == method ? late.Task : Task.CompletedTask;
        var givenUp = CheckAsync(ring);
        clock.Advance(SecretRing.ReadTimeout);
        await Assert.ThrowsAsync<TimeoutException>(() => givenUp);

        vault.Delay = null;
        var rotated = vault.Rotate(Name);
        clock.Advance(SecretRing.UnknownVersionInterval);
        Assert.Equal(rotated, (await CurrentAsync()).Version);
        late.SetResult();

        Assert.Equal(rotated, (await CurrentAsync()).Version);
    }

    [Fact]
    public async Task A_read_of_an_unresponsive_vault_is_given_up_after_thirty_seconds()
    {
        vault.IsUnresponsive = true;
        var waiting = CurrentAsync();
        clock.Advance(SecretRing.MaxWait);
        await Assert.ThrowsAsync<TimeoutException>(() => waiting);
        vault.IsUnresponsive = false;
        clock.Advance(SecretRing.ReadTimeout - SecretRing.MaxWait);
        await Assert.ThrowsAsync<TimeoutException>(() => CheckAsync(ring)); // waits for the end of the read
        clock.Advance(SecretRing.UnknownVersionInterval);
        await CurrentAsync();
    }

    [Fact]
    public async Task Unknown_versions_share_one_read_of_an_unresponsive_vault_and_then_count_as_nonexistent()
    {
        await CurrentAsync();
        vault.IsUnresponsive = true;
        clock.Advance(SecretRing.UnknownVersionInterval);
        var waiting = Enumerable.Range(0, 20).Select(number => FindAsync($"unknown{number}")).ToList();
        Assert.All(waiting, request => Assert.False(request.IsCompleted));
        clock.Advance(SecretRing.MaxWait);
        Assert.All(await Task.WhenAll(waiting), Assert.Null);
        Assert.Null(await FindAsync("another unknown"));
        Assert.Equal(3, vault.Calls);
    }

    [Fact]
    public async Task An_idle_instance_does_not_use_a_disabled_version()
    {
        var old = await CurrentAsync();
        var rotated = vault.Rotate(Name);
        vault.Disable(Name, old.Version);
        clock.Advance(TimeSpan.FromHours(25));
        var calls = vault.Calls;
        Assert.Equal(rotated, (await CurrentAsync()).Version);
        Assert.Equal(calls, vault.Calls); // the timer has refreshed it, not the request
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_secret_whose_versions_are_all_disabled_or_deleted_is_an_error_until_it_has_a_version(bool isDeleted)
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        var version = Rotate(server);
        using var logs = new CapturedLogs();
        await using var remote = NewRing(server.CreateClient(), logs);
        await CurrentAsync(remote);
        if (isDeleted)
            server.Delete(Name);
        else
            server.Disable(version);
        clock.Advance(SecretRing.RefreshInterval);

        await Assert.ThrowsAsync<InvalidDataException>(() => CheckAsync(remote));
        Assert.Contains($"Secret {Name} has no usable version", Assert.Single(LinesOf(logs)), StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidDataException>(() => CurrentAsync(remote));
        await Assert.ThrowsAsync<InvalidDataException>(() => FindAsync(remote, version));

        server.IsUnavailable = true; // an outage does not bring it back
        clock.Advance(SecretRing.UnknownVersionInterval);
        await Assert.ThrowsAsync<AggregateException>(() => CurrentAsync(remote));
        if (isDeleted)
            return;
        server.IsUnavailable = false;
        var rotated = Rotate(server);
        clock.Advance(SecretRing.UnknownVersionInterval);
        Assert.Equal(rotated, (await CurrentAsync(remote)).Version);
    }

    [Fact]
    public async Task A_malformed_version_is_skipped_and_logged_at_each_read_and_a_disabled_one_is_not_current()
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        var (first, second) = (Rotate(server), Rotate(server));
        using var logs = new CapturedLogs();
        await using var remote = NewRing(server.CreateClient(), logs);
        Assert.Equal(second, (await CurrentAsync(remote)).Version);
        Assert.Empty(LinesOf(logs));

        server.Disable(second);
        var malformed = server.Add(Name, "This is a passphrase, and it is not base64.");
        for (var reads = 1; reads <= 2; reads++)
        {
            clock.Advance(SecretRing.RefreshInterval);
            await CheckAsync(remote);
            Assert.Equal(first, (await CurrentAsync(remote)).Version);
            Assert.Null(await FindAsync(remote, second));
            Assert.Null(await FindAsync(remote, malformed));
            Assert.Equal(reads, LinesOf(logs).Count);
        }

        Assert.All(LinesOf(logs), line =>
        {
            Assert.Contains(malformed, line, StringComparison.Ordinal);
            Assert.Contains(Name, line, StringComparison.Ordinal);
            Assert.Contains("not base64 of at least 32 bytes", line, StringComparison.Ordinal);
            Assert.DoesNotContain("passphrase", line, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', line);
        });
    }

    [Fact]
    public async Task A_secret_with_only_malformed_versions_is_an_error()
    {
        vault.FailGet = _ => new InvalidDataException();
        await Assert.ThrowsAsync<InvalidDataException>(CurrentAsync);
    }

    [Theory]
    [InlineData(403)]
    [InlineData(404)]
    public async Task A_version_that_is_disabled_or_deleted_after_it_was_listed_is_skipped(int status)
    {
        using var logs = new CapturedLogs();
        await using var logged = NewRing(vault, logs);
        var first = await CurrentAsync(logged);
        vault.Rotate(Name);
        vault.FailGet = _ => new RequestFailedException(status, "Gone.");
        clock.Advance(SecretRing.RefreshInterval);
        await CheckAsync(logged);
        Assert.Same(first, await CurrentAsync(logged));
        Assert.Contains($"cannot be read (HTTP {status}", Assert.Single(LinesOf(logs)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disabled_version_is_removed_even_if_a_new_version_cannot_be_read()
    {
        await CurrentAsync();
        var second = vault.Rotate(Name);
        clock.Advance(SecretRing.RefreshInterval);
        vault.Disable(Name, second);
        var third = vault.Rotate(Name);
        vault.FailGet = _ => new RequestFailedException(503, "The vault is unavailable.");
        clock.Advance(SecretRing.RefreshInterval);
        Assert.NotEqual(second, (await CurrentAsync()).Version);
        await Assert.ThrowsAsync<RequestFailedException>(() => CheckAsync(ring));

        vault.FailGet = null;
        clock.Advance(SecretRing.RetryInterval);
        Assert.Equal(third, (await CurrentAsync()).Version);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task An_error_response_keeps_the_cached_versions_and_is_logged_in_one_line(int status)
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        var version = Rotate(server);
        using var logs = new CapturedLogs();
        await using var remote = NewRing(server.CreateClient(), logs);
        await CurrentAsync(remote);
        server.Refuse(times: 10, status, retryAfter: TimeSpan.Zero);
        clock.Advance(SecretRing.RefreshInterval);

        Assert.Equal(status, (await Assert.ThrowsAsync<RequestFailedException>(() => CheckAsync(remote))).Status);
        Assert.Equal(version, (await CurrentAsync(remote)).Version);
        var line = Assert.Single(LinesOf(logs));
        Assert.Contains($"HTTP {status}", line, StringComparison.Ordinal);
        Assert.Contains(" 1 cached", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    [Fact]
    public async Task An_outage_is_logged_in_one_line_for_each_refresh()
    {
        using var certificate = new TestCertificate();
        await using var server = await KeyVaultServer.StartAsync(certificate);
        Rotate(server);
        using var logs = new CapturedLogs();
        await using var remote = NewRing(server.CreateClient(), logs);
        await CurrentAsync(remote);
        server.IsUnavailable = true;
        clock.Advance(SecretRing.RefreshInterval);
        await Assert.ThrowsAsync<AggregateException>(() => CheckAsync(remote));
        clock.Advance(SecretRing.RetryInterval);
        await Assert.ThrowsAsync<AggregateException>(() => CheckAsync(remote));
        Assert.Equal(2, LinesOf(logs).Count);
        Assert.All(LinesOf(logs), line => Assert.DoesNotContain('\n', line));
    }

    [Fact]
    public async Task DisposeAsync_ends_the_read_in_progress_and_later_refreshes()
    {
        await CurrentAsync();
        vault.IsUnresponsive = true;
        clock.Advance(SecretRing.RefreshInterval);
        var waiting = CheckAsync(ring);
        Assert.Equal(3, vault.Calls);

        await ring.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        clock.Advance(TimeSpan.FromDays(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CheckAsync(ring));
        Assert.Equal(3, vault.Calls);
        await ring.DisposeAsync();
    }

    private static string Rotate(KeyVaultServer server) => server.Add(Name, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

    private static Task<SecretVersion> CurrentAsync(SecretRing ring) => ring.CurrentAsync(TestContext.Current.CancellationToken).AsTask();

    private static Task<SecretVersion?> FindAsync(SecretRing ring, string version) => ring.FindAsync(version, TestContext.Current.CancellationToken).AsTask();

    /// <summary>Waits for the refresh in progress.</summary>
    private static Task CheckAsync(SecretRing ring) => ring.CheckAsync(TestContext.Current.CancellationToken);

    /// <summary>The lines that the ring logged, without those of the Azure clients.</summary>
    private static IReadOnlyList<string> LinesOf(CapturedLogs logs) => [.. logs.Lines.Where(line => line.Contains(typeof(SecretRing).FullName!, StringComparison.Ordinal))];

    private SecretRing NewRing(ISecretVault secrets, CapturedLogs? logs = null) =>
        new(secrets, Name, clock, logs is null ? NullLogger<SecretRing>.Instance : LoggerFactory.Create(logs.Attach).CreateLogger<SecretRing>());

    private Task<SecretVersion> CurrentAsync() => CurrentAsync(ring);

    private Task<SecretVersion?> FindAsync(string version) => FindAsync(ring, version);
}
