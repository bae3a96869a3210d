using Credentialing.Core;
using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Credentialing.Core.Notices;
using Credentialing.Core.Overview;
using Credentialing.Functions.Http;
using Microsoft.AspNetCore.Http;

namespace Credentialing.Functions.Endpoints;

/// <summary>What follows the response to a change of credentials. What fails, the daily run and the daily check of the overview do. Thread safe.</summary>
public sealed class CredentialChanges(NoticeService notices, AnnouncementService announcements, OverviewService overview)
{
    /// <summary>
    /// Notifies the other coordinators, removes the announcement of superseded or revoked credentials, and refreshes the overview: at once,
    /// and with the result of the email.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="leaId">The LEA.</param>
    /// <param name="hasNotice">Whether other coordinators are to be notified.</param>
    /// <param name="before">The credentials that do not work any more; null if they still work, or there were none.</param>
    internal void FollowUp(HttpRequest request, LeaId leaId, bool hasNotice, Credential? before)
    {
        AfterResponse.Start(request.HttpContext.Response, () => overview.RefreshAsync(leaId));
        if (hasNotice)
            AfterResponse.Start(request.HttpContext.Response, () => notices.TrySendAsync(leaId), () => overview.RefreshAsync(leaId));
        if (before is not null)
            AfterResponse.Start(request.HttpContext.Response, () => announcements.TryWithdrawAsync(before));
    }
}
