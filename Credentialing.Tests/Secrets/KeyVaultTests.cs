using System.Diagnostics;
using System.Security.Cryptography;
using Azure;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Secrets;

[Kind(TestKind.Unit)]
public sealed class KeyVaultTests : IAsyncLifetime
{
    private const string Name = "pepper";

    private readonly TestCertificate certificate = new();
    private KeyVaultServer server = null!;
    private KeyVault vault = null!;

    public async ValueTask InitializeAsync()
    {
        server = await KeyVaultServer.StartAsync(certificate);
        vault = server.CreateClient();
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        certificate.Dispose();
    }

    [Fact]
    public async Task The_client_gets_one_challenge_and_then_sends_the_token_with_each_request()
    {
        await ListAsync();
        await ListAsync();
        Assert.Equal(
            [("GET", "/secrets/pepper/versions", false, 401), ("GET", "/secrets/pepper/versions", true, 200), ("GET", "/secrets/pepper/versions", true, 200)],
            server.Requests.Select(request => (request.Method, request.Path, request.IsAuthorized, request.Status)));
    }

    [Fact]
    public async Task ListVersionsAsync_returns_the_enabled_versions_of_all_pages_oldest_first()
    {
        var versions = Enumerable.Range(0, 5).Select(_ => server.Add(Name, NewText())).ToList();
        server.Add("another", NewText());
        server.Disable(versions[1]);
        server.Disable(versions[4]);
        Assert.Equal([versions[0], versions[2], versions[3]], await ListAsync());
        Assert.Equal([401, 200, 200, 200], Statuses());
    }

    [Fact]
    public async Task ListVersionsAsync_returns_versions_of_the_same_second_in_the_order_of_their_names()
    {
        await using var sameSecond = await KeyVaultServer.StartAsync(certificate, new FakeTimeProvider());
        var versions = Enumerable.Range(0, 5).Select(_ => sameSecond.Add(Name, NewText())).ToList();
        var listed = await sameSecond.CreateClient().ListVersionsAsync(Name, TestContext.Current.CancellationToken);
        Assert.Equal(versions.Order(StringComparer.Ordinal), listed.Select(version => version.Version));
    }

    [Fact]
    public async Task CreateVersionAsync_creates_a_random_version_of_32_bytes()
    {
        var created = new List<string> { server.Add(Name, NewText()) };
        for (var count = 0; count < 2; count++)
            created.Add(await vault.CreateVersionAsync(Name, TestContext.Current.CancellationToken));
        Assert.Equal(created, await ListAsync());
        Assert.All(server.Values, value => Assert.Equal(32, Convert.FromBase64String(value).Length));
        Assert.Distinct(server.Values);
    }

    [Fact]
    public async Task DisableVersionAsync_disables_only_this_version_and_is_idempotent()
    {
        var versions = Enumerable.Range(0, 3).Select(_ => server.Add(Name, NewText())).ToList();
        for (var count = 0; count < 2; count++)
            await vault.DisableVersionAsync(Name, versions[1], TestContext.Current.CancellationToken);
        Assert.Equal([versions[0], versions[2]], await ListAsync());
        Assert.Equal(404, (await Assert.ThrowsAsync<RequestFailedException>(
            () => vault.DisableVersionAsync(Name, "missing", TestContext.Current.CancellationToken))).Status);
    }

