using System.Text.RegularExpressions;
using Credentialing.Core.Leas;
using Credentialing.Core.Shares;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>
/// One-time links that hand the secret key to vendors. The browser encrypts the key; the service has only the ciphertext, and cannot
/// decrypt it.
/// </summary>
public sealed partial class ShareFunctions(Caller caller, ShareService shares, LeaCalendar calendar)
{
    private const string Location = "leas/{leaId}/shares";

    /// <summary>Creates a share: stores a ciphertext for one opening.</summary>
    [Function("CreateShare")]
    [CalledBy(CallerKind.Coordinator)]
    [Accepts(typeof(ShareRequest))]
    [AcceptsParameter("header", "If-Match", "Optional: the ETag of the credentials whose secret key is in the ciphertext.")]
    [ProducesResponse(201, typeof(ShareResponse))]
    [ProducesProblem(400, "malformed-precondition")]
    [ProducesProblem(409, "nothing-to-share", "too-many-shares")]
    [ProducesProblem(412, "credential-changed")]
    [ProducesProblem(422, "invalid-share")]
    public Task<IResult> CreateAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Location)] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsCoordinatorAsync(request, leaId, async (lea, coordinator) =>
        {
            if (!Precondition.TryReadOptional(request, out var seenGeneration, out var problem))
                return problem;
            (var body, problem) = await RequestBody.ReadJsonAsync<ShareRequest>(request);
            if (problem is not null)
                return problem;
            if (!OneLine.IsName(body?.Vendor))
                return Problems.InvalidShare($"\"vendor\" must be 1 to {OneLine.MaxNameLength} characters, without control characters.");
            var maxHours = (int)Share.MaxLifetime.TotalHours;
            if (body!.ExpiresInHours < 1 || body.ExpiresInHours > maxHours)
                return Problems.InvalidShare($"\"expiresInHours\" must be a whole number from 1 to {maxHours}.");
            if (!Base64Url().IsMatch(body.Ciphertext ?? "") || body.Ciphertext!.Length > Share.MaxCiphertextLength)
                return Problems.InvalidShare($"\"ciphertext\" must be 1 to {Share.MaxCiphertextLength} characters of base64url, without padding.");

            return await shares.CreateAsync(lea, coordinator, OneLine.Of(body.Vendor), body.Ciphertext, TimeSpan.FromHours(body.ExpiresInHours), seenGeneration, cancellationToken) switch
            {
                ShareOutcome.Created created => TypedResults.Created((string?)null, ShareResponse.Of(created.Share)),
                ShareOutcome.TooMany => Problems.TooManyShares(),
                ShareOutcome.Conflict conflict => Precondition.Conflict(request, conflict.Current, calendar),
                _ => Problems.NothingToShare(),
            };
        });

    /// <summary>Lists the shares of the current secret key, newest first: those that can be opened, and those that were opened.</summary>
    [Function("ListShares")]
    [CalledBy(CallerKind.Coordinator)]
    [ProducesResponse(200, typeof(ShareResponse[]))]
    public Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Location)] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsCoordinatorAsync(request, leaId, async (lea, _) =>
            TypedResults.Ok((await shares.ListAsync(lea, cancellationToken)).Select(ShareResponse.Of)));

    /// <summary>Cancels a share that was not opened. Idempotent: 204 also if there is none.</summary>
    [Function("CancelShare")]
    [CalledBy(CallerKind.Coordinator)]
    [ProducesResponse(204)]
    [ProducesProblem(400, "malformed-share-id")]
    [ProducesProblem(409, "share-opened")]
    public Task<IResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Location + "/{shareId}")] HttpRequest request,
        string leaId,
        string shareId,
        CancellationToken cancellationToken) =>
        caller.AsCoordinatorAsync(request, leaId, async (lea, coordinator) =>
        {
            if (ShareId.Parse(shareId) is not { } share)
                return Problems.MalformedShareId();
            if (share.LeaId != lea)
                return TypedResults.NoContent(); // the LEA has no such share
            return await shares.CancelAsync(share, coordinator, cancellationToken) is { } openedAt ? Problems.ShareOpened(openedAt) : TypedResults.NoContent();
        });

    /// <summary>Opens a share: returns its ciphertext once, and deletes it.</summary>
    [Function("OpenShare")]
    [CalledBy(CallerKind.Anyone)]
    [ProducesResponse(200, typeof(OpeningResponse))]
    [ProducesProblem(400, "malformed-share-id")]
    [ProducesProblem(410, "share-gone")]
    [ProducesProblem(500, "unexpected")]
    [ProducesProblem(503, "unavailable")]
    public async Task<IResult> OpenAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "shares/{shareId}/opening")] HttpRequest request,
        string shareId,
        CancellationToken cancellationToken)
    {
        if (ShareId.Parse(shareId) is not { } share)
            return Problems.MalformedShareId();
        return await shares.OpenAsync(share, cancellationToken) is { } ciphertext ? TypedResults.Ok(new OpeningResponse(ciphertext)) : Problems.ShareGone();
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_-]+\z")]
    private static partial Regex Base64Url();

    /// <summary>A share to create.</summary>
    /// <param name="Vendor">For whom it is: 1 to 200 characters on one line. The LEA's coordinators see it.</param>
    /// <param name="Ciphertext">What the browser has encrypted: base64url without padding, at most 4,096 characters.</param>
    /// <param name="ExpiresInHours">For how many hours it can be opened, but never past the expiration of the credentials: 1 to 168; 24 by default.</param>
    private sealed record ShareRequest(string? Vendor, string? Ciphertext, int ExpiresInHours = 24);

    /// <summary>A share.</summary>
    /// <param name="Id">Its id: part of the link for the vendor.</param>
    /// <param name="Vendor">For whom it is.</param>
    /// <param name="CreatedAt">When it was created.</param>
    /// <param name="CreatedBy">The name of the coordinator who created it.</param>
    /// <param name="ExpiresAt">Until when it can be opened.</param>
    /// <param name="OpenedAt">When it was opened; null if it was not.</param>
    private sealed record ShareResponse(string Id, string Vendor, DateTime CreatedAt, string CreatedBy, DateTime ExpiresAt, DateTime? OpenedAt)
    {
        public static ShareResponse Of(Share share) => new(
            share.Id.ToString(), share.Vendor, share.CreatedAt.UtcDateTime, share.CreatedBy.Name, share.ExpiresAt.UtcDateTime, share.OpenedAt?.UtcDateTime);
    }

    /// <summary>What was shared.</summary>
    /// <param name="Ciphertext">The ciphertext.</param>
    private sealed record OpeningResponse(string Ciphertext);
}
