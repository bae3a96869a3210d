using Credentialing.Core.Announcements;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>The announcements that the MyTOMS Home page shows to an LEA's coordinators.</summary>
public sealed class AnnouncementFunctions(Caller caller, AnnouncementService announcements)
{
    /// <summary>Lists the LEA's current announcement. The list has one item or is empty.</summary>
    [Function("GetAnnouncements")]
    [CalledBy(CallerKind.Coordinator)]
    [ProducesResponse(200, typeof(AnnouncementMessage[]))]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "leas/{leaId}/announcements")] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsCoordinatorAsync(request, leaId, async (lea, _) =>
            TypedResults.Ok<AnnouncementMessage[]>(await announcements.FindAsync(lea, cancellationToken) is { } announcement
                ? [AnnouncementMessage.Of(announcement)]
                : []));
}
