using Credentialing.Core.Audit;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Shares;

/// <summary>
/// Creates, lists, cancels and opens an LEA's shares. All of a share is one row in the LEA's partition, next to the credentials: the
/// transaction that opens it fails if another request has opened or canceled it, and if the credentials were regenerated or revoked.
/// Thread safe.
/// </summary>
public sealed partial class ShareService(CredentialingStorage storage, CredentialingTelemetry telemetry, TimeProvider time, ILogger<ShareService> logger)
{
    private const int Attempts = 5;

    /// <summary>Two steps for each share, and a transaction has at most 100.</summary>
    private const int MaxDeletions = 50;

    private static readonly string CredentialAndShares = $"{LeaPartition.Is(LeaPartition.CredentialRow)} or {LeaPartition.StartsWith(LeaPartition.ShareRowPrefix)}";

    private readonly ExpirationIndex expirations = new(storage);

    /// <summary>
    /// Returns the shares of the current generation, newest first: those that can be opened, and those that were opened. One round
    /// trip.
    /// </summary>
    /// <exception cref="UnreadableRowException">A row cannot be read.</exception>
    public async Task<IReadOnlyList<Share>> ListAsync(LeaId leaId, CancellationToken cancellationToken)
    {
        var (stored, shares) = await ReadAsync(leaId, CredentialAndShares, cancellationToken);
        var now = time.GetUtcNow();
        return [.. shares.Where(share => !share.HasEnded(stored?.Credential, now)).OrderByDescending(share => share.CreatedAt).ThenBy(share => share.Id.Key, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Creates a share of the current secret key. Three round trips: read the rows, write an index entry so that the daily run finds
    /// what is never opened, insert the row together with its audit event. More if the rows are updated concurrently.
    /// </summary>
    /// <param name="leaId">The LEA.</param>
    /// <param name="by">The coordinator who sends the request.</param>
    /// <param name="vendor">For whom it is: see <see cref="Share.Vendor"/>.</param>
    /// <param name="ciphertext">The ciphertext: at most <see cref="Share.MaxCiphertextLength"/> characters.</param>
    /// <param name="lifetime">Until when it can be opened: more than zero, at most <see cref="Share.MaxLifetime"/>.</param>
    /// <param name="seenGeneration">The generation of the secret key in the ciphertext; null for the current one.</param>
    /// <param name="cancellationToken">Cancels the steps before the row is inserted. Ignored from then on.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    /// <exception cref="UnreadableRowException">A row cannot be read.</exception>
    /// <exception cref="TimeoutException">The rows were updated concurrently 5 times.</exception>
    public async Task<ShareOutcome> CreateAsync(
        LeaId leaId, Coordinator by, string vendor, string ciphertext, TimeSpan lifetime, int? seenGeneration, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lifetime, Share.MaxLifetime);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ciphertext.Length, Share.MaxCiphertextLength);
        var id = ShareId.New(leaId);
        for (var attempt = 1; ; attempt++)
        {
            var (stored, shares) = await ReadAsync(leaId, CredentialAndShares, cancellationToken);
            // Succeeded: the response was lost, and the storage client's retry conflicted with its own first attempt.
            if (shares.FirstOrDefault(other => other.Id == id) is { } own)
                return Created(own);
            if (seenGeneration is not null && stored?.Credential.Generation != seenGeneration)
                return new ShareOutcome.Conflict(stored?.Credential);
            var now = time.GetUtcNow();
            if (stored is not { Credential: { Revocation: null } credential } || credential.HasExpired(now))
                return new ShareOutcome.NothingToShare();
            if (shares.Count(other => other.Generation == credential.Generation) >= Share.MaxShares)
                return new ShareOutcome.TooMany();
            ThrowIfLast(attempt, leaId);

            var until = now + lifetime < credential.ExpiresAt ? now + lifetime : credential.ExpiresAt;
            var share = new Share(id, credential.Generation, vendor, now, by, until) { Ciphertext = ciphertext };
            await expirations.AddForChangeAsync(leaId, now, mayRest: false, cancellationToken);
            if (await LeaPartition.TryChangeAsync(storage, [CredentialTable.Unchanged(stored), share.Write(), share.Event(now, AuditEvent.ShareCreated, by).ToAction()]))
                return Created(share);
        }

        ShareOutcome.Created Created(Share share)
        {
            telemetry.RecordShare("created");
            LogCreated(leaId, share.Generation);
            return new(share);
        }
    }

    /// <summary>
    /// Cancels a share that was not opened: its row and its ciphertext are deleted. Idempotent. Two round trips, or one if there is
    /// nothing to delete.
    /// </summary>
    /// <returns>When it was opened; null if it was not, and cannot be opened any more.</returns>
    /// <exception cref="UnreadableRowException">The row cannot be read.</exception>
    /// <exception cref="TimeoutException">The row was updated concurrently 5 times.</exception>
    public async Task<DateTimeOffset?> CancelAsync(ShareId id, Coordinator by, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (_, shares) = await ReadAsync(id.LeaId, LeaPartition.Is(Share.RowKeyOf(id)), cancellationToken);
            if (shares is not [{ OpenedAt: null } share])
                return shares.SingleOrDefault()?.OpenedAt;
            ThrowIfLast(attempt, id.LeaId);
            if (!await LeaPartition.TryChangeAsync(storage, [share.Delete(), share.Event(time.GetUtcNow(), AuditEvent.ShareCanceled, by).ToAction()]))
                continue;
            telemetry.RecordShare("canceled");
            return null;
        }
    }

