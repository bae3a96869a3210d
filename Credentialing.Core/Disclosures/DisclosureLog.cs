using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Credentialing.Core.Leas;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;

namespace Credentialing.Core.Disclosures;

/// <summary>
/// The log of all downloads of reports. A download is recorded before its first byte is sent, so no report is sent without a record. A
/// record does not prove that the client received the file: the process can end, or the connection can fail, after the record was
/// stored. Thread safe.
/// </summary>
public sealed partial class DisclosureLog(CredentialingStorage storage, LeaCalendar calendar, CredentialingTelemetry telemetry, TimeProvider time)
{
    /// <summary>
    /// A range that is requested within this time of a recorded request for the same file, by the same client and with the same
    /// generation of the key, belongs to the same download and is not recorded again.
    /// </summary>
    public static readonly TimeSpan DownloadTime = TimeSpan.FromHours(1);

    /// <summary>The maximum number of disclosures in a page.</summary>
    public const int PageSize = 100;

    /// <summary>The maximum number of months in a summary.</summary>
    public const int MaxMonths = 120;

    /// <summary>The maximum number of storage requests for a page, each of up to <see cref="MaxRows"/> rows.</summary>
    private const int MaxRequests = 5;

    private const int MaxRows = CredentialingStorage.MaxPageSize;

    /// <summary>The time limit for finding out whether a record was stored whose response was lost. The client has waited long already.</summary>
    private static readonly TimeSpan CheckTime = TimeSpan.FromSeconds(1);

    /// <summary>The last day of each LEA that this instance has marked for counting. Grows with the number of LEAs.</summary>
    private readonly ConcurrentDictionary<LeaId, DateOnly> markedDays = new();

    private readonly ExpirationIndex expirations = new(storage);

    /// <summary>The number of the last day for which this instance has added an index entry for the daily run.</summary>
    private volatile int indexedDay;

    /// <summary>
    /// Records a download. Returns when the record is stored, or was stored before. One round trip for a whole file; one more for the first
    /// disclosure of the LEA on a day by this instance, and another one at the same time for the first of all LEAs. For a range, one round
    /// trip if it belongs to a recorded download, else two.
    /// </summary>
    /// <param name="disclosure">The download. Its time is now.</param>
    /// <exception cref="RequestFailedException">Storage rejected the record. Nothing must be sent.</exception>
    /// <exception cref="AggregateException">Storage is unreachable after all retries. Nothing must be sent.</exception>
    /// <exception cref="TimeoutException">Storage did not respond in time. Nothing must be sent.</exception>
    public async Task RecordAsync(Disclosure disclosure)
    {
        try
        {
            // Not cancellable: if the client disconnects, the outcome must still be known.
            if (!disclosure.IsWhole && await IsRecordedAsync(disclosure))
            {
                telemetry.RecordDisclosure("continued");
                return;
            }

            await MarkDayAsync(disclosure.LeaId, calendar.LocalDate(disclosure.At));
            await InsertAsync(disclosure);
            telemetry.RecordDisclosure("recorded");
        }
        // The framework takes a cancellation for that of the client, and sends no error.
        catch (OperationCanceledException failure)
        {
            telemetry.RecordDisclosure("failed");
            throw new TimeoutException("Storage did not record a download in time.", failure);
        }
        catch
        {
            telemetry.RecordDisclosure("failed");
            throw;
        }
    }

    /// <summary>
    /// Returns a page of disclosures, newest first. If there is a filter by client, a page can have fewer items, and even none, although
    /// there are further pages. At most 5 round trips; one without a filter by client.
    /// </summary>
    /// <param name="leaId">The LEA.</param>
    /// <param name="filter">Which disclosures.</param>
    /// <param name="after">The <see cref="DisclosurePage.Next"/> of the page before; null for the first page. See <see cref="IsNext"/>.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="UnreadableRowException">A row cannot be read.</exception>
    public async Task<DisclosurePage> ReadPageAsync(LeaId leaId, DisclosureFilter filter, string? after, CancellationToken cancellationToken)
    {
        var found = new List<Disclosure>();
        var (requests, last) = (0, after);
        // One more row than the page has: it says whether there is another page.
        var pages = storage.Disclosures.QueryAsync<TableEntity>(
            DisclosureTable.FilterOf(leaId, filter, after), filter.Client is null ? PageSize + 1 : MaxRows, cancellationToken: cancellationToken).AsPages();
        await foreach (var page in pages.WithCancellation(cancellationToken))
        {
            foreach (var row in page.Values)
            {
                if (found.Count == PageSize)
                    return new(found, last);
                var disclosure = DisclosureTable.Read(leaId, row);
                last = DisclosureTable.KeyOf(row);
                if (filter.Client is null || disclosure.Client == filter.Client)
                    found.Add(disclosure);
            }

            // Table Storage may return an empty page that is not the last one: it has no key at which a further page could begin.
            if (page.Values.Count > 0 && ++requests >= MaxRequests && page.ContinuationToken is not null)
                return new(found, last);
        }

        return new(found, Next: null);
    }

    /// <summary>Whether a text can be a <see cref="DisclosurePage.Next"/>.</summary>
    public static bool IsNext(string? text) => text is not null && NextPattern().IsMatch(text);

    /// <summary>Returns all disclosures that match, newest first. One round trip per 1,000 rows, on demand. Memory does not grow with their number.</summary>
    /// <exception cref="UnreadableRowException">A row cannot be read.</exception>
    public IAsyncEnumerable<Disclosure> ReadAllAsync(LeaId leaId, DisclosureFilter filter, CancellationToken cancellationToken) =>
        storage.Disclosures.QueryAsync<TableEntity>(DisclosureTable.FilterOf(leaId, filter, after: null), MaxRows, cancellationToken: cancellationToken)
            .Select(row => DisclosureTable.Read(leaId, row))
            .Where(disclosure => filter.Client is null || disclosure.Client == filter.Client);

