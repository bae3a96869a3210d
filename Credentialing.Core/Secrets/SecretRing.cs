using System.Collections.Frozen;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Secrets;

/// <summary>
/// All usable versions of one secret, in memory: the newest makes new things, the others still check what they made.
/// Read from the vault at first use and again every <see cref="RefreshInterval"/>; when the vault is away, what is held
/// goes on serving.
/// </summary>
public sealed partial class SecretRing(ISecretVault vault, string name, TimeProvider time, ILogger<SecretRing> logger)
    : IDisposable
{
    /// <summary>The pepper of the secret-key verifiers.</summary>
    public const string CredentialPepper = "credential-pepper";

    /// <summary>The key that signs the vendors' bearer tokens.</summary>
    public const string VendorTokenKey = "vendor-token-key";

    /// <summary>How long a rotation or a disabled version can go unnoticed.</summary>
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromMinutes(5);

    /// <summary>How long to leave the vault alone after a refresh that failed.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(30);

    /// <summary>
    /// For this long after the vault was read, an unknown version is taken as made up without asking again; and for this
    /// long after a read failed, callers get that failure. So invented versions cost the vault at most one read a second,
    /// in an outage too.
    /// </summary>
    public static readonly TimeSpan UnknownVersionInterval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim reading = new(1);
    private Ring? ring;
    private DateTimeOffset refreshAt;
    private (ExceptionDispatchInfo Why, DateTimeOffset At)? failed;

    /// <summary>The newest version.</summary>
    /// <exception cref="Azure.RequestFailedException">The vault was never read, and refuses.</exception>
    /// <exception cref="AggregateException">The vault was never read, and stayed away through all retries.</exception>
    /// <exception cref="InvalidDataException">The vault has no usable version, or a malformed one.</exception>
    public async ValueTask<SecretVersion> CurrentAsync(CancellationToken cancellationToken) =>
        (await HoldAsync(cancellationToken)).Current;

    /// <summary>
    /// A version by its name, asking the vault anew if it is not known; null if there is none or it was disabled.
    /// </summary>
    /// <exception cref="Azure.RequestFailedException">The vault must be asked, and refuses.</exception>
    /// <exception cref="AggregateException">The vault must be asked, and stayed away through all retries.</exception>
    /// <exception cref="InvalidDataException">The vault must be asked, and has no usable version, or a malformed one.</exception>
    public async ValueTask<SecretVersion?> FindAsync(string version, CancellationToken cancellationToken)
    {
        var held = await HoldAsync(cancellationToken);
        if (!held.Versions.ContainsKey(version))
            held = await FreshAsync(held, cancellationToken);
        return held.Versions.GetValueOrDefault(version);
    }

    /// <summary>
    /// Reaches the vault and makes sure that it has a usable version; at most once in <see cref="UnknownVersionInterval"/>,
    /// however often it is asked.
    /// </summary>
    /// <exception cref="Azure.RequestFailedException">It refuses.</exception>
    /// <exception cref="AggregateException">It stayed away through all retries.</exception>
    /// <exception cref="InvalidDataException">It has no usable version.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken) => await FreshAsync(await HoldAsync(cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => reading.Dispose();

    private async ValueTask<Ring> HoldAsync(CancellationToken cancellationToken)
    {
        var held = ring;
        if (held is null)
            return await ReadAsync(held, cancellationToken);
        // One caller refreshes what has grown old; the others do not wait for it.
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
    /// Reads the vault, unless somebody else has done so since <paramref name="seen"/> was looked at, or has just failed to:
    /// then this fails likewise.
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
                throw new InvalidDataException($"The vault holds no usable version of secret {name}.");
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

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning, Message = "Secret {Name} could not be refreshed; the versions held go on serving.")]
    private partial void LogKept(Exception failure, string name);

    private sealed record Ring(SecretVersion Current, FrozenDictionary<string, SecretVersion> Versions, DateTimeOffset ReadAt);
}
