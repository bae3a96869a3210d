using System.Globalization;
using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Reminders;

/// <summary>
/// A lease on sending one reminder, which at most one run has at a time, and the result. The lease of a run that stops expires at
/// <see cref="ClaimedUntil"/>. The next run sends with the same <see cref="Reminder.OperationId"/>.
/// </summary>
/// <param name="Generation">The generation of the credentials.</param>
/// <param name="Milestone">The reminder's milestone.</param>
internal sealed record ReminderClaim(int Generation, Milestone Milestone)
{
    private const char Separator = '\n'; // no address contains it

    /// <summary>The id of the run that has, or had, the lease.</summary>
    internal Guid ClaimedBy { get; init; }

    /// <summary>When the lease expires.</summary>
    internal DateTimeOffset ClaimedUntil { get; init; }

    /// <summary>When the mail service last accepted the email; null if that is not recorded.</summary>
    internal DateTimeOffset? SentAt { get; init; }

    /// <summary>The addresses that the mail service rejected permanently.</summary>
    internal IReadOnlyList<string> Rejected { get; init; } = [];

    /// <summary>The addresses that the mail service rejected for now. The reminder is still due for them.</summary>
    internal IReadOnlyList<string> Deferred { get; init; } = [];

    /// <summary>The ETag of the row; null if it is not stored yet.</summary>
    internal ETag? RowVersion { get; init; }

    /// <summary>Whether a run other than <paramref name="run"/> has the lease at <paramref name="now"/>.</summary>
    internal bool IsHeldByAnother(Guid run, DateTimeOffset now) => ClaimedBy != run && now < ClaimedUntil;

    internal static ReminderClaim Read(TableEntity row) =>
        row.RowKey.Split(':') is [_, var generation, var days]
        && int.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out var generationNumber)
        && int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out var daysNumber)
        && Milestone.Of(daysNumber) is { } milestone
        && new ReminderClaim(generationNumber, milestone) is var claim
        && row.RowKey == claim.RowKey // no second spelling of the same reminder
            ? claim with
            {
                ClaimedBy = row.Required<Guid>(nameof(ClaimedBy)),
                ClaimedUntil = row.Required<DateTimeOffset>(nameof(ClaimedUntil)),
                SentAt = row.OptionalValue<DateTimeOffset>(nameof(SentAt)),
                Rejected = row.Optional<string>(nameof(Rejected))?.Split(Separator) ?? [],
                Deferred = row.Optional<string>(nameof(Deferred))?.Split(Separator) ?? [],
                RowVersion = row.ETag,
            }
            : throw UnreadableRowException.Corrupt(row, "has no valid row key");

    /// <summary>Transaction step: inserts the row if it is not stored yet, else replaces the version that was read.</summary>
    internal TableTransactionAction Write(LeaId leaId)
    {
        var row = LeaPartition.Entity(leaId, RowKey);
        row[nameof(ClaimedBy)] = ClaimedBy;
        row[nameof(ClaimedUntil)] = ClaimedUntil;
        row[nameof(SentAt)] = SentAt;
        row[nameof(Rejected)] = Text(Rejected);
        row[nameof(Deferred)] = Text(Deferred);
        return LeaPartition.Put(row, RowVersion);
    }

    private string RowKey => string.Create(CultureInfo.InvariantCulture, $"{LeaPartition.ReminderRowPrefix}{Generation:D6}:{Milestone.Days:D2}");

    private static string? Text(IReadOnlyList<string> addresses) => addresses.Count == 0 ? null : string.Join(Separator, addresses);
}
