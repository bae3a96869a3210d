using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Credentialing.Functions.Http;

/// <summary>
/// Streams a CSV file (RFC 4180) in UTF-8, row by row, so that memory does not grow with the number of rows. It begins with a byte order
/// mark, without which spreadsheet programs read it in another encoding. A value that a spreadsheet program would execute as a formula
/// gets a <c>'</c> before it (OWASP, "CSV Injection"). If reading a row fails, the connection is aborted: the file is incomplete.
/// </summary>
/// <param name="fileName">The name under which a browser saves the file.</param>
/// <param name="columns">The column names, for the first row.</param>
/// <param name="rows">The other rows. Null is an empty value.</param>
internal sealed class CsvResult(string fileName, IReadOnlyList<string> columns, IAsyncEnumerable<IReadOnlyList<string?>> rows) : IResult
{
    internal const string MediaType = "text/csv";

    private const int BufferLength = 16 * 1024; // characters

    private static readonly CsvConfiguration Format = new(CultureInfo.InvariantCulture) { InjectionOptions = InjectionOptions.Escape };

    /// <summary>Whether a request asks for a CSV file: <c>Accept</c> names its media type. Wildcards do not count.</summary>
    internal static bool IsRequested(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(range => range.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase) && range.Quality is not 0);

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await using var rest = rows.GetAsyncEnumerator(httpContext.RequestAborted);
        var hasRow = await rest.MoveNextAsync(); // a failure is still reported as a problem
        httpContext.Response.ContentType = $"{MediaType}; charset=utf-8";
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(fileName);
        httpContext.Response.Headers.ContentDisposition = disposition.ToString();
        await using var text = new StreamWriter(httpContext.Response.Body, Encoding.UTF8, BufferLength, leaveOpen: true);
        await using var csv = new CsvWriter(text, Format, leaveOpen: true);
        await WriteAsync(columns);
        for (; hasRow; hasRow = await rest.MoveNextAsync())
            await WriteAsync(rest.Current);

        Task WriteAsync(IReadOnlyList<string?> row)
        {
            foreach (var value in row)
                csv.WriteField(value);
            return csv.NextRecordAsync();
        }
    }
}
