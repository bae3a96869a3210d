using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Announcements;
using Credentialing.Core.Audit;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Reminders;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Polly.CircuitBreaker;

namespace Credentialing.Core.DailyRun;

/// <summary>Does what is to be done about one LEA after the other, in one run.</summary>
internal sealed class LeaProcessor(
    CredentialingStorage storage,
    LeaCalendar calendar,
    CredentialingScreen screen,
    ReminderEmail emails,
    EmailDelivery delivery,
    MyToms myToms,
    CredentialingTelemetry telemetry,
    TimeProvider time)
{
    /// <summary>
    /// How long a run that dies keeps others from sending the reminder, or from taking an announcement for removed, that it had
    /// in hand. No attempt to send or to post lasts longer.
    /// </summary>
    private static readonly TimeSpan ClaimTime = TimeSpan.FromMinutes(5);

    /// <summary>How often to look at what another run has in hand.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);

    /// <summary>When to try again with a MyTOMS that is away altogether.</summary>
    private static readonly TimeSpan AwayTime = TimeSpan.FromMinutes(1);

    private const int Attempts = 5;

    private readonly ExpirationIndex expirations = new(storage);
    private readonly Guid run = Guid.NewGuid();

    /// <summary>
    /// One round trip to look; if something is to be done, one to claim it, and one for each thing that was done, to note it.
    /// </summary>
    internal async Task<LeaResult> ProcessAsync(string cdsCode, IEnumerable<ExpirationPointer> pointers, CancellationToken cancellationToken)
    {
        try
        {
            if (!LeaId.TryParse(cdsCode, out var leaId))
                throw new InvalidDataException("The pointer names no LEA.");
            using var span = CredentialingTelemetry.Begin("process LEA", leaId);
            for (var attempt = 1; attempt <= Attempts; attempt++)
            {
                var record = await LeaRecord.ReadAsync(storage, leaId, cancellationToken);
                if (await TryClaimAsync(record, cancellationToken) is { } work)
                    return await WorkAsync(record, work, pointers, cancellationToken);
            }

            throw new TimeoutException("Its rows would not stand still.");
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            return LeaResult.Failed("It could not be looked at.", failure);
        }
    }

    /// <summary>
    /// Notes what is about to be done, in one transaction that fails if the credentials have changed since they were read: so
    /// nothing is begun for credentials that were superseded, and of two runs one gets the claim. Null if it fails.
    /// </summary>
    private async Task<Work?> TryClaimAsync(LeaRecord record, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var plan = LeaPlan.Of(record, calendar, screen, now);
        var (remind, sends, retryAt) = PlanReminder(plan, record, now);
        TableTransactionAction[] post = plan.Post is { } announcement
            ? [PostedAnnouncement.Write(announcement, now + ClaimTime, record.Posted?.RowVersion)]
            : [];
        if (remind.Length + post.Length == 0)
            return new Work(plan, now, null, null, retryAt);

        try
        {
            var response = await storage.Leas.SubmitTransactionAsync([.. remind, .. post, CredentialTable.Unchanged(record.Credential!)], cancellationToken);
            return new Work(plan, now, sends ? RowVersion(0) : null, post.Length > 0 ? RowVersion(remind.Length) : null, retryAt);

            ETag? RowVersion(int step) => response.Value[step].Headers.ETag;
        }
        catch (RequestFailedException failure) when (failure.Status is 404 or 409 or 412)
        {
            return null;
        }
    }

    /// <summary>How to begin with the reminder: what to write, the claim first if it is to be sent, or else when to look again.</summary>
    private (TableTransactionAction[] Steps, bool Sends, DateTimeOffset? RetryAt) PlanReminder(LeaPlan plan, LeaRecord record, DateTimeOffset now)
    {
        if (plan.Reminder is not { } reminder)
            return ([], false, null);
        var claim = record.ClaimOn(reminder);
        if (reminder.Recipients.Count == 0)
        {
            // It stays due; but that there is nobody is said only once.
            return (claim is null ? [ReminderClaim.Write(reminder, run, now, sentAt: null, held: null), reminder.WithoutRecipient(now).ToAction()] : [], false, null);
        }

        if (claim?.IsHeldByAnother(run, now) is true)
            return ([], false, now + RetryInterval);
        if (delivery.PausedUntil > now)
            return ([], false, delivery.PausedUntil);
        return ([ReminderClaim.Write(reminder, run, now + ClaimTime, sentAt: null, claim?.RowVersion)], true, null);
    }

    private async Task<LeaResult> WorkAsync(LeaRecord record, Work work, IEnumerable<ExpirationPointer> pointers, CancellationToken cancellationToken)
    {
        if (work.Plan.Reminder is { Recipients.Count: 0 } unreachable)
            telemetry.RecordReminder(unreachable.Milestone.Days, "without_recipient");
        var (reminding, announcing) = (SendAsync(record, work, cancellationToken), AnnounceAsync(record, work, cancellationToken));
        await Task.WhenAll(reminding, announcing);
        var (sent, announced) = (await reminding, await announcing);
        // A pointer to superseded credentials is what leads here until their announcement is gone.
        var dropped = announced.IsDone || !work.Plan.Withdraws ? await DropStaleAsync(record, pointers, cancellationToken) : default;
        return new LeaResult(
            Sent: sent.IsDone,
            Posted: announced.IsDone && work.Plan.Post is not null,
            Removed: announced.IsDone && work.Plan.Withdraws,
            WithoutRecipient: work.Plan.Reminder is { Recipients.Count: 0 },
            RetryAt: new[] { sent.RetryAt, announced.RetryAt }.Min(),
            Failures: [.. new[] { sent.Failure, announced.Failure, dropped.Failure }.OfType<(string, Exception?)>()],
            DaysRemaining: work.Plan.Status.DaysRemaining);
    }

    private async Task<Result> SendAsync(LeaRecord record, Work work, CancellationToken cancellationToken)
    {
        if (work is not { Plan.Reminder: { } reminder, ClaimVersion: { } version })
            return new(RetryAt: work.RetryAt);
        EmailOutcome outcome;
        try
        {
            var until = work.ClaimedUntil < reminder.Credential.ExpiresAt ? work.ClaimedUntil : reminder.Credential.ExpiresAt;
            var email = emails.Compose(reminder) with { IsRepeated = record.ClaimOn(reminder) is not null };
            outcome = await delivery.DeliverAsync(email, until, cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            // It may have been sent: it is offered again, under the same operation id.
            await TryReleaseAsync(reminder, version);
            telemetry.RecordReminder(reminder.Milestone.Days, "failed");
            return Result.Failed("Its reminder could not be sent.", failure);
        }

        var now = time.GetUtcNow();
        switch (outcome)
        {
            case EmailOutcome.Accepted accepted:
                telemetry.RecordReminder(reminder.Milestone.Days, "sent");
                try
                {
                    await RecordAsync(ReminderClaim.Write(reminder, run, now, sentAt: now, version), reminder.Sent(now, accepted.Rejected).ToAction());
                }
                catch (Exception failure)
                {
                    return Result.Failed("Its reminder was sent, which could not be recorded: the next run offers it again, under the same operation id.", failure) with { IsDone = true };
                }

                return accepted.Rejected.Count == 0
                    ? new(IsDone: true)
                    : Result.Failed($"The mail service rejected {accepted.Rejected.Count} of its {reminder.Recipients.Count} addresses; the audit trail names them.", null) with { IsDone = true };
            case EmailOutcome.Throttled throttled:
                telemetry.RecordReminder(reminder.Milestone.Days, "delayed");
                await TryReleaseAsync(reminder, version);
                return new(RetryAt: now + throttled.RetryAfter);
            default:
                telemetry.RecordReminder(reminder.Milestone.Days, "rejected");
                await TryReleaseAsync(reminder, version, reminder.Refused(now));
                return Result.Failed("The mail service rejected all of its addresses; the audit trail names them.", null);
        }
    }

    private async Task<Result> AnnounceAsync(LeaRecord record, Work work, CancellationToken cancellationToken)
    {
        try
        {
            // Somebody else may still be posting, and come later than this.
            var rivalUntil = record.Posted?.PostingUntil > work.At ? record.Posted.PostingUntil : null;
            if (work.Plan.Post is { } announcement)
            {
                using var claim = new CancellationTokenSource(work.ClaimedUntil - work.At, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(claim.Token, cancellationToken);
                await myToms.PutAsync(announcement, either.Token);
                await RecordAsync(PostedAnnouncement.Write(announcement, rivalUntil, work.PostVersion));
                telemetry.RecordAnnouncement("post", "done");
                return new(IsDone: true);
            }

            if (!work.Plan.Withdraws)
                return default;
            await myToms.DeleteAsync(record.LeaId, cancellationToken);
            if (rivalUntil is not null)
                return new(RetryAt: rivalUntil);
            if (!await RecordAsync(record.Posted!.Delete(record.LeaId)))
                return new(RetryAt: work.At + RetryInterval);
            telemetry.RecordAnnouncement("remove", "done");
            return new(IsDone: true);
        }
        catch (BrokenCircuitException)
        {
            telemetry.RecordAnnouncement(work.Plan.Withdraws ? "remove" : "post", "delayed");
            return new(RetryAt: time.GetUtcNow() + AwayTime);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            telemetry.RecordAnnouncement(work.Plan.Withdraws ? "remove" : "post", "failed");
            return Result.Failed($"Its announcement could not be {(work.Plan.Withdraws ? "removed" : "posted")}.", failure);
        }
    }

    private async Task<Result> DropStaleAsync(LeaRecord record, IEnumerable<ExpirationPointer> pointers, CancellationToken cancellationToken)
    {
        var date = record.Credential is { } stored ? ExpirationIndex.DateOf(stored.Credential.ExpiresAt) : null;
        try
        {
            foreach (var stale in pointers.Where(pointer => pointer.Date != date))
                await expirations.DropAsync(stale, cancellationToken);
            return default;
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            return Result.Failed("A pointer to credentials that it no longer has could not be dropped.", failure);
        }
    }

    /// <summary>Lets the next run, or this one, take the reminder up at once. If that fails, the claim runs out by itself.</summary>
    private async Task TryReleaseAsync(Reminder reminder, ETag version, AuditEvent? auditEvent = null)
    {
        try
        {
            var release = ReminderClaim.Write(reminder, run, claimedUntil: time.GetUtcNow(), sentAt: null, version);
            await RecordAsync(auditEvent is null ? [release] : [release, auditEvent.ToAction()]);
        }
        catch (Exception)
        {
            // What made it necessary is reported.
        }
    }

    /// <summary>
    /// Notes what was done, even while the host shuts down: it is done. False, and nothing is noted, if another run has changed
    /// the row since.
    /// </summary>
    private async Task<bool> RecordAsync(params TableTransactionAction[] steps)
    {
        try
        {
            await storage.Leas.SubmitTransactionAsync(steps, CancellationToken.None);
            return true;
        }
        catch (RequestFailedException failure) when (failure.Status is 404 or 409 or 412)
        {
            return failure.Status is 404; // what was to be deleted is gone
        }
    }

    /// <summary>What this run is to do about an LEA, and nobody else.</summary>
    /// <param name="Plan">What is to be done.</param>
    /// <param name="At">Since when.</param>
    /// <param name="ClaimVersion">The version of the claim on the reminder; null if it is not to be sent now.</param>
    /// <param name="PostVersion">The version of the outbox row; null if nothing is to be posted.</param>
    /// <param name="RetryAt">When to look at the reminder again.</param>
    private sealed record Work(LeaPlan Plan, DateTimeOffset At, ETag? ClaimVersion, ETag? PostVersion, DateTimeOffset? RetryAt)
    {
        /// <summary>Until when it is nobody else's.</summary>
        internal DateTimeOffset ClaimedUntil => At + ClaimTime;
    }

    /// <summary>What came of one thing that was to be done.</summary>
    private readonly record struct Result(bool IsDone = false, DateTimeOffset? RetryAt = null, (string What, Exception? Why)? Failure = null)
    {
        internal static Result Failed(string what, Exception? why) => new(Failure: (what, why));
    }
}
