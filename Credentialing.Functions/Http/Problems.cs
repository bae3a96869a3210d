using System.Globalization;
using Azure;
using Azure.Identity;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Shares;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Functions.Http;

/// <summary>
/// All errors of the API, as problem details (RFC 9457). The types are stable: clients may branch on them.
/// <c>docs/problems.md</c> lists them.
/// </summary>
public static class Problems
{
    /// <summary>The common prefix of all types.</summary>
    public const string TypePrefix = "urn:problem-type:credentialing:";

    /// <summary>The detail for credentials that no LEA can have, whatever is stored.</summary>
    internal const string MistypedCredentials =
        "The username or the secret key is incomplete or mistyped. A username is \"sis-\" and 14 digits. A secret key is \"tsk_\" and 59 more characters, with a checksum.";

    /// <summary>The detail for failed authentications that are throttled. It is the same whether or not the username exists.</summary>
    internal const string TooManyFailures =
        "The credentials are not valid, and there were too many failed authentications with this username or from this address. Wait as many seconds as Retry-After says. Check the username and the secret key with the LEA's coordinator. The right key is always accepted.";

    /// <summary>
    /// The bounds of Retry-After in a 503 response, in seconds. The value is random, so that clients do not retry at the same time. This
    /// halves the peak after an outage: docs/performance.md, "Retry storm".
    /// </summary>
    internal const int LeastRetryAfter = 5, MostRetryAfter = 15;

    internal static IResult MalformedLeaId() =>
        Problem(400, "malformed-lea-id", "The LEA id is malformed.", "An LEA id is a CDS code of 14 digits.");

    internal static IResult MalformedSsid() =>
        Problem(400, "malformed-ssid", "The SSID is malformed.", "An SSID is 10 digits.");

    internal static IResult InvalidLinks() =>
        Problem(400, "invalid-links", "The value of \"links\" is not valid.", "\"links\" must be \"temporary\", or be omitted.");

    internal static IResult InvalidLanguage() =>
        Problem(400, "invalid-language", "The language is not valid.", "\"language\" must be \"en\" or \"es\", or be omitted.");

    internal static IResult InvalidDate() =>
        Problem(400, "invalid-date", "The date is not valid.", "\"on\" must be a date such as 2027-11-09, from today to two years from now.");

    internal static IResult InvalidPeriod(string format) =>
        Problem(400, "invalid-period", "The period is not valid.", $"\"from\" and \"to\" must each be {format}, or be omitted. \"from\" must not be later than \"to\", and a period of months must not exceed 120.");

    internal static IResult InvalidAfter() =>
        Problem(400, "invalid-after", "The value of \"after\" is not valid.", "\"after\" must be the value of \"next\" in an earlier response, or be omitted.");

    internal static IResult InvalidState() =>
        Problem(400, "invalid-state", "The state is not valid.", "\"state\" must be \"none\", \"active\", \"expiring\", \"expired\" or \"revoked\", or be omitted.");

    internal static IResult InvalidSearch() =>
        Problem(400, "invalid-search", "The text to search for is not valid.", $"\"q\" must be at most {OneLine.MaxNameLength} characters, or be omitted.");

    internal static IResult InvalidDays() =>
        Problem(400, "invalid-days", "The number of days is not valid.", $"\"expiresWithin\" must be a whole number from 0 to {Credential.Lifetime.Days}, or be omitted.");

    internal static IResult MalformedJson(string where) =>
        Problem(400, "malformed-json", "The body is not the expected JSON.", where);

    internal static IResult BodyTooLarge(int maxBytes) =>
        Problem(413, "body-too-large", "The body is too large.", string.Create(CultureInfo.InvariantCulture, $"The maximum is {maxBytes} bytes."));

    internal static IResult UnsupportedMediaType(string expected) =>
        Problem(415, "unsupported-media-type", "The body's content type is not supported.", $"Send {expected}.");

    internal static IResult MalformedPrecondition() =>
        Problem(400, "malformed-precondition", "The precondition is not valid.",
            "Send either If-None-Match: * to generate the first credentials, or If-Match with exactly one ETag, that of the credentials to change.");

    internal static IResult PreconditionRequired() =>
        Problem(428, "precondition-required", "A precondition is required.",
            "Send If-None-Match: * to generate the first credentials, or If-Match with the ETag of the credentials to change.");

    internal static IResult ReleaseNotAuthorized() =>
        Problem(422, "release-not-authorized", "The release of student data was not authorized.",
            "The body must contain \"authorized\": true. Nothing was changed.");

    internal static IResult UnknownWording(string current) =>
        Problem(422, "unknown-wording", "The wording version is unknown.",
            $"The body's \"wordingVersion\" must be \"{current}\". Nothing was changed.");

