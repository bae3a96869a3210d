using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Credentialing.Functions.Http;

/// <summary>
/// The preconditions (RFC 9110, section 13) that keep two coordinators from silently invalidating each other's
/// credentials: nobody replaces a generation that they have not seen. The ETag of credentials is their generation.
/// </summary>
internal static class Precondition
{
    internal static string ETag(int generation) => string.Create(CultureInfo.InvariantCulture, $"\"{generation}\"");

    /// <summary>
    /// Gives the generation that the client has seen to <paramref name="answer"/>: null for <c>If-None-Match: *</c>.
    /// </summary>
    internal static Task<IResult> ApplyAsync(HttpRequest request, Func<int?, Task<IResult>> answer)
    {
        var ifNoneMatch = request.Headers.IfNoneMatch.ToString();
        var ifMatch = request.Headers.IfMatch.ToString();
        return (ifNoneMatch, ifMatch) switch
        {
            ("", "") => Task.FromResult(Problems.PreconditionRequired()),
            ("*", "") => answer(null),
            ("", _) when TryReadTag(ifMatch, out var generation) => answer(generation),
            _ => Task.FromResult(Problems.MalformedPrecondition()),
        };
    }

    /// <summary>A tag that is well formed but none of ours is read as generation 0, which never exists: it matches nothing.</summary>
    private static bool TryReadTag(string ifMatch, out int generation)
    {
        generation = 0;
        if (!EntityTagHeaderValue.TryParse(ifMatch, out var tag) || tag.Equals(EntityTagHeaderValue.Any))
            return false;
        // RFC 9110, section 8.8.3.2: strong tags are the same only character by character.
        if (tag.IsWeak || !int.TryParse(tag.Tag.AsSpan(1, tag.Tag.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out generation) || tag.Tag != ETag(generation))
            generation = 0;
        return true;
    }
}
