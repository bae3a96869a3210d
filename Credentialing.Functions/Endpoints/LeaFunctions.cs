using System.ComponentModel.DataAnnotations;
using Credentialing.Core;
using Credentialing.Core.Leas;
using Credentialing.Core.Notices;
using Credentialing.Core.Overview;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>The LEAs and their coordinators. TOMS keeps them up to date.</summary>
public sealed class LeaFunctions(Caller caller, LeaRegister leas, NoticeService notices, OverviewService overview)
{
    /// <summary>Returns an LEA as TOMS last saved it.</summary>
    [Function("GetLea")]
    [CalledBy(CallerKind.Toms)]
    [ProducesResponse(200, typeof(LeaResponse))]
    [ProducesProblem(400, "malformed-lea-id")]
    [ProducesProblem(404, "lea-not-found")]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "leas/{leaId}")] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsTomsAsync(request, async _ =>
        {
            if (!LeaId.TryParse(leaId, out var id))
                return Problems.MalformedLeaId();
            return await leas.FindAsync(id, cancellationToken) is { } lea
                ? TypedResults.Ok(new LeaResponse(lea.Id.Value, lea.Name, lea.Coordinators.Select(c => new CoordinatorResponse(c.Id, c.Name, c.Email, LanguageTag.Of(c.Language)))))
                : Problems.LeaNotFound();
        });

    /// <summary>
    /// Creates or replaces an LEA and its coordinators. Idempotent. If a coordinator was added or removed, or has another address, all
    /// of them get an email, the former ones included.
    /// </summary>
    [Function("PutLea")]
    [CalledBy(CallerKind.Toms)]
    [Accepts(typeof(LeaRequest))]
    [ProducesResponse(204)]
    [ProducesProblem(400, "malformed-lea-id")]
    [ProducesProblem(409, "lea-changed")]
    [ProducesProblem(422, "invalid-lea")]
    public Task<IResult> PutAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "leas/{leaId}")] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsTomsAsync(request, async savedBy =>
        {
            if (!LeaId.TryParse(leaId, out var id))
                return Problems.MalformedLeaId();
            var (body, problem) = await RequestBody.ReadJsonAsync<LeaRequest>(request);
            if (problem is not null)
                return problem;
            if (WhyInvalid(body) is { } why)
                return Problems.InvalidLea($"{why} Nothing was changed.");
            var lea = new Lea(id, body!.Name!, [.. body.Coordinators!.Select(c => new Coordinator(c!.Id!, c.Name!, c.Email, ParseLanguage(c.Language)!.Value))]);
            var outcome = await leas.SaveAsync(lea, savedBy, cancellationToken);
            if (outcome is not SaveOutcome.Unchanged)
                AfterResponse.Start(request.HttpContext.Response, () => overview.RefreshAsync(id));
            if (outcome is SaveOutcome.SavedWithNotice)
                AfterResponse.Start(request.HttpContext.Response, () => notices.TrySendAsync(id), () => overview.RefreshAsync(id));
            return outcome is SaveOutcome.Conflict ? Problems.LeaChanged() : TypedResults.NoContent();
        });

    private static string? WhyInvalid(LeaRequest? body)
    {
        if (body is null || !OneLine.IsName(body.Name))
            return $"\"name\" must be 1 to {OneLine.MaxNameLength} characters, without control characters.";
        if (body.Coordinators is not { Count: <= Lea.MaxCoordinators })
            return $"\"coordinators\" must be a list of at most {Lea.MaxCoordinators}.";
        foreach (var coordinator in body.Coordinators)
        {
            if (!Coordinator.IsValidId(coordinator?.Id))
                return "A coordinator's \"id\" must be 1 to 64 letters, digits, dots, hyphens, underscores or at signs.";
            if (!OneLine.IsName(coordinator!.Name))
                return $"The \"name\" of coordinator {coordinator.Id} must be 1 to {OneLine.MaxNameLength} characters, without control characters.";
            if (!EmailAddress.IsValid(coordinator.Email))
                return $"The \"email\" of coordinator {coordinator.Id} must be an email address.";
            if (ParseLanguage(coordinator.Language) is null)
                return $"The \"language\" of coordinator {coordinator.Id} must be \"{LanguageTag.English}\" or \"{LanguageTag.Spanish}\".";
        }

        return body.Coordinators.DistinctBy(c => c!.Id).Count() == body.Coordinators.Count
            ? null
            : "Two coordinators have the same \"id\".";
    }

    /// <summary>The default is English.</summary>
    private static Language? ParseLanguage(string? tag) => LanguageTag.Parse(tag ?? LanguageTag.English);

    /// <summary>An LEA to save.</summary>
    /// <param name="Name">The LEA's name: 1 to 200 characters.</param>
    /// <param name="Coordinators">The coordinators, who receive the LEA's email: at most 49, with unique ids.</param>
    private sealed record LeaRequest(string? Name, IReadOnlyList<CoordinatorRequest?>? Coordinators);

    /// <summary>An LEA as TOMS last saved it.</summary>
    /// <param name="LeaId">The LEA's CDS code.</param>
    /// <param name="Name">The LEA's name.</param>
    /// <param name="Coordinators">The coordinators, who receive the LEA's email.</param>
    private sealed record LeaResponse(string LeaId, string Name, IEnumerable<CoordinatorResponse> Coordinators);

    /// <summary>A coordinator of an LEA.</summary>
    /// <param name="Id">The coordinator's id in TOMS: 1 to 64 letters, digits, dots, hyphens, underscores or at signs.</param>
    /// <param name="Name">The coordinator's name: 1 to 200 characters.</param>
    /// <param name="Email">The email address: at most 254 octets.</param>
    private sealed record CoordinatorRequest(string? Id, string? Name, string? Email)
    {
        /// <summary>The language of the emails to the coordinator. The default, also for null, is English.</summary>
        [AllowedValues(LanguageTag.English, LanguageTag.Spanish, null)]
        public string? Language { get; init; }
    }

    /// <summary>A coordinator of an LEA.</summary>
    /// <param name="Id">The coordinator's id in TOMS.</param>
    /// <param name="Name">The coordinator's name.</param>
    /// <param name="Email">The email address.</param>
    /// <param name="Language">The language of the emails to the coordinator.</param>
    private sealed record CoordinatorResponse(
        string Id, string Name, string? Email, [property: AllowedValues(LanguageTag.English, LanguageTag.Spanish)] string Language);
}