    /// <summary>
    /// Opens a share: returns its ciphertext and deletes it, in one transaction. Of several concurrent requests, one gets it. Two
    /// round trips, or one if it cannot be opened. More if the rows are updated concurrently.
    /// </summary>
    /// <returns>The ciphertext; null if there is no such share that can be opened.</returns>
    /// <exception cref="UnreadableRowException">A row cannot be read.</exception>
    /// <exception cref="TimeoutException">The rows were updated concurrently 5 times.</exception>
    public async Task<string?> OpenAsync(ShareId id, CancellationToken cancellationToken)
    {
        using var span = CredentialingTelemetry.Begin("open share", id.LeaId);
        var request = Guid.NewGuid();
        string? ciphertext = null;
        for (var attempt = 1; ; attempt++)
        {
            var (stored, shares) = await ReadAsync(id.LeaId, LeaPartition.Is(LeaPartition.CredentialRow, Share.RowKeyOf(id)), cancellationToken);
            var share = shares.SingleOrDefault();
            // Succeeded: the response was lost, and the storage client's retry conflicted with its own first attempt.
            if (share?.OpenedBy == request)
                return Opened();
            var now = time.GetUtcNow();
            if (stored is null || share is null || !share.IsWaiting(stored.Credential, now))
                return null;
            ThrowIfLast(attempt, id.LeaId);

            ciphertext = share.Ciphertext;
            var opened = share with { OpenedAt = now, OpenedBy = request, Ciphertext = null };
            if (await LeaPartition.TryChangeAsync(storage, [CredentialTable.Unchanged(stored), opened.Write(), opened.Event(now, AuditEvent.ShareOpened, by: null).ToAction()]))
                return Opened();
        }

        string? Opened()
        {
            telemetry.RecordShare("opened");
            LogOpened(id.LeaId);
            return ciphertext;
        }
    }

    /// <summary>
    /// Deletes the rows of shares that have ended, with an audit event for each that was never opened. For the daily run. One round
    /// trip, or none if there is nothing to delete.
    /// </summary>
    /// <returns>Whether all of them were deleted. Those that another request has changed are left to the next run.</returns>
    internal async Task<bool> DeleteEndedAsync(IReadOnlyList<Share> shares, Credential? credential)
    {
        var now = time.GetUtcNow();
        var areDeleted = true;
        foreach (var ended in shares.Where(share => share.HasEnded(credential, now)).Chunk(MaxDeletions))
        {
            var unopened = ended.Where(share => share.OpenedAt is null).ToList();
            if (await LeaPartition.TryChangeAsync(storage, [.. ended.Select(share => share.Delete()), .. unopened.Select(share => share.Event(now, AuditEvent.ShareExpired, by: null).ToAction())]))
                telemetry.RecordShare("expired", unopened.Count);
            else
                areDeleted = false;
        }

        return areDeleted;
    }

    private async Task<(StoredCredential? Stored, IReadOnlyList<Share> Shares)> ReadAsync(LeaId leaId, string filter, CancellationToken cancellationToken)
    {
        var rows = await LeaPartition.ListAsync(storage, leaId, filter, cancellationToken);
        return (
            rows.SingleOrDefault(row => row.RowKey == LeaPartition.CredentialRow) is { } own ? CredentialTable.Read(leaId, own) : null,
            [.. rows.Where(Share.IsRow).Select(row => Share.Read(leaId, row))]);
    }

    private static void ThrowIfLast(int attempt, LeaId leaId)
    {
        if (attempt > Attempts)
            throw new TimeoutException($"Gave up after {Attempts} concurrent updates of the credential row or of a share of LEA {leaId}.");
    }

    [LoggerMessage(EventId = 21, Level = LogLevel.Information, Message = "LEA {LeaId}: created a share, generation {Generation}. The audit trail records who created it, and for whom.")]
    private partial void LogCreated(LeaId leaId, int generation);

    [LoggerMessage(EventId = 22, Level = LogLevel.Information, Message = "LEA {LeaId}: a share was opened. The audit trail records for whom it was.")]
    private partial void LogOpened(LeaId leaId);
}
