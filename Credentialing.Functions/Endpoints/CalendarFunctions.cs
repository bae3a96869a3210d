using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Reminders;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>The expiry date as a calendar file, for the coordinators.</summary>
public sealed class CalendarFunctions(Caller caller, CredentialService credentials, LeaRegister leas, ReminderEmail emails)
{
    private const string LanguageParameter = "language";

    /// <summary>
    /// Downloads a calendar file (RFC 5545) with the expiry date of the LEA's credentials: the one that is attached to the reminders. A
    /// calendar that has the event already shows it once.
    /// </summary>
    [Function("GetCalendarFile")]
    [CalledBy(CallerKind.Coordinator)]
    [AcceptsParameter("query", LanguageParameter, "The language of the event. The default is `en`.", Values = [LanguageTag.English, LanguageTag.Spanish])]
    [ProducesResponse(200, Files = ["text/calendar"], Headers = ["Content-Disposition"])]
    [ProducesProblem(400, "invalid-language")]
    [ProducesProblem(404, "no-valid-credentials")]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "leas/{leaId}/credentials/calendar")] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsCoordinatorAsync(request, leaId, async (id, _) =>
        {
            if ((request.Query.TryGetValue(LanguageParameter, out var tags) ? LanguageTag.Parse(tags) : Language.English) is not { } language)
                return Problems.InvalidLanguage();
            var status = await credentials.StatusAsync(id, cancellationToken);
            if (status is not { State: CredentialState.Active or CredentialState.Expiring, Credential: { } credential })
                return Problems.NoValidCredentials();
            var lea = await leas.FindAsync(id, cancellationToken);
            var file = emails.CreateCalendarFile(credential, Lea.NameOf(lea, id), language);
            return TypedResults.Bytes(file.Content, file.MediaType, file.FileName);
        });
}
