using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Functions.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.Net.Http.Headers;
using AuthenticationHeaderValue = System.Net.Http.Headers.AuthenticationHeaderValue;

namespace Credentialing.Functions.Authentication;

/// <summary>
/// Authenticates and authorizes the caller of a function. A function gets its LEA, coordinator or credential only from here,
/// so no function can skip the check. Returns 401 for an unauthenticated caller and 403 for a caller without permission.
/// Neither response shows whether the LEA exists.
/// </summary>
public sealed class Caller(VendorAuthenticator vendors, AuthenticationThrottle throttle, IOptions<TomsOptions> options)
{
    /// <summary>The query parameter of a temporary link's token.</summary>
    internal const string LinkParameter = "link";

    private const string Realm = "realm=\"credentialing\"";

    /// <summary>The name of TOMS itself, where a coordinator would have one.</summary>
    internal const string TomsName = "TOMS";

    /// <summary>The header of every response to an authenticated vendor: when its key stops, as an HTTP date (RFC 9110, section 5.6.7).</summary>
    private const string CredentialExpires = "Credential-Expires";

    private readonly TomsOptions toms = options.Value;

    /// <summary>Runs a function for coordinators of the LEA in the route.</summary>
    internal Task<IResult> AsCoordinatorAsync(HttpRequest request, string leaId, Func<LeaId, Coordinator, Task<IResult>> function) =>
        AsTomsUserAsync(request, [toms.CoordinatorRole], user => ForLeaAsync(user, leaId, function));

    /// <summary>
    /// Runs a function for coordinators of the LEA in the route, or for TOMS itself, whose name is <c>TOMS</c> and which has no email
    /// address.
    /// </summary>
    internal Task<IResult> AsCoordinatorOrTomsAsync(HttpRequest request, string leaId, Func<LeaId, Coordinator, Task<IResult>> function) =>
        AsTomsUserAsync(request, [toms.CoordinatorRole, toms.SystemRole], user =>
            !user.IsInRole(toms.SystemRole) ? ForLeaAsync(user, leaId, function)
            : LeaId.TryParse(leaId, out var lea) ? function(lea, new Coordinator(Id(user), TomsName, Email: null))
            : Task.FromResult(Problems.MalformedLeaId()));

    /// <summary>Runs a function for TOMS itself, with the subject id of the access token.</summary>
    internal Task<IResult> AsTomsAsync(HttpRequest request, Func<string, Task<IResult>> function) =>
        AsTomsUserAsync(request, [toms.SystemRole], user => function(Id(user)));

