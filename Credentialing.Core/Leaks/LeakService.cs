using System.Runtime.ExceptionServices;
using Azure.Data.Tables;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Secrets;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Leaks;

/// <summary>
/// Finds the LEA of a leaked secret key, and stops the key. A verifier is bound to its LEA and generation, so the key must
/// be compared with every stored verifier: a scan of the <c>Leas</c> table. Thread safe.
/// </summary>
public sealed partial class LeakService(
    CredentialingStorage storage,
    [FromKeyedServices(SecretRing.CredentialPepper)] SecretRing peppers,
    CredentialService credentials,
    CredentialingTelemetry telemetry,
    TimeProvider time,
    ILogger<LeakService> logger)
{
    private const int Attempts = 5;

    private static readonly string Keys = $"{LeaPartition.Is(LeaPartition.CredentialRow)} or {LeaPartition.StartsWith(LeaPartition.SupersededRowPrefix)}";

    /// <summary>
    /// Finds the LEAs of secret keys, and stops the keys that work. One scan for all keys, which ends when all are found: one round trip for
    /// each 1,000 scanned rows. Then one round trip for each key that was found, and three to five to stop it. Idempotent.
    /// </summary>
    /// <param name="keys">The keys.</param>
    /// <param name="reportedBy">Who reported them, for the metric: <c>toms</c> or <c>github</c>.</param>
    /// <param name="stopping">Who stops the keys, and why: see <see cref="Revocation.Reason"/>; null to change nothing.</param>
    /// <param name="cancellationToken">Cancels the scan, and the steps before a change.</param>
    /// <exception cref="UnreadableRowException">The credentials of an LEA cannot be read any more. All other keys have been stopped.</exception>
    /// <exception cref="TimeoutException">The credentials of an LEA were updated concurrently 5 times. All other keys have been stopped.</exception>
    public async Task<LeakReport> ReportAsync(
        IReadOnlyList<SecretKey> keys, string reportedBy, (Coordinator By, string Reason)? stopping, CancellationToken cancellationToken)
    {
        using var span = CredentialingTelemetry.Begin("find leaked keys");
        var scan = new Scan(keys, peppers);
        if (keys.Count > 0)
            await RunAsync(scan, cancellationToken);

        var leaks = new List<Leak>();
        Exception? firstFailure = null;
        foreach (var found in scan.Found)
        {
            try
            {
                var leak = found is null ? new Leak(LeakMatch.Unknown) : await ResolveAsync(found, stopping, cancellationToken);
                telemetry.RecordLeak(reportedBy, NameOf(leak.Match));
                if (leak.LeaId is { } leaId)
                    LogFound(leaId, found!.Generation, leak.Match, leak.IsUsable);
                leaks.Add(leak);
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                firstFailure ??= failure; // the other keys must not wait for a retry
            }
        }

        if (firstFailure is not null)
            ExceptionDispatchInfo.Throw(firstFailure);
        return new LeakReport(leaks, scan.Unreadable, scan.UncheckedKeys);
    }

    /// <summary>
    /// Compares all stored keys. A regeneration at the same time hides no key: it moves the verifier, in one transaction, from the
    /// <c>credential</c> row to a row that the scan reads later.
    /// </summary>
    private async Task RunAsync(Scan scan, CancellationToken cancellationToken)
    {
        await foreach (var row in LeaPartition.OfAllAsync(storage, Keys, cancellationToken))
        {
            try
            {
                if (!LeaId.TryParse(row.PartitionKey, out var leaId))
                    throw UnreadableRowException.Corrupt(row, "has no CDS code as its partition key");
                LeaPartition.Known(row);
                if (SupersededKey.IsRow(row))
                {
                    var key = SupersededKey.Read(leaId, row);
                    await scan.CompareAsync(leaId, key.Generation, key.Verifier, key.GeneratedAt, cancellationToken);
                    continue;
                }

                var credential = CredentialTable.Read(leaId, row).Credential;
                // Also a previous key that has ended: a release that kept no superseded keys may have superseded it.
                foreach (var key in (VendorKey?[])[credential.CurrentKey, credential.PreviousKey])
                {
                    if (key is not null)
                        await scan.CompareAsync(leaId, key.Generation, key.Verifier, key.GeneratedAt, cancellationToken);
                }
            }
            catch (UnreadableRowException failure)
            {
                LogNotRead(failure);
                scan.Unreadable[row.PartitionKey] = failure.Reason;
            }

            if (scan.IsComplete)
                return;
        }
    }

    /// <summary>Reads what the key is now, and stops it. Retries if the credentials are regenerated at the same time.</summary>
    private async Task<Leak> ResolveAsync(FoundKey found, (Coordinator By, string Reason)? stopping, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (leak, current) = await ReadAsync(found, cancellationToken);
            if (stopping is not var (by, reason))
                return leak;
            var outcome = leak.Match switch
            {
                LeakMatch.Current => await credentials.RevokeAsync(found.LeaId, by, reason, found.Generation, cancellationToken),
                LeakMatch.Previous => await credentials.EndPreviousKeyAsync(found.LeaId, by, current, cancellationToken, reason),
                _ => null,
            };
            switch (outcome)
            {
                case null:
                    return leak;
                case ChangeOutcome.Changed changed:
                    return leak with { IsUsable = false, Change = changed, Action = leak.Match is LeakMatch.Current ? LeakAction.CredentialRevoked : LeakAction.PreviousKeyEnded };
                case ChangeOutcome.Unchanged:
                    return leak with { IsUsable = false }; // it was stopped before
                default:
                    if (attempt == Attempts)
                        throw new TimeoutException($"Gave up after {Attempts} concurrent updates of the credential row of LEA {found.LeaId}.");
                    break; // regenerated: the key is another one now
            }
        }
    }

    /// <summary>Returns what the key is now, and the current generation. One round trip.</summary>
    private async Task<(Leak Leak, int Current)> ReadAsync(FoundKey found, CancellationToken cancellationToken)
    {
        var supersededRow = SupersededKey.RowKeyOf(found.Generation);
        var rows = await LeaPartition.ListUncheckedAsync(
            storage, found.LeaId, LeaPartition.Is(LeaPartition.CredentialRow, LeaPartition.LeaRow, supersededRow), cancellationToken);
        var superseded = Row(supersededRow) is { } row ? ReadOrNull(row, known => SupersededKey.Read(found.LeaId, known)) : null;
        // If the credentials cannot be read, no key of the LEA works. Only of a superseded key it is certain that it is not the current one.
        var credential = Row(LeaPartition.CredentialRow) is not { } own ? null
            : superseded is null ? CredentialTable.Read(found.LeaId, LeaPartition.Known(own)).Credential
            : ReadOrNull(own, known => CredentialTable.Read(found.LeaId, known).Credential);
        var now = time.GetUtcNow();
        var match = credential?.Generation == found.Generation ? LeakMatch.Current
            : credential?.PreviousKeyAt(now)?.Generation == found.Generation ? LeakMatch.Previous
            : LeakMatch.Superseded;
        var leak = new Leak(match)
        {
            LeaId = found.LeaId,
            LeaName = Row(LeaPartition.LeaRow) is { } lea ? ReadOrNull(lea, known => LeaRegister.Read(found.LeaId, [known]))?.Name : null,
            Generation = found.Generation,
            GeneratedAt = found.GeneratedAt,
            // Without a row: the previous key, superseded by a release that kept no superseded keys.
            SupersededAt = match is LeakMatch.Current ? null : superseded?.SupersededAt ?? credential?.GeneratedAt,
            IsUsable = match is LeakMatch.Previous || (match is LeakMatch.Current && credential is { Revocation: null } && !credential.HasExpired(now)),
        };
        return (leak, credential?.Generation ?? 0);

        TableEntity? Row(string rowKey) => rows.SingleOrDefault(row => row.RowKey == rowKey);
    }

    private static string NameOf(LeakMatch match) => match switch
    {
        LeakMatch.Current => "current",
        LeakMatch.Previous => "previous",
        LeakMatch.Superseded => "superseded",
        _ => "unknown",
    };

    /// <summary>Returns null for a row that cannot be read: it must not prevent that a key is stopped.</summary>
    private T? ReadOrNull<T>(TableEntity row, Func<TableEntity, T> read)
        where T : class?
    {
        try
        {
            return read(LeaPartition.Known(row));
        }
        catch (UnreadableRowException failure)
        {
            LogNotRead(failure);
            return null;
        }
    }

    [LoggerMessage(EventId = 28, Level = LogLevel.Warning, Message = "A secret key of LEA {LeaId} was reported as leaked: generation {Generation}, {Match}. It still works: {IsUsable}.")]
    private partial void LogFound(LeaId leaId, int generation, LeakMatch match, bool isUsable);

    [LoggerMessage(EventId = 29, Level = LogLevel.Warning, Message = "The search for the owner of a leaked key has skipped a row that cannot be read.")]
    private partial void LogNotRead(Exception failure);

    /// <summary>A reported key whose LEA was found. LEA and generation of a key never change.</summary>
    private sealed record FoundKey(LeaId LeaId, int Generation, DateTimeOffset GeneratedAt);

    /// <summary>The state of one scan.</summary>
    private sealed class Scan(IReadOnlyList<SecretKey> keys, SecretRing peppers)
    {
        private readonly Dictionary<string, SecretVersion?> versions = [];
        private readonly FoundKey?[] found = new FoundKey?[keys.Count];

        /// <summary>What was found for each key; null if nothing was.</summary>
        internal IReadOnlyList<FoundKey?> Found => found;

        internal SortedDictionary<string, string> Unreadable { get; } = new(StringComparer.Ordinal);

        internal int UncheckedKeys { get; private set; }

        internal bool IsComplete => found.All(key => key is not null);

        /// <summary>Compares a stored key with all that were not found yet.</summary>
        internal async Task CompareAsync(LeaId leaId, int generation, SecretKeyVerifier verifier, DateTimeOffset generatedAt, CancellationToken cancellationToken)
        {
            // Once for each version: an unknown one makes the ring read the vault again.
            if (!versions.TryGetValue(verifier.PepperVersion, out var pepper))
                versions.Add(verifier.PepperVersion, pepper = await peppers.FindAsync(verifier.PepperVersion, cancellationToken));
            if (pepper is null)
            {
                UncheckedKeys++;
                return;
            }

            for (var index = 0; index < found.Length; index++)
            {
                if (found[index] is null && verifier.Matches(pepper, leaId, generation, keys[index].Bytes))
                    found[index] = new FoundKey(leaId, generation, generatedAt);
            }
        }
    }
}