    internal static IResult InvalidOverlap() =>
        Problem(422, "invalid-overlap", "The number of days for the previous key is not valid.",
            $"\"keepPreviousForDays\" must be a whole number from 0 to {Credential.MaxOverlapDays}. Nothing was changed.");

    internal static IResult InvalidReason() =>
        Problem(422, "invalid-reason", "The reason is not valid.",
            $"\"reason\" must be 1 to {OneLine.MaxNameLength} characters, without control characters. Nothing was changed.");

    internal static IResult InvalidSecretKey() =>
        Problem(422, "invalid-secret-key", "The text is not a secret key.",
            "It is incomplete or mistyped. A secret key is \"tsk_\" and 59 more characters, with a checksum. Nothing was changed.");

    internal static IResult SecretScanningOff() =>
        Problem(404, "secret-scanning-off", "Messages of GitHub's secret scanning are not accepted.", "The operator has not configured it.");

    /// <summary>Everything that can be wrong with a signature. The response does not say what.</summary>
    internal static IResult InvalidSignature() =>
        Problem(403, "invalid-signature", "The signature is not valid.", "The message was not signed with a public key of GitHub's secret scanning.");

    internal static IResult MalformedShareId() =>
        Problem(400, "malformed-share-id", "The share id is malformed.", "The link is incomplete or mistyped. A share id is 14 digits, a hyphen and 32 hexadecimal digits.");

    internal static IResult InvalidShare(string why) => Problem(422, "invalid-share", "The share is not valid.", why + " Nothing was changed.");

    internal static IResult NoValidCredentials() =>
        Problem(404, "no-valid-credentials", "The LEA has no valid credentials.", "Generate credentials first.");

    internal static IResult NothingToShare() =>
        Problem(409, "nothing-to-share", "There are no valid credentials to share.", "Generate credentials first. Nothing was changed.");

    internal static IResult TooManyShares() =>
        Problem(409, "too-many-shares", "There are too many shares.", $"The current credentials have {Share.MaxShares} shares already. Nothing was changed.");

    internal static IResult ShareOpened(DateTimeOffset at) =>
        Problem(409, "share-opened", "The share was already opened.",
            "If the vendor did not open it, somebody else has the secret key: revoke or regenerate the credentials.",
            new Dictionary<string, object?> { ["openedAt"] = at.UtcDateTime });

    internal static IResult ShareGone() =>
        Problem(410, "share-gone", "The share cannot be opened.",
            "It was opened already, has expired or was canceled, or the LEA has new credentials. Ask the LEA's coordinator for a new link.");

    internal static IResult LeaChanged() =>
        Problem(409, "lea-changed", "The LEA was changed at the same time.", "Other requests saved this LEA at the same time. This one changed nothing. Retry.");

    internal static IResult InvalidLea(string why) => Problem(422, "invalid-lea", "The LEA is not valid.", why);

    /// <summary>Conflict: the credentials are not of the generation that the coordinator has seen.</summary>
    internal static IResult CredentialChanged(Credential? current, LeaCalendar calendar) => current is null
        ? Problem(412, "credential-changed", "There are no credentials yet.", "Send If-None-Match: * to generate the first credentials. Nothing was changed.")
        : Problem(412, "credential-changed", "The credentials have changed since you read them.",
            $"{current.GeneratedBy.Name} already generated new credentials at {calendar.TimeInWords(current.GeneratedAt)} on {calendar.DateInWords(current.GeneratedAt)}, " +
            $"so nothing was changed here. Ask {current.GeneratedBy.Name} for the secret key. If you regenerate, that key stops working.",
            new Dictionary<string, object?>
            {
                ["generatedBy"] = current.GeneratedBy.Name,
                ["generatedAt"] = current.GeneratedAt.UtcDateTime,
            });

    internal static IResult NotAuthenticated() =>
        Problem(401, "not-authenticated", "Authentication is required.", "Send a valid TOMS access token as a bearer token.");

    internal static IResult NotPermitted() =>
        Problem(403, "not-permitted", "Access is denied.", "Your TOMS account does not have the required role.");

    /// <summary>The same whether or not the LEA exists.</summary>
    internal static IResult NotPermittedForLea() =>
        Problem(403, "not-permitted", "Access is denied.", "Your TOMS account does not have the required role for this LEA.");

    /// <param name="mistyped">Whether username or key is incomplete or mistyped.</param>
    internal static IResult InvalidCredentials(bool mistyped) =>
        Problem(401, "invalid-credentials", "The vendor credentials or the bearer token are not valid.", mistyped ? MistypedCredentials :
            "Check the username and the secret key with the LEA's coordinator: a regeneration replaces the key, immediately or after a few days. If you sent a bearer token, request a new one.");

