using System.Collections.Concurrent;
using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Credentialing.Core.Disclosures;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Notices;
using Credentialing.Core.Reminders;
using Credentialing.Core.Shares;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Credentialing.Core.DailyRun;

/// <summary>
/// The daily run. Sends reminders for credentials that expire soon, posts and updates announcements on MyTOMS, removes the
/// announcements of regenerated or revoked credentials, sends the notices that could not be sent at once, deletes the shares that have
/// ended, counts the downloads of the days before, and deletes the records of downloads after their retention time. Safe to run concurrently, to stop at any point, and to run again. Thread safe.
/// </summary>
public sealed partial class DailyRunService(
    CredentialingStorage storage,
    LeaCalendar calendar,
    CredentialingScreen screen,
    ReminderEmail emails,
    EmailDelivery delivery,
    NoticeService notices,
    ShareService shares,
    DisclosureMaintenance disclosures,
    MyToms myToms,
    IOptions<DailyRunOptions> options,
    CredentialingTelemetry telemetry,
    TimeProvider time,
    ILogger<DailyRunService> logger)
{
    private const string NotCdsCode = "The row key of its index entry is not a CDS code.";
    private const string LeftForRetry =
        "Left to the next run: the mail service or MyTOMS is throttling or unavailable, the mail service has deferred an address, or another run has claimed the LEA.";

    private const string UnreadTable = "The table could not be read completely.";

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(10);

    private readonly ExpirationIndex expirations = new(storage);

    /// <summary>
    /// Runs the daily run. A failure for one LEA does not stop the others. The exception makes the platform retry, and the next run
    /// completes what failed.
    /// </summary>
    /// <exception cref="DailyRunFailedException">All LEAs were tried, and something failed.</exception>
    public async Task<DailyRunSummary> RunAsync(CancellationToken cancellationToken)
    {
        using var span = CredentialingTelemetry.Begin("daily run");
        var began = time.GetTimestamp();
        var deadline = time.GetUtcNow() + options.Value.TimeLimit;
        var processor = new LeaProcessor(storage, calendar, screen, emails, delivery, notices, shares, myToms, telemetry, time, options.Value.RemindAfterExpiry);
        var results = new RunResults();
        var downloads = new List<ExpirationEntry>();
        var reported = began;
        try
        {
            await ProcessAllAsync();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            var soFar = results.Summary(time.GetElapsedTime(began));
            LogStopped(soFar.Leas, results.Known, soFar.Sent, soFar.Posted, soFar.Removed, soFar.Failures.Count, soFar.Elapsed.TotalSeconds, soFar.FailuresInWords);
            throw;
        }

        var summary = results.Summary(time.GetElapsedTime(began));
        var (level, failures) = (summary.Failures.Count == 0 ? LogLevel.Information : LogLevel.Error, summary.FailuresInWords);
        LogFinished(
            level, summary.Leas, summary.Sent, summary.Posted, summary.Removed, summary.Notices, summary.Skipped, summary.WithoutRecipient, summary.Rejected,
            summary.Failures.Count, summary.Elapsed.TotalSeconds, failures);
        foreach (var days in results.DaysRemaining)
            telemetry.RecordDaysRemaining(days);
        telemetry.RecordRun(summary.Elapsed, failed: summary.Failures.Count > 0);
        return summary.Failures.Count == 0 ? summary : throw new DailyRunFailedException(summary);

        async Task ProcessAllAsync()
        {
            try
            {
                await foreach (var page in PagesAsync(time.GetUtcNow(), cancellationToken))
                {
                    downloads.AddRange(page.Where(entry => entry.IsForDownloads));
                    foreach (var invalid in page.Where(entry => !entry.IsForDownloads && !LeaId.TryParse(entry.LeaId, out _)))
                        results.Record(Failed(invalid.LeaId, NotCdsCode, null));
                    DueLea[] leas = [.. page.Where(entry => LeaId.TryParse(entry.LeaId, out _)).GroupBy(entry => LeaId.Parse(entry.LeaId)).Select(lea => new DueLea(lea.Key, [.. lea]))];
                    results.AddKnown(leas.Select(lea => lea.Id));
                    Random.Shared.Shuffle(leas); // so that the time limit does not cut off the same LEAs in every run
                    await ForEachAsync(leas, ProcessAsync, cancellationToken);
                }
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                results.Record(Failed(nameof(storage.Expirations), UnreadTable, failure));
            }

            try
            {
                foreach (var (leaId, what, why) in await disclosures.RunAsync(downloads, options.Value.Parallelism, deadline, cancellationToken))
                    results.Record(Failed(leaId, what, why));
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                results.Record(Failed(nameof(storage.Disclosures), UnreadTable, failure));
            }

            // Retry LEAs that another run had claimed, and those for which the mail service or MyTOMS throttled or was unavailable.
            while (results.NextRetryAt is { } next && next < deadline)
            {
                await Task.Delay(next > time.GetUtcNow() ? next - time.GetUtcNow() : TimeSpan.Zero, time, cancellationToken);
                await ForEachAsync(results.DueForRetry(time.GetUtcNow()), ProcessAsync, cancellationToken);
            }

            foreach (var left in results.DueForRetry(DateTimeOffset.MaxValue))
                Record(left, LeaResult.Failed(LeftForRetry, null));
        }

        async ValueTask ProcessAsync(DueLea lea, CancellationToken token)
        {
            Record(lea, await ResultOfAsync(lea, token));
            if (time.GetElapsedTime(Interlocked.Read(ref reported)) >= ProgressInterval)
            {
                Interlocked.Exchange(ref reported, time.GetTimestamp());
                var progress = results.Summary(time.GetElapsedTime(began));
                LogProgress(progress.Leas, results.Known, progress.Sent, progress.Skipped, progress.Failures.Count, progress.Elapsed.TotalSeconds);
            }
        }

        async ValueTask<LeaResult> ResultOfAsync(DueLea lea, CancellationToken token) => time.GetUtcNow() >= deadline
            ? LeaResult.Failed("Left to the next run: this run reached its time limit.", null)
            : await processor.ProcessAsync(lea.Id, lea.Indexed, token);

        void Record(DueLea lea, LeaResult result)
        {
            results.Record(lea, result, [.. result.Failures.Select(failure => Failed(lea.Id.Value, failure.What, failure.Why))]);
            if (result.Rejected > 0)
                LogRejected(lea.Id.Value, result.Rejected);
            if (result.WithoutRecipient)
                LogWithoutRecipient(lea.Id.Value);
        }
    }

    /// <summary>
    /// Returns what a run at <paramref name="at"/> would do if nothing changed until then. Read-only. Unlike the run, it also reads the LEAs
    /// whose credentials have expired and for which nothing is left to do.
    /// </summary>
    /// <returns>
    /// The plans of the LEAs for which there is something to do, whose credentials have expired or whose coordinators are not all reached,
    /// and the LEAs that cannot be processed. Both are ordered by CDS code.
    /// </returns>
    public async Task<(IReadOnlyList<LeaPlan> Plans, IReadOnlyList<DailyRunFailure> Failures)> PreviewAsync(DateTimeOffset at, CancellationToken cancellationToken)
    {
        ConcurrentDictionary<string, LeaPlan> plans = new(StringComparer.Ordinal);
        ConcurrentDictionary<string, DailyRunFailure> failures = new(StringComparer.Ordinal);
        foreach (var pages in (IAsyncEnumerable<IReadOnlyList<ExpirationEntry>>[])[PagesAsync(at, cancellationToken), expirations.RestingAsync(cancellationToken)])
        {
            try
            {
                await foreach (var page in pages)
                    await ForEachAsync(page.Where(entry => !entry.IsForDownloads).Select(entry => entry.LeaId).Distinct(StringComparer.Ordinal), PlanAsync, cancellationToken);
            }
            catch (UnreadableRowException unreadable)
            {
                failures[nameof(storage.Expirations)] = new DailyRunFailure(nameof(storage.Expirations), unreadable.Message);
            }
        }

        return (
            [.. plans.Values.OrderBy(plan => plan.LeaId.Value, StringComparer.Ordinal)],
            [.. failures.Values.OrderBy(failure => failure.Where, StringComparer.Ordinal)]);

        async ValueTask PlanAsync(string cdsCode, CancellationToken token)
        {
            if (!LeaId.TryParse(cdsCode, out var leaId))
            {
                failures[cdsCode] = new DailyRunFailure(cdsCode, NotCdsCode);
                return;
            }

            try
            {
                var plan = LeaPlan.Of(leaId, await LeaPlan.ReadRowsAsync(storage, leaId, token), calendar, screen, at, options.Value.RemindAfterExpiry);
                if (!plan.IsEmpty || plan.NeedsPerson)
                    plans[cdsCode] = plan;
            }
            catch (UnreadableRowException unreadable)
            {
                failures[cdsCode] = new DailyRunFailure(cdsCode, unreadable.Reason);
            }
        }
    }

    /// <summary>Logs a failure without the exception's message, which may contain personal data.</summary>
    private DailyRunFailure Failed(string where, string what, Exception? why)
    {
        var failure = DailyRunFailure.Of(where, what, why);
        LogFailed(where, failure.What, why?.StackTrace);
        return failure;
    }

    /// <summary>Returns the index entries of all LEAs that may be due.</summary>
    private IAsyncEnumerable<IReadOnlyList<ExpirationEntry>> PagesAsync(DateTimeOffset at, CancellationToken cancellationToken) =>
        // +1: entries have UTC dates, and the end of a local day can be on the next UTC date.
        expirations.ThroughAsync(calendar.LocalDate(at).AddDays(CredentialStatus.ExpiringDays + 1), cancellationToken);

    private Task ForEachAsync<T>(IEnumerable<T> items, Func<T, CancellationToken, ValueTask> action, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = options.Value.Parallelism, CancellationToken = cancellationToken }, action);

    [LoggerMessage(EventId = 7, Level = LogLevel.Information, Message = "Daily run: {Done} of {Known} LEAs so far, {Sent} reminders sent, {Skipped} skipped, {Failed} failed, {Seconds:F0} s.")]
    private partial void LogProgress(int done, int known, int sent, int skipped, int failed, double seconds);

    [LoggerMessage(EventId = 8, Message = "Daily run finished: {Leas} LEAs, {Sent} reminders sent, {Posted} announcements posted, {Removed} removed, {Notices} notices sent, {Skipped} skipped, {WithoutRecipient} without recipient, {Rejected} addresses rejected, {Failed} failed, {Seconds:F1} s. {Failures}")]
    private partial void LogFinished(LogLevel level, int leas, int sent, int posted, int removed, int notices, int skipped, int withoutRecipient, int rejected, int failed, double seconds, string failures);

    [LoggerMessage(EventId = 9, Level = LogLevel.Error, Message = "Daily run, {Where}: {What} {StackTrace}")]
    private partial void LogFailed(string where, string what, string? stackTrace);

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "Daily run: a reminder for LEA {LeaId} is due, but none of its coordinators has an email address.")]
    private partial void LogWithoutRecipient(string leaId);

    [LoggerMessage(EventId = 13, Level = LogLevel.Warning, Message = "Daily run: the mail service has rejected {Rejected} addresses of LEA {LeaId}. Its audit trail contains them. TOMS must correct them.")]
    private partial void LogRejected(string leaId, int rejected);

    [LoggerMessage(EventId = 14, Level = LogLevel.Warning, Message = "Daily run stopped: {Done} of {Known} LEAs, {Sent} reminders sent, {Posted} announcements posted, {Removed} removed, {Failed} failed, {Seconds:F1} s. The next run continues. {Failures}")]
    private partial void LogStopped(int done, int known, int sent, int posted, int removed, int failed, double seconds, string failures);
}
