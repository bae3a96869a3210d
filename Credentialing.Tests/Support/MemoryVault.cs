using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Credentialing.Core.Secrets;

namespace Credentialing.Tests.Support;

/// <summary>An in-memory vault. Tests can rotate its secrets and make it unavailable.</summary>
public sealed class MemoryVault : ISecretVault
{
    private readonly TimeProvider time;
    private readonly Dictionary<string, List<(SecretVersion Version, DateTimeOffset CreatedOn)>> secrets = [];
    private int versionCount;
    private int calls;

    /// <summary>Creates a vault with one version of each secret.</summary>
    /// <param name="time">The clock of the creation times.</param>
    public MemoryVault(TimeProvider time)
    {
        this.time = time;
        Rotate(SecretRing.CredentialPepper);
        Rotate(SecretRing.VendorTokenKey);
    }

    /// <summary>Whether every call fails with 503.</summary>
    public bool IsUnavailable { get; set; }

    /// <summary>Whether new calls get no response. They end only when they are cancelled.</summary>
    public bool IsUnresponsive { get; set; }

    /// <summary>The exception with which <see cref="GetAsync"/> fails for a version; null if it succeeds.</summary>
    public Func<string, Exception?>? FailGet { get; set; }

    /// <summary>Delays the responses of a method, also after the call was cancelled; null if it does not.</summary>
    public Func<string, Task>? Delay { get; set; }

    /// <summary>The number of calls.</summary>
    public int Calls => calls;

    /// <summary>Creates a new version and returns its name.</summary>
    public string Rotate(string name)
    {
        var version = string.Create(CultureInfo.InvariantCulture, $"version{++versionCount}");
        if (!secrets.TryGetValue(name, out var versions))
            secrets[name] = versions = [];
        versions.Add((new SecretVersion(version, RandomNumberGenerator.GetBytes(32)), time.GetUtcNow()));
        return version;
    }

    public void Disable(string name, string version) => secrets[name].RemoveAll(held => held.Version.Version == version);

    public Task<IReadOnlyList<ListedVersion>> ListVersionsAsync(string name, CancellationToken cancellationToken) =>
        CallAsync<IReadOnlyList<ListedVersion>>(() => [.. secrets[name].Select(held => new ListedVersion(held.Version.Version, held.CreatedOn, held.CreatedOn))], cancellationToken);

    public Task<SecretVersion> GetAsync(string name, string version, CancellationToken cancellationToken) =>
        CallAsync(() => FailGet?.Invoke(version) is { } failure ? throw failure : secrets[name].Single(held => held.Version.Version == version).Version, cancellationToken);

    public Task<string> CreateVersionAsync(string name, CancellationToken cancellationToken) => CallAsync(() => Rotate(name), cancellationToken);

    public Task DisableVersionAsync(string name, string version, CancellationToken cancellationToken) =>
        CallAsync(() => secrets[name].RemoveAll(held => held.Version.Version == version), cancellationToken);

    private async Task<T> CallAsync<T>(Func<T> call, CancellationToken cancellationToken, [CallerMemberName] string method = "")
    {
        Interlocked.Increment(ref calls);
        if (IsUnresponsive)
            await Task.Delay(Timeout.Infinite, cancellationToken);
        if (IsUnavailable)
            throw new Azure.RequestFailedException(503, "The vault is unavailable.");
        var response = call();
        if (Delay is not null)
            await Delay(method);
        return response;
    }
}
