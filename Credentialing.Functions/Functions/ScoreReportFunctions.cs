using Credentialing.Core.ScoreReports;
using Credentialing.Functions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Net.Http.Headers;

namespace Credentialing.Functions;

/// <summary>The score reports of an LEA's students, for its vendors.</summary>
public sealed class ScoreReportFunctions(Caller caller, ScoreReportStore reports)
{
    /// <summary>A student's reports, newest year first; an empty list where the vendor's LEA has none of that student.</summary>
    [Function("ListScoreReports")]
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
            return TypedResults.Ok(listed.Select(item => new ScoreReportAnswer(
                item.Report.Id, item.Report.Type, item.Report.Year, item.Report.Language, item.Report.Format, item.Length, item.LastModified.UtcDateTime, $"{path}/{item.Report.Id}")));
        }, cancellationToken);

    /// <summary>A report's file, streamed, with ETag and ranges (RFC 9110, sections 13 and 14).</summary>
    [Function("GetScoreReport")]
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

    private sealed record ScoreReportAnswer(
        string Id, string Type, int AdministrationYear, string Language, string Format, long Length, DateTime LastModified, string Link);
}