    /// <summary>Runs a function for vendors: bearer token (RFC 6750) or Basic credentials (RFC 7617).</summary>
    internal async Task<IResult> AsVendorAsync(
        HttpRequest request, Func<VendorKey, Task<IResult>> function, CancellationToken cancellationToken)
    {
        var header = Authorization(request);
        var sentToken = header is { Parameter: not null } && Is(header.Scheme, "Bearer");
        var basic = header is null || sentToken ? null : ReadBasic(header);
        // Null if no credentials were sent: clients of Basic authentication may wait for a 401 before they send them (RFC 9110, section 11.6).
        var outcome =
            sentToken ? await vendors.AuthenticateAsync(header!.Parameter!, cancellationToken)
            : basic is var (username, secretKey) ? await vendors.AuthenticateAsync(username, secretKey, ClientOf(request), cancellationToken)
            : null;
        ShowExpiry(request, outcome);
        if (outcome is AuthenticationOutcome.Authenticated authenticated)
            return await function(authenticated.Key);
        if (outcome is not null && throttle.Count(request, outcome, basic?.Username) is { } wait)
            return Problems.TooManyFailedAuthentications(wait);

        // RFC 6750, section 3.1: only a request with a token gets an error code.
        request.HttpContext.Response.Headers.Append(HeaderNames.WWWAuthenticate, $"Bearer {Realm}{(sentToken ? ", error=\"invalid_token\"" : "")}");
        request.HttpContext.Response.Headers.Append(HeaderNames.WWWAuthenticate, $"Basic {Realm}");
        return outcome switch
        {
            AuthenticationOutcome.Expired expired => Problems.CredentialsExpired(expired.Key),
            AuthenticationOutcome.Revoked revoked => Problems.CredentialsRevoked(revoked.At),
            _ => Problems.InvalidCredentials(outcome is AuthenticationOutcome.Mistyped),
        };
    }

    /// <summary>
    /// Runs a function for vendors, or for the browser of a person to whom a vendor gave a temporary link. If the request has an
    /// <c>Authorization</c> header, the link is ignored.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="resource">The resource that is requested. A link is valid only for the resource that it was issued for.</param>
    /// <param name="function">The function, with the key, the vendor's client, and whether the request has a temporary link.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    internal async Task<IResult> AsVendorOrByLinkAsync(
        HttpRequest request, string resource, Func<VendorKey, ClientName, bool, Task<IResult>> function, CancellationToken cancellationToken)
    {
        if (!StringValues.IsNullOrEmpty(request.Headers.Authorization) || !request.Query.TryGetValue(LinkParameter, out var links))
            return await AsVendorAsync(request, key => function(key, ClientOf(request), false), cancellationToken);
        ErrorPage.Allow(request.HttpContext);
        var outcome = await vendors.AuthenticateLinkAsync(links is [{ } link] ? link : "", resource, cancellationToken); // none of several
        ShowExpiry(request, outcome);
        if (outcome is AuthenticationOutcome.Authenticated { LinkIssuedTo: { } client } authenticated)
            return await function(authenticated.Key, client, true);
        return throttle.Count(request, outcome) is { } wait ? Problems.TooManyFailedAuthentications(wait) : Problems.TemporaryLinkRefused();
    }

    /// <summary>Adds the header <c>Credential-Expires</c> to the response, whatever happens next, if the vendor presented a key that is or was valid.</summary>
    internal static void ShowExpiry(HttpRequest request, AuthenticationOutcome? outcome)
    {
        var key = outcome switch
        {
            AuthenticationOutcome.Authenticated authenticated => authenticated.Key,
            AuthenticationOutcome.Expired expired => expired.Key,
            _ => null,
        };
        if (key is null)
            return;
        // Not set now: the headers are cleared if the function throws.
        request.HttpContext.Response.OnStarting(() =>
        {
            request.HttpContext.Response.Headers[CredentialExpires] = HeaderUtilities.FormatDate(key.ExpiresAt);
            return Task.CompletedTask;
        });
    }

    /// <summary>
    /// Returns the name of a vendor's client: the header <c>X-Vendor</c>, or else the first product of <c>User-Agent</c>, without its
    /// version (RFC 9110, section 10.1.5).
    /// </summary>
    internal static ClientName ClientOf(HttpRequest request) =>
        ClientName.Of(request.Headers["X-Vendor"]) is var named && named != ClientName.Unknown
            ? named
            : ClientName.Of(request.Headers.UserAgent.ToString().Split('/', ' ')[0]);

    /// <summary>Returns the <c>Authorization</c> header; null unless there is exactly one and it is well-formed.</summary>
    internal static AuthenticationHeaderValue? Authorization(HttpRequest request) =>
        AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var header) ? header : null;

    /// <summary>
    /// Returns the username and the secret key of a Basic header; null if the header is not Basic or is malformed. Both are
    /// form-decoded, because OAuth clients form-encode them (RFC 6749, section 2.3.1 and appendix B). Our values need no encoding.
    /// </summary>
    internal static (string Username, string SecretKey)? ReadBasic(AuthenticationHeaderValue header)
    {
        if (!Is(header.Scheme, "Basic") || header.Parameter is null)
            return null;
        var bytes = new byte[header.Parameter.Length];
        var isBase64 = Convert.TryFromBase64String(header.Parameter, bytes, out var length);
        var pair = isBase64 ? Encoding.UTF8.GetString(bytes.AsSpan(0, length)).Split(':', 2) : [];
        CryptographicOperations.ZeroMemory(bytes);
        return pair is [var username, var secretKey] ? (WebUtility.UrlDecode(username), WebUtility.UrlDecode(secretKey)) : null;
    }

    private async Task<IResult> ForLeaAsync(ClaimsPrincipal coordinator, string leaId, Func<LeaId, Coordinator, Task<IResult>> function)
    {
        if (!LeaId.TryParse(leaId, out var lea))
            return Problems.MalformedLeaId();
        if (!coordinator.HasClaim(toms.LeaClaim, lea.Value))
            return Problems.NotPermittedForLea();
        var email = coordinator.FindFirstValue(toms.EmailClaim);
        return await function(lea, new Coordinator(Id(coordinator), coordinator.FindFirstValue(toms.NameClaim) ?? "", EmailAddress.IsValid(email) ? email : null));
    }

    private static async Task<IResult> AsTomsUserAsync(HttpRequest request, IEnumerable<string> roles, Func<ClaimsPrincipal, Task<IResult>> function)
    {
        var authentication = await request.HttpContext.AuthenticateAsync(JwtBearerDefaults.AuthenticationScheme);
        if (!authentication.Succeeded || Id(authentication.Principal).Length == 0)
        {
            request.HttpContext.Response.Headers.WWWAuthenticate = $"Bearer {Realm}";
            return Problems.NotAuthenticated();
        }

        return roles.Any(authentication.Principal.IsInRole) ? await function(authentication.Principal) : Problems.NotPermitted();
    }

    private static string Id(ClaimsPrincipal user) => OneLine.Of(user.FindFirstValue(JwtRegisteredClaimNames.Sub));

    private static bool Is(string scheme, string expected) => scheme.Equals(expected, StringComparison.OrdinalIgnoreCase);
}
