using Azure.Data.Tables;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Mail;

/// <summary>
/// Sends emails that have an outbox row in their LEA's partition, and records the result there. The caller has stored the claim.
/// Thread safe.
/// </summary>
internal sealed class EmailOutbox(CredentialingStorage storage, EmailDelivery delivery, TimeProvider time)
{
    /// <summary>Retry delay for addresses that the mail service rejected for now. Greylisting usually takes a few minutes.</summary>
    internal static readonly TimeSpan DeferredDelay = TimeSpan.FromMinutes(5);

    /// <summary>Until when nothing is sent because of throttling or an open circuit; in the past if there is no pause.</summary>
    internal DateTimeOffset PausedUntil => delivery.PausedUntil;

    /// <summary>Sends an email with the mail service, and records the result in storage. One round trip to storage.</summary>
    /// <param name="messages">The email, one message for each language.</param>
    /// <param name="claim">The claim, as stored.</param>
    /// <param name="until">The deadline; not after the end of the claim.</param>
    /// <param name="record">Returns the transaction steps that record the updated claim and the outcome; the outcome is null after a failure.</param>
    /// <param name="cancellationToken">Cancels the wait for the mail service. The result is recorded nevertheless if there is one.</param>
    /// <exception cref="OperationCanceledException">Cancelled. The claim expires, and the email is sent again with the same operation ids.</exception>
    internal async Task<OutboxResult> SendAsync(
        IReadOnlyList<Email> messages,
        EmailClaim claim,
        DateTimeOffset until,
        Func<EmailClaim, EmailOutcome?, DateTimeOffset, TableTransactionAction[]> record,
        CancellationToken cancellationToken)
    {
        EmailOutcome? outcome = null;
        Exception? failure = null;
        try
        {
            outcome = await delivery.DeliverAsync(messages, until, cancellationToken);
        }
        catch (Exception notSent) when (!cancellationToken.IsCancellationRequested)
        {
            failure = notSent; // it may have been sent; the retry has the same operation ids
        }

        var now = time.GetUtcNow();
        claim = outcome switch
        {
            EmailOutcome.Accepted accepted => claim with { ClaimedUntil = now, SentAt = now, Rejected = [.. claim.Rejected, .. accepted.Rejected], Deferred = accepted.Deferred },
            EmailOutcome.Refused => claim with { ClaimedUntil = now, Rejected = [.. claim.Rejected, .. messages.SelectMany(message => message.Addresses)], Deferred = [] },
            _ => claim with { ClaimedUntil = now }, // released, so that a run can retry immediately
        };
        var isRecorded = false;
        try
        {
            isRecorded = await LeaPartition.TrySubmitAsync(storage, record(claim, outcome, now));
        }
        catch (Exception notRecorded)
        {
            failure ??= notRecorded; // the claim expires
        }

        return new OutboxResult(claim, outcome, failure) { IsRecorded = isRecorded };
    }
}

/// <summary>The result of sending an email of the outbox.</summary>
/// <param name="Claim">The claim after it.</param>
/// <param name="Outcome">The response of the mail service; null if there is none.</param>
/// <param name="Failure">Why there is no response, or why it could not be recorded; null if there was no failure.</param>
internal sealed record OutboxResult(EmailClaim Claim, EmailOutcome? Outcome, Exception? Failure)
{
    /// <summary>Whether the result was recorded. False if another process has changed the row, for example because the claim had expired.</summary>
    internal bool IsRecorded { get; init; }
}
