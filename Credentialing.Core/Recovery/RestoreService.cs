using System.Collections.Concurrent;
using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Announcements;
using Credentialing.Core.Audit;
using Credentialing.Core.Backups;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Shares;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;

namespace Credentialing.Core.Recovery;

/// <summary>
/// Restores a backup of the table <c>Leas</c>. Only inserts what is missing: it neither changes nor deletes a row, so it can be repeated, and
/// stopped at any point. Before that, it restores the expiration index for all credentials in the backup. A key that does not work any more does not work after a restore either: the
/// credentials of an LEA that changed them after the backup come back revoked. Thread safe.
/// </summary>
public sealed class RestoreService(
    CredentialingStorage storage, BackupStore backups, BackupArchive archive, ExpirationRestoration expirations, TimeProvider time)
{
    private const int Parallelism = 32;
    private const int Attempts = 5;

    /// <summary>Rows of a transaction. The limits are 100 rows and 4 MiB. Rows with the longest texts have about 100 KB.</summary>
    private const int RowsTogether = 40;

    /// <summary>A change is complete within this time after it was logged: longer than a function may run.</summary>
    private static readonly TimeSpan ChangeTime = TimeSpan.FromHours(1);

    /// <summary>Who revokes: an operator of TOMS. Emails and the history show the name.</summary>
    private static readonly Coordinator ByRestore = new("restore", "TOMS", Email: null);

    private readonly KeyChangeLog keyChanges = new(backups);
    private readonly ExpirationIndex index = new(storage);

    /// <summary>
    /// Restores a backup, or reports what that would do. One round trip per LEA to find the missing rows, unless the table is empty, and one
    /// per 40 missing rows.
    /// </summary>
    /// <param name="request">What to restore.</param>
    /// <param name="progress">Gets the number of LEAs that were processed so far; null if nobody wants it.</param>
    /// <param name="cancellationToken">Stops the operation. A repetition continues it.</param>
    /// <exception cref="RequestFailedException">There is no such backup, or the table cannot be read.</exception>
    /// <exception cref="InvalidDataException">The backup is corrupt.</exception>
    public async Task<RestoreReport> RunAsync(RestoreRequest request, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var manifest = await archive.OpenAsync(BackupArchive.Leas, request.Backup, cancellationToken);
        var changes = (await keyChanges.SinceAsync(manifest.StartedAt - ChangeTime, cancellationToken).ToListAsync(cancellationToken)).ToLookup(change => change.LeaId);
        var isEmpty = !await storage.Leas.QueryAsync<TableEntity>(maxPerPage: 1, cancellationToken: cancellationToken).AnyAsync(cancellationToken);
        int? indexed = request.IsApplied ? (await expirations.RestoreAsync(archive.ReadAsync(manifest, cancellationToken), cancellationToken)).Indexed : null;
        var results = new ConcurrentBag<LeaRestoration>();
        var processed = 0;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(archive.ReadAsync(manifest, cancellationToken).ByPartition(), parallel, async (rows, token) =>
        {
            var result = new LeaRestoration(rows[0].PartitionKey);
            try
            {
                if (!LeaId.TryParse(rows[0].PartitionKey, out var leaId))
                    throw UnreadableRowException.Corrupt(rows[0], "has no CDS code as its partition key");
                result = await RestoreAsync(leaId, rows, isEmpty, [.. changes[leaId]], request, manifest, token);
            }
            catch (Exception failure) when (!token.IsCancellationRequested)
            {
                result = result with { Failure = FailureReason.Of(failure) };
            }

            results.Add(result);
            var done = Interlocked.Increment(ref processed);
            progress?.Report(done);
        });

        var known = results.Where(result => result.HasCredential).Select(result => result.PartitionKey).ToHashSet(StringComparer.Ordinal);
        var lost = new List<AffectedLea>();
        foreach (var leaId in changes.Select(change => change.Key).Where(leaId => !known.Contains(leaId.Value)).OrderBy(leaId => leaId.Value, StringComparer.Ordinal))
        {
            if (await LeaPartition.FindAsync(storage, leaId, LeaPartition.CredentialRow, [nameof(TableEntity.RowKey)], cancellationToken) is null)
                lost.Add(new AffectedLea(leaId, results.FirstOrDefault(result => result.PartitionKey == leaId.Value)?.Name));
        }

        return new RestoreReport(
            manifest.StartedAt,
            manifest.Rows,
            results.Sum(result => (long)result.Inserted),
            results.Count(result => result.IsRestored),
            [.. results.Where(result => result.IsRevoked).Select(result => new AffectedLea(LeaId.Parse(result.PartitionKey), result.Name)).OrderBy(lea => lea.LeaId.Value, StringComparer.Ordinal)],
            lost,
            FailuresOf(results),
            results.Where(result => result.PepperVersion is not null).CountBy(result => result.PepperVersion!).ToDictionary(),
            indexed);
    }

    /// <summary>Returns one failure for each LEA. A backup that was changed by hand can have an LEA in several places.</summary>
    private static SortedDictionary<string, string> FailuresOf(IEnumerable<LeaRestoration> results)
    {
        var failures = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var result in results.Where(result => result.Failure is not null))
            failures[result.PartitionKey] = result.Failure!;
        return failures;
    }

    private async Task<LeaRestoration> RestoreAsync(
        LeaId leaId, IReadOnlyList<TableEntity> rows, bool isEmpty, IReadOnlyList<KeyChange> changes, RestoreRequest request, BackupManifest manifest, CancellationToken cancellationToken)
    {
        var credentialRow = rows.SingleOrDefault(row => row.RowKey == LeaPartition.CredentialRow);
        var result = new LeaRestoration(leaId.Value)
        {
            Name = rows.SingleOrDefault(row => row.RowKey == LeaPartition.LeaRow)?[nameof(Lea.Name)] as string,
            HasCredential = credentialRow is not null,
        };
        var needsDailyRun = false;
        for (var attempt = 1; ; attempt++)
        {
            var existing = isEmpty && attempt == 1 ? [] : await KeysAsync(leaId, cancellationToken);
            List<TableTransactionAction[]> transactions =
            [
                .. rows
                    .Where(row => row != credentialRow && IsMissing(row, existing))
                    .Select(row => new TableTransactionAction(TableTransactionActionType.Add, row))
                    .Chunk(RowsTogether),
            ];
            if (credentialRow is not null && IsMissing(credentialRow, existing))
            {
                try
                {
                    var (steps, credential, isRevoked) = Insert(leaId, credentialRow, changes, request, manifest);
                    needsDailyRun = MayHaveAnnouncement(credential);
                    if (needsDailyRun && !existing.Contains(LeaPartition.AnnouncementRow) && !rows.Any(row => row.RowKey == LeaPartition.AnnouncementRow))
                        steps = [.. steps, PostedAnnouncement.AddUnknown(leaId, time.GetUtcNow())];
                    transactions.Add(steps);
                    result = result with { IsRestored = true, IsRevoked = isRevoked, PepperVersion = credential.Revocation is null && !credential.HasExpired(time.GetUtcNow()) ? credential.Verifier.PepperVersion : null };
                }
                catch (UnreadableRowException failure)
                {
                    result = result with { Failure = failure.Message };
                    if (changes.Count == 0 && !request.ChangedLeas.Contains(leaId))
                    {
                        transactions.Add([new(TableTransactionActionType.Add, credentialRow)]); // as it was
                        result = result with { IsRestored = true };
                    }
                }
            }

            result = result with { Inserted = Math.Max(result.Inserted, transactions.Sum(steps => steps.Length)) }; // a repetition finds those that this one inserted
            if (!request.IsApplied)
                return result;
            if (needsDailyRun)
                await index.AddForChangeAsync(leaId, time.GetUtcNow(), mayRest: false, cancellationToken); // to remove the announcement, and send the notice of a revocation
            if (await TryInsertAsync(transactions, cancellationToken))
                return result;
            if (attempt == Attempts)
                throw new TimeoutException($"Gave up after {Attempts} concurrent updates of the rows of LEA {leaId}.");
        }
    }

    /// <summary>
    /// The transaction steps that insert the credential: as it was, or revoked, with the highest generation that was logged, an audit event,
    /// and a notice for the coordinators.
    /// </summary>
    /// <exception cref="UnreadableRowException">The row cannot be read.</exception>
    private (TableTransactionAction[] Steps, Credential Credential, bool IsRevoked) Insert(
        LeaId leaId, TableEntity row, IReadOnlyList<KeyChange> changes, RestoreRequest request, BackupManifest manifest)
    {
        var old = CredentialTable.Read(leaId, LeaPartition.Known(row)).Credential;
        var generation = changes.Select(change => change.Generation).Append(old.Generation).Max();
        var isRevoked = request.ChangedLeas.Contains(leaId) || changes.Any(change => change.Generation == old.Generation && change.Kind is KeyChangeKind.Revoked);
        if (generation > old.Generation || (isRevoked && old.Revocation is null))
        {
            var now = time.GetUtcNow();
            var reason = string.Create(CultureInfo.InvariantCulture, $"Restored from the backup of {manifest.StartedAt:yyyy-MM-dd HH:mm} UTC. The credentials were changed after it.");
            var revoked = old with { Generation = generation, PreviousKey = null, Revocation = new Revocation(ByRestore, now, reason) };
            var auditEvent = AuditEvent.CredentialRevoked(leaId, now, ByRestore.Id, ByRestore.Name, generation, reason);
            return (
                [
                    .. generation > old.Generation ? [SupersededKey.Of(old, revoked).Write()] : (TableTransactionAction[])[], // so that it is recognised if it leaks
                    auditEvent.ToAction(),
                    auditEvent.ToNotice(),
                    new(TableTransactionActionType.Add, CredentialTable.Write(revoked)),
                ],
                revoked,
                true);
        }

        var endsPrevious = changes.Any(change => change.Generation == old.Generation && change.Kind is KeyChangeKind.PreviousKeyEnded);
        return ([new(TableTransactionActionType.Add, endsPrevious ? CredentialTable.Write(old with { PreviousKey = null }) : row)], old, false);
    }

    /// <summary>
    /// Whether a row is to be inserted. The coordinators of an LEA that TOMS has saved since are not: some may have been removed. A link
    /// that was not opened is not either: its ciphertext is not in the backup.
    /// </summary>
    private static bool IsMissing(TableEntity row, HashSet<string> existing) =>
        !existing.Contains(row.RowKey)
        && !(row.RowKey.StartsWith(LeaPartition.CoordinatorRowPrefix, StringComparison.Ordinal) && existing.Contains(LeaPartition.LeaRow))
        && !(Share.IsRow(row) && !row.ContainsKey(nameof(Share.OpenedAt)));

    private async Task<HashSet<string>> KeysAsync(LeaId leaId, CancellationToken cancellationToken) =>
        await storage.Leas.QueryAsync<TableEntity>($"PartitionKey eq '{leaId}'", select: [nameof(TableEntity.RowKey)], cancellationToken: cancellationToken)
            .Select(row => row.RowKey).ToHashSetAsync(StringComparer.Ordinal, cancellationToken);

    /// <summary>
    /// Whether MyTOMS may have an announcement that was posted after the backup. The daily run removes only what has a row.
    /// </summary>
    private bool MayHaveAnnouncement(Credential credential) =>
        credential.Revocation is not null || credential.ExpiresAt - time.GetUtcNow() <= TimeSpan.FromDays(CredentialStatus.ExpiringDays + 1);

    /// <summary>Returns false if another process has inserted one of the rows.</summary>
    private async Task<bool> TryInsertAsync(IReadOnlyList<TableTransactionAction[]> transactions, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var steps in transactions)
                await storage.Leas.SubmitTransactionAsync(steps, cancellationToken);
            return true;
        }
        catch (RequestFailedException failure) when (failure.Status is 409)
        {
            return false;
        }
    }

    /// <summary>What was done for one LEA.</summary>
    /// <param name="PartitionKey">The CDS code.</param>
    private sealed record LeaRestoration(string PartitionKey)
    {
        /// <summary>The name in the backup.</summary>
        internal string? Name { get; init; }

        /// <summary>Whether the backup has credentials of the LEA.</summary>
        internal bool HasCredential { get; init; }

        /// <summary>The number of rows that are inserted.</summary>
        internal int Inserted { get; init; }

        /// <summary>Whether the credentials were missing, and come back.</summary>
        internal bool IsRestored { get; init; }

        /// <summary>Whether the credentials come back revoked, because they were changed.</summary>
        internal bool IsRevoked { get; init; }

        /// <summary>The version of the pepper of a restored key that works; null if none does, or none was missing.</summary>
        internal string? PepperVersion { get; init; }

        /// <summary>Why the LEA was not restored completely; null if it was.</summary>
        internal string? Failure { get; init; }
    }
}
