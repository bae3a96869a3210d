using Credentialing.Core.Audit;
using Credentialing.Core.Leas;
using Credentialing.Core.Secrets;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Credentials;

/// <summary>What coordinators do with their LEA's credentials: look at them, generate them, regenerate them.</summary>
public sealed partial class CredentialService(
    CredentialingStorage storage,
    [FromKeyedServices(SecretRing.CredentialPepper)] SecretRing peppers,
    LeaCalendar calendar,
    CredentialingTelemetry telemetry,
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
    /// Generates the LEA's first credentials or regenerates them. Three round trips, unless a vendor's use of the key or the
    /// daily run changes the row in between: read the row, write the pointer, replace the row with its audit event. Whatever
    /// fails between them, the LEA has either the old credentials working or the new ones, never neither, never both. After
    /// an exception it may be the new ones, whose key nobody has seen: look at the status, and regenerate. The pointer to the
    /// superseded credentials stays: it leads the daily run to what is left to do about them.
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
        using var span = CredentialingTelemetry.Begin("generate credentials", leaId);
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
        var auditEvent = AuditEvent.CredentialGenerated(leaId, now, by.Id, by.Name, generation);

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
            held = seen; // the same credentials, with a use noted or a reminder claimed in between
        }

        telemetry.RecordGeneration(generation);
        LogGenerated(leaId, generation);
        return new GenerationOutcome.Generated(next, key, held?.Credential);
    }

    /// <summary>
    /// Writes the pointer of every credential there is, and leaves those that are there as they are: for when the table of
    /// pointers was lost, without which the daily run finds nobody. Looks through the whole table of LEAs.
    /// </summary>
    /// <returns>To how many credentials there is a pointer now.</returns>
    /// <exception cref="UnknownSchemaVersionException">A newer release wrote a row; all others have their pointer.</exception>
    /// <exception cref="InvalidDataException">A row is corrupt; all others have their pointer.</exception>
    /// <exception cref="FormatException">A row is in the partition of no LEA; all others have their pointer.</exception>
    public async Task<int> RestoreExpirationsAsync(CancellationToken cancellationToken)
    {
        var pointers = 0;
        await foreach (var credential in table.AllAsync(cancellationToken))
        {
            await expirations.PointAsync(credential.LeaId, credential.ExpiresAt, cancellationToken);
            pointers++;
        }

        return pointers;
    }

    private static DateTimeOffset WholeSeconds(DateTimeOffset instant) =>
        new(instant.UtcTicks - instant.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "LEA {LeaId} has generation {Generation} of its credentials. Who generated it is in the audit trail.")]
    private partial void LogGenerated(LeaId leaId, int generation);
}
