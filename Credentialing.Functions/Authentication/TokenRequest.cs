using Credentialing.Functions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Credentialing.Functions.Authentication;

/// <summary>A parsed client credentials token request (RFC 6749, section 4.4.2), or the error response to return.</summary>
internal sealed class TokenRequest
{
    private static readonly string[] Parameters = ["grant_type", "client_id", "client_secret", "scope"];

    private TokenRequest(IResult error) => Error = error;

    private TokenRequest(string? username, string? secretKey) => (Username, SecretKey) = (username, secretKey);

    internal IResult? Error { get; }

    internal string? Username { get; }

    internal string? SecretKey { get; }

    internal static async Task<TokenRequest> ReadAsync(HttpRequest request)
    {
        if (await RequestBody.ReadFormAsync(request) is not { } fields)
            return new(TokenError.InvalidRequest($"Send a complete form (application/x-www-form-urlencoded) of at most {RequestBody.MaxBytes} bytes."));
        // RFC 6749, section 3.2: a parameter must not be repeated, and unknown parameters must be ignored. Some of those may be repeated,
        // such as "resource" (RFC 8707, section 2).
        if (Parameters.FirstOrDefault(name => fields.TryGetValue(name, out var value) && value is null) is { } repeated)
            return new(TokenError.InvalidRequest($"{repeated} was sent more than once."));

        var form = new TokenForm(Field("grant_type"), Field("client_id"), Field("client_secret"), Field("scope"));
        if (form.GrantType is null)
            return new(TokenError.InvalidRequest("grant_type is missing."));
        if (form.GrantType != "client_credentials")
            return new(TokenError.UnsupportedGrantType());
        if (form.Scope is not null)
            return new(TokenError.InvalidScope());

        if (StringValues.IsNullOrEmpty(request.Headers.Authorization))
        {
            return form is { ClientId: null, ClientSecret: null }
                ? new(TokenError.InvalidClient("No credentials were sent."))
                : new(form.ClientId, form.ClientSecret);
        }

        // RFC 6749, section 2.3: one authentication method per request. The same client_id in both places is accepted.
        if (form.ClientSecret is not null)
            return new(TokenError.InvalidRequest("Send the credentials in the Authorization header or in the body, not in both."));
        if (Caller.Authorization(request) is not { } header || Caller.ReadBasic(header) is not var (username, secretKey))
            return new(TokenError.InvalidClient("The Authorization header is not well-formed Basic credentials."));
        return form.ClientId is null || form.ClientId.Trim() == username.Trim()
            ? new(username, secretKey)
            : new(TokenError.InvalidRequest("The client_id in the body is not the username in the Authorization header."));

        // RFC 6749, section 3.2: a parameter without a value is treated as omitted.
        string? Field(string name) => fields.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;
    }
}
