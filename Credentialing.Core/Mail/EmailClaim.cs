using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Mail;

/// <summary>
/// The lease on sending one email, which at most one run or instance has at a time, and the result: columns of the email's outbox row.
/// The lease of a process that stops expires at <see cref="ClaimedUntil"/>. The next one sends with the same
/// <see cref="Email.OperationId"/>.
/// </summary>
internal sealed record EmailClaim
{
    private const char Separator = '\n'; // no address contains it

    /// <summary>The duration of a claim. No attempt to send takes longer.</summary>
    internal static readonly TimeSpan Duration = TimeSpan.FromMinutes(5);

    /// <summary>The id of the run or instance that has, or had, the lease.</summary>
    internal Guid ClaimedBy { get; init; }

    /// <summary>When the lease expires.</summary>
    internal DateTimeOffset ClaimedUntil { get; init; }

    /// <summary>When the mail service last accepted the email; null if that is not recorded.</summary>
    internal DateTimeOffset? SentAt { get; init; }

    /// <summary>The addresses that the mail service rejected permanently.</summary>
    internal IReadOnlyList<string> Rejected { get; init; } = [];

    /// <summary>The addresses that the mail service rejected for now. The email is still due for them.</summary>
    internal IReadOnlyList<string> Deferred { get; init; } = [];

    /// <summary>The ETag of the row; null if it is not stored yet.</summary>
    internal ETag? RowVersion { get; init; }

    /// <summary>Whether a run or instance other than <paramref name="owner"/> has the lease at <paramref name="now"/>.</summary>
    internal bool IsHeldByAnother(Guid owner, DateTimeOffset now) => ClaimedBy != owner && now < ClaimedUntil;

    /// <exception cref="UnreadableRowException">A column has another type.</exception>
    internal static EmailClaim Read(TableEntity row) => new()
    {
        ClaimedBy = row.OptionalValue<Guid>(nameof(ClaimedBy)) ?? Guid.Empty,
        ClaimedUntil = row.OptionalValue<DateTimeOffset>(nameof(ClaimedUntil)) ?? DateTimeOffset.MinValue,
        SentAt = row.OptionalValue<DateTimeOffset>(nameof(SentAt)),
        Rejected = row.Optional<string>(nameof(Rejected))?.Split(Separator) ?? [],
        Deferred = row.Optional<string>(nameof(Deferred))?.Split(Separator) ?? [],
        RowVersion = row.ETag,
    };

    /// <summary>Adds the columns to the outbox row.</summary>
    internal void Write(TableEntity row)
    {
        row[nameof(ClaimedBy)] = ClaimedBy;
        row[nameof(ClaimedUntil)] = ClaimedUntil;
        row[nameof(SentAt)] = SentAt;
        row[nameof(Rejected)] = Text(Rejected);
        row[nameof(Deferred)] = Text(Deferred);
    }

    private static string? Text(IReadOnlyList<string> addresses) => addresses.Count == 0 ? null : string.Join(Separator, addresses);
}
