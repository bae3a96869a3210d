using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Overview;

/// <summary>
/// The statewide overview: a read model with one row for each LEA, so that all LEAs are read with few requests. Each change of an LEA
/// refreshes its row, in the background. A crash can prevent that, and the uses of keys do not refresh it. So a check compares all rows
/// with the LEAs once a day. It also fills a table that is empty. Thread safe.
/// </summary>
public sealed partial class OverviewService(CredentialingStorage storage, CredentialingTelemetry telemetry, TimeProvider time, ILogger<OverviewService> logger)
{
    /// <summary>The maximum number of LEAs in a page.</summary>
    public const int PageSize = CredentialingStorage.MaxPageSize;

    private const int Attempts = 5;
    private const int ParallelRefreshes = 8;
    private const string CheckPartition = "check";
    private const string CheckRow = "last";
    private const string BeganAt = nameof(BeganAt);

    private static readonly string Rows = $"PartitionKey eq '{LeaOverview.Partition}'";

    /// <summary>
    /// Brings an LEA's row up to date. Best effort: never throws, because it runs in the background. What fails, the next check repairs.
    /// Two round trips, and another one if the row has changed.
    /// </summary>
    public Task RefreshAsync(LeaId leaId) => TryRefreshAsync(leaId, CancellationToken.None);

    /// <summary>
    /// Refreshes LEAs, a few at a time. Best effort, like <see cref="RefreshAsync(LeaId)"/>.
    /// </summary>
    public Task RefreshAsync(IEnumerable<LeaId> leaIds, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        leaIds, Parallelism(cancellationToken), async (leaId, token) => await TryRefreshAsync(leaId, token));

    /// <summary>Returns a page of the LEAs in the order of their CDS codes. One round trip.</summary>
    /// <param name="after">The last LEA of the page before; null for the first page.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<OverviewPage> ReadPageAsync(LeaId? after, CancellationToken cancellationToken)
    {
        var filter = after is { } last ? $"{Rows} and RowKey gt '{last}'" : Rows;
        await foreach (var page in storage.Overview.QueryAsync<TableEntity>(filter, PageSize, cancellationToken: cancellationToken).AsPages().WithCancellation(cancellationToken))
        {
            var leas = page.Values.Select(Read).OfType<LeaOverview>().ToList();
            // Table Storage may return an empty page that is not the last one.
            if (page.ContinuationToken is null || leas.Count > 0)
                return new OverviewPage(leas, page.ContinuationToken is null ? null : leas[^1].LeaId);
        }

        return new OverviewPage([], null);
    }

