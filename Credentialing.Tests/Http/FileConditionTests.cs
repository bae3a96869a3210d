using Azure;
using Credentialing.Functions.Http;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Credentialing.Tests.Http;

/// <summary>What of a request's conditions and range is sent to storage. ScoreReportEndpointTests test the responses.</summary>
[Kind(TestKind.Unit)]
public sealed class FileConditionTests
{
    [Theory]
    [InlineData("bytes=2-5", 2, 4L)]
    [InlineData("BYTES=2-2", 2, 1L)]
    [InlineData("bytes=4-", 4, null)]
    [InlineData("bytes=1-9223372036854775807", 1, 9223372036854775807L)]
    [InlineData("bytes=0-9223372036854775807", 0, null)] // its length has no representation
    [InlineData("bytes=-3", 0, null)] // relative to the end, which is not known
    [InlineData("bytes=0-0,9-9", 0, null)]
    [InlineData("pages=2-5", 0, null)]
    [InlineData("rubbish", 0, null)]
    public void A_single_range_with_a_start_is_requested_from_storage(string header, long offset, long? length) =>
        Assert.Equal(new HttpRange(offset, length), Condition(HeaderNames.Range, header).Range);

    [Theory]
    [InlineData("\"0x8DE42\"", true)]
    [InlineData("\"\"", false)]
    [InlineData("\"a-b\"", false)] // not a tag of storage
    [InlineData("\"a\", \"b\"", false)]
    [InlineData("*", false)]
    public void A_single_tag_of_storage_is_compared_by_storage(string tag, bool isKnown) =>
        Assert.Equal(isKnown ? new ETag(tag) : null, Condition(HeaderNames.IfNoneMatch, tag).KnownTag);

    [Theory]
    [InlineData("If-Match", "\"0x8DE42\"")]
    [InlineData("If-Unmodified-Since", "Mon, 23 Nov 2026 20:00:00 GMT")]
    public void A_condition_that_comes_before_the_tag_is_not_left_to_storage(string header, string value) =>
        Assert.Null(Condition(HeaderNames.IfNoneMatch, "\"0x8DE42\"", header, value).KnownTag);

    private static FileCondition Condition(params string[] headers)
    {
        var dictionary = new HeaderDictionary();
        foreach (var header in headers.Chunk(2))
            dictionary[header[0]] = header[1];
        return new FileCondition(dictionary);
    }
}
