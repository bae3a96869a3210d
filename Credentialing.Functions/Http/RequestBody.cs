using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Credentialing.Functions.Http;

/// <summary>Reads request bodies, which are small, and says what is wrong with one that cannot be read.</summary>
internal static class RequestBody
{
    internal const int MaxBytes = 64 * 1024;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        AllowDuplicateProperties = false,
        MaxDepth = 8,
    };

    /// <summary>
    /// The value of the JSON body: null if there is no body, or the body is <c>null</c>. If the body cannot be read, there is a problem
    /// instead.
    /// </summary>
    internal static async Task<(T? Value, IResult? Problem)> ReadJsonAsync<T>(HttpRequest request)
        where T : class
    {
        if (await ReadAsync(request) is not { } body)
            return (null, Problems.BodyTooLarge(MaxBytes));
        if (body.Length == 0)
            return (null, null);
        if (!request.HasJsonContentType())
            return (null, Problems.UnsupportedMediaType("application/json"));
        try
        {
            return (JsonSerializer.Deserialize<T>(body, Options), null);
        }
        catch (JsonException malformed)
        {
            return (null, Problems.MalformedJson($"See line {malformed.LineNumber + 1 ?? 1}."));
        }
    }

    /// <summary>The fields of a form body; null if it is no form, too large, or breaks off.</summary>
    internal static async Task<IReadOnlyDictionary<string, StringValues>?> ReadFormAsync(HttpRequest request)
    {
        const string FormType = "application/x-www-form-urlencoded";
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) ||
            !type.MediaType.Equals(FormType, StringComparison.OrdinalIgnoreCase))
            return null;
        try
        {
            return await ReadAsync(request) is { } body ? new FormReader(Encoding.UTF8.GetString(body)).ReadForm() : null;
        }
        catch (Exception failure) when (failure is BadHttpRequestException or InvalidDataException) // more fields, or longer ones, than a form has
        {
            return null;
        }
    }

    private static async Task<byte[]?> ReadAsync(HttpRequest request)
    {
        if (request.ContentLength > MaxBytes)
            return null;
        var buffer = new byte[MaxBytes + 1];
        try
        {
            var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, request.HttpContext.RequestAborted);
            return length > MaxBytes ? null : buffer[..length];
        }
        // The server reports some broken bodies as such, and some like a broken disk.
        catch (IOException broken) when (broken is not BadHttpRequestException)
        {
            throw new BadHttpRequestException("The body could not be read.", broken);
        }
    }
}
