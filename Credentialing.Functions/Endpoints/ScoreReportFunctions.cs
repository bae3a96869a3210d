using Credentialing.Core.ScoreReports;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace Credentialing.Functions.Endpoints;

/// <summary>The score reports of an LEA's students, for its vendors.</summary>
public sealed class ScoreReportFunctions(Caller caller, ScoreReportStore reports)
{
    /// <summary>
    /// Lists a student's score reports, newest year first. The list is empty if the vendor's LEA has no report of the student.
    /// </summary>
    [Function("ListScoreReports")]
    [CalledBy(CallerKind.Vendor)]
    [ProducesResponse(200, typeof(ScoreReportResponse[]))]
    [ProducesProblem(400, "malformed-ssid")]
    public Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "v1/students/{ssid}/score-reports")] HttpRequest request,
        string ssid,
        CancellationToken cancellationToken) =>
        caller.AsVendorAsync(request, async key =>
        {
            if (!Ssid.TryParse(ssid, out var student))
                return Problems.MalformedSsid();
            // A path, not an absolute URL, so that it is correct behind a gateway.
            var path = request.Path.ToString().TrimEnd('/');
            var listed = await reports.ListAsync(key.LeaId, student, cancellationToken);
            return TypedResults.Ok(listed.Select(item => new ScoreReportResponse(
                item.Report.Id, item.Report.Type, item.Report.Year, item.Report.Language, item.Report.Format, item.Length, item.LastModified.UtcDateTime, $"{path}/{item.Report.Id}")));
        }, cancellationToken);

    /// <summary>Downloads a score report file. Streamed; supports conditional and range requests (RFC 9110, sections 13 and 14).</summary>
    [Function("GetScoreReport")]
    [CalledBy(CallerKind.Vendor)]
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
        caller.AsVendorAsync(request, async key =>
        {
            if (!Ssid.TryParse(ssid, out var student))
                return Problems.MalformedSsid();
            if (!ScoreReport.TryParseId(student, id, out var report))
                return Problems.ScoreReportNotFound();
            var condition = new FileCondition(request.Headers);
            if (await reports.OpenAsync(key.LeaId, report, condition.Range, condition.KnownTag, cancellationToken) is not { } file)
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
        }, cancellationToken);

    /// <summary>A score report of a student.</summary>
    /// <param name="Id">The report's id, such as <c>2026-ssr-en.pdf</c>.</param>
    /// <param name="Type">The report type: lower-case words joined by hyphens, such as <c>ssr</c> or <c>lexile-quantile</c>.</param>
    /// <param name="AdministrationYear">The calendar year in which the school year ends.</param>
    /// <param name="Language">The language: an ISO 639 code of two or three lower-case letters.</param>
    /// <param name="Format">The file format: <c>pdf</c>, <c>html</c> or <c>mp4</c>.</param>
    /// <param name="Length">The file's length in bytes.</param>
    /// <param name="LastModified">When the file was last modified.</param>
    /// <param name="Link">The path of the file on this host.</param>
    private sealed record ScoreReportResponse(
        string Id, string Type, int AdministrationYear, string Language, string Format, long Length, DateTime LastModified, string Link);
}
