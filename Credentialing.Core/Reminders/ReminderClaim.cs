using System.Globalization;
using Azure.Data.Tables;
using Credentialing.Core.Mail;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Reminders;

/// <summary>The outbox row of one reminder.</summary>
/// <param name="Generation">The generation of the credentials.</param>
/// <param name="Milestone">The reminder's milestone.</param>
/// <param name="Claim">The lease on sending it, and the result.</param>
internal sealed record ReminderClaim(int Generation, Milestone Milestone, EmailClaim Claim)
{
    /// <summary>Whether a row is one of a reminder.</summary>
    internal static bool IsRow(TableEntity row) =>
        row.RowKey.StartsWith(LeaPartition.ReminderRowPrefix, StringComparison.Ordinal) || row.RowKey.StartsWith(LeaPartition.ExpiredReminderRowPrefix, StringComparison.Ordinal);

    internal static ReminderClaim Read(TableEntity row) =>
        row.RowKey.Split(':') is [_, var generation, var days]
        && int.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out var generationNumber)
        && int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out var daysNumber)
        && Milestone.Of(row.RowKey.StartsWith(LeaPartition.ReminderRowPrefix, StringComparison.Ordinal) ? daysNumber : -daysNumber) is { } milestone
        && row.RowKey == RowKeyOf(generationNumber, milestone) // no second spelling of the same reminder
            ? new ReminderClaim(generationNumber, milestone, EmailClaim.Read(row))
            : throw UnreadableRowException.Corrupt(row, "has no valid row key");

    /// <summary>Transaction step: inserts the row if it is not stored yet, else replaces the version that was read.</summary>
    internal TableTransactionAction Write(LeaId leaId)
    {
        var row = LeaPartition.Entity(leaId, RowKeyOf(Generation, Milestone));
        Claim.Write(row);
        return LeaPartition.Put(row, Claim.RowVersion);
    }

    /// <summary>Reminders after expiry have a prefix of their own, which releases without them ignore.</summary>
    private static string RowKeyOf(int generation, Milestone milestone) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(milestone.Days > 0 ? LeaPartition.ReminderRowPrefix : LeaPartition.ExpiredReminderRowPrefix)}{generation:D6}:{Math.Abs(milestone.Days):D2}");
}
