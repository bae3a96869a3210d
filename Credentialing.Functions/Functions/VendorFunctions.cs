using Credentialing.Core.Credentials;
using Credentialing.Functions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions;

/// <summary>A vendor's way in, and what it may know of its own credentials.</summary>
public sealed class VendorFunctions(Caller caller, CredentialService credentials, VendorAuthenticator vendors, VendorTokens tokens)
{
    /// <summary>The token endpoint of OAuth 2.0 (RFC 6749, section 4.4): the client credentials grant.</summary>
    [Function("IssueVendorToken")]
    public async Task<IResult> IssueTokenAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v1/token")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var parsed = await TokenRequest.ReadAsync(request);
        if (parsed.Error is { } error)
            return error;

        return await vendors.AuthenticateAsync(parsed.Username, parsed.SecretKey, cancellationToken) switch
        {
            AuthenticationOutcome.Authenticated right => await AnswerAsync(right.Credential),
            AuthenticationOutcome.Expired => TokenError.InvalidClient("The vendor credentials have expired. An LEA coordinator must regenerate them in TOMS."),
            _ => TokenError.InvalidClient("The username or the secret key is not valid."),
        };

        async Task<IResult> AnswerAsync(Credential credential)
        {
            var token = await tokens.IssueAsync(credential, cancellationToken);
            request.HttpContext.Response.Headers.Pragma = "no-cache"; // RFC 6749, section 5.1, beside no-store
            return TypedResults.Ok(new Dictionary<string, object>
            {
                ["access_token"] = token.Value,
                ["token_type"] = "Bearer",
                ["expires_in"] = (int)token.Lifetime.TotalSeconds,
            });
        }
    }

    /// <summary>When the vendor's own credentials end, so that a portal can warn by itself.</summary>
    [Function("GetVendorCredential")]
    public Task<IResult> GetCredentialAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "v1/credential")] HttpRequest request,
        CancellationToken cancellationToken) =>
        caller.AsVendorAsync(request, credential =>
        {
            var status = credentials.StatusOf(credential);
            return Task.FromResult<IResult>(TypedResults.Ok(new VendorCredentialAnswer(
                credential.LeaId.Value, credential.Username.ToString(), credential.GeneratedAt.UtcDateTime, credential.ExpiresAt.UtcDateTime, status.DaysRemaining)));
        }, cancellationToken);

    private sealed record VendorCredentialAnswer(string LeaId, string Username, DateTime GeneratedAt, DateTime ExpiresAt, int? DaysRemaining);
}
