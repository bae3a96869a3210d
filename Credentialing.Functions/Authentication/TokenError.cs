using Credentialing.Core.Credentials;
using Credentialing.Functions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Credentialing.Functions.Authentication;

/// <summary>
/// An error response of the token endpoint. OAuth libraries need <c>error</c>, <c>error_description</c> and the content type
/// <c>application/json</c> (RFC 6749, section 5.2). The members of problem details are included in addition.
/// </summary>
internal sealed class TokenError(TokenErrorResponse response, TimeSpan? retryAfter = null) : IResult
{
    private TokenError(int status, string error, string title, string description)
        : this(new TokenErrorResponse(error, description, Problems.TypePrefix + error.Replace('_', '-'), title, status, description))
    {
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (response.Status == StatusCodes.Status401Unauthorized)
            httpContext.Response.Headers[HeaderNames.WWWAuthenticate] = "Basic realm=\"credentialing\"";
        if (retryAfter is { } wait)
            httpContext.Response.Headers.RetryAfter = Problems.Seconds(wait);
        httpContext.Response.StatusCode = response.Status;
        return httpContext.Response.WriteAsJsonAsync(response, httpContext.RequestAborted);
    }

    internal static IResult InvalidRequest(string why) =>
        new TokenError(StatusCodes.Status400BadRequest, "invalid_request", "The token request is malformed.", why);

    internal static IResult InvalidClient(string why) =>
        new TokenError(StatusCodes.Status401Unauthorized, "invalid_client", "The vendor credentials are not valid.", why);

    /// <summary>The OAuth error is <c>invalid_client</c>, as for a wrong key. Only the problem type is different.</summary>
    internal static IResult CredentialsExpired(VendorKey key)
    {
        const string Why = "The vendor credentials have expired. An LEA coordinator must regenerate them in TOMS.";
        return new TokenError(new TokenErrorResponse(
            "invalid_client", Why, Problems.TypePrefix + "credentials-expired", "The vendor credentials have expired.", StatusCodes.Status401Unauthorized, Why)
        {
            ExpiredAt = key.ExpiresAt.UtcDateTime,
        });
    }

    /// <inheritdoc cref="CredentialsExpired"/>
    internal static IResult CredentialsRevoked(DateTimeOffset at)
    {
        const string Why = "The vendor credentials have been revoked. An LEA coordinator can generate new ones in TOMS.";
        return new TokenError(new TokenErrorResponse(
            "invalid_client", Why, Problems.TypePrefix + "credentials-revoked", "The vendor credentials have been revoked.", StatusCodes.Status401Unauthorized, Why)
        {
            RevokedAt = at.UtcDateTime,
        });
    }

    /// <summary>The OAuth error is <c>invalid_client</c>, because the client authentication has failed. Status and problem type say that there were too many.</summary>
    internal static IResult TooManyFailedAuthentications(TimeSpan wait) => new TokenError(
        new TokenErrorResponse(
            "invalid_client",
            Problems.TooManyFailures,
            Problems.TypePrefix + "too-many-failed-authentications",
            "There were too many failed authentications.",
            StatusCodes.Status429TooManyRequests,
            Problems.TooManyFailures),
        wait);

    internal static IResult UnsupportedGrantType() => new TokenError(
        StatusCodes.Status400BadRequest, "unsupported_grant_type", "The grant type is not supported.", "Send grant_type=client_credentials.");

    internal static IResult InvalidScope() => new TokenError(
        StatusCodes.Status400BadRequest, "invalid_scope", "The scope is unknown.", "Tokens have no scopes. Send no scope.");
}