    /// <summary>
    /// Returns the number of disclosures by month and client. The daily run counts days that have ended; the days since are counted here, at
    /// most 5,000 disclosures. If there are more, they are left out, and <see cref="DisclosureSummary.AsOf"/> says so. At most 6 round trips.
    /// </summary>
    /// <param name="leaId">The LEA.</param>
    /// <param name="fromMonth">The first day of the first month.</param>
    /// <param name="toMonth">The first day of the last month, at most <see cref="MaxMonths"/> months in all.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="UnreadableRowException">A row cannot be read.</exception>
    public async Task<DisclosureSummary> SummarizeAsync(LeaId leaId, DateOnly fromMonth, DateOnly toMonth, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var rows = await storage.Disclosures.QueryAsync<TableEntity>(DisclosureTable.CountsOf(leaId, fromMonth, toMonth), cancellationToken: cancellationToken)
            .ToListAsync(cancellationToken);
        var through = DisclosureTable.ReadThrough(rows.SingleOrDefault(row => row.RowKey == DisclosureTable.CountedRow));
        DateTimeOffset? countedUntil = through is { } day ? calendar.StartOf(day.AddDays(1)) : null;
        var counts = rows.Where(row => row.RowKey != DisclosureTable.CountedRow).Select(DisclosureTable.ReadCount)
            .ToDictionary(count => (count.Month, count.Client), count => count.Count);

        var recent = new DisclosureFilter(Ssid: null, Client: null, countedUntil, Before: null);
        var uncounted = await ReadAllAsync(leaId, recent, cancellationToken).Take((MaxRequests * MaxRows) + 1).ToListAsync(cancellationToken);
        var isComplete = uncounted.Count <= MaxRequests * MaxRows;
        foreach (var (month, client) in isComplete ? uncounted.Select(disclosure => (MonthOf(calendar.LocalDate(disclosure.At)), disclosure.Client)) : [])
        {
            if (month >= fromMonth && month <= toMonth)
                counts[(month, client)] = counts.GetValueOrDefault((month, client)) + 1;
        }

        var asOf = isComplete ? now : countedUntil ?? uncounted[^1].At;
        return new(
            [
                .. counts.Select(count => new MonthCount(count.Key.Month, count.Key.Client, count.Value))
                    .OrderByDescending(count => count.Month).ThenBy(count => count.Client.ToString(), StringComparer.OrdinalIgnoreCase),
            ],
            asOf);
    }

    /// <summary>Returns the first day of a day's month.</summary>
    internal static DateOnly MonthOf(DateOnly day) => new(day.Year, day.Month, 1);

    /// <summary>Whether a download that a range belongs to was recorded.</summary>
    private async Task<bool> IsRecordedAsync(Disclosure range)
    {
        var from = range.At - DownloadTime;
        var recent = new DisclosureFilter(range.Ssid, Client: null, DisclosureTable.KeyTimeOfRange(from), Before: null);
        try
        {
            return await storage.Disclosures.QueryAsync<TableEntity>(DisclosureTable.FilterOf(range.LeaId, recent, after: null))
                .AnyAsync(row => DisclosureTable.Read(range.LeaId, row) is var recorded && recorded.At >= from && recorded.IsOfSameDownload(range));
        }
        catch (UnreadableRowException)
        {
            return false; // unknown: a second record is harmless, a missing one is not
        }
    }

    /// <summary>
    /// Adds the day to those that the daily run counts, before its first disclosure, with an index entry for the day after it, on which the
    /// run counts it.
    /// </summary>
    private async Task MarkDayAsync(LeaId leaId, DateOnly day)
    {
        if (markedDays.TryGetValue(leaId, out var last) && last == day)
            return;
        await Task.WhenAll(
            DisclosureTable.AddDayAsync(storage, DisclosureTable.UncountedPartition, day, leaId, CancellationToken.None),
            indexedDay == day.DayNumber ? Task.CompletedTask : expirations.AddDownloadsAsync(day.AddDays(1), CancellationToken.None));
        indexedDay = day.DayNumber;
        markedDays[leaId] = day;
    }

    private async Task InsertAsync(Disclosure disclosure)
    {
        var key = DisclosureTable.KeyOf(disclosure);
        try
        {
            await storage.Disclosures.SubmitTransactionAsync(DisclosureTable.Insert(disclosure, key));
        }
        catch (RequestFailedException failure) when (failure.ErrorCode == TableErrorCode.EntityAlreadyExists)
        {
            // Recorded: the response was lost and the storage client retried, or a parallel request for a range recorded the download.
        }
        catch (Exception failure) when (failure is not RequestFailedException { Status: >= 400 and < 500 })
        {
            // The response may have been lost. With its record, the file can be sent; without it, no record remains.
            if (!await ExistsAsync())
                throw;
        }

        async Task<bool> ExistsAsync()
        {
            try
            {
                using var limit = new CancellationTokenSource(CheckTime, time);
                return (await storage.Disclosures.GetEntityIfExistsAsync<TableEntity>(
                    disclosure.LeaId.Value, DisclosureTable.PrefixOf(disclosure.Ssid) + key, [nameof(TableEntity.RowKey)], limit.Token)).HasValue;
            }
            catch (Exception unreachable) when (unreachable is RequestFailedException or AggregateException or OperationCanceledException)
            {
                return false; // unknown: there may be a record of a file that was not sent
            }
        }
    }

    [GeneratedRegex(@"\A[0-9]{19}:[0-9a-f]{16}\z")]
    private static partial Regex NextPattern();
}
