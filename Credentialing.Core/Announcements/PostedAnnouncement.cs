using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Announcements;

/// <summary>
/// The outbox row of an LEA's announcement: what was sent to MyTOMS, or may have been sent. It is written before the request to
/// MyTOMS and deleted after MyTOMS has removed the announcement. If the row exists and the current credentials need no
/// announcement, the announcement must be removed. So the transaction that regenerates the credentials also triggers the removal.
/// </summary>
/// <param name="Content">Title, text and link that were sent last, or were about to be sent. They contain the expiry date.</param>
/// <param name="PostingUntil">
/// Until when a run may still be sending this announcement, or an older one; null once MyTOMS has confirmed this one.
/// </param>
/// <param name="RowVersion">The ETag of the row.</param>
internal sealed record PostedAnnouncement(string Content, DateTimeOffset? PostingUntil, ETag RowVersion)
{
    /// <summary>Whether MyTOMS is confirmed to have exactly this announcement.</summary>
    internal bool Is(Announcement announcement) => PostingUntil is null && Content == ContentOf(announcement);

    internal static PostedAnnouncement Read(TableEntity row) => new(
        row.Required<string>(nameof(Content)), row.OptionalValue<DateTimeOffset>(nameof(PostingUntil)), row.ETag);

    /// <summary>
    /// Transaction step: inserts a row of an announcement that MyTOMS may have, with unknown content. The next daily run posts the right one, or
    /// removes it.
    /// </summary>
    internal static TableTransactionAction AddUnknown(LeaId leaId, DateTimeOffset now)
    {
        var row = LeaPartition.Entity(leaId, LeaPartition.AnnouncementRow);
        row[nameof(Content)] = "";
        row[nameof(PostingUntil)] = now;
        return LeaPartition.Put(row, held: null);
    }

    /// <summary>Transaction step: inserts the row if <paramref name="held"/> is null, else replaces the version with that ETag.</summary>
    internal static TableTransactionAction Write(Announcement announcement, DateTimeOffset? postingUntil, ETag? held)
    {
        var row = LeaPartition.Entity(announcement.LeaId, LeaPartition.AnnouncementRow);
        row[nameof(Content)] = ContentOf(announcement);
        row[nameof(PostingUntil)] = postingUntil;
        return LeaPartition.Put(row, held);
    }

    /// <summary>Transaction step: deletes the row if it has not changed.</summary>
    internal TableTransactionAction Delete(LeaId leaId) =>
        new(TableTransactionActionType.Delete, LeaPartition.Key(leaId, LeaPartition.AnnouncementRow), RowVersion);

    private static string ContentOf(Announcement announcement) => $"{announcement.Title}\n{announcement.Text}\n{announcement.Link}";
}
