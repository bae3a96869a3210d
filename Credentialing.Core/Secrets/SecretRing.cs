using System.Collections.Frozen;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Secrets;

/// <summary>
/// In-memory cache of all enabled versions of one secret. The newest version signs and hashes; the older ones only verify.
/// Loaded from the vault at first use and refreshed every <see cref="RefreshInterval"/>. While the vault is unavailable, the
/// cached versions stay in use. Thread safe.
/// </summary>
public sealed partial class SecretRing(ISecretVault vault, string name, TimeProvider time, ILogger<SecretRing> logger)
    : IDisposable
{
    /// <summary>The pepper of the secret-key verifiers.</summary>
    public const string CredentialPepper = "credential-pepper";

    /// <summary>The key that signs the vendors' bearer tokens.</summary>
    public const string VendorTokenKey = "vendor-token-key";

    /// <summary>Maximum delay until a rotated or disabled version is noticed.</summary>
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromMinutes(5);

    /// <summary>Delay until the next refresh after a failed refresh.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Limits vault reads that unknown version names cause. Within this time after a successful read, an unknown version counts as
    /// nonexistent. Within this time after a failed read, callers get the same exception. So requests with invented versions
    /// cause at most one vault read per second, also in an outage.
    /// </summary>
    public static readonly TimeSpan UnknownVersionInterval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim reading = new(1);
    private Ring? ring;
    private DateTimeOffset refreshAt;
    private (ExceptionDispatchInfo Why, DateTimeOffset At)? failed;

    /// <summary>Returns the newest version.</summary>
    /// <exception cref="Azure.RequestFailedException">The vault was never read, and rejects the request.</exception>
    /// <exception cref="AggregateException">The vault was never read, and is unreachable after all retries.</exception>
    /// <exception cref="InvalidDataException">The vault has no usable version, or a malformed one.</exception>
    public async ValueTask<SecretVersion> CurrentAsync(CancellationToken cancellationToken) =>
        (await HoldAsync(cancellationToken)).Current;

    /// <summary>
    /// Returns a version by name. Reads the vault again if the name is unknown. Returns null if it does not exist or is disabled.
    /// </summary>
    /// <exception cref="Azure.RequestFailedException">The vault must be read, and rejects the request.</exception>
    /// <exception cref="AggregateException">The vault must be read, and is unreachable after all retries.</exception>
    /// <exception cref="InvalidDataException">The vault must be read, and has no usable version, or a malformed one.</exception>
    public async ValueTask<SecretVersion?> FindAsync(string version, CancellationToken cancellationToken)
    {
        var held = await HoldAsync(cancellationToken);
        if (!held.Versions.ContainsKey(version))
            held = await FreshAsync(held, cancellationToken);
        return held.Versions.GetValueOrDefault(version);
    }

    /// <summary>
    /// Checks that the vault is reachable and has a usable version. Reads the vault at most once per
    /// <see cref="UnknownVersionInterval"/>.
    /// </summary>
    /// <exception cref="Azure.RequestFailedException">The vault rejects the request.</exception>
    /// <exception cref="AggregateException">The vault is unreachable after all retries.</exception>
    /// <exception cref="InvalidDataException">The vault has no usable version, or a malformed one.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken) => await FreshAsync(await HoldAsync(cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => reading.Dispose();

    private async ValueTask<Ring> HoldAsync(CancellationToken cancellationToken)
    {
        var held = ring;
        if (held is null)
            return await ReadAsync(held, cancellationToken);
        // One caller refreshes; the others use the cached versions without waiting.
        if (time.GetUtcNow() < refreshAt || reading.CurrentCount == 0)
            return held;
        try
        {
            return await ReadAsync(held, cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            refreshAt = time.GetUtcNow() + RetryInterval;
            LogKept(failure, name);
            return held;
        }
    }

    private async ValueTask<Ring> FreshAsync(Ring held, CancellationToken cancellationToken) =>
        time.GetUtcNow() - held.ReadAt >= UnknownVersionInterval ? await ReadAsync(held, cancellationToken) : held;

    /// <summary>
    /// Reads the vault. Returns the current ring instead if another caller has replaced <paramref name="seen"/>. Rethrows the last
    /// failure if it is more recent than <see cref="UnknownVersionInterval"/>.
    /// </summary>
    private async Task<Ring> ReadAsync(Ring? seen, CancellationToken cancellationToken)
    {
        await reading.WaitAsync(cancellationToken);
        try
        {
            if (ring is { } newer && newer != seen)
                return newer;
            if (failed is { } recent && time.GetUtcNow() - recent.At < UnknownVersionInterval)
                recent.Why.Throw();
            return ring = await ReadVaultAsync(seen, cancellationToken);
        }
        finally
        {
            reading.Release();
        }
    }

    private async Task<Ring> ReadVaultAsync(Ring? seen, CancellationToken cancellationToken)
    {
        try
        {
            var names = await vault.ListVersionsAsync(name, cancellationToken);
            if (names.Count == 0)
                throw new InvalidDataException($"The vault has no usable version of secret {name}.");
            var versions = await Task.WhenAll(names.Select(async version =>
                seen?.Versions.GetValueOrDefault(version) ?? await vault.GetAsync(name, version, cancellationToken)));
            var now = time.GetUtcNow();
            refreshAt = now + RefreshInterval;
            return new Ring(versions[^1], versions.ToFrozenDictionary(version => version.Version), now);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            failed = (ExceptionDispatchInfo.Capture(failure), time.GetUtcNow());
            throw;
        }
    }

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning, Message = "Secret {Name} could not be refreshed; the cached versions stay in use.")]
    private partial void LogKept(Exception failure, string name);

    private sealed record Ring(SecretVersion Current, FrozenDictionary<string, SecretVersion> Versions, DateTimeOffset ReadAt);
}
