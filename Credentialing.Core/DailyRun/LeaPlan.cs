using Azure.Data.Tables;
using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Notices;
using Credentialing.Core.Reminders;
using Credentialing.Core.Shares;
using Credentialing.Core.Storage;

namespace Credentialing.Core.DailyRun;

/// <summary>What to do for one LEA at one moment. The daily run and its preview share this decision.</summary>
/// <param name="LeaId">The LEA.</param>
/// <param name="LeaName">The LEA's name; a text with its CDS code if the name is unknown.</param>
/// <param name="Status">The status of its credentials.</param>
/// <param name="Reminder">The reminder to send; null if none is due.</param>
/// <param name="Post">The announcement to post; null if there is none, or MyTOMS already has it.</param>
/// <param name="Withdraws">Whether an announcement must be removed.</param>
public sealed record LeaPlan(
    LeaId LeaId, string LeaName, CredentialStatus Status, Reminder? Reminder, Announcement? Post, bool Withdraws)
{
    private static readonly string NeededRows =
        $"{LeaPartition.StartsNotWith(LeaPartition.EventRowPrefix)} and {LeaPartition.StartsNotWith(LeaPartition.UseRowPrefix)} and {LeaPartition.StartsNotWith(LeaPartition.SupersededRowPrefix)}";

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => Reminder is null && Post is null && !Withdraws && Notices.Count == 0;

    /// <summary>Whether a person must act: the credentials have expired, or the reminders do not reach every coordinator.</summary>
    public bool NeedsPerson => Status.State is CredentialState.Expired || HasNoAddress || Refused.Count > 0;

    /// <summary>The number of notices of changes that are still to be sent.</summary>
    public int NoticeCount => Notices.Count;

    /// <summary>
    /// Whether the credentials are expiring or have expired, and no coordinator has an address. Only a person can correct that.
    /// </summary>
    public bool HasNoAddress { get; private init; }

    /// <summary>
    /// The addresses on file that the mail service refused in the last reminder, if the credentials are expiring or have expired. Only a
    /// person can correct them.
    /// </summary>
    public IReadOnlyList<string> Refused { get; private init; } = [];

    /// <summary>Whether <see cref="Refused"/> are all addresses on file.</summary>
    public bool AreAllRefused { get; private init; }

    /// <summary>
    /// Whether nothing is left to do until the LEA changes: its credentials have expired, its announcement is on MyTOMS, and no reminder is
    /// possible any more.
    /// </summary>
    internal bool IsResting { get; private init; }

    /// <summary>The LEA; null if TOMS never reported it.</summary>
    internal Lea? Lea { get; private init; }

    /// <summary>The notices that are still to be sent.</summary>
    internal IReadOnlyList<Notice> Notices { get; private init; } = [];

    /// <summary>All shares, also those that have ended.</summary>
    internal IReadOnlyList<Share> Shares { get; private init; } = [];

    /// <summary>Whether a share can still be opened. The daily run must find the LEA again when it has ended.</summary>
    internal bool HasWaitingShare { get; private init; }

    /// <summary>The credentials; null if there are none.</summary>
    internal StoredCredential? Credential { get; private init; }

    /// <summary>The claim on <see cref="Reminder"/>; null if there is none.</summary>
    internal ReminderClaim? Claim { get; private init; }

    /// <summary>The outbox row of the announcement; null if nothing is posted.</summary>
    internal PostedAnnouncement? Posted { get; private init; }

    /// <summary>Reads the LEA's rows except audit events, uses of keys and superseded keys. One round trip per page of up to 1,000 rows.</summary>
    /// <exception cref="UnreadableRowException">A newer release wrote a row.</exception>
    internal static Task<IReadOnlyList<TableEntity>> ReadRowsAsync(CredentialingStorage storage, LeaId leaId, CancellationToken cancellationToken) =>
        LeaPartition.ListAsync(storage, leaId, NeededRows, cancellationToken);

    /// <summary>Decides what to do for an LEA at <paramref name="now"/>.</summary>
    /// <param name="leaId">The LEA.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="calendar">Counts the days.</param>
    /// <param name="screen">Builds the links.</param>
    /// <param name="now">The moment.</param>
    /// <param name="remindsAfterExpiry">See <see cref="DailyRunOptions.RemindAfterExpiry"/>.</param>
    /// <exception cref="UnreadableRowException">A row is corrupt.</exception>
    internal static LeaPlan Of(LeaId leaId, IReadOnlyList<TableEntity> rows, LeaCalendar calendar, CredentialingScreen screen, DateTimeOffset now, bool remindsAfterExpiry)
    {
        var lea = LeaRegister.Read(leaId, rows);
        var credential = Row(LeaPartition.CredentialRow) is { } credentialRow ? CredentialTable.Read(leaId, credentialRow) : null;
        var posted = Row(LeaPartition.AnnouncementRow) is { } postedRow ? PostedAnnouncement.Read(postedRow) : null;
        var claims = rows
            .Where(ReminderClaim.IsRow)
            .Select(ReminderClaim.Read)
            .ToList();

        var name = Leas.Lea.NameOf(lea, leaId);
        var status = CredentialStatus.Of(credential?.Credential, calendar, now);
        var reached = Reached();
        var reminder = Reminder.Due(status, reached, name, lea?.Coordinators ?? [], claims, out var claim);
        var announcement = Announcement.Of(leaId, name, status, calendar, screen);
        var shares = rows.Where(Share.IsRow).Select(row => Share.Read(leaId, row)).ToList();
        var (addresses, refused) = status is { State: CredentialState.Expiring or CredentialState.Expired, Credential: { } ending }
            ? Reminder.AddressesOf(ending, lea?.Coordinators ?? [], claims)
            : (null, []);
        var isPosted = announcement is not null && posted?.Is(announcement) is true;
        var notices = NoticeService.Pending(leaId, rows);
        return new(leaId, name, status, reminder, isPosted ? null : announcement, Withdraws: announcement is null && posted is not null)
        {
            IsResting = status.State is CredentialState.Expired && isPosted && reached is null && notices.Count == 0,
            HasNoAddress = addresses is { Count: 0 },
            Refused = refused,
            AreAllRefused = refused.Count > 0 && refused.Count == addresses!.Count,
            Lea = lea,
            Notices = notices,
            Shares = shares,
            HasWaitingShare = shares.Exists(share => share.IsWaiting(credential?.Credential, now)),
            Credential = credential,
            Claim = claim,
            Posted = posted,
        };

        Milestone? Reached() => status switch
        {
            { State: CredentialState.Expiring, DaysRemaining: { } days } => Milestone.Reached(days),
            { State: CredentialState.Expired, Credential: { } expired } when remindsAfterExpiry => Milestone.ReachedAfterExpiry(calendar.DaysUntil(expired.ExpiresAt, now)),
            _ => null,
        };

        TableEntity? Row(string rowKey) => rows.SingleOrDefault(row => row.RowKey == rowKey);
    }
}
