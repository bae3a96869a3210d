using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>An LEA's credentials, for its coordinators. Validation, for TOMS.</summary>
public sealed class CredentialFunctions(
    Caller caller, CredentialService credentials, CredentialChanges changes, VendorAuthenticator vendors, LeaCalendar calendar, ServiceAddresses addresses)
{
    /// <summary>Returns the state of the LEA's credentials. Send the ETag in <c>If-Match</c> to regenerate or revoke them.</summary>
    [Function("GetCredentials")]
    [CalledBy(CallerKind.Coordinator)]
    [ProducesResponse(200, typeof(CredentialResponse), Headers = ["ETag"])]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "leas/{leaId}/credentials")] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsCoordinatorOrTomsAsync(request, leaId, (lea, _) => RespondWithStatusAsync(request, lea, cancellationToken));

    /// <summary>
    /// Generates the first credentials (<c>If-None-Match: *</c>) or regenerates them (<c>If-Match</c>). Only this response
    /// contains the secret key; it cannot be retrieved later. The previous key stops at once, or after <c>keepPreviousForDays</c>. The
    /// LEA's other coordinators get an email.
    /// </summary>
    [Function("GenerateCredentials")]
    [CalledBy(CallerKind.Coordinator)]
    [Accepts(typeof(AuthorizationRequest))]
    [AcceptsParameter("header", "If-None-Match", "`*` generates the first credentials.")]
    [AcceptsParameter("header", "If-Match", "The ETag of the credentials to regenerate, from the last response.")]
    [ProducesResponse(201, typeof(CredentialResponse), Headers = ["ETag", "Location"])]
    [ProducesProblem(400, "malformed-precondition")]
    [ProducesProblem(412, "credential-changed")]
    [ProducesProblem(422, "release-not-authorized", "unknown-wording", "invalid-overlap")]
    [ProducesProblem(428, "precondition-required")]
    public Task<IResult> GenerateAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "leas/{leaId}/credentials")] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsCoordinatorAsync(request, leaId, async (lea, coordinator) =>
        {
            if (!Precondition.TryRead(request, out var seenGeneration, out var problem))
                return problem;
            (var body, problem) = await RequestBody.ReadJsonAsync<AuthorizationRequest>(request);
            if (problem is not null)
                return problem;
            if (body is not { Authorized: true })
                return Problems.ReleaseNotAuthorized();
            if (body.WordingVersion != ReleaseWording.Current.Version)
                return Problems.UnknownWording(ReleaseWording.Current.Version);

            if (body.KeepPreviousForDays is < 0 or > Credential.MaxOverlapDays)
                return Problems.InvalidOverlap();

            var outcome = await credentials.GenerateAsync(
                lea, coordinator, ReleaseWording.Current, seenGeneration, body.KeepPreviousForDays, cancellationToken);
            if (outcome is GenerationOutcome.Generated generated)
                changes.FollowUp(request, lea, generated.HasNotice, generated.Superseded);
            return ResponseTo(request, outcome);
        });

    /// <summary>
    /// Ends the overlap: the previous secret key stops working now. Idempotent: 204 also if there is none. The LEA's other coordinators
    /// get an email.
    /// </summary>
    [Function("EndPreviousKey")]
    [CalledBy(CallerKind.Coordinator)]
    [AcceptsParameter("header", "If-Match", "Optional: the ETag of the current credentials, so that the overlap of a later regeneration is not ended.")]
    [ProducesResponse(204)]
    [ProducesProblem(400, "malformed-precondition")]
    [ProducesProblem(412, "credential-changed")]
    public Task<IResult> EndPreviousKeyAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "leas/{leaId}/credentials/previous")] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsCoordinatorAsync(request, leaId, async (lea, coordinator) =>
        {
            if (!Precondition.TryReadOptional(request, out var seenGeneration, out var problem))
                return problem;
            var outcome = await credentials.EndPreviousKeyAsync(lea, coordinator, seenGeneration, cancellationToken);
            if (outcome is ChangeOutcome.Conflict conflict)
                return Precondition.Conflict(request, conflict.Current, calendar);
            if (outcome is ChangeOutcome.Changed changed)
                changes.FollowUp(request, lea, changed.HasNotice, before: null);
            return TypedResults.NoContent();
        });

    /// <summary>
    /// Revokes the credentials: no secret key works any more, until new credentials are generated. Idempotent: the first revocation
    /// stays. For coordinators of the LEA, and for TOMS. The LEA's other coordinators get an email.
    /// </summary>
    [Function("RevokeCredentials")]
    [CalledBy(CallerKind.Coordinator)]
    [Accepts(typeof(RevocationRequest))]
    [AcceptsParameter("header", "If-Match", "The ETag of the credentials to revoke, from the last response.")]
    [ProducesResponse(200, typeof(CredentialResponse), Headers = ["ETag"])]
    [ProducesProblem(400, "malformed-precondition")]
    [ProducesProblem(412, "credential-changed")]
    [ProducesProblem(422, "invalid-reason")]
    [ProducesProblem(428, "precondition-required")]
    public Task<IResult> RevokeAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "leas/{leaId}/credentials/revocation")] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsCoordinatorOrTomsAsync(request, leaId, async (lea, by) =>
        {
            if (!Precondition.TryReadRequired(request, out var seenGeneration, out var problem))
                return problem;
            (var body, problem) = await RequestBody.ReadJsonAsync<RevocationRequest>(request);
            if (problem is not null)
                return problem;
            if (!OneLine.IsName(body?.Reason))
                return Problems.InvalidReason();

            var outcome = await credentials.RevokeAsync(lea, by, OneLine.Of(body!.Reason), seenGeneration, cancellationToken);
            if (outcome is ChangeOutcome.Conflict conflict)
                return Precondition.Conflict(request, conflict.Current, calendar);
            if (outcome is ChangeOutcome.Changed changed)
                changes.FollowUp(request, lea, changed.HasNotice, changed.Before);
            return await RespondWithStatusAsync(request, lea, cancellationToken);
        });

    /// <summary>
    /// Validates a username and a secret key, for download services that TOMS runs elsewhere. Send the name of the vendor's client in
    /// <c>X-Vendor</c>, so that coordinators see who uses which key.
    /// </summary>
    [Function("ValidateCredentials")]
    [CalledBy(CallerKind.Toms)]
    [Accepts(typeof(ValidationRequest))]
    [AcceptsParameter("header", "X-Vendor", "The name of the vendor's client, at most 64 characters.")]
    [ProducesResponse(200, typeof(ValidationResponse))]
    public Task<IResult> ValidateAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "credentials/validate")] HttpRequest request,
        CancellationToken cancellationToken) =>
        caller.AsTomsAsync(request, async _ =>
        {
            var (body, problem) = await RequestBody.ReadJsonAsync<ValidationRequest>(request);
            return problem ?? TypedResults.Ok(await vendors.AuthenticateAsync(body?.Username, body?.SecretKey, Caller.ClientOf(request), cancellationToken) switch
            {
                AuthenticationOutcome.Authenticated right => ValidationResponse.Of(true, right.Key),
                AuthenticationOutcome.Expired expired => ValidationResponse.Of(false, expired.Key),
                _ => new ValidationResponse(false, null, null),
            });
        });

    private async Task<IResult> RespondWithStatusAsync(HttpRequest request, LeaId leaId, CancellationToken cancellationToken)
    {
        var status = await credentials.StatusAsync(leaId, cancellationToken);
        Precondition.SetETag(request, status.Credential);
        return TypedResults.Ok(CredentialResponse.Of(leaId, status, calendar, addresses));
    }

    private IResult ResponseTo(HttpRequest request, GenerationOutcome outcome)
    {
        switch (outcome)
        {
            case GenerationOutcome.Generated generated:
                using (var key = generated.SecretKey)
                {
                    Precondition.SetETag(request, generated.Credential);
                    var status = credentials.StatusOf(generated.Credential) with { Usage = generated.Usage };
                    var response = CredentialResponse.Of(generated.Credential.LeaId, status, calendar, addresses) with { SecretKey = key.Reveal() };
                    return TypedResults.Created(request.Path, response);
                }

            case GenerationOutcome.Conflict conflict:
                return Precondition.Conflict(request, conflict.Current, calendar);
            default:
                throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}.");
        }
    }

    /// <summary>A coordinator's authorization to release student data to vendors.</summary>
    /// <param name="Authorized">Must be <c>true</c>: the coordinator checked the box.</param>
    /// <param name="WordingVersion">The version of the wording that the coordinator agreed to, as returned with the credentials.</param>
    /// <param name="KeepPreviousForDays">
    /// For how many times 24 hours the previous secret key keeps working, but never past its own expiration: 0 (the default) to 7.
    /// </param>
    private sealed record AuthorizationRequest(bool? Authorized, string? WordingVersion, int KeepPreviousForDays = 0);

    /// <summary>A revocation.</summary>
    /// <param name="Reason">Why: 1 to 200 characters on one line. The LEA's coordinators see it.</param>
    private sealed record RevocationRequest(string? Reason);

    /// <summary>The credentials that a vendor presented.</summary>
    /// <param name="Username">The username.</param>
    /// <param name="SecretKey">The secret key.</param>
    private sealed record ValidationRequest(string? Username, string? SecretKey)
    {
        public override string ToString() => nameof(ValidationRequest); // never the key
    }

    /// <summary>The result of a validation.</summary>
    /// <param name="Valid">Whether the credentials are correct, and have neither expired nor been revoked.</param>
    /// <param name="LeaId">The CDS code of their LEA; null if the credentials are not correct or were revoked.</param>
    /// <param name="ExpiresAt">When they expire or expired; null if the credentials are not correct or were revoked.</param>
    private sealed record ValidationResponse(bool Valid, string? LeaId, DateTime? ExpiresAt)
    {
        public static ValidationResponse Of(bool valid, VendorKey key) =>
            new(valid, key.LeaId.Value, key.ExpiresAt.UtcDateTime);
    }
}
