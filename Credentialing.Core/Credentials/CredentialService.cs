using Credentialing.Core.Audit;
using Credentialing.Core.Leas;
using Credentialing.Core.Secrets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Credentials;

/// <summary>What coordinators do with their LEA's credentials: look at them, generate them, regenerate them.</summary>
public sealed partial class CredentialService(
    CredentialingStorage storage,
    [FromKeyedServices(SecretRing.CredentialPepper)] SecretRing peppers,
    LeaCalendar calendar,
    TimeProvider time,
    ILogger<CredentialService> logger)
{
    private const int Attempts = 5;

    private readonly CredentialTable table = new(storage);
    private readonly ExpirationIndex expirations = new(storage);

    /// <summary>What the LEA's credentials are now. One round trip.</summary>
    /// <exception cref="InvalidDataException">The row is corrupt.</exception>
    public async Task<CredentialStatus> StatusAsync(LeaId leaId, CancellationToken cancellationToken) =>
        StatusOf((await table.FindAsync(leaId, cancellationToken))?.Credential);

    /// <summary>What these credentials are now.</summary>
    public CredentialStatus StatusOf(Credential? credential) => CredentialStatus.Of(credential, calendar, time.GetUtcNow());

    /// <summary>
    /// Generates the LEA's first credentials or regenerates them. At most four round trips, unless a
    /// vendor's use of the key changes the row in between: read the row, write the
    /// pointer, replace the row with its audit event, remove the old pointer. Whatever fails between them, the LEA has
    /// either the old credentials working or the new ones, never neither, never both. After an exception it may be the new
    /// ones, whose key nobody has seen: look at the status, and regenerate.
    /// </summary>
    /// <param name="leaId">Whose.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="wording">What the coordinator has agreed to.</param>
    /// <param name="seenGeneration">The generation that the coordinator has seen; null if there were none.</param>
    /// <param name="cancellationToken">Cancels all that comes before the row is replaced; from then on it is ignored.</param>
    /// <exception cref="InvalidDataException">The row is corrupt.</exception>
    /// <exception cref="TimeoutException">The row changed time and again, though nobody else regenerated.</exception>
    public async Task<GenerationOutcome> GenerateAsync(
        LeaId leaId, Coordinator by, ReleaseWording wording, int? seenGeneration, CancellationToken cancellationToken)
    {
        var held = await table.FindAsync(leaId, cancellationToken);
        if (held?.Credential.Generation != seenGeneration)
            return new GenerationOutcome.Conflict(held?.Credential);

        var now = time.GetUtcNow();
        var generatedAt = WholeSeconds(now);
        var generation = (seenGeneration ?? 0) + 1;
        var key = SecretKey.Generate();
        var verifier = SecretKeyVerifier.Create(await peppers.CurrentAsync(cancellationToken), leaId, generation, key);
        var next = new Credential(
            leaId, generation, verifier, generatedAt, by, generatedAt + Credential.Lifetime, new ReleaseAuthorization(by, generatedAt, wording.Version), LastUsedOn: null);
        var auditEvent = AuditEvent.CredentialGenerated(leaId, now, by, generation);

        await expirations.PointAsync(leaId, next.ExpiresAt, cancellationToken);
        for (var attempt = 1; !await table.TryReplaceAsync(held, next, auditEvent); attempt++)
        {
            var seen = await table.FindAsync(leaId, CancellationToken.None);
            // It was done after all: its answer got lost, and the storage client's second try met its own first.
            if (seen is not null && seen.Credential.Verifier.Matches(verifier))
                break;
            if (seen?.Credential.Generation != seenGeneration)
                return new GenerationOutcome.Conflict(seen?.Credential);
            if (attempt == Attempts)
                throw new TimeoutException($"The credential row of LEA {leaId} would not stand still.");
            held = seen; // the same credentials, whose use was noted in between
        }

        if (held is not null)
            await RemovePointerAsync(held.Credential, next);
        LogGenerated(leaId, generation, by.Id);
        return new GenerationOutcome.Generated(next, key);
    }

    /// <summary>The new credentials stand, and their key must reach the coordinator: a pointer left behind is harmless.</summary>
    private async Task RemovePointerAsync(Credential superseded, Credential successor)
    {
        try
        {
            await expirations.RemoveAsync(superseded, successor);
        }
        catch (Exception failure)
        {
            LogPointerLeft(failure, superseded.LeaId);
        }
    }

    private static DateTimeOffset WholeSeconds(DateTimeOffset instant) =>
        new(instant.UtcTicks - instant.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);

    [LoggerMessage(Level = LogLevel.Information, Message = "LEA {LeaId} has generation {Generation} of its credentials, generated by {CoordinatorId}.")]
    private partial void LogGenerated(LeaId leaId, int generation, string coordinatorId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The expiry pointer of LEA {LeaId}'s superseded credentials was left behind; the daily run will drop it.")]
    private partial void LogPointerLeft(Exception failure, LeaId leaId);
}
