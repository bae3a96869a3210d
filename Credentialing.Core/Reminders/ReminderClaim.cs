using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Reminders;

/// <summary>
/// The right to send one reminder, which at most one run has at a time. A run that dies while it holds the claim loses it when
/// its time is up; whoever takes it over sends under the same <see cref="Reminder.OperationId"/>.
/// </summary>
/// <param name="Generation">The credentials that the reminder is about.</param>
/// <param name="Milestone">Its milestone.</param>
/// <param name="ClaimedBy">The run that has, or had, the claim.</param>
/// <param name="ClaimedUntil">Until when it has it.</param>
/// <param name="SentAt">When the mail service took the email; null while that is not known.</param>
/// <param name="RowVersion">The version of the row.</param>
internal sealed record ReminderClaim(
    int Generation, Milestone Milestone, Guid ClaimedBy, DateTimeOffset ClaimedUntil, DateTimeOffset? SentAt, ETag RowVersion)
{
    /// <summary>Whether another run than <paramref name="run"/> may be sending at <paramref name="now"/>.</summary>
    internal bool IsHeldByAnother(Guid run, DateTimeOffset now) => SentAt is null && ClaimedBy != run && now < ClaimedUntil;

    internal static ReminderClaim Read(TableEntity row)
    {
        var name = row.RowKey[LeaPartition.ReminderRowPrefix.Length..].Split(':');
        return name is [var generation, var days]
            && int.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out var generationNumber)
            && int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out var daysNumber)
            && Milestone.Of(daysNumber) is { } milestone
            ? new(
                generationNumber,
                milestone,
                row.Required<Guid>(nameof(ClaimedBy)),
                row.Required<DateTimeOffset>(nameof(ClaimedUntil)),
                row.GetDateTimeOffset(nameof(SentAt)),
                row.ETag)
            : throw new InvalidDataException($"Row {row.RowKey} of LEA {row.PartitionKey} names no reminder.");
    }

    /// <summary>The step of a transaction that writes it: in the place of <paramref name="held"/>, which must not have changed.</summary>
    internal static TableTransactionAction Write(Reminder reminder, Guid claimedBy, DateTimeOffset claimedUntil, DateTimeOffset? sentAt, ETag? held)
    {
        var row = LeaPartition.Entity(
            reminder.Credential.LeaId,
            string.Create(CultureInfo.InvariantCulture, $"{LeaPartition.ReminderRowPrefix}{reminder.Credential.Generation:D6}:{reminder.Milestone.Days:D2}"));
        row[nameof(ClaimedBy)] = claimedBy;
        row[nameof(ClaimedUntil)] = claimedUntil;
        row[nameof(SentAt)] = sentAt;
        return LeaPartition.Put(row, held);
    }
}
