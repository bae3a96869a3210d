using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Credentialing.Functions.Http;

/// <summary>
/// Reads request bodies of limited size, or returns the problem of a body that cannot be read. A body can contain a secret key: its copy is
/// overwritten when it has been parsed.
/// </summary>
internal static class RequestBody
{
    /// <summary>The maximum size, unless a function has its own.</summary>
    internal const int MaxBytes = 64 * 1024;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        AllowDuplicateProperties = false,
        MaxDepth = 8,
        NumberHandling = JsonNumberHandling.Strict, // the web defaults accept the string "3" for a number
    };

    /// <summary>
    /// Reads the JSON body. The value is null if the body is empty or <c>null</c>. If the body cannot be read, a problem is returned
    /// instead. Ignores a byte order mark (RFC 8259, section 8.1).
    /// </summary>
    internal static async Task<(T? Value, IResult? Problem)> ReadJsonAsync<T>(HttpRequest request)
        where T : class
    {
        if (await ReadAsync(request) is not { } body)
            return (null, Problems.BodyTooLarge(MaxBytes));
        var result = ReadJson<T>(request, body);
        CryptographicOperations.ZeroMemory(body);
        return result;
    }

    /// <summary>The same as <see cref="ReadJsonAsync"/>, for a body that <see cref="ReadAsync"/> has returned.</summary>
    internal static (T? Value, IResult? Problem) ReadJson<T>(HttpRequest request, byte[] body)
        where T : class
    {
        if (body.Length == 0)
            return (null, null);
        if (!request.HasJsonContentType())
            return (null, Problems.UnsupportedMediaType("application/json"));
        try
        {
            var json = body.AsSpan();
            return (JsonSerializer.Deserialize<T>(json.StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json, Options), null);
        }
        catch (JsonException malformed)
        {
            return (null, Problems.MalformedJson($"The error is in line {malformed.LineNumber + 1 ?? 1}."));
        }
    }

    /// <summary>
    /// Reads the fields of a form body as the URL standard does (section 5.1, application/x-www-form-urlencoded parsing). Names are
    /// case-sensitive. The value of a field that was sent more than once is null. Returns null if the body is not a form, too large or
    /// incomplete.
    /// </summary>
    internal static async Task<IReadOnlyDictionary<string, string?>?> ReadFormAsync(HttpRequest request)
    {
        const string FormType = "application/x-www-form-urlencoded";
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) ||
            !type.MediaType.Equals(FormType, StringComparison.OrdinalIgnoreCase))
            return null;
        try
        {
            if (await ReadAsync(request) is not { } body)
                return null;
            var form = Encoding.UTF8.GetString(body);
            CryptographicOperations.ZeroMemory(body);
            return Fields(form);
        }
        catch (BadHttpRequestException)
        {
            return null;
        }
    }

    private static Dictionary<string, string?> Fields(string form)
    {
        var fields = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var field in new QueryStringEnumerable("?" + form)) // a query string has the format of a form
        {
            var name = field.DecodeName().ToString();
            fields[name] = fields.ContainsKey(name) ? null : field.DecodeValue().ToString();
        }

        return fields;
    }

    /// <summary>Reads the body as it was received. Returns null if it is larger than the maximum.</summary>
    internal static async Task<byte[]?> ReadAsync(HttpRequest request, int maxBytes = MaxBytes)
    {
        if (request.ContentLength > maxBytes)
            return null;
        try
        {
            while (true)
            {
                var read = await request.BodyReader.ReadAsync(request.HttpContext.RequestAborted);
                var isComplete = read.IsCompleted || read.Buffer.Length > maxBytes;
                var body = isComplete && read.Buffer.Length <= maxBytes ? read.Buffer.ToArray() : null;
                request.BodyReader.AdvanceTo(isComplete ? read.Buffer.End : read.Buffer.Start, read.Buffer.End);
                if (isComplete)
                    return body;
            }
        }
        // The server throws BadHttpRequestException for some malformed bodies and a plain IOException for others.
        catch (IOException broken) when (broken is not BadHttpRequestException)
        {
            throw new BadHttpRequestException("The body could not be read.", broken);
        }
    }
}
