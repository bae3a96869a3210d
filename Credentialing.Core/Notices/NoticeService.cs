using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Audit;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Notices;

/// <summary>
/// Sends the notices of changes to the LEA's other coordinators: at once after a change, and again in the daily run if that failed.
/// Exactly one email for each notice and recipient, if the mail service recognises repeated operation ids. Thread safe.
/// </summary>
public sealed partial class NoticeService(
    CredentialingStorage storage,
    NoticeEmail emails,
    EmailDelivery delivery,
    CredentialingTelemetry telemetry,
    TimeProvider time,
    ILogger<NoticeService> logger)
{
    /// <summary>Retry interval while another process has the claim.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);

    /// <summary>After this time since the change, an address that is still deferred gets no notice: otherwise, every daily run would fail.</summary>
    internal static readonly TimeSpan MaxDeferral = TimeSpan.FromDays(7);

    private static readonly string Rows =
        $"{LeaPartition.StartsWith(LeaPartition.NoticeRowPrefix)} or {LeaPartition.Is(LeaPartition.LeaRow)} or {LeaPartition.StartsWith(LeaPartition.CoordinatorRowPrefix)}";

    private readonly EmailOutbox outbox = new(storage, delivery, time);

    /// <summary>
    /// Sends the LEA's notices after a change. Best effort: never throws. What fails, the next daily run sends. One round trip to
    /// read; two for each notice.
    /// </summary>
    public async Task TrySendAsync(LeaId leaId)
    {
        try
        {
            // Not cancellable by the caller: the change has been made even if the coordinator disconnects.
            var rows = await LeaPartition.ListAsync(storage, leaId, Rows, CancellationToken.None);
            var result = await SendAsync(Pending(leaId, rows), LeaRegister.Read(leaId, rows), Guid.NewGuid(), CancellationToken.None);
            if (!result.IsDone)
                LogDelayed(leaId, result.Failure is null ? "the mail service throttles or has deferred an address, or another process has claimed it" : FailureReason.Of(result.Failure));
        }
        catch (Exception failure)
        {
            LogDelayed(leaId, FailureReason.Of(failure));
        }
    }

    /// <summary>Returns the notices among rows of an LEA, oldest first.</summary>
    /// <exception cref="UnreadableRowException">A row is corrupt.</exception>
    internal static IReadOnlyList<Notice> Pending(LeaId leaId, IReadOnlyList<TableEntity> rows) =>
        [.. rows.Where(row => row.RowKey.StartsWith(LeaPartition.NoticeRowPrefix, StringComparison.Ordinal)).Select(row => Notice.Read(leaId, row)).OrderBy(notice => notice.At)];

    /// <summary>Sends notices, one after the other.</summary>
    /// <param name="notices">The notices.</param>
    /// <param name="lea">The LEA; null if TOMS never reported it.</param>
    /// <param name="owner">The id of the run or call that claims them.</param>
    /// <param name="cancellationToken">Cancels the wait for the mail service.</param>
    /// <exception cref="RequestFailedException">Storage rejected a request.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal async Task<NoticeResult> SendAsync(IReadOnlyList<Notice> notices, Lea? lea, Guid owner, CancellationToken cancellationToken)
    {
        var result = new NoticeResult();
        foreach (var notice in notices)
            result = result.And(await SendAsync(notice, lea, owner, cancellationToken));
        return result;
    }

    private async Task<NoticeResult> SendAsync(Notice notice, Lea? lea, Guid owner, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (notice.Claim.IsHeldByAnother(owner, now))
            return new() { RetryAt = now + RetryInterval };
        var messages = emails.Compose(notice, lea);
        var isDeferredTooLong = notice.Claim.SentAt is not null && now - notice.At >= MaxDeferral;
        if (messages.Count == 0 || isDeferredTooLong) // no recipient is left
        {
            TableTransactionAction[] givenUp = messages.Count == 0 ? [] : [Event(notice, now, "notice-refused", new() { GivenUp = notice.Claim.Deferred })];
            var isDeleted = await LeaPartition.TrySubmitAsync(storage, [notice.Delete(notice.Claim), .. givenUp]);
            return isDeleted ? new() : new() { RetryAt = now + RetryInterval };
        }

        if (outbox.PausedUntil > now)
            return new() { RetryAt = outbox.PausedUntil };
        if (await TryClaimAsync(notice, owner, now, cancellationToken) is not { } claim)
            return new() { RetryAt = now + RetryInterval };

        var wasAttempted = notice.Claim.ClaimedBy != Guid.Empty;
        var sent = await outbox.SendAsync(
            [.. messages.Select(message => message with { IsRepeated = wasAttempted })],
            claim,
            claim.ClaimedUntil,
            (updated, response, at) => Record(notice, messages, updated, response, at),
            cancellationToken);
        var (after, outcome, failure) = sent;
        telemetry.RecordNotice(notice.Kind, outcome switch
        {
            EmailOutcome.Accepted => "sent",
            EmailOutcome.Refused => "rejected",
            EmailOutcome.Throttled => "delayed",
            _ => "failed",
        });
        return new()
        {
            Sent = outcome is EmailOutcome.Accepted ? 1 : 0,
            Rejected = after.Rejected.Count,
            RetryAt = outcome switch
            {
                EmailOutcome.Throttled throttled => now + throttled.RetryAfter,
                EmailOutcome.Accepted { Deferred.Count: > 0 } => time.GetUtcNow() + EmailOutbox.DeferredDelay,
                _ => sent.IsRecorded || failure is not null ? null : time.GetUtcNow() + RetryInterval, // its row may still exist
            },
            Failure = failure,
        };
    }

    private async Task<EmailClaim?> TryClaimAsync(Notice notice, Guid owner, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var claim = notice.Claim with { ClaimedBy = owner, ClaimedUntil = now + EmailClaim.Duration };
        try
        {
            var response = await storage.Leas.SubmitTransactionAsync([notice.Write(claim)], cancellationToken);
            return claim with { RowVersion = response.Value[0].Headers.ETag };
        }
        catch (RequestFailedException failure) when (failure.Status is 404 or 412)
        {
            return null; // another process has sent it, or has claimed it
        }
    }

    /// <summary>A notice is finished when all addresses have been accepted or rejected. Then its row is deleted.</summary>
    private static TableTransactionAction[] Record(Notice notice, IReadOnlyList<Email> messages, EmailClaim claim, EmailOutcome? outcome, DateTimeOffset at)
    {
        string[] addresses = [.. messages.SelectMany(message => message.Addresses)];
        return outcome switch
        {
            EmailOutcome.Accepted(var rejected, var deferred) =>
            [
                deferred.Count == 0 ? notice.Delete(claim) : notice.Write(claim),
                Event(notice, at, "notice-sent", new() { To = [.. addresses.Except(rejected).Except(deferred)], Rejected = rejected, Deferred = deferred }),
            ],
            EmailOutcome.Refused => [notice.Delete(claim), Event(notice, at, "notice-refused", new() { Rejected = addresses })],
            _ => [notice.Write(claim)],
        };
    }

    private static TableTransactionAction Event(Notice notice, DateTimeOffset at, string kind, AuditDetails result) =>
        AuditEvent.AboutNotice(notice.LeaId, at, kind, notice.Kind, notice.Generation, result).ToAction();

    [LoggerMessage(EventId = 19, Level = LogLevel.Warning, Message = "A notice to the coordinators of LEA {LeaId} could not be sent immediately: {Reason}. The next daily run sends it.")]
    private partial void LogDelayed(LeaId leaId, string reason);
}

/// <summary>The result of sending notices. By default, nothing was to do.</summary>
internal sealed record NoticeResult
{
    /// <summary>The number of notices that the mail service accepted.</summary>
    internal int Sent { get; init; }

    /// <summary>The number of addresses that the mail service has rejected permanently.</summary>
    internal int Rejected { get; init; }

    /// <summary>When to retry what is not done yet; null if there is no need to.</summary>
    internal DateTimeOffset? RetryAt { get; init; }

    /// <summary>The first failure; null if there was none.</summary>
    internal Exception? Failure { get; init; }

    /// <summary>Whether nothing is left to do.</summary>
    internal bool IsDone => this is { RetryAt: null, Failure: null };

    internal NoticeResult And(NoticeResult other) => new()
    {
        Sent = Sent + other.Sent,
        Rejected = Rejected + other.Rejected,
        RetryAt = new[] { RetryAt, other.RetryAt }.Min(),
        Failure = Failure ?? other.Failure,
    };
}
