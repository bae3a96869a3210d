using Credentialing.Core.Audit;
using Credentialing.Core.Leas;
using Credentialing.Core.Secrets;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Credentials;

/// <summary>Reads, generates and regenerates an LEA's credentials for its coordinators. Thread safe.</summary>
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

    /// <summary>Returns the status of the LEA's credentials. One round trip.</summary>
    /// <exception cref="UnreadableRowException">The row cannot be read.</exception>
    public async Task<CredentialStatus> StatusAsync(LeaId leaId, CancellationToken cancellationToken) =>
        StatusOf((await table.FindAsync(leaId, cancellationToken))?.Credential);

    /// <summary>Returns the current status of these credentials.</summary>
    public CredentialStatus StatusOf(Credential? credential) => CredentialStatus.Of(credential, calendar, time.GetUtcNow());

    /// <summary>
    /// Generates the LEA's first credentials, or regenerates them. Three round trips: read the row, write the index entry, replace
    /// the row together with its audit event. More if a vendor's use of the key or the daily run updates the row concurrently.
    /// The replacement is atomic: after any failure, either the old or the new credentials work, never both, never neither.
    /// After an exception it can be the new ones, whose key was not shown: read the status, and regenerate. The index entry of the
    /// superseded credentials stays, so that the daily run finds the LEA and completes what remains, such as removing the
    /// announcement.
    /// </summary>
    /// <param name="leaId">The LEA.</param>
    /// <param name="by">The coordinator who sends the request.</param>
    /// <param name="wording">The wording that the coordinator agreed to.</param>
    /// <param name="seenGeneration">
    /// Optimistic concurrency: the generation that the coordinator saw; null if there were no credentials.
    /// </param>
    /// <param name="cancellationToken">Cancels the steps before the row is replaced. Ignored from then on.</param>
    /// <exception cref="UnreadableRowException">The row cannot be read.</exception>
    /// <exception cref="TimeoutException">The row was updated concurrently 5 times, never by a regeneration.</exception>
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

        await expirations.AddAsync(leaId, next.ExpiresAt, cancellationToken);
        for (var attempt = 1; !await table.TryReplaceAsync(held, next, auditEvent); attempt++)
        {
            var seen = await table.FindAsync(leaId, CancellationToken.None);
            // Succeeded: the response was lost, and the storage client's retry conflicted with its own first attempt.
            if (seen is not null && seen.Credential.Verifier.Matches(verifier))
                break;
            if (seen?.Credential.Generation != seenGeneration)
                return new GenerationOutcome.Conflict(seen?.Credential);
            if (attempt == Attempts)
                throw new TimeoutException($"Gave up after {Attempts} concurrent updates of the credential row of LEA {leaId}.");
            held = seen; // same generation: a recorded use or a reminder claim changed the ETag
        }

        telemetry.RecordGeneration(generation);
        LogGenerated(leaId, generation);
        return new GenerationOutcome.Generated(next, key, held?.Credential);
    }

    /// <summary>
    /// Rebuilds the expiration index. Idempotent. Needed if the <c>Expirations</c> table was lost: without it, the daily run finds
    /// no LEAs. Adds the missing entries, does not change existing ones. Scans the whole <c>Leas</c> table.
    /// </summary>
    /// <returns>The number of credentials that have an index entry, and why those of the other LEAs cannot be read.</returns>
    public async Task<(int Indexed, IReadOnlyDictionary<string, string> Unreadable)> RestoreExpirationsAsync(CancellationToken cancellationToken)
    {
        var indexed = 0;
        var unreadable = new SortedDictionary<string, string>(StringComparer.Ordinal);
        await foreach (var row in LeaPartition.OfAllAsync(storage, [LeaPartition.CredentialRow, LeaPartition.AnnouncementRow], cancellationToken))
        {
            try
            {
                if (!LeaId.TryParse(row.PartitionKey, out var leaId))
                    throw UnreadableRowException.Corrupt(row, "has no CDS code as its partition key");
                // The announcement may have to be removed, and no entry of superseded credentials is left. The next run decides.
                if (row.RowKey == LeaPartition.AnnouncementRow)
                {
                    await expirations.AddAsync(leaId, time.GetUtcNow(), cancellationToken);
                    continue;
                }

                await expirations.AddAsync(leaId, CredentialTable.Read(leaId, LeaPartition.Known(row)).Credential.ExpiresAt, cancellationToken);
                indexed++;
            }
            catch (UnreadableRowException failure)
            {
                unreadable[row.PartitionKey] = failure.Reason;
            }
        }

        return (indexed, unreadable);
    }

    private static DateTimeOffset WholeSeconds(DateTimeOffset instant) =>
        new(instant.UtcTicks - instant.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "LEA {LeaId}: generated credentials, generation {Generation}. The audit trail records who generated them.")]
    private partial void LogGenerated(LeaId leaId, int generation);
}
