using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Credentialing.Core.Leaks;

/// <summary>
/// In-memory cache of the public keys that GitHub signs its messages with. Read at the first message, and again for a message after
/// <see cref="RefreshInterval"/> or with an unknown key. Anyone can send a message with an invented key, so the reads are limited:
/// <see cref="MinInterval"/>. If a read fails, the cached keys stay in use until <see cref="MaxAge"/>. Thread safe.
/// </summary>
/// <remarks>Source: GitHub, "Secret scanning partner program", <c>/meta/public_keys/secret_scanning</c>.</remarks>
public sealed partial class SecretScanningKeys(
    IHttpClientFactory clients, IOptions<SecretScanningOptions> options, TimeProvider time, ILogger<SecretScanningKeys> logger)
{
    /// <summary>The name of the HTTP client in <see cref="IHttpClientFactory"/>.</summary>
    public const string Client = nameof(SecretScanningKeys);

    /// <summary>Age at which the keys are read again.</summary>
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromHours(1);

    /// <summary>Maximum age of the keys if they cannot be read again.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromDays(1);

    /// <summary>Minimum time between the end of a read and the next one. GitHub allows 60 requests an hour for each address.</summary>
    public static readonly TimeSpan MinInterval = TimeSpan.FromMinutes(2);

    private readonly Lock changing = new();
    private volatile Cached? cached;
    private Task? read;
    private DateTimeOffset readEndedAt;

    /// <summary>Whether messages of GitHub are accepted.</summary>
    public bool IsConfigured => options.Value.PublicKeysUrl is not null;

    /// <summary>Returns a public key by its identifier; null if GitHub does not list it.</summary>
    /// <exception cref="IOException">The keys could not be read.</exception>
    public async Task<SecretScanningKey?> FindAsync(string identifier, CancellationToken cancellationToken)
    {
        if (cached is not { } known || time.GetUtcNow() - known.ReadAt >= RefreshInterval || !known.Keys.ContainsKey(identifier))
            await JoinRead().WaitAsync(cancellationToken);
        return cached is { } usable && time.GetUtcNow() - usable.ReadAt < MaxAge
            ? usable.Keys.GetValueOrDefault(identifier)
            : throw new IOException("The public keys of GitHub's secret scanning could not be read.");
    }

    /// <summary>Returns the read in progress, or the last one if it is recent. Otherwise starts one. It does not throw.</summary>
    private Task JoinRead()
    {
        lock (changing)
        {
            if (read is null || (read.IsCompleted && time.GetUtcNow() - readEndedAt >= MinInterval))
                read = Task.Run(ReadAsync); // not the cancellation of a message: others wait for the same read
            return read;
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            using var client = clients.CreateClient(Client);
            var json = await client.GetByteArrayAsync(options.Value.PublicKeysUrl);
            var keys = (JsonSerializer.Deserialize<KeyList>(json)?.PublicKeys ?? []).Select(SecretScanningKey? (key) => Parse(key)).OfType<SecretScanningKey>().ToList();
            cached = new Cached(keys.DistinctBy(key => key.Identifier).ToFrozenDictionary(key => key.Identifier), time.GetUtcNow());
        }
        catch (Exception failure)
        {
            LogNotRead(FailureReason.Of(failure));
        }
        finally
        {
            lock (changing)
                readEndedAt = time.GetUtcNow();
        }
    }

    /// <summary>Returns null for a key that is not an ECDSA key on the curve P-256: the other keys stay usable.</summary>
    private SecretScanningKey? Parse(ListedKey? listed)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(listed?.Key);
            if (key.KeySize == SecretScanningKey.Bits && listed?.Identifier is { Length: > 0 } identifier)
                return new SecretScanningKey(identifier, key.ExportSubjectPublicKeyInfo());
        }
        catch (Exception malformed) when (malformed is ArgumentException or CryptographicException)
        {
            // Skipped, as a key on another curve.
        }

        LogSkipped();
        return null;
    }

    [LoggerMessage(EventId = 30, Level = LogLevel.Warning, Message = "The public keys of GitHub's secret scanning could not be read: {Reason}.")]
    private partial void LogNotRead(string reason);

    [LoggerMessage(EventId = 31, Level = LogLevel.Warning, Message = "A public key of GitHub's secret scanning is not used: it is not an ECDSA key on the curve P-256.")]
    private partial void LogSkipped();

    private sealed record Cached(FrozenDictionary<string, SecretScanningKey> Keys, DateTimeOffset ReadAt);

    private sealed record KeyList([property: JsonPropertyName("public_keys")] IReadOnlyList<ListedKey?>? PublicKeys);

    private sealed record ListedKey([property: JsonPropertyName("key_identifier")] string? Identifier, [property: JsonPropertyName("key")] string? Key);
}
