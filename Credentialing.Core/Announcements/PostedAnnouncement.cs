using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Announcements;

/// <summary>
/// The outbox row of an LEA's announcement: what MyTOMS was told, or may have been told. It is written before MyTOMS is
/// called, and deleted after MyTOMS has removed the announcement. As long as it is there, and there is nothing to announce any
/// more, the announcement is to be removed: so the very transaction that regenerates the credentials says so.
/// </summary>
/// <param name="Content">Title, text and link, as they were last sent, or were about to be. They name the day of expiry.</param>
/// <param name="PostingUntil">
/// Until when somebody may still be sending this, or something older, to MyTOMS; null since MyTOMS is known to have it.
/// </param>
/// <param name="RowVersion">The version of the row.</param>
internal sealed record PostedAnnouncement(string Content, DateTimeOffset? PostingUntil, ETag RowVersion)
{
    /// <summary>Whether MyTOMS has exactly this.</summary>
    internal bool Is(Announcement announcement) => PostingUntil is null && Content == ContentOf(announcement);

    internal static PostedAnnouncement Read(TableEntity row) => new(
        row.Required<string>(nameof(Content)), row.GetDateTimeOffset(nameof(PostingUntil)), row.ETag);

    /// <summary>The step of a transaction that writes it: in the place of <paramref name="held"/>, which must not have changed.</summary>
    internal static TableTransactionAction Write(Announcement announcement, DateTimeOffset? postingUntil, ETag? held)
    {
        var row = LeaPartition.Entity(announcement.LeaId, LeaPartition.AnnouncementRow);
        row[nameof(Content)] = ContentOf(announcement);
        row[nameof(PostingUntil)] = postingUntil;
        return LeaPartition.Put(row, held);
    }

    /// <summary>The step of a transaction that deletes it.</summary>
    internal TableTransactionAction Delete(LeaId leaId) =>
        new(TableTransactionActionType.Delete, LeaPartition.Key(leaId, LeaPartition.AnnouncementRow), RowVersion);

    private static string ContentOf(Announcement announcement) => $"{announcement.Title}\n{announcement.Text}\n{announcement.Link}";
}
