using System.Diagnostics;
using System.Security.Cryptography;
using Azure;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Secrets;

public sealed class KeyVaultTests : IAsyncLifetime
{
    private const string Name = "pepper";

    private readonly TestCertificate certificate = new();
    private KeyVaultServer server = null!;
    private KeyVault vault = null!;

    public async ValueTask InitializeAsync()
    {
        server = await KeyVaultServer.StartAsync(certificate);
        vault = server.Connect();
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        certificate.Dispose();
    }

    [Fact]
    public async Task The_challenge_is_answered_once_and_the_token_sent_from_then_on()
    {
        await ListAsync();
        await ListAsync();
        Assert.Equal(
            [("GET", "/secrets/pepper/versions", false, 401), ("GET", "/secrets/pepper/versions", true, 200), ("GET", "/secrets/pepper/versions", true, 200)],
            server.Requests.Select(request => (request.Method, request.Path, request.IsAuthorized, request.Status)));
    }

    [Fact]
    public async Task Versions_are_listed_oldest_first_across_pages_without_the_disabled()
    {
        var versions = Enumerable.Range(0, 5).Select(_ => server.Add(Name, NewText())).ToList();
        server.Add("another", NewText());
        server.Disable(versions[1]);
        server.Disable(versions[4]);
        Assert.Equal([versions[0], versions[2], versions[3]], await ListAsync());
        Assert.Equal([401, 200, 200, 200], Statuses());
    }

    [Fact]
    public async Task A_missing_secret_has_no_versions() => Assert.Empty(await ListAsync());

    [Fact]
    public async Task A_version_is_read_and_decoded()
    {
        var bytes = RandomNumberGenerator.GetBytes(32);
        var version = server.Add(Name, Convert.ToBase64String(bytes));
        server.Add(Name, NewText());
        var read = await GetAsync(version);
        Assert.Equal(version, read.Version);
        Assert.Equal(bytes, read.Value.ToArray());
    }

    [Fact]
    public async Task A_disabled_or_missing_version_cannot_be_read_and_is_asked_for_once()
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
    public async Task What_is_not_base64_of_at_least_32_bytes_is_refused_without_repeating_it(string text)
    {
        var version = server.Add(Name, text);
        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => GetAsync(version));
        Assert.Contains(version, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(text, failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_vault_that_says_when_to_try_again_is_asked_again_then(int status)
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
    public async Task A_vault_that_refuses_for_good_is_an_exception_that_gives_nothing_away()
    {
        var text = NewText();
        var version = server.Add(Name, text);
        server.Refuse(times: 10, 503, retryAfter: TimeSpan.Zero);
        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => GetAsync(version));
        Assert.Equal(503, failure.Status);
        Assert.Equal([401, 503, 503, 503, 503], Statuses());
        AssertGivesNothingAway(failure, text);
    }

    [Fact]
    public async Task A_vault_that_stays_away_is_an_exception_that_gives_nothing_away()
    {
        var text = NewText();
        var version = server.Add(Name, text);
        await GetAsync(version);
        server.IsAway = true;
        var failure = await Assert.ThrowsAsync<AggregateException>(() => GetAsync(version));
        Assert.Equal(4, failure.InnerExceptions.Count);
        Assert.All(failure.InnerExceptions, inner => Assert.IsType<RequestFailedException>(inner));
        AssertGivesNothingAway(failure, text);
    }

    private static void AssertGivesNothingAway(Exception failure, string text)
    {
        Assert.DoesNotContain(text, failure.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(KeyVaultServer.Token, failure.ToString(), StringComparison.Ordinal);
    }

    private static string NewText() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private Task<IReadOnlyList<string>> ListAsync() => vault.ListVersionsAsync(Name, TestContext.Current.CancellationToken);

    private Task<SecretVersion> GetAsync(string version) => vault.GetAsync(Name, version, TestContext.Current.CancellationToken);

    private IEnumerable<int> Statuses() => server.Requests.Select(request => request.Status);
}