    /// <summary>Returns all LEAs in the order of their CDS codes. One round trip per page of up to 1,000.</summary>
    public async IAsyncEnumerable<LeaOverview> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in storage.Overview.QueryAsync<TableEntity>(Rows, PageSize, cancellationToken: cancellationToken))
        {
            if (Read(row) is { } lea)
                yield return lea;
        }
    }

    /// <summary>Returns when the last complete check began; null if there was none. One round trip.</summary>
    public async Task<DateTimeOffset?> CheckedAtAsync(CancellationToken cancellationToken)
    {
        var row = await storage.Overview.GetEntityIfExistsAsync<TableEntity>(CheckPartition, CheckRow, cancellationToken: cancellationToken);
        return row is { HasValue: true, Value: { } check } && check.TryGetValue(BeganAt, out var value) ? value as DateTimeOffset? : null;
    }

    /// <summary>
    /// Compares the rows of the overview with all LEAs, and repairs what differs. Scans the <c>Leas</c> table once: one round trip per page
    /// of up to 1,000 scanned rows. Holds the rows of one LEA at a time. Safe to run concurrently and to stop at any point.
    /// </summary>
    /// <exception cref="OverviewCheckFailedException">All LEAs were compared, and some could not be repaired.</exception>
    /// <exception cref="RequestFailedException">A table could not be read.</exception>
    public async Task<OverviewCheck> CheckAsync(CancellationToken cancellationToken)
    {
        using var span = CredentialingTelemetry.Begin("check overview");
        var began = time.GetUtcNow();
        var (refreshed, failed) = (0, 0);
        var counts = new Counts();
        await Parallel.ForEachAsync(DifferencesAsync(counts, cancellationToken), Parallelism(cancellationToken), async (leaId, token) =>
        {
            if (await TryRefreshAsync(leaId, token))
                Interlocked.Increment(ref refreshed);
            else
                Interlocked.Increment(ref failed);
        });

        var check = new OverviewCheck(counts.Leas, refreshed, failed, counts.Unreadable);
        var (level, elapsed) = (failed == 0 ? LogLevel.Information : LogLevel.Error, time.GetUtcNow() - began);
        LogChecked(level, check.Leas, check.Refreshed, check.Failed, check.Unreadable, elapsed.TotalSeconds);
        if (failed > 0)
            throw new OverviewCheckFailedException(check);
        var row = SchemaVersion.NewRow(CheckPartition, CheckRow);
        row[BeganAt] = began; // earlier changes are in the overview
        await storage.Overview.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
        return check;
    }

    /// <summary>
    /// Merges the LEAs with the rows of the overview: both are in the order of the CDS codes. Returns the LEAs whose row is missing, differs
    /// or has no LEA.
    /// </summary>
    private async IAsyncEnumerable<LeaId> DifferencesAsync(Counts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var stored = storage.Overview.QueryAsync<TableEntity>(Rows, PageSize, cancellationToken: cancellationToken).GetAsyncEnumerator(cancellationToken);
        var hasStored = await stored.MoveNextAsync();
        await foreach (var rows in LeaPartition.OfAllAsync(storage, LeaOverview.RowFilter(time.GetUtcNow()), cancellationToken).ByPartition())
        {
            var key = rows[0].PartitionKey;
            for (; hasStored && string.CompareOrdinal(stored.Current.RowKey, key) < 0; hasStored = await stored.MoveNextAsync())
            {
                if (LeaId.TryParse(stored.Current.RowKey, out var removed))
                    yield return removed;
            }

            var row = hasStored && stored.Current.RowKey == key ? stored.Current : null;
            if (row is not null)
                hasStored = await stored.MoveNextAsync();
            if (!LeaId.TryParse(key, out var leaId))
            {
                counts.Unreadable++;
                LogUnreadable(key, "Its partition key is not a CDS code.");
                continue;
            }

            var current = LeaOverview.Of(leaId, rows);
            counts.Leas += current is null ? 0 : 1;
            if (current?.Problem is { } problem)
            {
                counts.Unreadable++;
                LogUnreadable(key, problem);
            }

            if (current is null ? row is not null : row is null || !LeaOverview.IsSame(row, current.Write()))
                yield return leaId;
        }

        for (; hasStored; hasStored = await stored.MoveNextAsync())
        {
            if (LeaId.TryParse(stored.Current.RowKey, out var removed))
                yield return removed;
        }
    }

    private async Task<bool> TryRefreshAsync(LeaId leaId, CancellationToken cancellationToken)
    {
        try
        {
            for (var attempt = 1; attempt <= Attempts; attempt++)
            {
                if (!await TryWriteAsync(leaId, cancellationToken))
                    continue;
                telemetry.RecordOverviewRefresh("done");
                return true;
            }

            LogNotRefreshed(leaId, $"it was changed concurrently {Attempts} times");
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotRefreshed(leaId, FailureReason.Of(failure));
        }

        telemetry.RecordOverviewRefresh("failed");
        return false;
    }

    /// <summary>
    /// Reads the row of the overview before the rows of the LEA, and replaces that version of it. So an older reading of the LEA never
    /// replaces a newer one. Returns false on a conflict.
    /// </summary>
    private async Task<bool> TryWriteAsync(LeaId leaId, CancellationToken cancellationToken)
    {
        var response = await storage.Overview.GetEntityIfExistsAsync<TableEntity>(LeaOverview.Partition, leaId.Value, cancellationToken: cancellationToken);
        var held = response.HasValue ? response.Value : null;
        if (held is not null && LeaOverview.WhyUnreadable(held) is { } newer)
            throw newer;
        var current = LeaOverview.Of(leaId, await LeaPartition.ListUncheckedAsync(storage, leaId, LeaOverview.RowFilter(time.GetUtcNow()), cancellationToken));
        try
        {
            switch (held, current)
            {
                case (null, null):
                    break;
                case (null, not null):
                    await storage.Overview.AddEntityAsync(current.Write(), cancellationToken);
                    break;
                case (not null, null):
                    await storage.Overview.DeleteEntityAsync(held, held.ETag, cancellationToken);
                    break;
                default:
                    var row = current.Write();
                    if (!LeaOverview.IsSame(held, row))
                        await storage.Overview.UpdateEntityAsync(row, held.ETag, TableUpdateMode.Replace, cancellationToken);
                    break;
            }

            return true;
        }
        catch (RequestFailedException failure) when (failure.Status is 404 or 409 or 412)
        {
            return false;
        }
    }

    /// <summary>Null for a row whose key is not a CDS code.</summary>
    private static LeaOverview? Read(TableEntity row)
    {
        if (!LeaId.TryParse(row.RowKey, out var leaId))
            return null;
        try
        {
            return LeaOverview.Read(leaId, row);
        }
        catch (UnreadableRowException why)
        {
            return LeaOverview.Unreadable(leaId, why);
        }
    }

    private static ParallelOptions Parallelism(CancellationToken cancellationToken) => new() { MaxDegreeOfParallelism = ParallelRefreshes, CancellationToken = cancellationToken };

    [LoggerMessage(EventId = 24, Level = LogLevel.Warning, Message = "LEA {LeaId} could not be refreshed in the overview: {Reason}. The next check refreshes it.")]
    private partial void LogNotRefreshed(LeaId leaId, string reason);

    [LoggerMessage(EventId = 25, Message = "Check of the overview finished: {Leas} LEAs, {Refreshed} refreshed, {Failed} not refreshed, {Unreadable} with rows that cannot be read, {Seconds:F1} s.")]
    private partial void LogChecked(LogLevel level, int leas, int refreshed, int failed, int unreadable, double seconds);

    [LoggerMessage(EventId = 26, Level = LogLevel.Warning, Message = "Check of the overview: rows of LEA {LeaId} cannot be read. {Reason}")]
    private partial void LogUnreadable(string leaId, string reason);

    private sealed class Counts
    {
        internal int Leas { get; set; }

        internal int Unreadable { get; set; }
    }
}

/// <summary>A page of the overview.</summary>
/// <param name="Leas">The LEAs, at most <see cref="OverviewService.PageSize"/>.</param>
/// <param name="Next">The last LEA, after which the next page begins; null if there are no more.</param>
public sealed record OverviewPage(IReadOnlyList<LeaOverview> Leas, LeaId? Next);

/// <summary>The result of a check of the overview.</summary>
/// <param name="Leas">The number of LEAs.</param>
/// <param name="Refreshed">The number of rows that were missing, differed or had no LEA, and were repaired.</param>
/// <param name="Failed">The number of rows that could not be repaired.</param>
/// <param name="Unreadable">The number of LEAs with rows that cannot be read.</param>
public sealed record OverviewCheck(int Leas, int Refreshed, int Failed, int Unreadable);

/// <summary>A check of the overview could not repair all rows.</summary>
/// <param name="check">The result.</param>
public sealed class OverviewCheckFailedException(OverviewCheck check) : Exception($"{check.Failed} LEAs could not be refreshed in the overview.");
