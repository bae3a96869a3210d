using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Announcements;
using Credentialing.Core.Audit;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Notices;
using Credentialing.Core.Reminders;
using Credentialing.Core.Shares;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Polly.CircuitBreaker;

namespace Credentialing.Core.DailyRun;

/// <summary>Processes LEAs in one daily run. Thread safe: LEAs are processed in parallel.</summary>
internal sealed class LeaProcessor(
    CredentialingStorage storage,
    LeaCalendar calendar,
    CredentialingScreen screen,
    ReminderEmail emails,
    EmailDelivery delivery,
    NoticeService notices,
    ShareService shares,
    MyToms myToms,
    CredentialingTelemetry telemetry,
    TimeProvider time,
    bool remindsAfterExpiry)
{
    /// <summary>
    /// The duration of a claim (lease). If a run stops, other runs cannot send the reminder, or confirm the removal of the
    /// announcement, for this long. No attempt to send or post takes longer.
    /// </summary>
    private static readonly TimeSpan ClaimTime = EmailClaim.Duration;

    /// <summary>Retry interval while another run has the claim.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);

    /// <summary>Retry delay while the circuit breaker of MyTOMS is open.</summary>
    private static readonly TimeSpan UnavailableDelay = TimeSpan.FromMinutes(1);

    private const int Attempts = 5;

    private readonly ExpirationIndex expirations = new(storage);
    private readonly EmailOutbox outbox = new(storage, delivery, time);
    private readonly Guid run = Guid.NewGuid();

    /// <summary>
    /// Processes one LEA. One round trip to read. If there is something to do: one to claim it, and one to record each result.
    /// </summary>
    internal async Task<LeaResult> ProcessAsync(LeaId leaId, IReadOnlyList<ExpirationEntry> indexed, CancellationToken cancellationToken)
    {
        using var span = CredentialingTelemetry.Begin("process LEA", leaId);
        try
        {
            for (var attempt = 1; attempt <= Attempts; attempt++)
            {
                var rows = await LeaPlan.ReadRowsAsync(storage, leaId, cancellationToken);
                var now = time.GetUtcNow();
                var plan = LeaPlan.Of(leaId, rows, calendar, screen, now, remindsAfterExpiry);
                if (await TryClaimAsync(plan, now, cancellationToken) is { } work)
                    return await WorkAsync(work, indexed, cancellationToken);
            }

            return LeaResult.Failed($"Gave up after {Attempts} concurrent updates.", null);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            return LeaResult.Failed("The LEA could not be processed.", failure);
        }
    }

    /// <summary>
    /// Records the intent in one transaction, which fails if the credentials have changed since they were read. So no work starts for
    /// superseded credentials, and only one of two concurrent runs gets the claim. Returns null on a conflict.
    /// </summary>
    private async Task<Work?> TryClaimAsync(LeaPlan plan, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (remind, claim, retryAt) = PlanReminder(plan, now);
        TableTransactionAction[] post = plan.Post is { } announcement
            ? [PostedAnnouncement.Write(announcement, now + ClaimTime, plan.Posted?.RowVersion)]
            : [];
        if (remind.Length + post.Length == 0)
            return new Work(plan, now, null, null, retryAt);

        try
        {
            var response = await storage.Leas.SubmitTransactionAsync([.. remind, .. post, CredentialTable.Unchanged(plan.Credential!)], cancellationToken);
            return new Work(
                plan, now, claim is null ? null : claim with { Claim = claim.Claim with { RowVersion = RowVersion(0) } }, post.Length > 0 ? RowVersion(remind.Length) : null, retryAt);

            ETag? RowVersion(int step) => response.Value[step].Headers.ETag;
        }
        catch (RequestFailedException failure) when (failure.Status is 404 or 409 or 412)
        {
            return null;
        }
    }

    /// <summary>Returns the rows to write (the claim first), the claim if the reminder is sent now, or else when to retry.</summary>
    private (TableTransactionAction[] Steps, ReminderClaim? Claim, DateTimeOffset? RetryAt) PlanReminder(LeaPlan plan, DateTimeOffset now)
    {
        if (plan.Reminder is not { } reminder)
            return ([], null, null);
        var row = plan.Claim ?? new ReminderClaim(reminder.Credential.Generation, reminder.Milestone, new EmailClaim());
        if (reminder.Recipients.Count == 0)
        {
            // It stays due, but the audit event is written only once.
            return (plan.Claim is null ? [Claim(now).Write(plan.LeaId), reminder.WithoutRecipient(now).ToAction()] : [], null, null);
        }

        if (row.Claim.IsHeldByAnother(run, now))
            return ([], null, now + RetryInterval);
        if (outbox.PausedUntil > now)
            return ([], null, outbox.PausedUntil);
        var claim = Claim(now + ClaimTime);
        return ([claim.Write(plan.LeaId)], claim, null);

        ReminderClaim Claim(DateTimeOffset until) => row with { Claim = row.Claim with { ClaimedBy = run, ClaimedUntil = until } };
    }

    private async Task<LeaResult> WorkAsync(Work work, IReadOnlyList<ExpirationEntry> indexed, CancellationToken cancellationToken)
    {
        var undeliverable = work.Plan.Reminder is { Recipients.Count: 0 } reminder ? reminder : null;
        if (undeliverable is not null)
            telemetry.RecordReminder(undeliverable.Milestone.Days, undeliverable.Rejected.Count > 0 ? "rejected" : "without_recipient");
        var results = await Task.WhenAll(SendAsync(work, cancellationToken), AnnounceAsync(work, cancellationToken));
        var notified = await NotifyAsync(work.Plan, cancellationToken);
        var (areSharesDeleted, deletion) = await DeleteEndedSharesAsync(work.Plan, cancellationToken);
        var result = results[0].And(results[1]).And(notified).And(deletion);
        // Keep the index entry of superseded credentials until their announcement is removed, and that of a change until its notices
        // are sent and its shares have ended: the next run finds the LEA by it.
        if ((result.Removed || !work.Plan.Withdraws) && notified is { RetryAt: null, Failures.Count: 0 } && areSharesDeleted && !work.Plan.HasWaitingShare)
            result = result.And(await UpdateIndexAsync(work.Plan, indexed, cancellationToken));
        return result with
        {
            WithoutRecipient = undeliverable is { Rejected.Count: 0 },
            Rejected = undeliverable is null ? result.Rejected : Math.Max(undeliverable.Rejected.Count, notified.Rejected),
            DaysRemaining = work.Plan.Status.DaysRemaining,
        };
    }

    private async Task<LeaResult> SendAsync(Work work, CancellationToken cancellationToken)
    {
        if (work is not { Plan.Reminder: { } reminder, Claim: { } row })
            return new() { RetryAt = work.RetryAt };
        var until = reminder.IsAfterExpiry || row.Claim.ClaimedUntil < reminder.Credential.ExpiresAt ? row.Claim.ClaimedUntil : reminder.Credential.ExpiresAt;
        var (claim, outcome, failure) = await outbox.SendAsync(
            [.. emails.Compose(reminder).Select(message => message with { IsRepeated = work.Plan.Claim is not null })],
            row.Claim,
            until,
            (updated, response, at) => [(row with { Claim = updated }).Write(work.Plan.LeaId), .. EventOf(response, at)],
            cancellationToken);
        telemetry.RecordReminder(reminder.Milestone.Days, outcome switch
        {
            EmailOutcome.Accepted => "sent",
            EmailOutcome.Refused => "rejected",
            EmailOutcome.Throttled => "delayed",
            _ => "failed",
        });
        return outcome switch
        {
            EmailOutcome.Accepted when failure is not null =>
                LeaResult.Failed("Its reminder was sent, but this could not be recorded. The next run sends it again with the same operation id.", failure) with { Sent = true },
            EmailOutcome.Accepted accepted =>
                new() { Sent = true, Rejected = claim.Rejected.Count, RetryAt = accepted.Deferred.Count > 0 ? time.GetUtcNow() + EmailOutbox.DeferredDelay : null },
            EmailOutcome.Throttled throttled => new() { RetryAt = time.GetUtcNow() + throttled.RetryAfter },
            EmailOutcome.Refused => new() { Rejected = claim.Rejected.Count },
            _ => LeaResult.Failed("Its reminder could not be sent.", failure),
        };

        IEnumerable<TableTransactionAction> EventOf(EmailOutcome? response, DateTimeOffset at) => response switch
        {
            EmailOutcome.Accepted(var rejected, var deferred) => [reminder.Sent(at, rejected, deferred).ToAction()],
            EmailOutcome.Refused => [reminder.Refused(at).ToAction()],
            _ => [],
        };
    }

    private async Task<LeaResult> NotifyAsync(LeaPlan plan, CancellationToken cancellationToken)
    {
        try
        {
            var sent = await notices.SendAsync(plan.Notices, plan.Lea, run, cancellationToken);
            return new()
            {
                Notices = sent.Sent,
                Rejected = sent.Rejected,
                RetryAt = sent.RetryAt,
                Failures = sent.Failure is null ? [] : [("A notice could not be sent.", sent.Failure)],
            };
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            return LeaResult.Failed("A notice could not be sent.", failure);
        }
    }

    private async Task<(bool AreDeleted, LeaResult Result)> DeleteEndedSharesAsync(LeaPlan plan, CancellationToken cancellationToken)
    {
        try
        {
            return (await shares.DeleteEndedAsync(plan.Shares, plan.Credential?.Credential), new());
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            return (false, LeaResult.Failed("A share that has ended could not be deleted.", failure));
        }
    }

    private async Task<LeaResult> AnnounceAsync(Work work, CancellationToken cancellationToken)
    {
        try
        {
            // Another run may still be posting, and its request may arrive after this one.
            var otherUntil = work.Plan.Posted?.PostingUntil > work.At ? work.Plan.Posted.PostingUntil : null;
            if (work.Plan.Post is { } announcement)
            {
                using var claim = new CancellationTokenSource(Remaining(work.ClaimedUntil), time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(claim.Token, cancellationToken);
                await myToms.PutAsync(announcement, either.Token);
                await LeaPartition.TrySubmitAsync(storage, [PostedAnnouncement.Write(announcement, otherUntil, work.PostVersion), .. PostedEvent(work.Plan, announcement)]);
                telemetry.RecordAnnouncement("post", "done");
                return new() { Posted = true };
            }

            if (!work.Plan.Withdraws)
                return new();
            await myToms.DeleteAsync(work.Plan.LeaId, cancellationToken);
            if (otherUntil is not null)
                return new() { RetryAt = otherUntil };
            if (!await LeaPartition.TrySubmitAsync(storage, work.Plan.Posted!.Delete(work.Plan.LeaId), RemovedEvent(work.Plan.LeaId)))
                return new() { RetryAt = work.At + RetryInterval };
            telemetry.RecordAnnouncement("remove", "done");
            return new() { Removed = true };
        }
        catch (BrokenCircuitException)
        {
            telemetry.RecordAnnouncement(work.Plan.Withdraws ? "remove" : "post", "delayed");
            return new() { RetryAt = time.GetUtcNow() + UnavailableDelay };
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            telemetry.RecordAnnouncement(work.Plan.Withdraws ? "remove" : "post", "failed");
            return LeaResult.Failed($"Its announcement could not be {(work.Plan.Withdraws ? "removed" : "posted")}.", failure);
        }
    }

    /// <summary>
    /// Transaction step: the audit event of a posted announcement. None if only the number of days in an announcement on MyTOMS has
    /// changed, as it does every day.
    /// </summary>
    private IEnumerable<TableTransactionAction> PostedEvent(LeaPlan plan, Announcement announcement) =>
        plan.Posted is { PostingUntil: null } && announcement.State is not CredentialState.Expired
            ? []
            : [AuditEvent.ByDailyRun(
                plan.LeaId, time.GetUtcNow(), AuditEvent.AnnouncementPosted, plan.Status.Credential?.Generation, announcement.Title, new() { DaysRemaining = announcement.DaysRemaining }).ToAction()];

    /// <summary>Transaction step: the audit event of a removed announcement, which may have been of superseded credentials.</summary>
    private TableTransactionAction RemovedEvent(LeaId leaId) =>
        AuditEvent.ByDailyRun(leaId, time.GetUtcNow(), AuditEvent.AnnouncementRemoved, generation: null, detail: "", new()).ToAction();

    /// <summary>
    /// Deletes the entries that the next run does not need. If nothing is left to do until the LEA changes, these are all, and an entry that
    /// the run does not read replaces them. A crash between the steps is harmless: the next run repeats them.
    /// </summary>
    private async Task<LeaResult> UpdateIndexAsync(LeaPlan plan, IReadOnlyList<ExpirationEntry> indexed, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var rests = plan.IsResting && !indexed.Any(entry => ExpirationIndex.MayPrecedeChange(entry, now));
        var date = !rests && plan.Credential is { Credential.Revocation: null } stored ? ExpirationIndex.DateOf(stored.Credential.ExpiresAt) : null;
        try
        {
            if (rests)
                await expirations.AddRestingAsync(plan.LeaId, cancellationToken);
            foreach (var stale in indexed.Where(entry => entry.Date != date && !ExpirationIndex.MayPrecedeChange(entry, now)))
            {
                if (stale.MayRest && plan.Status.State is not CredentialState.Expired)
                    await expirations.DeleteRestingAsync(plan.LeaId, cancellationToken);
                await expirations.DeleteAsync(stale, cancellationToken);
            }

            return new();
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            return LeaResult.Failed("Its index entries could not be updated.", failure);
        }
    }

    /// <summary>The time until an instant; zero if it has passed.</summary>
    private TimeSpan Remaining(DateTimeOffset until) => until - time.GetUtcNow() is { Ticks: > 0 } remaining ? remaining : TimeSpan.Zero;

    /// <summary>The work that this run has claimed for an LEA.</summary>
    /// <param name="Plan">What to do.</param>
    /// <param name="At">When it was claimed.</param>
    /// <param name="Claim">The claim on the reminder; null if the reminder is not sent now.</param>
    /// <param name="PostVersion">The ETag of the outbox row; null if there is nothing to post.</param>
    /// <param name="RetryAt">When to retry the reminder; null if there is no need to.</param>
    private sealed record Work(LeaPlan Plan, DateTimeOffset At, ReminderClaim? Claim, ETag? PostVersion, DateTimeOffset? RetryAt)
    {
        /// <summary>When the claim expires.</summary>
        internal DateTimeOffset ClaimedUntil => At + ClaimTime;
    }
}
