using Credentialing.Core.Leas;
using Credentialing.Core.Secrets;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Credentials;

/// <summary>
/// Authenticates vendors by username and secret key, or by a bearer token issued for them. Reads the credential's row for every
/// well-formed request, so that a regeneration or an expiry takes effect with the next request. Thread safe.
/// </summary>
public sealed partial class VendorAuthenticator(
    CredentialingStorage storage,
    [FromKeyedServices(SecretRing.CredentialPepper)] SecretRing peppers,
    VendorTokens tokens,
    LeaCalendar calendar,
    CredentialingTelemetry telemetry,
    TimeProvider time,
    ILogger<VendorAuthenticator> logger)
{
    private readonly CredentialTable table = new(storage);

    /// <summary>
    /// Checks a username and a secret key. No round trip if they are malformed, else one to read the row. One more on the first use of
    /// a day, to record it, or after a rotation of the pepper, to upgrade the verifier.
    /// </summary>
    public Task<AuthenticationOutcome> AuthenticateAsync(string? username, string? secretKey, CancellationToken cancellationToken) =>
        CountAsync("key", () => CheckAsync(username, secretKey, cancellationToken));

    /// <summary>Checks a bearer token. One round trip if its signature and lifetime are valid, else none.</summary>
    public Task<AuthenticationOutcome> AuthenticateAsync(string bearerToken, CancellationToken cancellationToken) =>
        CountAsync("token", () => CheckAsync(bearerToken, cancellationToken));

    private async Task<AuthenticationOutcome> CountAsync(string by, Func<Task<AuthenticationOutcome>> check)
    {
        using var span = CredentialingTelemetry.Begin("authenticate vendor");
        var outcome = await check();
        telemetry.RecordAuthentication(by, outcome switch
        {
            AuthenticationOutcome.Authenticated => "accepted",
            AuthenticationOutcome.Expired => "expired",
            _ => "refused",
        });
        return outcome;
    }

    private async Task<AuthenticationOutcome> CheckAsync(string? username, string? secretKey, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(username) || string.IsNullOrWhiteSpace(secretKey))
            return new AuthenticationOutcome.Refused();
        if (!Username.TryParse(username, out var name) || !SecretKey.TryParse(secretKey, out var key))
            return new AuthenticationOutcome.Mistyped();

        var stored = await table.FindAsync(name.LeaId, cancellationToken);
        var expected = stored?.Credential.Verifier;
        var pepper = expected is null ? null : await peppers.FindAsync(expected.PepperVersion, cancellationToken);
        // Read after FindAsync, which may have loaded a newer version: a verifier must not be downgraded to an older one.
        var current = await peppers.CurrentAsync(cancellationToken);
        // An unknown username also computes a hash, and hashes are compared in constant time, so that timing reveals nothing about a key.
        // It does reveal whether an LEA has credentials, which is no secret: storage returns and the client parses a row or none.
        var given = SecretKeyVerifier.Create(pepper ?? current, name.LeaId, stored?.Credential.Generation ?? 0, key);
        if (stored is null || !given.Matches(expected))
        {
            LogRefused(name.LeaId);
            return new AuthenticationOutcome.Refused();
        }

        if (stored.Credential.HasExpired(time.GetUtcNow()))
        {
            LogExpired(name.LeaId);
            return new AuthenticationOutcome.Expired(stored.Credential);
        }

        await NoteUseAsync(stored, current, key, cancellationToken);
        return new AuthenticationOutcome.Authenticated(stored.Credential);
    }

    private async Task<AuthenticationOutcome> CheckAsync(string bearerToken, CancellationToken cancellationToken)
    {
        if (await tokens.ReadAsync(bearerToken, cancellationToken) is not { } token ||
            await table.FindAsync(token.Username.LeaId, cancellationToken) is not { } stored ||
            stored.Credential.Generation != token.Generation)
            return new AuthenticationOutcome.Refused();
        return stored.Credential.HasExpired(time.GetUtcNow())
            ? new AuthenticationOutcome.Expired(stored.Credential)
            : new AuthenticationOutcome.Authenticated(stored.Credential);
    }

    private async Task NoteUseAsync(StoredCredential used, SecretVersion pepper, SecretKey key, CancellationToken cancellationToken)
    {
        var credential = used.Credential;
        var today = calendar.LocalDate(time.GetUtcNow());
        if (credential.LastUsedOn == today && credential.Verifier.PepperVersion == pepper.Version)
            return;
        try
        {
            var verifier = SecretKeyVerifier.Create(pepper, credential.LeaId, credential.Generation, key);
            await table.RecordUseAsync(used, today, verifier, cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            // Authentication succeeded. The next use records it.
            LogUseNotNoted(failure, credential.LeaId);
        }
    }

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "Vendor credentials for LEA {LeaId} were refused: wrong, superseded, unknown, or created with a pepper version that is not enabled.")]
    private partial void LogRefused(LeaId leaId);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "Vendor credentials for LEA {LeaId} were refused: they have expired.")]
    private partial void LogExpired(LeaId leaId);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "The use of LEA {LeaId}'s credentials could not be recorded.")]
    private partial void LogUseNotNoted(Exception failure, LeaId leaId);
}
