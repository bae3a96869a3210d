using System.Collections.Frozen;
using System.Runtime.ExceptionServices;
using Azure;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Secrets;

/// <summary>
/// In-memory cache of all enabled versions of one secret. The newest version signs and hashes; the older ones only verify.
/// Loaded from the vault at first use. From then on, a timer refreshes it every <see cref="RefreshInterval"/> in the background: a
/// request never waits for the vault while a usable version is cached. What the vault lists is obeyed: a version that it no longer
/// lists as enabled is removed, even if none is left. While the vault is unavailable, or denies access, the cached versions stay in
/// use. Thread safe.
/// </summary>
public sealed partial class SecretRing : IAsyncDisposable
{
    /// <summary>The pepper of the secret-key verifiers.</summary>
    public const string CredentialPepper = "credential-pepper";

    /// <summary>The key that signs the vendors' bearer tokens.</summary>
    public const string VendorTokenKey = "vendor-token-key";

    /// <summary>Delay from a successful read to the next one. A rotated or disabled version is noticed after this time.</summary>
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromMinutes(5);

    /// <summary>Delay until the next refresh after a failed refresh.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(30);

    /// <summary>Maximum duration of a read of the vault, retries included. No request waits that long.</summary>
    public static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Maximum time that requests wait for a read, counted from the start of the read. All requests share the read in progress. After
    /// this time, they fail immediately until it has ended.
    /// </summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Limits the vault reads that requests cause. Within this time after a read, its result is used: an unknown version counts as
    /// nonexistent, and a failure is thrown again. So requests with invented versions cause at most one vault read per second, also
    /// in an outage.
    /// </summary>
    public static readonly TimeSpan UnknownVersionInterval = TimeSpan.FromSeconds(1);

    private readonly ISecretVault vault;
    private readonly string name;
    private readonly TimeProvider time;
    private readonly ILogger<SecretRing> logger;
    private readonly Lock changing = new();
    private readonly CancellationTokenSource stopping = new(); // not disposed: it holds no resource, and a late request still reads it
    private readonly ITimer refresh;
    private volatile Ring? ring;
    private Read? latest;

    /// <summary>Creates an empty cache. Does not read the vault.</summary>
    /// <param name="vault">The vault.</param>
    /// <param name="name">The name of the secret.</param>
    /// <param name="time">The clock of intervals and timeouts.</param>
    /// <param name="logger">Reports failed refreshes and unusable versions, without their values.</param>
    public SecretRing(ISecretVault vault, string name, TimeProvider time, ILogger<SecretRing> logger)
    {
        (this.vault, this.name, this.time, this.logger) = (vault, name, time, logger);
        // The refreshes are not part of the request that creates the cache: its trace and its log scopes must not flow to them.
        using (ExecutionContext.SuppressFlow())
            refresh = time.CreateTimer(static state => ((SecretRing)state!).JoinRead(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Returns the newest version. Waits for the vault only if no usable version is cached.</summary>
    /// <exception cref="RequestFailedException">No usable version is cached, and the vault rejects the request.</exception>
    /// <exception cref="AggregateException">No usable version is cached, and the vault is unreachable after all retries.</exception>
    /// <exception cref="TimeoutException">No usable version is cached, and the vault did not respond within <see cref="MaxWait"/>.</exception>
    /// <exception cref="InvalidDataException">The vault has no usable version.</exception>
    public async ValueTask<SecretVersion> CurrentAsync(CancellationToken cancellationToken) =>
        (await UsableAsync(cancellationToken)).Current!;

    /// <summary>
    /// Returns a version by name. Reads the vault again if the name is unknown, and waits at most <see cref="MaxWait"/> for it.
    /// Returns null if the version does not exist or is disabled. Also if the vault cannot be read now, and was read within the
    /// last <see cref="RefreshInterval"/>: the name is probably invented.
    /// </summary>
    /// <exception cref="RequestFailedException">The vault must be read, and rejects the request.</exception>
    /// <exception cref="AggregateException">The vault must be read, and is unreachable after all retries.</exception>
    /// <exception cref="TimeoutException">The vault must be read, and did not respond within <see cref="MaxWait"/>.</exception>
    /// <exception cref="InvalidDataException">The vault has no usable version.</exception>
    public async ValueTask<SecretVersion?> FindAsync(string version, CancellationToken cancellationToken)
    {
        var cached = await UsableAsync(cancellationToken);
        if (cached.Versions.TryGetValue(version, out var found))
            return found;
        var failure = await WaitForReadAsync(cancellationToken);
        if (failure is not null && time.GetUtcNow() - cached.ReadAt > RefreshInterval)
            ExceptionDispatchInfo.Throw(failure);
        return (await UsableAsync(cancellationToken)).Versions.GetValueOrDefault(version);
    }

    /// <summary>
    /// Checks that the vault is reachable and has a usable version. Joins the read in progress. Reads the vault at most once per
    /// <see cref="UnknownVersionInterval"/>.
    /// </summary>
    /// <exception cref="RequestFailedException">The vault rejects the request.</exception>
    /// <exception cref="AggregateException">The vault is unreachable after all retries.</exception>
    /// <exception cref="TimeoutException">The vault did not respond within <see cref="MaxWait"/>.</exception>
    /// <exception cref="InvalidDataException">The vault has no usable version.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (await WaitForReadAsync(cancellationToken) is { } failure)
            ExceptionDispatchInfo.Throw(failure);
        await UsableAsync(cancellationToken);
    }

    /// <summary>Stops the timer, cancels the read in progress, and waits for its end. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        await refresh.DisposeAsync();
        await stopping.CancelAsync();
        Task? reading;
        lock (changing)
            reading = latest?.Completion;
        if (reading is not null)
            await reading;
    }

    private async ValueTask<Ring> UsableAsync(CancellationToken cancellationToken)
    {
        if (ring is { Current: not null } cached)
            return cached;
        var failure = await WaitForReadAsync(cancellationToken);
        if (ring is { Current: not null } read)
            return read;
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
        throw new InvalidDataException($"The vault has no usable version of secret {name}.");
    }

    /// <summary>Waits for a read that all requests share. Returns its failure; null if it succeeded.</summary>
    private async ValueTask<Exception?> WaitForReadAsync(CancellationToken cancellationToken)
    {
        var read = JoinRead();
        if (read.Completion.IsCompleted)
            return await read.Completion;
        var remaining = read.StartedAt + MaxWait - time.GetUtcNow();
        try
        {
            return await read.Completion.WaitAsync(remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero, time, cancellationToken);
        }
        catch (TimeoutException failure)
        {
            return TooLate(failure);
        }
    }

    /// <summary>Returns the read in progress, or the last one if it is recent. Otherwise starts one.</summary>
    private Read JoinRead()
    {
        Read read;
        lock (changing)
        {
            if (latest is { } last && (last.EndedAt is not { } endedAt || time.GetUtcNow() - endedAt < UnknownVersionInterval))
                return last;
            latest = read = new Read(time.GetUtcNow());
        }

        _ = RunAsync(read);
        return read;
    }

    private async Task RunAsync(Read read)
    {
        Exception? failure = null;
        // Not the cancellation of a request: other requests wait for the same read.
        using var timeout = new CancellationTokenSource(ReadTimeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping.Token);
        try
        {
            await ReadVaultAsync(ending.Token).WaitAsync(ending.Token);
        }
        catch (Exception thrown)
        {
            failure = timeout.IsCancellationRequested ? TooLate(thrown) : thrown;
            if (!stopping.IsCancellationRequested)
                LogNotRead(name, FailureReason.Of(failure), ring?.Versions.Count ?? 0);
        }

        lock (changing)
            read.EndedAt = time.GetUtcNow();
        if (!stopping.IsCancellationRequested)
            refresh.Change(failure is null ? RefreshInterval : RetryInterval, Timeout.InfiniteTimeSpan);
        read.Complete(failure);
    }

    private async Task ReadVaultAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested(); // disposed
        var listed = (await vault.ListVersionsAsync(name, cancellationToken)).Select(version => version.Version).ToList();
        cancellationToken.ThrowIfCancellationRequested(); // a read that has timed out must not replace the result of a later one
        var cached = ring;
        // Disabled versions are removed now, also if a new version cannot be read.
        if (cached is not null)
            ring = Ring.Of(listed.Select(version => cached.Versions.GetValueOrDefault(version)), cached.ReadAt);
        var versions = await Task.WhenAll(listed.Select(async version =>
            cached?.Versions.GetValueOrDefault(version) ?? await TryGetAsync(version, cancellationToken)));
        cancellationToken.ThrowIfCancellationRequested();
        ring = Ring.Of(versions, time.GetUtcNow());
        if (ring.Current is null)
            LogNoneUsable(name);
    }

