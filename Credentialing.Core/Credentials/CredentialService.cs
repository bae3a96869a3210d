using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Audit;
using Credentialing.Core.Backups;
using Credentialing.Core.Leas;
using Credentialing.Core.Secrets;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Credentials;

/// <summary>Reads, generates, regenerates and revokes an LEA's credentials for its coordinators. Thread safe.</summary>
public sealed partial class CredentialService(
    CredentialingStorage storage,
    BackupStore backups,
    [FromKeyedServices(SecretRing.CredentialPepper)] SecretRing peppers,
    LeaCalendar calendar,
    CredentialingTelemetry telemetry,
    TimeProvider time,
    ILogger<CredentialService> logger)
{
    private const int Attempts = 5;

    /// <summary>
    /// Table Storage has a limit of 100 steps for a transaction. A regeneration has at most five others: the credential, the superseded
    /// key, the audit event, the notice and a moved use.
    /// </summary>
    private const int MaxDeletedUses = 90;

    private readonly CredentialTable table = new(storage);
    private readonly ExpirationIndex expirations = new(storage);
    private readonly KeyChangeLog keyChanges = new(backups);

    /// <summary>Returns the status of the LEA's credentials. One round trip.</summary>
    /// <exception cref="UnreadableRowException">A row cannot be read.</exception>
    public async Task<CredentialStatus> StatusAsync(LeaId leaId, CancellationToken cancellationToken)
    {
        var rows = await table.FindWithUsesAsync(leaId, cancellationToken);
        return StatusOf(rows.Stored?.Credential) with { Usage = rows.Stored is { } stored ? UsageOf(rows, stored.Credential.Generation) : [] };
    }

    /// <summary>Returns the current status of these credentials, without their usage.</summary>
    public CredentialStatus StatusOf(Credential? credential) => CredentialStatus.Of(credential, calendar, time.GetUtcNow());

    /// <summary>
    /// Generates the LEA's first credentials, or regenerates them. Four round trips: read the rows, write the index entry and the log of key
    /// changes at the same time, replace the row together with the superseded key and the audit event. A fifth one for a second index entry, at the
    /// same time as the first, if other coordinators are to be notified, or the superseded credentials have expired. More if the row is updated concurrently.
    /// The replacement is atomic: after any failure, either the old or the new credentials are the current ones, never both, never
    /// neither. After an exception it can be the new ones, whose key was not shown: read the status, and regenerate. The index entry of
    /// the superseded credentials, or the second one, makes the daily run find the LEA and complete what remains, such as removing the
    /// announcement.
    /// </summary>
    /// <param name="leaId">The LEA.</param>
    /// <param name="by">The coordinator who sends the request.</param>
    /// <param name="wording">The wording that the coordinator agreed to.</param>
    /// <param name="seenGeneration">
    /// Optimistic concurrency: the generation that the coordinator saw; null if there were no credentials.
    /// </param>
    /// <param name="keepPreviousForDays">
    /// For how many times 24 hours the superseded key keeps working beside the new one, but never past its own expiry: 0 to
    /// <see cref="Credential.MaxOverlapDays"/>. An overlap that is still in progress ends.
    /// </param>
    /// <param name="cancellationToken">Cancels the steps before the row is replaced. Ignored from then on.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="keepPreviousForDays"/> is out of range.</exception>
    /// <exception cref="UnreadableRowException">A row cannot be read.</exception>
    /// <exception cref="TimeoutException">The row was updated concurrently 5 times, never by a regeneration.</exception>
    public async Task<GenerationOutcome> GenerateAsync(
        LeaId leaId, Coordinator by, ReleaseWording wording, int? seenGeneration, int keepPreviousForDays, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keepPreviousForDays);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keepPreviousForDays, Credential.MaxOverlapDays);
        using var span = CredentialingTelemetry.Begin("generate credentials", leaId);
        var held = await table.FindForChangeAsync(leaId, cancellationToken);
        if (held.Stored?.Credential.Generation != seenGeneration)
            return new GenerationOutcome.Conflict(held.Stored?.Credential);

        var now = time.GetUtcNow();
        var generatedAt = WholeSeconds(now);
        var generation = (seenGeneration ?? 0) + 1;
        var key = SecretKey.Generate();
        var pepper = await peppers.CurrentAsync(cancellationToken);
        var verifier = SecretKeyVerifier.Create(pepper, leaId, generation, key);
        var next = new Credential(
            leaId, generation, verifier, generatedAt, by, generatedAt + Credential.Lifetime, new ReleaseAuthorization(by, generatedAt, wording.Version));

        var hasNotice = held.HasOtherCoordinators(by);
        var mayRest = MayRest(held, now);
        await Task.WhenAll(
            expirations.AddAsync(leaId, next.ExpiresAt, cancellationToken),
            hasNotice || mayRest ? expirations.AddForChangeAsync(leaId, now, mayRest, cancellationToken) : Task.CompletedTask,
            keyChanges.AddAsync(new KeyChange(leaId, generation, KeyChangeKind.Generated, now), cancellationToken));
        for (var attempt = 1; ; attempt++)
        {
            next = next with { PreviousKey = Overlap(held.Stored?.Credential, generatedAt, keepPreviousForDays) };
            var auditEvent = AuditEvent.CredentialGenerated(leaId, now, by.Id, by.Name, generation, wording.Version, next.PreviousKey?.ExpiresAt);
            if (await table.TryReplaceAsync(held.Stored, next, [.. KeepSuperseded(held.Stored, next), auditEvent.ToAction(), .. InsertNotice(auditEvent, hasNotice), .. MoveEarlierUse(held), .. DeleteOldUses(held.Uses, generation)]))
                break;
            var seen = await table.FindForChangeAsync(leaId, CancellationToken.None);
            // Succeeded: the response was lost, and the storage client's retry conflicted with its own first attempt.
            if (seen.Stored is { } stored && stored.Credential.Verifier.Matches(pepper, leaId, generation, key.Bytes))
                break;
            if (seen.Stored?.Credential.Generation != seenGeneration)
                return new GenerationOutcome.Conflict(seen.Stored?.Credential);
            if (attempt == Attempts)
                throw new TimeoutException($"Gave up after {Attempts} concurrent updates of the credential row of LEA {leaId}.");
            held = seen; // same generation: a revocation, a reminder claim or an upgraded verifier changed the ETag
        }

        telemetry.RecordGeneration(generation);
        LogGenerated(leaId, generation);
        return new GenerationOutcome.Generated(next, key, held.Stored?.Credential) { Usage = UsageOf(held, generation), HasNotice = hasNotice };
    }

    /// <summary>
    /// Ends the overlap: the previous key and the tokens made with it no longer work. Idempotent. One round trip if there is no
    /// overlap, else three, and a fourth one if other coordinators are to be notified.
    /// </summary>
    /// <param name="leaId">The LEA.</param>
    /// <param name="by">The coordinator who sends the request.</param>
    /// <param name="seenGeneration">The generation that the coordinator saw, so that the overlap of a later regeneration stays; null for any.</param>
    /// <param name="cancellationToken">Cancels the steps before the row is replaced. Ignored from then on.</param>
    /// <param name="reason">Why, for the audit event and the notice: see <see cref="Revocation.Reason"/>; null if no reason was given.</param>
    /// <exception cref="UnreadableRowException">The row cannot be read.</exception>
    /// <exception cref="TimeoutException">The row was updated concurrently 5 times.</exception>
    public async Task<ChangeOutcome> EndPreviousKeyAsync(LeaId leaId, Coordinator by, int? seenGeneration, CancellationToken cancellationToken, string? reason = null) =>
        await ChangeAsync(
            leaId,
            by,
            seenGeneration,
            (credential, now) => credential.PreviousKeyAt(now) is not { } previous ? null : (
                credential with { PreviousKey = null },
                AuditEvent.PreviousKeyEnded(leaId, now, by.Id, by.Name, previous.Generation, reason)),
            cancellationToken);

    /// <summary>
    /// Revokes the credentials: no key and no token works any more, and the release authorization is withdrawn. Idempotent: the
    /// first revocation of a generation stays. Three round trips, and a fourth one if other coordinators are to be notified or the credentials
    /// have expired.
    /// </summary>
    /// <param name="leaId">The LEA.</param>
    /// <param name="by">Who sends the request: a coordinator, or TOMS.</param>
    /// <param name="reason">Why: see <see cref="Revocation.Reason"/>.</param>
    /// <param name="seenGeneration">Optimistic concurrency: the generation to revoke.</param>
    /// <param name="cancellationToken">Cancels the steps before the row is replaced. Ignored from then on.</param>
    /// <exception cref="UnreadableRowException">The row cannot be read.</exception>
    /// <exception cref="TimeoutException">The row was updated concurrently 5 times.</exception>
    public async Task<ChangeOutcome> RevokeAsync(LeaId leaId, Coordinator by, string reason, int seenGeneration, CancellationToken cancellationToken)
    {
        var outcome = await ChangeAsync(
            leaId,
            by,
            seenGeneration,
            (credential, now) => credential.Revocation is not null ? null : (
                credential with { PreviousKey = null, Revocation = new Revocation(by, WholeSeconds(now), reason) },
                AuditEvent.CredentialRevoked(leaId, now, by.Id, by.Name, credential.Generation, reason)),
            cancellationToken);
        if (outcome is ChangeOutcome.Changed)
        {
            telemetry.RecordRevocation();
            LogRevoked(leaId, seenGeneration);
        }

        return outcome;
    }

    /// <summary>Replaces the row by what <paramref name="change"/> returns, with the audit event. Null: there is nothing to change.</summary>
    private async Task<ChangeOutcome> ChangeAsync(
        LeaId leaId, Coordinator by, int? seenGeneration, Func<Credential, DateTimeOffset, (Credential Next, AuditEvent Event)?> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var rows = await table.FindForChangeAsync(leaId, cancellationToken);
            var held = rows.Stored;
            if (seenGeneration is not null && held?.Credential.Generation != seenGeneration)
                return new ChangeOutcome.Conflict(held?.Credential);
            var now = time.GetUtcNow();
            if (held is null || change(held.Credential, now) is not var (next, auditEvent))
                return new ChangeOutcome.Unchanged(held?.Credential);

            var (hasNotice, mayRest) = (rows.HasOtherCoordinators(by), MayRest(rows, now));
            await Task.WhenAll(
                hasNotice || mayRest ? expirations.AddForChangeAsync(leaId, now, mayRest, cancellationToken) : Task.CompletedTask,
                TryLogAsync(new KeyChange(leaId, next.Generation, next.Revocation is null ? KeyChangeKind.PreviousKeyEnded : KeyChangeKind.Revoked, now), cancellationToken));
            var eventStep = auditEvent.ToAction();
            if (await table.TryReplaceAsync(held, next, [eventStep, .. InsertNotice(auditEvent, hasNotice), .. MoveEarlierUse(rows)]))
                return new ChangeOutcome.Changed(next, held.Credential, hasNotice);
            // Succeeded: the response was lost, and the storage client's retry conflicted with its own first attempt.
            if (await LeaPartition.FindAsync(storage, leaId, eventStep.Entity.RowKey, columns: null, CancellationToken.None) is not null)
                return new ChangeOutcome.Changed(next, held.Credential, hasNotice);
            if (attempt == Attempts)
                throw new TimeoutException($"Gave up after {Attempts} concurrent updates of the credential row of LEA {leaId}.");
        }
    }

    /// <summary>
    /// Logs a change that stops a key, before it is made. The change is made in any case: it is urgent, and it is in the next backup. The
    /// operator must know of it only if an older backup is restored.
    /// </summary>
    private async Task TryLogAsync(KeyChange change, CancellationToken cancellationToken)
    {
        try
        {
            await keyChanges.AddAsync(change, cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            LogChangeNotLogged(change.LeaId, change.Kind, change.Generation, FailureReason.Of(failure));
        }
    }

    /// <summary>Whether the daily run may not read these credentials any more, so that a change must add an index entry.</summary>
    private static bool MayRest(CredentialRows rows, DateTimeOffset now) =>
        rows.Stored is { } stored && ExpirationIndex.MayRest(stored.Credential.ExpiresAt, now);

    /// <summary>Transaction step: inserts the notice to the other coordinators, if there are any.</summary>
    private static IEnumerable<TableTransactionAction> InsertNotice(AuditEvent auditEvent, bool hasNotice) => hasNotice ? [auditEvent.ToNotice()] : [];

    /// <summary>Transaction step: keeps the superseded key, so that it can be recognised. None for the first generation.</summary>
    private static IEnumerable<TableTransactionAction> KeepSuperseded(StoredCredential? superseded, Credential next) =>
        superseded is null ? [] : [SupersededKey.Of(superseded.Credential, next).Write()];

    /// <summary>The superseded key for the overlap; null if it does not work now, or is not to be kept.</summary>
    private static VendorKey? Overlap(Credential? superseded, DateTimeOffset from, int days)
    {
        if (days == 0 || superseded is null || superseded.Revocation is not null || superseded.HasExpired(from))
            return null;
        var until = from + TimeSpan.FromDays(days);
        var key = superseded.CurrentKey;
        return key with { ExpiresAt = until < key.ExpiresAt ? until : key.ExpiresAt, IsPrevious = true };
    }

    /// <summary>
    /// Transaction steps: delete the uses of all generations but the new one and the one before. A transaction has at most 100 steps;
    /// the next regeneration deletes the rest.
    /// </summary>
    private static IEnumerable<TableTransactionAction> DeleteOldUses(IReadOnlyList<TableEntity> useRows, int generation) => useRows
        .Where(row => string.CompareOrdinal(row.RowKey, KeyUse.RowKeyPrefix(generation - 1)) < 0)
        .Take(MaxDeletedUses)
        .Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row, ETag.All));

    /// <summary>
    /// Transaction step: moves a use from the credential's row, which is replaced, to a row of its own. None if there is such a row.
    /// </summary>
    private static IEnumerable<TableTransactionAction> MoveEarlierUse(CredentialRows rows) =>
        rows.Stored is { EarlierUse: { } use, Credential.LeaId: var leaId } && use.Write(leaId) is var row && rows.Uses.All(other => other.RowKey != row.RowKey)
            ? [new(TableTransactionActionType.Add, row)]
            : [];

    /// <summary>
    /// The uses of a generation and of the one before. Without rows that cannot be read: they must not prevent a coordinator from
    /// regenerating or revoking.
    /// </summary>
    private IReadOnlyList<KeyUse> UsageOf(CredentialRows rows, int generation)
    {
        var uses = new List<KeyUse>();
        if (rows.Stored?.EarlierUse is { } earlier)
            uses.Add(earlier);
        foreach (var row in rows.Uses)
        {
            try
            {
                uses.Add(KeyUse.Read(LeaPartition.Known(row)));
            }
            catch (UnreadableRowException failure)
            {
                LogUseNotRead(failure);
            }
        }

        return [.. uses
            .Where(use => use.Generation >= generation - 1)
            .OrderByDescending(use => use.LastUsedOn)
            .ThenByDescending(use => use.Generation)
            .ThenBy(use => use.Client.ToString(), StringComparer.Ordinal)
            .DistinctBy(use => (use.Client, use.Generation))];
    }

    private static DateTimeOffset WholeSeconds(DateTimeOffset instant) =>
        new(instant.UtcTicks - instant.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "LEA {LeaId}: generated credentials, generation {Generation}. The audit trail records who generated them.")]
    private partial void LogGenerated(LeaId leaId, int generation);

    [LoggerMessage(EventId = 17, Level = LogLevel.Warning, Message = "LEA {LeaId}: revoked credentials, generation {Generation}. The audit trail records who revoked them, and why.")]
    private partial void LogRevoked(LeaId leaId, int generation);

    [LoggerMessage(EventId = 34, Level = LogLevel.Error, Message = "LEA {LeaId}: the change {Kind} of generation {Generation} could not be added to the log of key changes: {Reason}. A restore of an older backup must be given this LEA.")]
    private partial void LogChangeNotLogged(LeaId leaId, KeyChangeKind kind, int generation, string reason);

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "A record of the use of credentials cannot be read. The status does not contain it.")]
    private partial void LogUseNotRead(Exception failure);
}
