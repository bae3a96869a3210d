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
    /// <summary>A student's reports, newest year first; an empty list where the vendor's LEA has none of that student.</summary>
    [Function("ListScoreReports")]
    [CalledBy(CallerKind.Vendor)]
    [ProducesResponse(200, typeof(ScoreReportResponse[]))]
    [ProducesProblem(400, "malformed-ssid")]
    public Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "v1/students/{ssid}/score-reports")] HttpRequest request,
        string ssid,
        CancellationToken cancellationToken) =>
        caller.AsVendorAsync(request, async credential =>
        {
            if (!Ssid.TryParse(ssid, out var student))
                return Problems.MalformedSsid();
            // A path, not a whole URL: it stays right behind any gateway that the request came through.
            var path = request.Path.ToString().TrimEnd('/');
            var listed = await reports.ListAsync(credential.LeaId, student, cancellationToken);
            return TypedResults.Ok(listed.Select(item => new ScoreReportResponse(
                item.Report.Id, item.Report.Type, item.Report.Year, item.Report.Language, item.Report.Format, item.Length, item.LastModified.UtcDateTime, $"{path}/{item.Report.Id}")));
        }, cancellationToken);

    /// <summary>A report's file, streamed, with ETag and ranges (RFC 9110, sections 13 and 14).</summary>
    [Function("GetScoreReport")]
    [CalledBy(CallerKind.Vendor)]
    [AcceptsParameter("header", "If-None-Match", "The ETag of the file that the vendor has: 304 if it has not changed.")]
    [AcceptsParameter("header", "If-Match", "The ETag that the file must still have: 412 if it has not.")]
    [AcceptsParameter("header", "Range", "The part of the file to send, such as `bytes=1000-`, to go on after an interruption.")]
    [AcceptsParameter("header", "If-Range", "The ETag of the file that the range is a part of: the whole file is sent if it has changed.")]
    [ProducesResponse(200, Files = ["application/pdf", "text/html", "video/mp4"], Headers = ["ETag", "Last-Modified", "Accept-Ranges", "Content-Disposition"])]
    [ProducesResponse(206, Files = ["application/pdf", "text/html", "video/mp4"], Headers = ["ETag", "Last-Modified", "Accept-Ranges", "Content-Range", "Content-Disposition"])]
    [ProducesResponse(304, Headers = ["ETag", "Last-Modified"])]
    [ProducesResponse(412, Headers = ["ETag", "Last-Modified"])]
    [ProducesResponse(416, Headers = ["ETag", "Last-Modified", "Accept-Ranges", "Content-Range", "Content-Disposition"])]
    [ProducesProblem(400, "malformed-ssid")]
    [ProducesProblem(404, "score-report-not-found")]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "v1/students/{ssid}/score-reports/{id}")] HttpRequest request,
        string ssid,
        string id,
        CancellationToken cancellationToken) =>
        caller.AsVendorAsync(request, async credential =>
        {
            if (!Ssid.TryParse(ssid, out var student))
                return Problems.MalformedSsid();
            if (!ScoreReport.TryParseId(student, id, out var report) ||
                await reports.OpenAsync(credential.LeaId, report, cancellationToken) is not { } file)
                return Problems.ScoreReportNotFound();

            // A report is a document, whatever is in it: nothing of it may run in this origin.
            request.HttpContext.Response.Headers.XContentTypeOptions = "nosniff";
            request.HttpContext.Response.Headers.ContentSecurityPolicy = "sandbox";
            return TypedResults.File(
                file.Content, report.MediaType, $"{report.Ssid}-{report.Id}", file.LastModified, new EntityTagHeaderValue(file.ETag.ToString("H")), enableRangeProcessing: true);
        }, cancellationToken);

    /// <summary>A report of a student.</summary>
    /// <param name="Id">Its id, such as <c>2026-ssr-en.pdf</c>.</param>
    /// <param name="Type">What it reports on, in lower-case words joined by hyphens, such as <c>ssr</c> or <c>lexile-quantile</c>.</param>
    /// <param name="AdministrationYear">The calendar year in which the school year ends.</param>
    /// <param name="Language">Its language: an ISO 639 code of two or three lower-case letters.</param>
    /// <param name="Format">Its format: <c>pdf</c>, <c>html</c> or <c>mp4</c>.</param>
    /// <param name="Length">Its length in bytes.</param>
    /// <param name="LastModified">When it was last changed.</param>
    /// <param name="Link">Where it is: a path on this host.</param>
    private sealed record ScoreReportResponse(
        string Id, string Type, int AdministrationYear, string Language, string Format, long Length, DateTime LastModified, string Link);
}
