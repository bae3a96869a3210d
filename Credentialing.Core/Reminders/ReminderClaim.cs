using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Reminders;

/// <summary>
/// A lease on sending one reminder, which at most one run has at a time. The lease of a run that stops expires at
/// <see cref="ClaimedUntil"/>. The next run sends with the same <see cref="Reminder.OperationId"/>.
/// </summary>
/// <param name="Generation">The generation of the credentials.</param>
/// <param name="Milestone">The reminder's milestone.</param>
/// <param name="ClaimedBy">The id of the run that has, or had, the lease.</param>
/// <param name="ClaimedUntil">When the lease expires.</param>
/// <param name="SentAt">When the mail service accepted the email; null if that is not recorded.</param>
/// <param name="RowVersion">The ETag of the row.</param>
internal sealed record ReminderClaim(
    int Generation, Milestone Milestone, Guid ClaimedBy, DateTimeOffset ClaimedUntil, DateTimeOffset? SentAt, ETag RowVersion)
{
    /// <summary>Whether a run other than <paramref name="run"/> has the lease at <paramref name="now"/>.</summary>
    internal bool IsHeldByAnother(Guid run, DateTimeOffset now) => SentAt is null && ClaimedBy != run && now < ClaimedUntil;

    internal static ReminderClaim Read(TableEntity row) =>
        row.RowKey.Split(':') is [_, var generation, var days]
        && int.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out var generationNumber)
        && int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out var daysNumber)
        && Milestone.Of(daysNumber) is { } milestone
        && row.RowKey == RowKey(generationNumber, milestone) // no second spelling of the same reminder
            ? new(
                generationNumber,
                milestone,
                row.Required<Guid>(nameof(ClaimedBy)),
                row.Required<DateTimeOffset>(nameof(ClaimedUntil)),
                row.OptionalValue<DateTimeOffset>(nameof(SentAt)),
                row.ETag)
            : throw UnreadableRowException.Corrupt(row, "has no valid row key");

    /// <summary>Transaction step: inserts the row if <paramref name="held"/> is null, else replaces the version with that ETag.</summary>
    internal static TableTransactionAction Write(Reminder reminder, Guid claimedBy, DateTimeOffset claimedUntil, DateTimeOffset? sentAt, ETag? held)
    {
        var row = LeaPartition.Entity(reminder.Credential.LeaId, RowKey(reminder.Credential.Generation, reminder.Milestone));
        row[nameof(ClaimedBy)] = claimedBy;
        row[nameof(ClaimedUntil)] = claimedUntil;
        row[nameof(SentAt)] = sentAt;
        return LeaPartition.Put(row, held);
    }

    private static string RowKey(int generation, Milestone milestone) =>
        string.Create(CultureInfo.InvariantCulture, $"{LeaPartition.ReminderRowPrefix}{generation:D6}:{milestone.Days:D2}");
}
