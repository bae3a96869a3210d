using System.Text.Json;
using Credentialing.Core.Secrets;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.DevHosting;

/// <summary>DevHost's vault keeps its versions across restarts.</summary>
[Kind(TestKind.Unit)]
public sealed class FileSecretVaultTests : IDisposable
{
    private const string Name = SecretRing.CredentialPepper;

    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 11, 23, 20, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string SecretsFile => Path.Combine(folder.Path, "secrets.json");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Created_and_disabled_versions_are_kept_after_a_restart()
    {
        var vault = new FileSecretVault(SecretsFile, clock);
        var first = Assert.Single(await vault.ListVersionsAsync(Name, Cancellation));
        clock.Advance(TimeSpan.FromDays(180));
        var created = await vault.CreateVersionAsync(Name, Cancellation);
        await vault.DisableVersionAsync(Name, first.Version, Cancellation);

        var restarted = new FileSecretVault(SecretsFile, clock);

        Assert.Equal([new ListedVersion(created, clock.GetUtcNow(), clock.GetUtcNow())], await restarted.ListVersionsAsync(Name, Cancellation));
        Assert.Equal((await vault.GetAsync(Name, created, Cancellation)).Value.ToArray(), (await restarted.GetAsync(Name, created, Cancellation)).Value.ToArray());
    }

    [Fact]
    public async Task The_file_of_a_release_without_versions_has_version_1_of_each_secret()
    {
        var value = SecretVersion.NewBase64();
        await File.WriteAllTextAsync(SecretsFile, JsonSerializer.Serialize(new Dictionary<string, string> { [Name] = value, [SecretRing.VendorTokenKey] = SecretVersion.NewBase64() }), Cancellation);
        var vault = new FileSecretVault(SecretsFile, clock);
        Assert.Equal("1", Assert.Single(await vault.ListVersionsAsync(Name, Cancellation)).Version);
        Assert.Equal(Convert.FromBase64String(value), (await vault.GetAsync(Name, "1", Cancellation)).Value.ToArray());
        Assert.Equal("2", await vault.CreateVersionAsync(Name, Cancellation));
    }
}
