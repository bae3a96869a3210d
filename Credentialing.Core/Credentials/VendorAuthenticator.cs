using System.Security.Cryptography;
using Azure.Data.Tables;
using Credentialing.Core.Leas;
using Credentialing.Core.Secrets;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Credentials;

/// <summary>
/// Authenticates vendors by username and secret key, or by a bearer token or a temporary link issued for them. Reads the credential's row for every
/// well-formed request, so that a regeneration, a revocation or an expiry takes effect with the next request. Counts each attempt in a metric,
/// and writes a few log lines for many refusals (<see cref="RefusalLog"/>). Thread safe.
/// </summary>
public sealed partial class VendorAuthenticator(
    CredentialingStorage storage,
    [FromKeyedServices(SecretRing.CredentialPepper)] SecretRing peppers,
    VendorTokens tokens,
    LeaCalendar calendar,
    CredentialingTelemetry telemetry,
    TimeProvider time,
    ILogger<VendorAuthenticator> logger) : IDisposable
{
    /// <summary>The verifier of no key: no vault has a version without a name.</summary>
    private static readonly SecretKeyVerifier NoVerifier = new("", new byte[HMACSHA256.HashSizeInBytes]);

    private readonly CredentialTable table = new(storage);
    private readonly RecordedUses recorded = new();
    private readonly RefusalLog refusals = new(time, logger);

    /// <summary>
    /// Checks a username and a secret key: the current one, or the previous one during an overlap. No round trip if they are malformed,
    /// else one to read the row. One more on the first use of a day by a client, to record it, or after a rotation of the pepper, to
    /// upgrade the verifier. Two more on a client's first use of another generation on the same day.
    /// </summary>
    /// <param name="username">The username.</param>
    /// <param name="secretKey">The secret key.</param>
    /// <param name="client">The client, for the record of uses.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<AuthenticationOutcome> AuthenticateAsync(string? username, string? secretKey, ClientName client, CancellationToken cancellationToken) =>
        CountAsync("key", () => CheckAsync(username, secretKey, client, cancellationToken));

    /// <summary>Checks a bearer token. One round trip if its signature and lifetime are valid, else none.</summary>
    public Task<AuthenticationOutcome> AuthenticateAsync(string bearerToken, CancellationToken cancellationToken) =>
        CountAsync("token", async () => await CheckAsync(await tokens.ReadAsync(bearerToken, cancellationToken), cancellationToken));

    /// <summary>
    /// Checks the token of a temporary link. One round trip if its signature, lifetime and resource are valid, else none.
    /// </summary>
    /// <param name="linkToken">The token.</param>
    /// <param name="resource">The resource that was requested.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<AuthenticationOutcome> AuthenticateLinkAsync(string linkToken, string resource, CancellationToken cancellationToken) =>
        CountAsync("link", async () =>
        {
            var issued = await tokens.ReadLinkAsync(linkToken, resource, cancellationToken);
            var outcome = await CheckAsync(issued, cancellationToken);
            return outcome is AuthenticationOutcome.Authenticated authenticated ? authenticated with { LinkIssuedTo = issued!.Client } : outcome;
        });

    /// <summary>Logs the refusals that are not logged yet.</summary>
    public void Dispose() => refusals.Dispose();

    private async Task<AuthenticationOutcome> CountAsync(string by, Func<Task<AuthenticationOutcome>> check)
    {
        using var span = CredentialingTelemetry.Begin("authenticate vendor");
        var outcome = await check();
        telemetry.RecordAuthentication(by, outcome switch
        {
            AuthenticationOutcome.Authenticated => "accepted",
            AuthenticationOutcome.Expired => "expired",
            AuthenticationOutcome.Revoked => "revoked",
            _ => "refused",
        });
        return outcome;
    }

    private async Task<AuthenticationOutcome> CheckAsync(string? username, string? secretKey, ClientName client, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(username) || string.IsNullOrWhiteSpace(secretKey))
            return new AuthenticationOutcome.Refused();
        if (!Username.TryParse(username, out var name) || !IsKey(secretKey))
            return new AuthenticationOutcome.Mistyped();

        var leaId = name.LeaId;
        var (stored, uses) = recorded.Contains(leaId, client, Today)
            ? (await table.FindKeysAsync(leaId, cancellationToken), null)
            : await table.FindKeysWithUsesAsync(leaId, cancellationToken);

        VendorKey? found = null;
        foreach (var candidate in stored?.At(time.GetUtcNow()) ?? (IReadOnlyList<VendorKey?>)[null])
        {
            if (await MatchesAsync(candidate, leaId, secretKey, cancellationToken))
                found = candidate;
        }

        if (stored is null || found is null)
        {
            refusals.Add(leaId, Refusal.Wrong);
            return new AuthenticationOutcome.Refused();
        }

        var outcome = OutcomeOf(stored, found);
        if (outcome is AuthenticationOutcome.Authenticated)
            await NoteUseAsync(stored, uses, found, client, secretKey, cancellationToken);
        else if (outcome is AuthenticationOutcome.Revoked)
            refusals.Add(leaId, Refusal.Revoked);
        else
            refusals.Add(leaId, Refusal.Expired);
        return outcome;
    }

    private async Task<AuthenticationOutcome> CheckAsync(IssuedToken? issued, CancellationToken cancellationToken)
    {
        if (issued is not { } token)
            return new AuthenticationOutcome.Refused();
        if (token.HasEnded ||
            await table.FindKeysAsync(token.Username.LeaId, cancellationToken) is not { } stored ||
            stored.At(time.GetUtcNow()).FirstOrDefault(key => key.Generation == token.Generation) is not { } found)
            return new AuthenticationOutcome.Refused { WasIssued = true };
        return OutcomeOf(stored, found);
    }

    private DateOnly Today => calendar.LocalDate(time.GetUtcNow());

    /// <summary>
    /// Whether the secret key is the given one. An unknown username (null) also computes a hash, and hashes are compared in constant
    /// time, so that timing reveals nothing about a key. It does reveal whether an LEA has credentials, or an overlap, which is no
    /// secret: storage returns and the client parses a row or none.
    /// </summary>
    private async Task<bool> MatchesAsync(VendorKey? expected, LeaId leaId, string secretKey, CancellationToken cancellationToken)
    {
        var pepper = expected is null ? null : await peppers.FindAsync(expected.Verifier.PepperVersion, cancellationToken);
        return Matches(expected?.Verifier ?? NoVerifier, pepper ?? await peppers.CurrentAsync(cancellationToken), leaId, expected?.Generation ?? 0, secretKey);
    }

    /// <summary>The bytes of the key exist only on the stack, and are wiped.</summary>
    private static bool Matches(SecretKeyVerifier verifier, SecretVersion pepper, LeaId leaId, int generation, string secretKey)
    {
        Span<byte> key = stackalloc byte[SecretKey.ByteLength];
        var matches = SecretKey.TryDecode(secretKey, key) && verifier.Matches(pepper, leaId, generation, key);
        CryptographicOperations.ZeroMemory(key);
        return matches;
    }

    /// <summary>Returns the verifier of a key that was checked, under another pepper.</summary>
    private static SecretKeyVerifier NewVerifier(SecretVersion pepper, VendorKey used, string secretKey)
    {
        Span<byte> key = stackalloc byte[SecretKey.ByteLength];
        SecretKey.TryDecode(secretKey, key);
        var verifier = SecretKeyVerifier.Create(pepper, used.LeaId, used.Generation, key);
        CryptographicOperations.ZeroMemory(key);
        return verifier;
    }

    private static bool IsKey(string secretKey)
    {
        Span<byte> key = stackalloc byte[SecretKey.ByteLength];
        var isKey = SecretKey.TryDecode(secretKey, key);
        CryptographicOperations.ZeroMemory(key);
        return isKey;
    }

    private AuthenticationOutcome OutcomeOf(StoredKeys stored, VendorKey key) =>
        stored.RevokedAt is { } revokedAt ? new AuthenticationOutcome.Revoked(key, revokedAt)
        : key.HasExpired(time.GetUtcNow()) ? new AuthenticationOutcome.Expired(key)
        : new AuthenticationOutcome.Authenticated(key);

    /// <summary>Records the use, and the verifier under the newest pepper. Authentication has succeeded, whatever happens here.</summary>
    private async Task NoteUseAsync(
        StoredKeys stored, IReadOnlyList<TableEntity>? useRows, VendorKey used, ClientName client, string secretKey, CancellationToken cancellationToken)
    {
        try
        {
            // Read after the verifier was checked, which may have loaded a newer version: a verifier must not be downgraded.
            var newest = await peppers.CurrentAsync(cancellationToken);
            if (used.Verifier.PepperVersion != newest.Version)
                await table.UpgradeVerifierAsync(stored, used.Generation, NewVerifier(newest, used, secretKey), cancellationToken);

            var today = Today;
            if (recorded.Contains(used.LeaId, client, used.Generation, today))
                return;
            useRows ??= (await table.FindKeysWithUsesAsync(used.LeaId, cancellationToken)).Uses;
            await RecordUseAsync(useRows, used, client, today, cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            // The next use records it.
            LogUseNotNoted(failure, used.LeaId);
        }
    }

    private async Task RecordUseAsync(IReadOnlyList<TableEntity> useRows, VendorKey used, ClientName client, DateOnly today, CancellationToken cancellationToken)
    {
        var ofGeneration = useRows.Where(row => row.RowKey.StartsWith(KeyUse.RowKeyPrefix(used.Generation), StringComparison.Ordinal)).ToDictionary(row => row.RowKey);
        var use = new KeyUse(client, used.Generation, today);
        // Concurrent first uses can exceed the maximum by a few.
        if (ofGeneration.Count >= KeyUse.MaxClients && !ofGeneration.ContainsKey(use.RowKey))
            use = use with { Client = ClientName.Other };
        // Read only this row: other rows of newer releases do not matter, and this one must not be overwritten.
        if (!ofGeneration.TryGetValue(use.RowKey, out var own) || KeyUse.Read(LeaPartition.Known(own)) != use)
            await table.RecordUseAsync(used.LeaId, use, cancellationToken);
        recorded.Add(used.LeaId, use.Client, used.Generation, today);
    }

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "The use of LEA {LeaId}'s credentials could not be recorded.")]
    private partial void LogUseNotNoted(Exception failure, LeaId leaId);
}
