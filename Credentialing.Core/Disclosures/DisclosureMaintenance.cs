using System.Collections.Concurrent;
using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Credentialing.Core.Disclosures;

/// <summary>
/// The daily run's part of the log of downloads: counts the disclosures of days that have ended, and deletes those that are older than the
/// retention time. Idempotent, safe to run concurrently and to stop at any point. Its cost depends on the days with downloads, not on the
/// number of LEAs. Thread safe.
/// <para>
/// An entry of the index that the run reads says on which date something is due here: the day after a day with downloads, and the first
/// date on which downloads are to be deleted. It says nothing else: what is due follows from the rows of the <c>Disclosures</c> table and
/// from the retention time as it is then.
/// </para>
/// </summary>
public sealed partial class DisclosureMaintenance(
    CredentialingStorage storage, LeaCalendar calendar, IOptions<DisclosureOptions> options, TimeProvider time, ILogger<DisclosureMaintenance> logger)
{
    /// <summary>The maximum number of disclosures that one run deletes. The next run continues.</summary>
    internal const int MaxDeleted = 100_000;

    /// <summary>Two rows each; a transaction has at most 100 steps.</summary>
    private const int DeletedTogether = 50;

    /// <summary>Clients whose months are counted by name in one day; the others count as <see cref="ClientName.Other"/>. A transaction has at most 100 steps.</summary>
    private const int MaxClients = 90;

    private const int Attempts = 3;

    /// <summary>A day is counted this long after its end: by then, a record in progress is stored, and clocks of instances may differ.</summary>
    private static readonly TimeSpan SettlingTime = TimeSpan.FromHours(1);

    private readonly ExpirationIndex expirations = new(storage);

    /// <summary>
    /// Counts and deletes until there is nothing left to do, or the deadline. A failure for one LEA does not stop the others. No round
    /// trips if no entry is due.
    /// </summary>
    /// <param name="indexed">The index entries for downloads. Those that are due are deleted when nothing is left to do.</param>
    /// <param name="parallelism">The maximum number of LEAs that are processed in parallel.</param>
    /// <param name="deadline">After this instant, nothing new is started.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    /// <returns>The failures. The next run retries them.</returns>
    internal async Task<IReadOnlyCollection<(string LeaId, string What, Exception Why)>> RunAsync(
        IReadOnlyList<ExpirationEntry> indexed, int parallelism, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        var failures = new ConcurrentQueue<(string LeaId, string What, Exception Why)>();
        var (counted, deleted) = (0, 0);
        var today = calendar.LocalDate(time.GetUtcNow() - SettlingTime);
        List<ExpirationEntry> due = [.. indexed.Where(entry => string.CompareOrdinal(entry.Date, ExpirationIndex.DateOf(today)) <= 0)];
        if (due.Count == 0)
            return failures;
        await ForEachDayAsync(
            DisclosureTable.UncountedPartition,
            today,
            "Its downloads could not be counted.",
            async (leaId, day) =>
            {
                await CountAsync(leaId, day, cancellationToken);
                Interlocked.Increment(ref counted);
                return true;
            });
        await ForEachDayAsync(
            DisclosureTable.RetainedPartition,
            calendar.LocalDate(time.GetUtcNow()).AddYears(-options.Value.RetentionYears),
            "Its old downloads could not be deleted.",
            (leaId, day) => DeleteAsync(leaId, day, count => Interlocked.Add(ref deleted, count) >= MaxDeleted, cancellationToken));
        if (counted > 0 || deleted > 0)
            LogDone(counted, deleted);
        if (failures.IsEmpty && deleted < MaxDeleted && time.GetUtcNow() < deadline)
            await UpdateIndexAsync();
        return failures;

        async Task UpdateIndexAsync()
        {
            try
            {
                if (await FirstRetainedAsync(cancellationToken) is { } first)
                {
                    var date = first.AddYears(options.Value.RetentionYears).AddDays(1);
                    await expirations.AddDownloadsAsync(date > today ? date : today.AddDays(1), cancellationToken);
                }

                foreach (var entry in due)
                    await expirations.DeleteAsync(entry, cancellationToken);
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                failures.Enqueue((nameof(storage.Expirations), "The entries for downloads could not be updated.", failure));
            }
        }

        async Task ForEachDayAsync(string partition, DateOnly before, string whatFailed, Func<LeaId, DateOnly, Task<bool>> process)
        {
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = parallelism, CancellationToken = cancellationToken };
            var rows = storage.Disclosures.QueryAsync<TableEntity>(
                $"PartitionKey eq '{partition}' and RowKey lt '{DisclosureTable.DayRow(before)}'", cancellationToken: cancellationToken);
            await foreach (var page in rows.AsPages().WithCancellation(cancellationToken))
            {
                // The days of an LEA in order. After a failure, its other days wait for the next run.
                await Parallel.ForEachAsync(page.Values.GroupBy(row => row.RowKey.Split(':')[^1], StringComparer.Ordinal), parallel, async (days, _) =>
                {
                    try
                    {
                        foreach (var row in days)
                        {
                            if (time.GetUtcNow() >= deadline || deleted >= MaxDeleted || failures.Any(failure => failure.LeaId == days.Key))
                                return;
                            if (SchemaVersion.WhyUnreadable(row, partition, days.Key) is { } newer)
                                throw newer;
                            if (!await process(LeaId.Parse(days.Key), DayOf(row)))
                                return;
                            await storage.Disclosures.DeleteEntityAsync(partition, row.RowKey, cancellationToken: cancellationToken);
                        }
                    }
                    catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
                    {
                        failures.Enqueue((days.Key, whatFailed, failure));
                    }
                });
            }
        }
    }

    /// <summary>Returns the first day whose disclosures are counted and not deleted; null if there is none. One round trip.</summary>
    private async Task<DateOnly?> FirstRetainedAsync(CancellationToken cancellationToken) =>
        await storage.Disclosures.QueryAsync<TableEntity>($"PartitionKey eq '{DisclosureTable.RetainedPartition}'", maxPerPage: 1, cancellationToken: cancellationToken)
            .FirstOrDefaultAsync(cancellationToken) is { } row ? DayOf(row) : null;

    private static DateOnly DayOf(TableEntity row) => DateOnly.ParseExact(row.RowKey.Split(':')[0], "O", CultureInfo.InvariantCulture);

    /// <summary>Adds the disclosures of a day to the counts of its month, once, and adds the day to those that are retained.</summary>
    private async Task CountAsync(LeaId leaId, DateOnly day, CancellationToken cancellationToken)
    {
        var month = DisclosureLog.MonthOf(day);
        for (var attempt = 1; ; attempt++)
        {
            var rows = await storage.Disclosures.QueryAsync<TableEntity>(DisclosureTable.CountsOf(leaId, month, month), cancellationToken: cancellationToken)
                .ToDictionaryAsync(row => row.RowKey, StringComparer.Ordinal, cancellationToken: cancellationToken);
            if (DisclosureTable.ReadThrough(rows.GetValueOrDefault(DisclosureTable.CountedRow)) >= day)
                break;
            var steps = new List<TableTransactionAction> { Put(DisclosureTable.CountedRow, DisclosureTable.Through, day.ToString("O", CultureInfo.InvariantCulture)) };
            foreach (var (client, count) in await CountByClientAsync())
            {
                var row = DisclosureTable.MonthRow(month, client);
                var before = rows.TryGetValue(row, out var held) ? DisclosureTable.ReadCount(held).Count : 0;
                steps.Add(Put(row, DisclosureTable.Count, before + count));
            }

            try
            {
                await storage.Disclosures.SubmitTransactionAsync(steps, cancellationToken);
                break;
            }
            // Another run has counted the day, or this one has and the response was lost.
            catch (RequestFailedException failure) when (failure.Status is 409 or 412 && attempt < Attempts)
            {
            }

            TableTransactionAction Put(string rowKey, string column, object value)
            {
                var row = SchemaVersion.NewRow(leaId.Value, rowKey);
                row[column] = value;
                return LeaPartition.Put(row, rows.GetValueOrDefault(rowKey)?.ETag);
            }
        }

        await DisclosureTable.AddDayAsync(storage, DisclosureTable.RetainedPartition, day, leaId, cancellationToken);

        async Task<Dictionary<ClientName, int>> CountByClientAsync()
        {
            var counts = new Dictionary<ClientName, int>();
            await foreach (var row in RowsOf(leaId, day, cancellationToken))
            {
                var client = DisclosureTable.Read(leaId, row).Client;
                if (counts.Count >= MaxClients && !counts.ContainsKey(client))
                    client = ClientName.Other;
                counts[client] = counts.GetValueOrDefault(client) + 1;
            }

            return counts;
        }
    }

    /// <summary>Deletes the disclosures of a day. The counts stay: they are about no student.</summary>
    /// <param name="leaId">The LEA.</param>
    /// <param name="day">The day, in the LEA's time zone.</param>
    /// <param name="isEnough">Called with each number of disclosures that was deleted. Returns true to stop.</param>
    /// <param name="cancellationToken">Stops the operation.</param>
    /// <returns>Whether all were deleted.</returns>
    private async Task<bool> DeleteAsync(LeaId leaId, DateOnly day, Func<int, bool> isEnough, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await foreach (var rows in RowsOf(leaId, day, cancellationToken).Chunk(DeletedTogether).WithCancellation(cancellationToken))
                {
                    await storage.Disclosures.SubmitTransactionAsync(rows.SelectMany(row => DisclosureTable.Delete(LeaPartition.Known(row))), cancellationToken);
                    if (isEnough(rows.Length))
                        return false;
                }

                return true;
            }
            // Another run has deleted some of them, or this one has and the response was lost.
            catch (RequestFailedException failure) when (failure.Status is 404 && attempt < Attempts)
            {
            }
        }
    }

    private AsyncPageable<TableEntity> RowsOf(LeaId leaId, DateOnly day, CancellationToken cancellationToken)
    {
        var filter = new DisclosureFilter(Ssid: null, Client: null, calendar.StartOf(day), calendar.StartOf(day.AddDays(1)));
        return storage.Disclosures.QueryAsync<TableEntity>(DisclosureTable.FilterOf(leaId, filter, after: null), cancellationToken: cancellationToken);
    }

    [LoggerMessage(EventId = 23, Level = LogLevel.Information, Message = "Downloads: {Days} days of LEAs counted, {Deleted} downloads deleted after their retention time.")]
    private partial void LogDone(int days, int deleted);
}