    [Fact]
    public async Task ListVersionsAsync_returns_when_a_version_was_created_and_enabled_again()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 20, 0, 0, TimeSpan.Zero));
        await using var timed = await KeyVaultServer.StartAsync(certificate, clock);
        var version = timed.Add(Name, NewText());
        timed.Disable(version);
        clock.Advance(TimeSpan.FromDays(2));
        timed.Enable(version);
        var listed = Assert.Single(await timed.CreateClient().ListVersionsAsync(Name, TestContext.Current.CancellationToken));
        Assert.Equal(new ListedVersion(version, clock.GetUtcNow().AddDays(-2), clock.GetUtcNow()), listed);
    }

    [Fact]
    public async Task ListVersionsAsync_returns_an_empty_list_for_a_missing_secret() => Assert.Empty(await ListAsync());

    [Fact]
    public async Task GetAsync_returns_the_decoded_value()
    {
        var bytes = RandomNumberGenerator.GetBytes(32);
        var version = server.Add(Name, Convert.ToBase64String(bytes));
        server.Add(Name, NewText());
        var read = await GetAsync(version);
        Assert.Equal(version, read.Version);
        Assert.Equal(bytes, read.Value.ToArray());
    }

    [Fact]
    public async Task GetAsync_throws_without_a_retry_for_a_disabled_or_missing_version()
    {
        var disabled = server.Add(Name, NewText());
        server.Disable(disabled);
        Assert.Equal(403, (await Assert.ThrowsAsync<RequestFailedException>(() => GetAsync(disabled))).Status);
        Assert.Equal(404, (await Assert.ThrowsAsync<RequestFailedException>(() => GetAsync("missing"))).Status);
        Assert.Equal([401, 403, 404], Statuses());
    }

    [Theory]
    [InlineData("This is a passphrase, and it is not base64.")]
    [InlineData("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MA==")] // 31 bytes
    public async Task GetAsync_throws_without_revealing_a_value_that_is_not_base64_of_at_least_32_bytes(string text)
    {
        var version = server.Add(Name, text);
        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => GetAsync(version));
        Assert.Contains(version, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(text, failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_retry_waits_for_the_Retry_After_time(int status)
    {
        var retryAfter = TimeSpan.FromSeconds(1); // the smallest value of Retry-After
        var version = server.Add(Name, NewText());
        server.Refuse(times: 1, status, retryAfter);
        Assert.Equal([version], await ListAsync());
        Assert.Equal([401, status, 200], Statuses());
        var timestamps = server.Requests.Skip(1).Select(request => request.Timestamp).ToList();
        // Timers round down. Without the header, the delay would be 1 or 2 ms.
        Assert.True(Stopwatch.GetElapsedTime(timestamps[0], timestamps[1]) > 0.9 * retryAfter);
    }

    [Fact]
    public async Task GetAsync_throws_without_revealing_secrets_after_three_failed_retries()
    {
        var text = NewText();
        var version = server.Add(Name, text);
        server.Refuse(times: 10, 503, retryAfter: TimeSpan.Zero);
        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => GetAsync(version));
        Assert.Equal(503, failure.Status);
        Assert.Equal([401, 503, 503, 503, 503], Statuses());
        AssertRevealsNoSecret(failure, text);
    }

    [Fact]
    public async Task GetAsync_throws_without_revealing_secrets_when_the_vault_is_unavailable()
    {
        var text = NewText();
        var version = server.Add(Name, text);
        await GetAsync(version);
        server.IsUnavailable = true;
        var failure = await Assert.ThrowsAsync<AggregateException>(() => GetAsync(version));
        Assert.Equal(4, failure.InnerExceptions.Count);
        Assert.All(failure.InnerExceptions, inner => Assert.IsType<RequestFailedException>(inner));
        AssertRevealsNoSecret(failure, text);
    }

    [Fact]
    public async Task ListVersionsAsync_returns_an_empty_list_for_a_deleted_secret()
    {
        server.Add(Name, NewText());
        server.Delete(Name);
        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task ListVersionsAsync_throws_for_a_404_that_is_not_the_vaults()
    {
        server.Add(Name, NewText());
        server.Refuse(times: 1, 404, retryAfter: TimeSpan.Zero);
        Assert.Equal(404, (await Assert.ThrowsAsync<RequestFailedException>(ListAsync)).Status);
    }

    [Fact]
    public async Task The_activation_and_expiration_dates_of_a_version_are_ignored()
    {
        var version = server.Add(Name, NewText()); // not yet active and already expired, as every version of the test server
        Assert.Equal([version], await ListAsync());
        Assert.Equal(version, (await GetAsync(version)).Version);
    }

    private static void AssertRevealsNoSecret(Exception failure, string text)
    {
        Assert.DoesNotContain(text, failure.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(KeyVaultServer.Token, failure.ToString(), StringComparison.Ordinal);
    }

    private static string NewText() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private async Task<IReadOnlyList<string>> ListAsync() =>
        [.. (await vault.ListVersionsAsync(Name, TestContext.Current.CancellationToken)).Select(version => version.Version)];

    private Task<SecretVersion> GetAsync(string version) => vault.GetAsync(Name, version, TestContext.Current.CancellationToken);

    private IEnumerable<int> Statuses() => server.Requests.Select(request => request.Status);
}
