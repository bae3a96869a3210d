using System.Globalization;
using System.Security.Cryptography;
using Credentialing.Core.Secrets;

namespace Credentialing.Tests.Support;

/// <summary>An in-memory vault. Tests can rotate its secrets and make it unavailable.</summary>
public sealed class MemoryVault : ISecretVault
{
    private readonly Dictionary<string, List<SecretVersion>> secrets = [];
    private int versionCount;
    private int calls;

    public MemoryVault()
    {
        Rotate(SecretRing.CredentialPepper);
        Rotate(SecretRing.VendorTokenKey);
    }

    /// <summary>Whether every call fails with 503.</summary>
    public bool IsAway { get; set; }

    /// <summary>The number of calls.</summary>
    public int Calls => calls;

    /// <summary>Creates a new version and returns its name.</summary>
    public string Rotate(string name)
    {
        var version = string.Create(CultureInfo.InvariantCulture, $"version{++versionCount}");
        if (!secrets.TryGetValue(name, out var versions))
            secrets[name] = versions = [];
        versions.Add(new SecretVersion(version, RandomNumberGenerator.GetBytes(32)));
        return version;
    }

    public void Disable(string name, string version) => secrets[name].RemoveAll(held => held.Version == version);

    public Task<IReadOnlyList<string>> ListVersionsAsync(string name, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<string>>(() => [.. secrets[name].Select(held => held.Version)]);

    public Task<SecretVersion> GetAsync(string name, string version, CancellationToken cancellationToken) =>
        ReadAsync(() => secrets[name].Single(held => held.Version == version));

    private Task<T> ReadAsync<T>(Func<T> read)
    {
        Interlocked.Increment(ref calls);
        return IsAway ? Task.FromException<T>(new Azure.RequestFailedException(503, "The vault is unavailable.")) : Task.FromResult(read());
    }
}
