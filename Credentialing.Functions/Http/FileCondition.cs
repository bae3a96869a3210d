using System.Buffers;
using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Credentialing.Functions.Http;

/// <summary>
/// The conditional and range headers of a request for a file (RFC 9110, sections 13 and 14). The framework's file result evaluates
/// them too, but not as specified: it compares the tags of <c>If-None-Match</c> strongly, lets dates override tags, and ignores an
/// <c>If-Range</c> that it cannot parse. So this class evaluates and removes the conditions, and leaves the range to the framework.
/// </summary>
/// <param name="headers">The headers of the request.</param>
internal sealed class FileCondition(IHeaderDictionary headers)
{
    private static readonly SearchValues<char> LettersAndDigits =
        SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>
    /// The single range that the client requests, as far as it can be known before the file's length; the default for the whole file.
    /// </summary>
    internal HttpRange Range =>
        RangeHeaderValue.TryParse(headers.Range.ToString(), out var value) && value.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase) &&
        value.Ranges.Count == 1 && value.Ranges.First() is { From: { } from, To: var to }
            ? new HttpRange(from, to - from < long.MaxValue ? to - from + 1 : null)
            : default;

    /// <summary>
    /// The tag that the response depends on, if on nothing else, so that storage can compare it; otherwise null. Only tags that storage
    /// itself can have created are returned.
    /// </summary>
    internal ETag? KnownTag =>
        StringValues.IsNullOrEmpty(headers.IfMatch) && StringValues.IsNullOrEmpty(headers.IfUnmodifiedSince) &&
        EntityTagHeaderValue.TryParse(headers.IfNoneMatch.ToString(), out var tag) && tag.Tag.AsSpan().Trim('"') is { Length: > 0 } text &&
        !text.ContainsAnyExcept(LettersAndDigits)
            ? new ETag(tag.Tag.ToString())
            : null;

    /// <summary>
    /// Evaluates the conditions in the order of section 13.2.2, and removes them. Also removes the <c>Range</c> if the <c>If-Range</c> is
    /// not that of the file.
    /// </summary>
    /// <param name="current">The file's tag: strong.</param>
    /// <param name="lastModified">When the file was last written; null if unknown.</param>
    /// <returns>304 or 412; null to send the file.</returns>
    internal int? Evaluate(EntityTagHeaderValue current, DateTimeOffset? lastModified)
    {
        var status = Status(current, lastModified);
        if (!StringValues.IsNullOrEmpty(headers.IfRange) && !MatchesIfRange(current, lastModified))
            headers.Remove(HeaderNames.Range);
        foreach (var name in (string[])[HeaderNames.IfMatch, HeaderNames.IfNoneMatch, HeaderNames.IfModifiedSince, HeaderNames.IfUnmodifiedSince, HeaderNames.IfRange])
            headers.Remove(name);
        return status;
    }

    private int? Status(EntityTagHeaderValue current, DateTimeOffset? lastModified)
    {
        var isExpected = StringValues.IsNullOrEmpty(headers.IfMatch)
            ? Date(headers.IfUnmodifiedSince) is not { } unmodifiedSince || lastModified <= unmodifiedSince
            : Lists(headers.IfMatch, current, useStrongComparison: true);
        if (!isExpected)
            return StatusCodes.Status412PreconditionFailed;
        var isKnown = StringValues.IsNullOrEmpty(headers.IfNoneMatch)
            ? Date(headers.IfModifiedSince) is { } modifiedSince && lastModified <= modifiedSince
            : Lists(headers.IfNoneMatch, current, useStrongComparison: false);
        return isKnown ? StatusCodes.Status304NotModified : null;
    }

    /// <summary>Section 13.1.5: a tag is compared strongly, and a date exactly. What cannot be parsed does not match.</summary>
    private bool MatchesIfRange(EntityTagHeaderValue current, DateTimeOffset? lastModified) =>
        EntityTagHeaderValue.TryParse(headers.IfRange.ToString(), out var tag)
            ? !tag.Equals(EntityTagHeaderValue.Any) && tag.Compare(current, useStrongComparison: true)
            : Date(headers.IfRange) is { } date && date == lastModified;

    /// <summary>Whether a list of tags contains the current one, or is <c>*</c>. A list that cannot be parsed contains nothing.</summary>
    private static bool Lists(StringValues values, EntityTagHeaderValue current, bool useStrongComparison) =>
        EntityTagHeaderValue.TryParseStrictList([.. values!], out var tags) &&
        tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(current, useStrongComparison));

    /// <summary>Returns an HTTP date (section 5.6.7); null if it cannot be parsed or was sent twice: it must then be ignored.</summary>
    private static DateTimeOffset? Date(StringValues values) =>
        values is [{ } text] && HeaderUtilities.TryParseDate(text, out var date) ? date : null;
}
