using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace Credentialing.Functions.Endpoints;

/// <summary>An LEA's credentials, for its coordinators, and their check, for TOMS.</summary>
public sealed class CredentialFunctions(
    Caller caller, CredentialService credentials, AnnouncementService announcements, VendorAuthenticator vendors, LeaCalendar calendar)
{
    /// <summary>What the screen shows of the LEA's credentials; their ETag goes with a regeneration.</summary>
    [Function("GetCredentials")]
    [CalledBy(CallerKind.Coordinator)]
    [Answers(200, typeof(CredentialAnswer), Headers = ["ETag"])]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "leas/{leaId}/credentials")] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsCoordinatorAsync(request, leaId, async (lea, _) =>
        {
            var status = await credentials.StatusAsync(lea, cancellationToken);
            SetETag(request, status.Credential);
            return TypedResults.Ok(CredentialAnswer.Of(lea, status, calendar));
        });

    /// <summary>
    /// Generates the first credentials (<c>If-None-Match: *</c>) or regenerates them (<c>If-Match</c>). The answer is the
    /// only one that ever carries the secret key.
    /// </summary>
    [Function("GenerateCredentials")]
    [CalledBy(CallerKind.Coordinator)]
    [Takes(typeof(AuthorizationBody))]
    [TakesParameter("header", "If-None-Match", "`*` generates the first credentials.")]
    [TakesParameter("header", "If-Match", "The ETag of the credentials to regenerate, as they were last seen.")]
    [Answers(201, typeof(CredentialAnswer), Headers = ["ETag", "Location"])]
    [Refuses(400, "malformed-precondition")]
    [Refuses(412, "credential-changed")]
    [Refuses(422, "release-not-authorized", "unknown-wording")]
    [Refuses(428, "precondition-required")]
    public Task<IResult> GenerateAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "leas/{leaId}/credentials")] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsCoordinatorAsync(request, leaId, (lea, coordinator) =>
            Precondition.ApplyAsync(request, seenGeneration =>
                RequestBody.AsJsonAsync<AuthorizationBody>(request, async body =>
                {
                    if (body is not { Authorized: true })
                        return Problems.ReleaseNotAuthorized();
                    if (body.WordingVersion != ReleaseWording.Current.Version)
                        return Problems.UnknownWording(ReleaseWording.Current.Version);

                    var outcome = await credentials.GenerateAsync(lea, coordinator, ReleaseWording.Current, seenGeneration, cancellationToken);
                    if (outcome is GenerationOutcome.Generated { Superseded: { } superseded })
                        await announcements.TryWithdrawAsync(superseded);
                    return Answer(request, outcome);
                })));

    /// <summary>Whether a username and a secret key are right and work, for download services that TOMS runs elsewhere.</summary>
    [Function("ValidateCredentials")]
    [CalledBy(CallerKind.Toms)]
    [Takes(typeof(ValidationBody))]
    [Answers(200, typeof(ValidationAnswer))]
    public Task<IResult> ValidateAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "credentials/validate")] HttpRequest request,
        CancellationToken cancellationToken) =>
        caller.AsTomsAsync(request, _ =>
            RequestBody.AsJsonAsync<ValidationBody>(request, async body =>
                TypedResults.Ok(await vendors.AuthenticateAsync(body?.Username, body?.SecretKey, cancellationToken) switch
                {
                    AuthenticationOutcome.Authenticated right => ValidationAnswer.Of(true, right.Credential),
                    AuthenticationOutcome.Expired expired => ValidationAnswer.Of(false, expired.Credential),
                    _ => new ValidationAnswer(false, null, null),
                })));

    /// <summary>
    /// Makes the daily run come to all credentials again. Asking again changes nothing.
    /// </summary>
    [Function("RestoreExpirations")]
    [CalledBy(CallerKind.Toms)]
    [Answers(200, typeof(RestorationAnswer))]
    public Task<IResult> RestoreExpirationsAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "expirations/restore")] HttpRequest request,
        CancellationToken cancellationToken) =>
        caller.AsTomsAsync(request, async _ => TypedResults.Ok(new RestorationAnswer(await credentials.RestoreExpirationsAsync(cancellationToken))));

    private IResult Answer(HttpRequest request, GenerationOutcome outcome)
    {
        switch (outcome)
        {
            case GenerationOutcome.Generated generated:
                SetETag(request, generated.Credential);
                return TypedResults.Created(
                    request.Path, CredentialAnswer.Of(generated.Credential.LeaId, credentials.StatusOf(generated.Credential), calendar) with { SecretKey = generated.SecretKey.Reveal() });
            case GenerationOutcome.Conflict conflict:
                SetETag(request, conflict.Current);
                return Problems.CredentialChanged(conflict.Current);
            default:
                throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}.");
        }
    }

    private static void SetETag(HttpRequest request, Credential? credential)
    {
        if (credential is null)
            return;
        var headers = request.HttpContext.Response.Headers;
        headers.ETag = Precondition.ETag(credential.Generation);
        headers.AccessControlExposeHeaders = HeaderNames.ETag; // to screens of another origin: the platform's CORS settings cannot say it
    }

    /// <summary>What was restored.</summary>
    /// <param name="Credentials">To how many LEAs' credentials the daily run is led now.</param>
    private sealed record RestorationAnswer(int Credentials);

    /// <summary>A coordinator's authorization to release student data to vendors.</summary>
    /// <param name="Authorized"><c>true</c>: the box is checked.</param>
    /// <param name="WordingVersion">The version of the wording that was agreed to, from the credentials as they were last seen.</param>
    private sealed record AuthorizationBody(bool? Authorized, string? WordingVersion);

    /// <summary>What a vendor presented.</summary>
    /// <param name="Username">The username.</param>
    /// <param name="SecretKey">The secret key.</param>
    private sealed record ValidationBody(string? Username, string? SecretKey)
    {
        public override string ToString() => nameof(ValidationBody); // not the key
    }

    /// <summary>Whether the credentials work.</summary>
    /// <param name="Valid">Whether they are right, and have not expired.</param>
    /// <param name="LeaId">The CDS code of their LEA; null if they are not right.</param>
    /// <param name="ExpiresAt">When they end, or ended; null if they are not right.</param>
    private sealed record ValidationAnswer(bool Valid, string? LeaId, DateTime? ExpiresAt)
    {
        public static ValidationAnswer Of(bool valid, Credential credential) =>
            new(valid, credential.LeaId.Value, credential.ExpiresAt.UtcDateTime);
    }
}
