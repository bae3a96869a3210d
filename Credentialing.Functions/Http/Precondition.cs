using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Credentialing.Functions.Http;

/// <summary>
/// Optimistic concurrency for credentials, by preconditions (RFC 9110, section 13). A coordinator can replace only the generation
/// that the coordinator has seen, so two coordinators cannot silently invalidate each other's credentials. The ETag is the generation.
/// </summary>
internal static class Precondition
{
    internal static string ETag(int generation) => string.Create(CultureInfo.InvariantCulture, $"\"{generation}\"");

    /// <summary>Sets the ETag of the response. None if there are no credentials.</summary>
    internal static void SetETag(HttpRequest request, Credential? credential)
    {
        if (credential is null)
            return;
        var headers = request.HttpContext.Response.Headers;
        headers.ETag = ETag(credential.Generation);
        headers.AccessControlExposeHeaders = HeaderNames.ETag; // for screens of another origin; the platform's CORS settings cannot expose headers
    }

    /// <summary>The response to a conflict, with the ETag of the current credentials.</summary>
    internal static IResult Conflict(HttpRequest request, Credential? current, LeaCalendar calendar)
    {
        SetETag(request, current);
        return Problems.CredentialChanged(current, calendar);
    }

    /// <summary>
    /// Reads the generation that the client has seen; null for <c>If-None-Match: *</c>. Returns false and a problem if the precondition is
    /// missing or malformed.
    /// </summary>
    internal static bool TryRead(HttpRequest request, out int? seenGeneration, [NotNullWhen(false)] out IResult? problem)
    {
        var ifNoneMatch = request.Headers.IfNoneMatch.ToString();
        var ifMatch = request.Headers.IfMatch.ToString();
        (seenGeneration, problem) = (ifNoneMatch, ifMatch) switch
        {
            ("", "") => (null, Problems.PreconditionRequired()),
            ("*", "") => (null, null),
            ("", _) when TryReadTag(ifMatch, out var generation) => (generation, null),
            _ => ((int?)null, Problems.MalformedPrecondition()),
        };
        return problem is null;
    }

    /// <summary>
    /// Reads the generation that the client has seen, from <c>If-Match</c>; null if there is no precondition. Returns false and a problem
    /// if the precondition is malformed.
    /// </summary>
    internal static bool TryReadOptional(HttpRequest request, out int? seenGeneration, [NotNullWhen(false)] out IResult? problem)
    {
        (seenGeneration, problem) = (null, null);
        var hasNone = StringValues.IsNullOrEmpty(request.Headers.IfMatch) && StringValues.IsNullOrEmpty(request.Headers.IfNoneMatch);
        return hasNone || (TryRead(request, out seenGeneration, out problem) && IsGeneration(seenGeneration, out problem));
    }

    /// <summary>
    /// Reads the generation that the client has seen, from <c>If-Match</c>. Returns false and a problem if the precondition is missing or
    /// malformed.
    /// </summary>
    internal static bool TryReadRequired(HttpRequest request, out int seenGeneration, [NotNullWhen(false)] out IResult? problem)
    {
        var isRead = TryRead(request, out var seen, out problem) && IsGeneration(seen, out problem);
        seenGeneration = seen ?? 0;
        return isRead;
    }

    private static bool IsGeneration(int? seenGeneration, [NotNullWhen(false)] out IResult? problem)
    {
        problem = seenGeneration is null ? Problems.MalformedPrecondition() : null; // If-None-Match: * is only for the first credentials
        return problem is null;
    }

    /// <summary>A well-formed tag of another format is read as generation 0, which never exists, so it never matches.</summary>
    private static bool TryReadTag(string ifMatch, out int generation)
    {
        generation = 0;
        if (!EntityTagHeaderValue.TryParse(ifMatch, out var tag) || tag.Equals(EntityTagHeaderValue.Any))
            return false;
        // Weak comparison (RFC 9110, section 8.8.3.2). Section 13.1.1 requires a strong one, because tags usually name bytes. This one
        // names a generation, and a proxy that compresses the response makes it weak (nginx) without changing its meaning.
        if (!int.TryParse(tag.Tag.AsSpan(1, tag.Tag.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out generation) || tag.Tag != ETag(generation))
            generation = 0;
        return true;
    }
}
