using Azure.Data.Tables;
using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Reminders;
using Credentialing.Core.Storage;

namespace Credentialing.Core.DailyRun;

/// <summary>All rows of one LEA that the daily run needs, read together.</summary>
/// <param name="LeaId">The LEA.</param>
/// <param name="Lea">The LEA and its coordinators; null if TOMS never reported it.</param>
/// <param name="Credential">The credentials; null if there are none.</param>
/// <param name="Claims">The claims on reminders, of all generations.</param>
/// <param name="Posted">The outbox row of the announcement; null if nothing is posted.</param>
internal sealed record LeaRecord(
    LeaId LeaId, Lea? Lea, StoredCredential? Credential, IReadOnlyList<ReminderClaim> Claims, PostedAnnouncement? Posted)
{
    private static readonly string NoEvents = LeaPartition.StartsNotWith(LeaPartition.EventRowPrefix);

    /// <summary>Returns the claim on a reminder; null if there is none.</summary>
    internal ReminderClaim? ClaimOn(Reminder reminder) =>
        Claims.SingleOrDefault(claim => claim.Generation == reminder.Credential.Generation && claim.Milestone == reminder.Milestone);

    /// <summary>Reads the LEA's rows except audit events. One round trip per page of up to 1,000 rows.</summary>
    /// <exception cref="InvalidDataException">A row is corrupt.</exception>
    /// <exception cref="UnknownSchemaVersionException">A newer release wrote a row.</exception>
    internal static async Task<LeaRecord> ReadAsync(CredentialingStorage storage, LeaId leaId, CancellationToken cancellationToken)
    {
        var rows = await LeaPartition.ListAsync(storage, leaId, NoEvents, cancellationToken);
        try
        {
            return new(
                leaId,
                LeaRegister.Read(leaId, rows),
                Row(LeaPartition.CredentialRow) is { } credential ? CredentialTable.Read(leaId, credential) : null,
                [.. rows.Where(row => row.RowKey.StartsWith(LeaPartition.ReminderRowPrefix, StringComparison.Ordinal)).Select(ReminderClaim.Read)],
                Row(LeaPartition.AnnouncementRow) is { } posted ? PostedAnnouncement.Read(posted) : null);
        }
        catch (Exception corrupt) when (corrupt is FormatException or InvalidOperationException)
        {
            // The storage client throws InvalidOperationException if a column has another type.
            throw new InvalidDataException($"A row of LEA {leaId} is corrupt.", corrupt);
        }

        TableEntity? Row(string rowKey) => rows.SingleOrDefault(row => row.RowKey == rowKey);
    }
}