    /// <summary>Returns a listed version; null if the vault's response has no usable value. The other versions stay usable.</summary>
    private async Task<SecretVersion?> TryGetAsync(string version, CancellationToken cancellationToken)
    {
        try
        {
            return await vault.GetAsync(name, version, cancellationToken);
        }
        catch (InvalidDataException)
        {
            LogSkipped(version, name, "is malformed: not base64 of at least 32 bytes");
            return null;
        }
        catch (RequestFailedException failure) when (failure.Status is 403 or 404)
        {
            LogSkipped(version, name, $"cannot be read ({FailureReason.Of(failure)})"); // disabled or deleted after it was listed
            return null;
        }
    }

    private TimeoutException TooLate(Exception cause) => new($"The vault did not return secret {name} in time.", cause);

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning, Message = "Secret {Name} could not be read from the vault: {Reason}. {Cached} cached versions stay in use.")]
    private partial void LogNotRead(string name, string reason, int cached);

    [LoggerMessage(EventId = 15, Level = LogLevel.Error, Message = "Version {Version} of secret {Name} is not used. It {Reason}.")]
    private partial void LogSkipped(string version, string name, string reason);

    [LoggerMessage(EventId = 16, Level = LogLevel.Error, Message = "Secret {Name} has no usable version in the vault.")]
    private partial void LogNoneUsable(string name);

    /// <summary>The usable versions.</summary>
    /// <param name="Current">The newest one; null if there is none.</param>
    /// <param name="Versions">All of them, by name.</param>
    /// <param name="ReadAt">The end of the last complete read.</param>
    private sealed record Ring(SecretVersion? Current, FrozenDictionary<string, SecretVersion> Versions, DateTimeOffset ReadAt)
    {
        internal static Ring Of(IEnumerable<SecretVersion?> oldestFirst, DateTimeOffset readAt)
        {
            var usable = oldestFirst.OfType<SecretVersion>().ToList();
            return new Ring(usable.LastOrDefault(), usable.ToFrozenDictionary(version => version.Version), readAt);
        }
    }

    /// <summary>A read of the vault.</summary>
    private sealed class Read(DateTimeOffset startedAt)
    {
        private readonly TaskCompletionSource<Exception?> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal DateTimeOffset StartedAt { get; } = startedAt;

        /// <summary>Null while the read is in progress.</summary>
        internal DateTimeOffset? EndedAt { get; set; }

        /// <summary>Returns the failure; null if the read succeeded. Never throws.</summary>
        internal Task<Exception?> Completion => completion.Task;

        internal void Complete(Exception? failure) => completion.SetResult(failure);
    }
}
