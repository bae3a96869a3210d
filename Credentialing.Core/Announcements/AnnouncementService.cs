using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Announcements;

/// <summary>What the MyTOMS Home page shows of an LEA's credentials, now.</summary>
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
    /// <summary>How long a coordinator who has regenerated waits for MyTOMS at most.</summary>
    private static readonly TimeSpan WithdrawTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The LEA's announcement as it reads now, whether or not MyTOMS has it; null if there is nothing to announce. One round
    /// trip, and one more for the LEA's name.
    /// </summary>
    /// <exception cref="InvalidDataException">A row is corrupt.</exception>
    public async Task<Announcement?> FindAsync(LeaId leaId, CancellationToken cancellationToken)
    {
        var status = await credentials.StatusAsync(leaId, cancellationToken);
        return status.State is CredentialState.Expiring or CredentialState.Expired
            ? Announcement.Of(leaId, Lea.NameOf(await leas.FindAsync(leaId, cancellationToken), leaId), status, calendar, screen)
            : null;
    }

    /// <summary>
    /// Tries to have MyTOMS remove the announcement of credentials that have just been superseded, if it may have one. Does not
    /// take long, and never throws: what fails is finished by the next daily run.
    /// </summary>
    public async Task TryWithdrawAsync(Credential superseded)
    {
        if (credentials.StatusOf(superseded).State is CredentialState.Active)
            return;
        try
        {
            // Not for the caller to cancel: a coordinator who closes the window has regenerated all the same.
            using var timeout = new CancellationTokenSource(WithdrawTimeout, time);
            await myToms.DeleteAsync(superseded.LeaId, timeout.Token);
        }
        catch (Exception failure)
        {
            telemetry.RecordAnnouncement("remove", "delayed");
            LogNotWithdrawn(failure, superseded.LeaId);
        }
    }

    [LoggerMessage(EventId = 6, Level = LogLevel.Warning, Message = "The announcement of LEA {LeaId} could not be removed from MyTOMS at once; the next daily run removes it.")]
    private partial void LogNotWithdrawn(Exception failure, LeaId leaId);
}
