using System.Collections.Concurrent;
using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Reminders;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Credentialing.Core.DailyRun;

/// <summary>
/// What happens once a day: every LEA whose credentials are about to end is reminded, and announced on MyTOMS; announcements of
/// credentials that were regenerated are removed. It can run twice at once, be killed at any moment, and be run again.
/// </summary>
public sealed partial class DailyRunService(
    CredentialingStorage storage,
    LeaCalendar calendar,
    CredentialingScreen screen,
    ReminderEmail emails,
    EmailDelivery delivery,
    MyToms myToms,
    IOptions<DailyRunOptions> options,
    CredentialingTelemetry telemetry,
    TimeProvider time,
    ILogger<DailyRunService> logger)
{
    private const string UnreadTable = "The table could not be read to its end.";

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(10);

    private readonly ExpirationIndex expirations = new(storage);

    /// <summary>
    /// Runs it. What fails for one LEA stops it for no other; the next run takes it up, and the platform is told to begin one.
    /// </summary>
    /// <exception cref="DailyRunFailedException">All was tried, and something failed.</exception>
    public async Task<DailyRunSummary> RunAsync(CancellationToken cancellationToken)
    {
        using var span = CredentialingTelemetry.Begin("daily run");
        var began = time.GetTimestamp();
        var deadline = time.GetUtcNow() + options.Value.TimeLimit;
        var processor = new LeaProcessor(storage, calendar, screen, emails, delivery, myToms, telemetry, time);
        var results = new RunResults();
        var reported = began;
        try
        {
            await foreach (var page in PagesAsync(time.GetUtcNow(), cancellationToken))
            {
                var leas = page.GroupBy(pointer => pointer.LeaId, StringComparer.Ordinal).ToArray();
                results.AddKnown(leas);
                Random.Shared.Shuffle(leas); // so that no LEA is the last of every run whose time is up
                await ForEachAsync(leas, ProcessAsync, cancellationToken);
            }
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(failure, nameof(storage.Expirations), UnreadTable);
            results.Record(DailyRunFailure.Of(nameof(storage.Expirations), UnreadTable, failure));
        }

        // What another run had in hand, and what the mail service or MyTOMS was too busy for.
        while (results.NextRetryAt is { } next && next < deadline)
        {
            await Task.Delay(next > time.GetUtcNow() ? next - time.GetUtcNow() : TimeSpan.Zero, time, cancellationToken);
            await ForEachAsync(results.DueForRetry(time.GetUtcNow()), ProcessAsync, cancellationToken);
        }

        foreach (var left in results.DueForRetry(DateTimeOffset.MaxValue))
            Record(left, LeaResult.Failed("It is left to the next run: the mail service or MyTOMS is too busy, or another run has it in hand.", null));

        var summary = results.Summary(time.GetElapsedTime(began));
        var (level, failures) = (summary.Failures.Count == 0 ? LogLevel.Information : LogLevel.Error, summary.FailuresInWords);
        LogFinished(
            level, summary.Leas, summary.Sent, summary.Posted, summary.Removed, summary.Skipped, summary.WithoutRecipient,
            summary.Failures.Count, summary.Elapsed.TotalSeconds, failures);
        foreach (var days in results.DaysRemaining)
            telemetry.RecordDaysRemaining(days);
        telemetry.RecordRun(summary.Elapsed, failed: summary.Failures.Count > 0);
        return summary.Failures.Count == 0 ? summary : throw new DailyRunFailedException(summary);

        async ValueTask ProcessAsync(IGrouping<string, ExpirationPointer> lea, CancellationToken token)
        {
            Record(lea, time.GetUtcNow() < deadline
                ? await processor.ProcessAsync(lea.Key, lea, token)
                : LeaResult.Failed("It is left to the next run: this one's time is up.", null));
            if (time.GetElapsedTime(Interlocked.Read(ref reported)) >= ProgressInterval)
            {
                Interlocked.Exchange(ref reported, time.GetTimestamp());
                var progress = results.Summary(time.GetElapsedTime(began));
                LogProgress(progress.Leas, results.Known, progress.Sent, progress.Skipped, progress.Failures.Count, progress.Elapsed.TotalSeconds);
            }
        }

        void Record(IGrouping<string, ExpirationPointer> lea, LeaResult result)
        {
            results.Record(lea, result);
            foreach (var (what, why) in result.Failures)
                LogFailed(why, lea.Key, what);
            if (result.WithoutRecipient)
                LogWithoutRecipient(lea.Key);
        }
    }

    /// <summary>What a run would do at <paramref name="at"/>, if nothing changed until then. Changes nothing.</summary>
    public async Task<RunPreview> PreviewAsync(DateTimeOffset at, CancellationToken cancellationToken)
    {
        ConcurrentDictionary<string, LeaPlan> plans = new(StringComparer.Ordinal);
        ConcurrentDictionary<string, DailyRunFailure> failures = new(StringComparer.Ordinal);
        await foreach (var page in PagesAsync(at, cancellationToken))
            await ForEachAsync(page.Select(pointer => pointer.LeaId).Distinct(StringComparer.Ordinal), PlanAsync, cancellationToken);
        return new RunPreview(
            [.. plans.Values.OrderBy(plan => plan.LeaId.Value, StringComparer.Ordinal)],
            [.. failures.Values.OrderBy(failure => failure.Where, StringComparer.Ordinal)]);

        async ValueTask PlanAsync(string cdsCode, CancellationToken token)
        {
            try
            {
                var plan = LeaPlan.Of(await LeaRecord.ReadAsync(storage, LeaId.Parse(cdsCode), token), calendar, screen, at);
                if (!plan.IsEmpty)
                    plans[cdsCode] = plan;
            }
            catch (Exception corrupt) when (corrupt is InvalidDataException or FormatException)
            {
                failures[cdsCode] = new DailyRunFailure(cdsCode, "Its rows are corrupt.");
            }
            catch (UnknownSchemaVersionException)
            {
                failures[cdsCode] = new DailyRunFailure(cdsCode, "A newer release has written its rows.");
            }
        }
    }

    /// <summary>Whatever ends within the days in which credentials count as expiring, or has ended.</summary>
    private IAsyncEnumerable<IReadOnlyList<ExpirationPointer>> PagesAsync(DateTimeOffset at, CancellationToken cancellationToken) =>
        // A pointer's date is in UTC, where the LEA's last minutes of a day may be of the next.
        expirations.ThroughAsync(calendar.LocalDate(at).AddDays(CredentialStatus.ExpiringDays + 1), cancellationToken);

    private Task ForEachAsync<T>(IEnumerable<T> items, Func<T, CancellationToken, ValueTask> action, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = options.Value.Parallelism, CancellationToken = cancellationToken }, action);

    [LoggerMessage(EventId = 7, Level = LogLevel.Information, Message = "Daily run: {Done} of {Known} LEAs so far, {Sent} reminders sent, {Skipped} skipped, {Failed} failed, {Seconds:F0} s.")]
    private partial void LogProgress(int done, int known, int sent, int skipped, int failed, double seconds);

    [LoggerMessage(EventId = 8, Message = "Daily run finished: {Leas} LEAs, {Sent} reminders sent, {Posted} announcements posted, {Removed} removed, {Skipped} skipped, {WithoutRecipient} without recipient, {Failed} failed, {Seconds:F1} s. {Failures}")]
    private partial void LogFinished(LogLevel level, int leas, int sent, int posted, int removed, int skipped, int withoutRecipient, int failed, double seconds, string failures);

    [LoggerMessage(EventId = 9, Level = LogLevel.Error, Message = "Daily run, {Where}: {What}")]
    private partial void LogFailed(Exception? failure, string where, string what);

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "Daily run: a reminder of LEA {LeaId} is due, and none of its coordinators has an email address.")]
    private partial void LogWithoutRecipient(string leaId);
}
