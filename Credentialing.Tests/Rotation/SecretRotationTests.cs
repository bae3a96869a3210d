using System.Diagnostics.Metrics;
using Credentialing.Core.Rotation;
using Credentialing.Core.Secrets;
using Credentialing.Core.Telemetry;
using Credentialing.Tests.Secrets;
using Credentialing.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Rotation;

/// <summary>When the rotation creates and disables versions in the vault. Both secrets have one version, created at the start of each test.</summary>
[Kind(TestKind.Unit)]
public sealed class SecretRotationTests : IAsyncLifetime
{
    private const string Pepper = SecretRing.CredentialPepper;
    private const string TokenKey = SecretRing.VendorTokenKey;

    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 11, 23, 13, 0, 0, TimeSpan.Zero));
    private readonly TestCertificate certificate = new();
    private readonly CapturedLogs logs = new();
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private KeyVaultServer server = null!;
    private MetricCollector<int> ages = null!;
    private string firstPepper = "";
    private string firstTokenKey = "";

    public async ValueTask InitializeAsync()
    {
        server = await KeyVaultServer.StartAsync(certificate, clock);
        (firstPepper, firstTokenKey) = (Add(Pepper), Add(TokenKey));
        ages = Metrics.Collect<int>(services.GetRequiredService<IMeterFactory>(), "credentialing.secret.age");
    }

    public async ValueTask DisposeAsync()
    {
        ages.Dispose();
        await server.DisposeAsync();
        await services.DisposeAsync();
        certificate.Dispose();
        logs.Dispose();
    }

    [Fact]
    public async Task A_version_is_created_at_day_180_exactly_once_and_the_old_one_stays_enabled()
    {
        clock.Advance(TimeSpan.FromDays(180) - TimeSpan.FromSeconds(1));
        await RunAsync();
        Assert.Equal([firstPepper], server.EnabledVersions(Pepper));
        Assert.Equal([firstTokenKey], server.EnabledVersions(TokenKey));

        clock.Advance(TimeSpan.FromSeconds(1));
        await RunAsync();
        await RunAsync(); // the timer can fire twice

        foreach (var (name, first) in ((string, string)[])[(Pepper, firstPepper), (TokenKey, firstTokenKey)])
        {
            var versions = server.EnabledVersions(name);
            Assert.Equal((2, first), (versions.Count, versions[0]));
            Assert.Contains(LogLines(), line => line.Contains($"Rotation: version {versions[1]} of secret {name} was created. The version before it was 180 days old.", StringComparison.Ordinal));
        }

        Assert.Equal(2, LogLines().Count);
        Assert.All(server.Values, value => Assert.DoesNotContain(value, string.Join('\n', logs.Lines), StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_age_of_the_current_version_is_recorded_at_each_run()
    {
        await RunAsync();
        clock.Advance(TimeSpan.FromDays(180));
        await RunAsync(); // rotates
        clock.Advance(TimeSpan.FromDays(1));
        await RunAsync();

        var recorded = ages.GetMeasurementSnapshot();
        Assert.Equal([(Pepper, 0), (TokenKey, 0), (Pepper, 180), (TokenKey, 180), (Pepper, 1), (TokenKey, 1)], recorded.Select(age => ((string)age.Tags["secret"]!, age.Value)));
    }

    [Fact]
    public async Task An_old_token_key_is_disabled_a_day_after_the_rotation_and_an_old_pepper_400_days_after_it()
    {
        clock.Advance(TimeSpan.FromDays(180));
        await RunAsync();
        var (newPepper, newTokenKey) = (server.EnabledVersions(Pepper)[1], server.EnabledVersions(TokenKey)[1]);

        clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        await RunAsync();
        Assert.Equal([firstTokenKey, newTokenKey], server.EnabledVersions(TokenKey));
        clock.Advance(TimeSpan.FromSeconds(1));
        await RunAsync();
        Assert.Equal([newTokenKey], server.EnabledVersions(TokenKey));
        Assert.Equal([firstPepper, newPepper], server.EnabledVersions(Pepper));

        clock.Advance(TimeSpan.FromDays(399) - TimeSpan.FromSeconds(1));
        await RunAsync(); // rotates again
        Assert.Equal([firstPepper, newPepper], server.EnabledVersions(Pepper).Take(2));
        clock.Advance(TimeSpan.FromSeconds(1));
        await RunAsync();
        Assert.Equal((2, newPepper), (server.EnabledVersions(Pepper).Count, server.EnabledVersions(Pepper)[0]));
        Assert.Contains(LogLines(), line => line.Contains($"Rotation: version {firstPepper} of secret {Pepper} was disabled. It was superseded on 2027-05-22.", StringComparison.Ordinal));
    }

    /// <summary>The state that two instances leave that rotate at the same time, or one whose response was lost.</summary>
    [Fact]
    public async Task Two_versions_of_the_same_second_are_both_valid_and_only_the_newest_one_stays()
    {
        clock.Advance(TimeSpan.FromDays(180));
        server.LosesNextResponse = true;
        await RunAsync();
        Assert.Equal(3, server.EnabledVersions(Pepper).Count);
        var tokenKeys = new[] { server.EnabledVersions(TokenKey)[1], Add(TokenKey) };

        clock.Advance(TimeSpan.FromDays(1));
        await RunAsync();

        Assert.Equal([tokenKeys.Max(StringComparer.Ordinal)!], server.EnabledVersions(TokenKey));
        Assert.Equal(3, server.EnabledVersions(Pepper).Count);
    }

    [Fact]
    public async Task A_run_that_was_stopped_between_two_steps_is_continued_by_the_next_run()
    {
        clock.Advance(TimeSpan.FromDays(180));
        using var stopping = new CancellationTokenSource();
        var stopped = new StoppedVault(server.CreateClient(), stopping);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Rotation(stopped).RunAsync(stopping.Token));
        Assert.Equal((2, 1), (server.EnabledVersions(Pepper).Count, server.EnabledVersions(TokenKey).Count));

        await RunAsync();

        Assert.Equal((2, 2), (server.EnabledVersions(Pepper).Count, server.EnabledVersions(TokenKey).Count));
        Assert.DoesNotContain(logs.Lines, line => line.Contains("could not be rotated", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_vault_that_is_unavailable_or_denies_changes_fails_the_run_and_changes_nothing()
    {
        clock.Advance(TimeSpan.FromDays(180));
        server.IsUnavailable = true;
        await Assert.ThrowsAsync<SecretRotationFailedException>(RunAsync);
        Assert.Empty(ages.GetMeasurementSnapshot());

        (server.IsUnavailable, server.DeniesChanges) = (false, true);
        var failure = await Assert.ThrowsAsync<SecretRotationFailedException>(RunAsync);
        Assert.Equal("Secrets that could not be rotated: credential-pepper, vendor-token-key.", failure.Message);
        Assert.Contains(LogLines(), line => line.Contains("Rotation: secret vendor-token-key could not be rotated: HTTP 403 Forbidden.", StringComparison.Ordinal));
        Assert.Equal([180, 180], ages.GetMeasurementSnapshot().Select(age => age.Value)); // the alert needs it
        Assert.Equal((1, 1), (server.EnabledVersions(Pepper).Count, server.EnabledVersions(TokenKey).Count));

        server.DeniesChanges = false;
        await RunAsync();
        Assert.Equal((2, 2), (server.EnabledVersions(Pepper).Count, server.EnabledVersions(TokenKey).Count));
    }

    [Fact]
    public async Task A_version_that_cannot_be_read_prevents_that_another_one_is_disabled()
    {
        clock.Advance(TimeSpan.FromDays(2));
        Add(TokenKey);
        clock.Advance(TimeSpan.FromDays(2));
        var vault = new StoppedVault(server.CreateClient(), stopping: null) { Unreadable = server.EnabledVersions(TokenKey)[1] };
        await Assert.ThrowsAsync<SecretRotationFailedException>(() => Rotation(vault).RunAsync(TestContext.Current.CancellationToken));
        Assert.Equal(2, server.EnabledVersions(TokenKey).Count);

        await RunAsync();
        Assert.Single(server.EnabledVersions(TokenKey));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("deleted")]
    [InlineData("disabled")]
    [InlineData("malformed")]
    public async Task A_first_version_is_never_created_and_the_other_secret_is_rotated(string state)
    {
        switch (state)
        {
            case "missing":
                server.Delete(Pepper, isSoftDeleted: false);
                break;
            case "deleted":
                server.Delete(Pepper);
                break;
            default:
                server.Disable(firstPepper);
                if (state == "malformed")
                    server.Add(Pepper, "This is a passphrase, and it is not base64.");
                break;
        }

        var versions = server.EnabledVersions(Pepper);
        clock.Advance(TimeSpan.FromDays(180));
        var failure = await Assert.ThrowsAsync<SecretRotationFailedException>(RunAsync);

        Assert.Equal("Secrets that could not be rotated: credential-pepper.", failure.Message);
        Assert.Contains(LogLines(), line => line.Contains("Secret credential-pepper has no usable version in the vault. The first version is not created automatically.", StringComparison.Ordinal));
        Assert.Equal(versions, server.EnabledVersions(Pepper));
        Assert.DoesNotContain(server.Requests, request => request is { Method: "PUT", Path: "/secrets/credential-pepper" });
        Assert.Equal(2, server.EnabledVersions(TokenKey).Count);
    }

    [Fact]
    public async Task A_malformed_version_supersedes_nothing()
    {
        server.Add(TokenKey, "This is a passphrase, and it is not base64.");
        clock.Advance(TimeSpan.FromDays(2));
        await RunAsync();
        Assert.Equal((2, firstTokenKey), (server.EnabledVersions(TokenKey).Count, server.EnabledVersions(TokenKey)[0]));

        clock.Advance(TimeSpan.FromDays(178));
        await RunAsync();
        clock.Advance(TimeSpan.FromDays(1));
        await RunAsync();
        Assert.DoesNotContain(firstTokenKey, server.EnabledVersions(TokenKey));
    }

    [Fact]
    public async Task A_version_that_was_enabled_again_is_kept_as_long_as_one_that_was_superseded_then()
    {
        clock.Advance(TimeSpan.FromSeconds(1));
        Add(TokenKey);
        clock.Advance(TimeSpan.FromDays(1));
        await RunAsync();
        Assert.DoesNotContain(firstTokenKey, server.EnabledVersions(TokenKey));

        clock.Advance(TimeSpan.FromDays(9));
        server.Enable(firstTokenKey);
        await RunAsync();
        Assert.Contains(firstTokenKey, server.EnabledVersions(TokenKey));
        clock.Advance(TimeSpan.FromDays(1));
        await RunAsync();
        Assert.DoesNotContain(firstTokenKey, server.EnabledVersions(TokenKey));
    }

    [Fact]
    public async Task A_version_that_was_current_until_a_newer_one_was_enabled_again_is_kept()
    {
        clock.Advance(TimeSpan.FromSeconds(1));
        var newer = Add(TokenKey);
        server.Disable(newer);
        clock.Advance(TimeSpan.FromDays(10));
        server.Enable(newer);
        await RunAsync();
        Assert.Equal(2, server.EnabledVersions(TokenKey).Count);
        clock.Advance(TimeSpan.FromDays(1));
        await RunAsync();
        Assert.Equal([newer], server.EnabledVersions(TokenKey));
    }

    [Fact]
    public async Task A_rotation_that_is_turned_off_changes_nothing_and_records_the_age()
    {
        Add(TokenKey);
        clock.Advance(TimeSpan.FromDays(1000));
        await Rotation(server.CreateClient(), days: 0).RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal((1, 2), (server.EnabledVersions(Pepper).Count, server.EnabledVersions(TokenKey).Count));
        Assert.All(server.Requests, request => Assert.Equal("GET", request.Method));
        Assert.Equal([1000, 1000], ages.GetMeasurementSnapshot().Select(age => age.Value));
    }

    private string Add(string name) => server.Add(name, SecretVersion.NewBase64());

    private Task RunAsync() => Rotation(server.CreateClient()).RunAsync(TestContext.Current.CancellationToken);

    private SecretRotationService Rotation(ISecretVault vault, int days = 180) => new(
        vault,
        Options.Create(new SecretRotationOptions { Days = days }),
        new CredentialingTelemetry(services.GetRequiredService<IMeterFactory>()),
        clock,
        LoggerFactory.Create(logs.Attach).CreateLogger<SecretRotationService>());

    private IReadOnlyList<string> LogLines() => [.. logs.Lines.Where(line => line.Contains("Rotation: ", StringComparison.Ordinal))];

    /// <summary>The vault of an instance that is stopped after it has created a version, or that cannot read a version.</summary>
    private sealed class StoppedVault(ISecretVault vault, CancellationTokenSource? stopping) : ISecretVault
    {
        public string? Unreadable { get; init; }

        public Task<IReadOnlyList<ListedVersion>> ListVersionsAsync(string name, CancellationToken cancellationToken) => vault.ListVersionsAsync(name, cancellationToken);

        public Task<SecretVersion> GetAsync(string name, string version, CancellationToken cancellationToken) =>
            vault.GetAsync(name, version == Unreadable ? "unknown" : version, cancellationToken);

        public async Task<string> CreateVersionAsync(string name, CancellationToken cancellationToken)
        {
            var version = await vault.CreateVersionAsync(name, cancellationToken);
            if (stopping is not null)
                await stopping.CancelAsync();
            return version;
        }

        public Task DisableVersionAsync(string name, string version, CancellationToken cancellationToken) => vault.DisableVersionAsync(name, version, cancellationToken);
    }
}
