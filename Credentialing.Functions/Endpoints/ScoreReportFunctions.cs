using System.Text.Json.Serialization;
using Credentialing.Core.Credentials;
using Credentialing.Core.Disclosures;
using Credentialing.Core.ScoreReports;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace Credentialing.Functions.Endpoints;

/// <summary>The score reports of an LEA's students, for its vendors.</summary>
public sealed class ScoreReportFunctions(Caller caller, ScoreReportStore reports, DisclosureLog disclosures, VendorTokens tokens, TimeProvider time)
{
    private const string LinksParameter = "links";
    private const string TemporaryLinks = "temporary";

    /// <summary>
    /// Lists a student's score reports, newest year first. The list is empty if the vendor's LEA has no report of the student.
    /// </summary>
    [Function("ListScoreReports")]
    [CalledBy(CallerKind.Vendor)]
    [AcceptsParameter("query", LinksParameter, "`temporary`: each report has a `temporaryLink`, for the browser of a person who is signed in at the vendor.", Values = [TemporaryLinks])]
    [ProducesResponse(200, typeof(ScoreReportResponse[]))]
    [ProducesProblem(400, "malformed-ssid", "invalid-links")]
    public Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "v1/students/{ssid}/score-reports")] HttpRequest request,
        string ssid,
        CancellationToken cancellationToken) =>
        caller.AsVendorAsync(request, async key =>
        {
            if (!Ssid.TryParse(ssid, out var student))
                return Problems.MalformedSsid();
            var withTemporaryLinks = request.Query.TryGetValue(LinksParameter, out var links);
            if (withTemporaryLinks && links is not [TemporaryLinks])
                return Problems.InvalidLinks();
            // A path, not an absolute URL, so that it is correct behind a gateway.
            var path = request.Path.ToString().TrimEnd('/');
            var client = Caller.ClientOf(request);
            var listed = new List<ScoreReportResponse>();
            foreach (var (report, length, lastModified) in await reports.ListAsync(key.LeaId, student, cancellationToken))
            {
                var link = $"{path}/{report.Id}";
                listed.Add(new(report.Id, report.Type, report.Year, report.Language, report.Format, length, lastModified.UtcDateTime, link)
                {
                    TemporaryLink = withTemporaryLinks ? $"{link}?{Caller.LinkParameter}={(await tokens.IssueLinkAsync(key, Resource(ssid, report.Id), client, cancellationToken)).Value}" : null,
                });
            }

            return TypedResults.Ok(listed);
        }, cancellationToken);

    /// <summary>
    /// Downloads a score report file. The download is recorded before the first byte is sent. Streamed; supports conditional and range requests (RFC 9110, sections 13 and 14). The
    /// <c>temporaryLink</c> of a report works without an <c>Authorization</c> header, for 30 minutes, and only for that report. If there is such a
    /// header, the query parameter <c>link</c> is ignored. Errors of a request with a temporary link are HTML pages if <c>Accept</c> names <c>text/html</c>.
    /// </summary>
    [Function("GetScoreReport")]
    [CalledBy(CallerKind.VendorOrLink)]
    [AcceptsParameter("header", "If-None-Match", "The ETag of the file that the vendor has. Returns 304 if the file has not changed.")]
    [AcceptsParameter("header", "If-Match", "The ETag that the file must have. Returns 412 if the file has changed.")]
    [AcceptsParameter("header", "If-Modified-Since", "Returns 304 if the file has not changed since this time. Ignored if there is an `If-None-Match`.")]
    [AcceptsParameter("header", "If-Unmodified-Since", "Returns 412 if the file has changed since this time. Ignored if there is an `If-Match`.")]
    [AcceptsParameter("header", "Range", "The part of the file to return, such as `bytes=1000-`, to resume an interrupted download.")]
    [AcceptsParameter("header", "If-Range", "The ETag of the file that the range belongs to. Returns the whole file if it has changed.")]
    [ProducesResponse(200, Files = ["application/pdf", "text/html", "video/mp4"], Headers = ["ETag", "Last-Modified", "Accept-Ranges", "Content-Disposition"])]
    [ProducesResponse(206, Files = ["application/pdf", "text/html", "video/mp4"], Headers = ["ETag", "Last-Modified", "Accept-Ranges", "Content-Range", "Content-Disposition"])]
    [ProducesResponse(304, Headers = ["ETag"])]
    [ProducesResponse(412, Headers = ["ETag"])]
    [ProducesResponse(416, Headers = ["ETag", "Last-Modified", "Accept-Ranges", "Content-Range", "Content-Disposition"])]
    [ProducesProblem(400, "malformed-ssid")]
    [ProducesProblem(404, "score-report-not-found")]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "v1/students/{ssid}/score-reports/{id}")] HttpRequest request,
        string ssid,
        string id,
        CancellationToken cancellationToken) =>
        caller.AsVendorOrByLinkAsync(request, Resource(ssid, id), async (key, client, byLink) =>
        {
            if (!Ssid.TryParse(ssid, out var student))
                return Problems.MalformedSsid();
            if (!ScoreReport.TryParseId(student, id, out var report))
                return Problems.ScoreReportNotFound();
            var condition = new FileCondition(request.Headers);
            if (await reports.OpenAsync(key.LeaId, report, condition.Range, condition.KnownTag, RecordAsync, cancellationToken) is not { } file)
                return Problems.ScoreReportNotFound();

            var tag = new EntityTagHeaderValue(file.ETag.ToString("H"));
            if (condition.Evaluate(tag, file.LastModified) is { } status)
            {
                await file.Content.DisposeAsync();
                request.HttpContext.Response.GetTypedHeaders().ETag = tag;
                return TypedResults.StatusCode(status);
            }

            // The content is not trusted. No script in a report may run in this origin.
            request.HttpContext.Response.Headers.ContentSecurityPolicy = "sandbox";
            return TypedResults.File(file.Content, report.MediaType, $"{report.Ssid}-{report.Id}", file.LastModified, tag, enableRangeProcessing: true);

            Task RecordAsync() => disclosures.RecordAsync(new Disclosure(
                key.LeaId, student, report.Id, key.Generation, client, byLink, IsWhole: request.HttpContext.Response.StatusCode is StatusCodes.Status200OK, time.GetUtcNow()));
        }, cancellationToken);

    /// <summary>The text that a temporary link is issued for: it identifies a report within the LEA.</summary>
    private static string Resource(string ssid, string id) => $"{ssid}/{id}";

    /// <summary>A score report of a student.</summary>
    /// <param name="Id">The report's id, such as <c>2026-ssr-en.pdf</c>.</param>
    /// <param name="Type">The report type: lower-case words joined by hyphens, such as <c>ssr</c> or <c>lexile-quantile</c>.</param>
    /// <param name="AdministrationYear">The calendar year in which the school year ends.</param>
    /// <param name="Language">
    /// The language tag (RFC 5646): a language of two or three lower-case letters, with a script or a region if the report has one, such as
    /// <c>es</c>, <c>zh-hant</c> or <c>es-MX</c>.
    /// </param>
    /// <param name="Format">The file format: <c>pdf</c>, <c>html</c> or <c>mp4</c>.</param>
    /// <param name="Length">The file's length in bytes.</param>
    /// <param name="LastModified">When the file was last modified.</param>
    /// <param name="Link">The path of the file on this host.</param>
    private sealed record ScoreReportResponse(
        string Id, string Type, int AdministrationYear, string Language, string Format, long Length, DateTime LastModified, string Link)
    {
        /// <summary>
        /// The path of the file on this host, for a browser: it works without an <c>Authorization</c> header, for 30 minutes at most. Present only
        /// if it was requested. Do not store it.
        /// </summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? TemporaryLink { get; init; }

        public override string ToString() => nameof(ScoreReportResponse); // never the link
    }
}