    /// <param name="wait">The time until another failure is allowed.</param>
    internal static IResult TooManyFailedAuthentications(TimeSpan wait) =>
        Problem(429, "too-many-failed-authentications", "There were too many failed authentications.", TooManyFailures, retryAfter: wait);

    internal static IResult CredentialsExpired(VendorKey key) =>
        Problem(401, "credentials-expired", "The vendor credentials have expired.",
            "An LEA coordinator must regenerate them in TOMS.",
            new Dictionary<string, object?> { ["expiredAt"] = key.ExpiresAt.UtcDateTime });

    internal static IResult CredentialsRevoked(DateTimeOffset at) =>
        Problem(401, "credentials-revoked", "The vendor credentials have been revoked.",
            "An LEA coordinator can generate new ones in TOMS.",
            new Dictionary<string, object?> { ["revokedAt"] = at.UtcDateTime });

    /// <summary>Everything that can be wrong with a temporary link. The response does not say what.</summary>
    internal static IResult TemporaryLinkRefused() =>
        Problem(403, "temporary-link-refused", "The temporary link was refused.", "The link has ended or is not valid. Open the report again in the portal.");

    internal static IResult LeaNotFound() => Problem(404, "lea-not-found", "The LEA was not found.", "TOMS has not registered it.");

    internal static IResult ScoreReportNotFound() =>
        Problem(404, "score-report-not-found", "The score report was not found.", "The LEA has no report with this id for this student.");

    internal static IResult NotReady(IEnumerable<string> unreachable) =>
        Problem(503, "unavailable", "The service is not ready.", "A dependency is unreachable.",
            new Dictionary<string, object?> { ["unreachable"] = unreachable });

    /// <summary>
    /// Returns the problem for an unhandled exception: 4xx if the request violates HTTP, 503 for a fault of storage, vault or identity
    /// provider, otherwise 500. The clients of storage and vault have already retried. The response contains nothing of the
    /// exception.
    /// </summary>
    public static IResult From(Exception exception) => exception switch
    {
        BadHttpRequestException bad => Problem(bad.StatusCode, "malformed-request", "The request is malformed.", "The body violates the HTTP protocol."),
        _ when IsDependencyFault(exception) =>
            Problem(503, "unavailable", "The service is temporarily unavailable.", "A dependency is unreachable. Retry. Before you repeat a change, check whether it was already made."),
        _ => Problem(500, "unexpected", "An unexpected error occurred.", "The error was logged."),
    };

    /// <summary>The value of Retry-After: whole seconds, rounded up (RFC 9110, section 10.2.3).</summary>
    internal static string Seconds(TimeSpan wait) => Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    private static bool IsDependencyFault(Exception exception) => exception switch
    {
        RequestFailedException or AuthenticationFailedException or OperationCanceledException or TimeoutException or IOException => true,
        AggregateException { InnerException: { } inner } => IsDependencyFault(inner), // the Azure clients throw it when retries are exhausted
        _ => false,
    };

    private static ProblemResult Problem(
        int status, string type, string title, string detail, IDictionary<string, object?>? extensions = null, TimeSpan? retryAfter = null)
    {
        var problem = TypedResults.Problem(detail, statusCode: status, title: title, type: TypePrefix + type, extensions: extensions);
        if (status is 503)
            retryAfter = TimeSpan.FromSeconds(Random.Shared.Next(LeastRetryAfter, MostRetryAfter + 1));
        return new ProblemResult(problem, retryAfter, needsHelp: status >= 500 || type is "not-permitted");
    }

    /// <summary>
    /// Sends a problem, or a page instead if a person followed a temporary link.
    /// </summary>
    /// <param name="problem">The problem.</param>
    /// <param name="retryAfter">When to retry; null if the problem does not end with time.</param>
    /// <param name="needsHelp">Whether the caller cannot solve it alone: it then contains the help contact, if one is configured.</param>
    private sealed class ProblemResult(ProblemHttpResult problem, TimeSpan? retryAfter, bool needsHelp) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            if (retryAfter is { } wait)
                httpContext.Response.Headers.RetryAfter = Seconds(wait);
            if (ErrorPage.IsRequested(httpContext))
                return ErrorPage.SendAsync(httpContext, problem.StatusCode);
            if (needsHelp && httpContext.RequestServices.GetRequiredService<ServiceAddresses>().Help is { } help)
                problem.ProblemDetails.Extensions["help"] = help;
            return problem.ExecuteAsync(httpContext);
        }
    }
}
