using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Credentialing.Tests.Support;

/// <summary>An API response with its body, fully read.</summary>
public sealed record ApiResponse(HttpStatusCode Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

    /// <summary>The problem type without the common prefix.</summary>
    public string ProblemType
    {
        get
        {
            Assert.Equal("application/problem+json", ContentHeaders.ContentType?.MediaType);
            Assert.Equal((int)Status, Json.GetProperty("status").GetInt32());
            Assert.NotEmpty(Json.GetProperty("title").GetString()!);
            Assert.NotEmpty(Json.GetProperty("detail").GetString()!);
            var type = Json.GetProperty("type").GetString()!;
            Assert.StartsWith("urn:problem-type:credentialing:", type, StringComparison.Ordinal);
            return type["urn:problem-type:credentialing:".Length..];
        }
    }

    public static async Task<ApiResponse> ReadAsync(HttpResponseMessage response)
    {
        using (response)
            return new ApiResponse(response.StatusCode, response.Headers, response.Content.Headers, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }
}
