using System.Globalization;
using Azure;
using Azure.Identity;
using Credentialing.Core.Credentials;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Credentialing.Functions.Http;

/// <summary>
/// Every error that the API answers with, as problem details (RFC 9457). The types are stable: clients may branch on them,
/// and <c>docs/problems.md</c> lists them.
/// </summary>
public static class Problems
{
    /// <summary>What every type begins with.</summary>
    public const string TypePrefix = "urn:problem-type:credentialing:";

    /// <summary>After how many seconds to try again when something behind the API is away.</summary>
    private const int RetryAfterSeconds = 5;

    internal static IResult MalformedLeaId() =>
        Problem(400, "malformed-lea-id", "The LEA id is malformed.", "An LEA id is a CDS code of 14 digits.");

    internal static IResult MalformedSsid() =>
        Problem(400, "malformed-ssid", "The SSID is malformed.", "An SSID is 10 digits.");

    internal static IResult InvalidDate() =>
        Problem(400, "invalid-date", "The date cannot be used.", "\"on\" must be a date such as 2027-11-09, from today to two years from now.");

    internal static IResult MalformedJson(string where) =>
        Problem(400, "malformed-json", "The body is not the JSON that was expected.", where);

    internal static IResult BodyTooLarge(int maxBytes) =>
        Problem(413, "body-too-large", "The body is too large.", string.Create(CultureInfo.InvariantCulture, $"At most {maxBytes} bytes are read."));

    internal static IResult UnsupportedMediaType(string expected) =>
        Problem(415, "unsupported-media-type", "The body's content type is not supported.", $"Send {expected}.");

    internal static IResult MalformedPrecondition() =>
        Problem(400, "malformed-precondition", "The precondition cannot be used.",
            "Send either If-None-Match: * to generate the first credentials, or If-Match with the one ETag that the credentials were seen with.");

    internal static IResult PreconditionRequired() =>
        Problem(428, "precondition-required", "A precondition is required.",
            "Send If-None-Match: * to generate the first credentials, or If-Match with the ETag of the credentials to regenerate.");

    internal static IResult ReleaseNotAuthorized() =>
        Problem(422, "release-not-authorized", "The release of student data was not authorized.",
            "The body must say \"authorized\": true. Nothing was changed.");

    internal static IResult UnknownWording(string current) =>
        Problem(422, "unknown-wording", "The authorization is under an unknown wording.",
            $"The body's \"wordingVersion\" must be \"{current}\". Nothing was changed.");

    internal static IResult InvalidLea(string why) => Problem(422, "invalid-lea", "The LEA is not valid.", why);

    /// <summary>Somebody else was faster, or the credentials are not what the coordinator thought.</summary>
    internal static IResult CredentialChanged(Credential? current) => current is null
        ? Problem(412, "credential-changed", "There are no credentials to regenerate.", "Send If-None-Match: * to generate the first. Nothing was changed.")
        : Problem(412, "credential-changed", "The credentials are not those you have seen.",
            $"{current.GeneratedBy.Name} generated the current credentials. Nothing was changed.",
            new Dictionary<string, object?>
            {
                ["generatedBy"] = current.GeneratedBy.Name,
                ["generatedAt"] = current.GeneratedAt.UtcDateTime,
            });

    internal static IResult NotAuthenticated() =>
        Problem(401, "not-authenticated", "You are not signed in.", "Send a TOMS access token that is valid now as a bearer token.");

    internal static IResult NotPermitted() =>
        Problem(403, "not-permitted", "You may not do this.", "Your TOMS account has no such role for this LEA.");

    internal static IResult InvalidCredentials() =>
        Problem(401, "invalid-credentials", "The vendor credentials or the bearer token are not valid.",
            "Check the username and the secret key with the LEA's coordinator: regenerating replaces the key at once. Ask for a new token if you sent one.");

    internal static IResult CredentialsExpired(Credential credential) =>
        Problem(401, "credentials-expired", "The vendor credentials have expired.",
            "An LEA coordinator must regenerate them in TOMS.",
            new Dictionary<string, object?> { ["expiredAt"] = credential.ExpiresAt.UtcDateTime });

    internal static IResult LeaNotFound() => Problem(404, "lea-not-found", "There is no such LEA.", "TOMS has not told of it.");

    internal static IResult ScoreReportNotFound() =>
        Problem(404, "score-report-not-found", "There is no such score report.", "The LEA has no report of that id for that student.");

    internal static IResult NotReady(IEnumerable<string> unreachable) =>
        Problem(503, "unavailable", "The service is not ready.", "Something it depends on cannot be reached.",
            new Dictionary<string, object?> { ["unreachable"] = unreachable });

    /// <summary>
    /// What to answer for an exception that no function expects: 4xx for a request that breaks HTTP's own rules half-way, 503
    /// for trouble with storage or vault, which their clients have already retried, or with the identity provider, else 500.
    /// Nothing of the exception is in the answer.
    /// </summary>
    public static IResult From(Exception exception) => exception switch
    {
        BadHttpRequestException bad => Problem(bad.StatusCode, "malformed-request", "The request is malformed.", "Its body does not follow HTTP."),
        _ when IsDependencyFault(exception) =>
            Problem(503, "unavailable", "The service is not available at the moment.", "Something it depends on cannot be reached. Try again; look before you repeat a change, which may have been made."),
        _ => Problem(500, "unexpected", "Something unexpected happened.", "It was logged."),
    };

    private static bool IsDependencyFault(Exception exception) => exception switch
    {
        RequestFailedException or AuthenticationFailedException or OperationCanceledException or TimeoutException or IOException => true,
        AggregateException { InnerException: { } inner } => IsDependencyFault(inner), // a client that ran out of retries
        _ => false,
    };

    private static IResult Problem(
        int status, string type, string title, string detail, IDictionary<string, object?>? extensions = null)
    {
        var problem = TypedResults.Problem(detail, statusCode: status, title: title, type: TypePrefix + type, extensions: extensions);
        return status is 503 ? new RetryLater(problem) : problem;
    }

    private sealed class RetryLater(ProblemHttpResult problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers[HeaderNames.RetryAfter] = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
            return problem.ExecuteAsync(httpContext);
        }
    }
}
