using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Storage;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Announcements;

/// <summary>Reads an LEA's current announcement, and removes it from MyTOMS after a regeneration. Thread safe.</summary>
public sealed partial class AnnouncementService(
    CredentialService credentials,
    LeaRegister leas,
    LeaCalendar calendar,
    CredentialingScreen screen,
    MyToms myToms,
    CredentialingTelemetry telemetry,
    TimeProvider time,
    ILogger<AnnouncementService> logger)
{
    /// <summary>Maximum time of the removal after a regeneration.</summary>
    private static readonly TimeSpan WithdrawTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Returns the LEA's current announcement, whether or not MyTOMS has it; null if there is none. One round trip, and another one
    /// for the LEA's name if there is an announcement.
    /// </summary>
    /// <exception cref="UnreadableRowException">A row cannot be read.</exception>
    public async Task<Announcement?> FindAsync(LeaId leaId, CancellationToken cancellationToken)
    {
        var status = await credentials.StatusAsync(leaId, cancellationToken);
        return status.State is CredentialState.Expiring or CredentialState.Expired
            ? Announcement.Of(leaId, Lea.NameOf(await leas.FindAsync(leaId, cancellationToken), leaId), status, calendar, screen)
            : null;
    }

    /// <summary>
    /// Removes the announcement of credentials that have just been superseded, if MyTOMS may have one. Best effort: limited to a few
    /// seconds, and never throws. After a failure, the next daily run removes it.
    /// </summary>
    public async Task TryWithdrawAsync(Credential superseded)
    {
        if (credentials.StatusOf(superseded).State is CredentialState.Active)
            return;
        try
        {
            // Not cancellable by the caller: the credentials have been regenerated even if the coordinator disconnects.
            using var timeout = new CancellationTokenSource(WithdrawTimeout, time);
            await myToms.DeleteAsync(superseded.LeaId, timeout.Token);
        }
        catch (Exception failure)
        {
            telemetry.RecordAnnouncement("remove", "delayed");
            LogNotWithdrawn(failure, superseded.LeaId);
        }
    }

    [LoggerMessage(EventId = 6, Level = LogLevel.Warning, Message = "The announcement of LEA {LeaId} could not be removed from MyTOMS immediately; the next daily run removes it.")]
    private partial void LogNotWithdrawn(Exception failure, LeaId leaId);
}
