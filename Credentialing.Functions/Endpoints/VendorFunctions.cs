using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>The token endpoint, and the status of a vendor's own credentials.</summary>
public sealed class VendorFunctions(
    Caller caller, VendorAuthenticator vendors, AuthenticationThrottle throttle, VendorTokens tokens, LeaCalendar calendar, ServiceAddresses addresses, TimeProvider time)
{
    /// <summary>Issues a bearer token (OAuth 2.0 client credentials grant, RFC 6749, section 4.4).</summary>
    [Function("IssueVendorToken")]
    [CalledBy(CallerKind.TokenClient)]
    [Accepts(typeof(TokenForm), MediaType = "application/x-www-form-urlencoded")]
    [ProducesResponse(200, typeof(TokenResponse), Headers = ["Pragma"])]
    [ProducesProblem(400, "invalid-request", "unsupported-grant-type", "invalid-scope")]
    [ProducesProblem(401, "invalid-client", "credentials-expired", "credentials-revoked")]
    [ProducesProblem(429, "too-many-failed-authentications")]
    public async Task<IResult> IssueTokenAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v1/token")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var parsed = await TokenRequest.ReadAsync(request);
        if (parsed.Error is { } error)
            return error;

        var outcome = await vendors.AuthenticateAsync(parsed.Username, parsed.SecretKey, Caller.ClientOf(request), cancellationToken);
        Caller.ShowExpiry(request, outcome);
        if (throttle.Count(request, outcome, parsed.Username) is { } wait)
            return TokenError.TooManyFailedAuthentications(wait);
        return outcome switch
        {
            AuthenticationOutcome.Authenticated right => await RespondAsync(right.Key),
            AuthenticationOutcome.Expired expired => TokenError.CredentialsExpired(expired.Key),
            AuthenticationOutcome.Revoked revoked => TokenError.CredentialsRevoked(revoked.At),
            AuthenticationOutcome.Mistyped => TokenError.InvalidClient(Problems.MistypedCredentials),
            _ => TokenError.InvalidClient("The username or the secret key is not valid."),
        };

        async Task<IResult> RespondAsync(VendorKey key)
        {
            var token = await tokens.IssueAsync(key, cancellationToken);
            request.HttpContext.Response.Headers.Pragma = "no-cache"; // RFC 6749, section 5.1, in addition to no-store
            return TypedResults.Ok(new TokenResponse(token.Value, "Bearer", (int)token.Lifetime.TotalSeconds, key.ExpiresAt.UtcDateTime));
        }
    }

    /// <summary>
    /// Returns the expiration of the vendor's own credentials. A vendor's portal can use it to warn its users. For a previous key that
    /// still works (<c>isPrevious</c>), this is the time at which it stops: ask the LEA for the new key before.
    /// </summary>
    [Function("GetVendorCredential")]
    [CalledBy(CallerKind.Vendor)]
    [ProducesResponse(200, typeof(VendorCredentialResponse))]
    public Task<IResult> GetCredentialAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "v1/credential")] HttpRequest request,
        CancellationToken cancellationToken) =>
        caller.AsVendorAsync(request, key => Task.FromResult<IResult>(TypedResults.Ok(new VendorCredentialResponse(
            key.LeaId.Value,
            key.Username.ToString(),
            key.GeneratedAt.UtcDateTime,
            key.ExpiresAt.UtcDateTime,
            calendar.DaysUntil(key.ExpiresAt, time.GetUtcNow()),
            key.IsPrevious,
            addresses.VendorGuideUrl?.AbsoluteUri))), cancellationToken);

    /// <summary>A bearer token (RFC 6749, section 5.1).</summary>
    /// <param name="AccessToken">The token.</param>
    /// <param name="TokenType">The token type (RFC 6750).</param>
    /// <param name="ExpiresIn">The token's lifetime in seconds: at most 900, and never beyond the expiration of the credentials.</param>
    /// <param name="CredentialExpiresAt">When the credentials expire, or when the previous key stops.</param>
    private sealed record TokenResponse(
        [property: JsonPropertyName("access_token")] string AccessToken,
        [property: JsonPropertyName("token_type"), AllowedValues("Bearer")] string TokenType,
        [property: JsonPropertyName("expires_in")] int ExpiresIn,
        [property: JsonPropertyName("credential_expires_at")] DateTime CredentialExpiresAt)
    {
        public override string ToString() => nameof(TokenResponse); // never the token
    }

    /// <summary>The status of a vendor's own credentials.</summary>
    /// <param name="LeaId">The CDS code of the LEA whose reports the credentials give access to.</param>
    /// <param name="Username">The username.</param>
    /// <param name="GeneratedAt">When they were generated.</param>
    /// <param name="ExpiresAt">When they expire, or when the previous key stops.</param>
    /// <param name="DaysRemaining">Calendar days at the LEA until then.</param>
    /// <param name="IsPrevious">Whether the key that was used is the previous one: the LEA has generated a new one.</param>
    /// <param name="GuideUrl">The guide for vendors, which says what to do when credentials end; null if there is no link to it.</param>
    private sealed record VendorCredentialResponse(
        string LeaId, string Username, DateTime GeneratedAt, DateTime ExpiresAt, int DaysRemaining, bool IsPrevious, string? GuideUrl);
}
