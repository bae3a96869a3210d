using System.Globalization;
using Credentialing.Core.Credentials;
using Credentialing.Core.Disclosures;
using Credentialing.Core.Leas;
using Credentialing.Core.ScoreReports;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>Which reports of an LEA's students were downloaded, by whom and when.</summary>
public sealed class DisclosureFunctions(Caller caller, DisclosureLog disclosures, LeaCalendar calendar, TimeProvider time)
{
    private const string Location = "leas/{leaId}/disclosures";
    private const int DefaultMonths = 12;

    /// <summary>The first row of the CSV file.</summary>
    private static readonly string[] Columns = ["ssid", "report", "at", "localTime", "client", "generation", "isWhole", "byLink"];

    /// <summary>
    /// Lists the downloads of reports of the LEA's students, newest first. If `next` is not null, there may be more: repeat the request with
    /// it as `after`. With `Accept: text/csv`, returns all of them as a file. Also for TOMS.
    /// </summary>
    [Function("ListDisclosures")]
    [CalledBy(CallerKind.Coordinator)]
    [AcceptsParameter("query", "ssid", "Only downloads of reports of this student.")]
    [AcceptsParameter("query", "from", "The first day, in the LEA's time zone.", Type = typeof(DateOnly))]
    [AcceptsParameter("query", "to", "The last day, in the LEA's time zone.", Type = typeof(DateOnly))]
    [AcceptsParameter("query", "client", "Only downloads by this client. With it, a page can have fewer items than others, and even none.")]
    [AcceptsParameter("query", "after", "The `next` of the page before.")]
    [ProducesResponse(200, typeof(DisclosuresResponse), Files = [CsvResult.MediaType], Headers = ["Content-Disposition"])]
    [ProducesProblem(400, "malformed-ssid", "invalid-period", "invalid-after")]
    public Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Location)] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsCoordinatorOrTomsAsync(request, leaId, async (lea, _) =>
        {
            Ssid? student = null;
            if (Parameter(request, "ssid") is { } ssid)
            {
                if (!Ssid.TryParse(ssid, out var parsed))
                    return Problems.MalformedSsid();
                student = parsed;
            }

            if (!TryReadPeriod(request, "yyyy-MM-dd", out var from, out var to))
                return Problems.InvalidPeriod("a day such as 2027-10-31");
            var after = Parameter(request, "after");
            if (after is not null && !DisclosureLog.IsNext(after))
                return Problems.InvalidAfter();
            var filter = new DisclosureFilter(
                student,
                Parameter(request, "client") is { } client ? ClientName.Of(client) : null,
                from is { } first ? calendar.StartOf(first) : null,
                to is { } last ? calendar.StartOf(last.AddDays(1)) : null);
            if (CsvResult.IsRequested(request))
                return new CsvResult($"downloads-{lea}.csv", Columns, disclosures.ReadAllAsync(lea, filter, cancellationToken).Select(Row));
            var page = await disclosures.ReadPageAsync(lea, filter, after, cancellationToken);
            return TypedResults.Ok(new DisclosuresResponse([.. page.Disclosures.Select(DisclosureResponse.Of)], page.Next, calendar.TimeZone));
        });

    /// <summary>
    /// Returns how many reports each client downloaded in each month, newest month first. The default is the last twelve months. Also for
    /// TOMS.
    /// </summary>
    [Function("SummarizeDisclosures")]
    [CalledBy(CallerKind.Coordinator)]
    [AcceptsParameter("query", "from", "The first month, such as `2027-01`, in the LEA's time zone.")]
    [AcceptsParameter("query", "to", "The last month: at most 120 months in all. The default is the current month.")]
    [ProducesResponse(200, typeof(DisclosureSummaryResponse))]
    [ProducesProblem(400, "invalid-period")]
    public Task<IResult> SummarizeAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Location + "/summary")] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsCoordinatorOrTomsAsync(request, leaId, async (lea, _) =>
        {
            if (!TryReadPeriod(request, "yyyy-MM", out var from, out var to))
                return Problems.InvalidPeriod("a month such as 2027-10");
            var today = calendar.LocalDate(time.GetUtcNow());
            var last = to ?? new DateOnly(today.Year, today.Month, 1);
            var first = from ?? last.AddMonths(1 - DefaultMonths);
            if (first > last || first.AddMonths(DisclosureLog.MaxMonths) <= last)
                return Problems.InvalidPeriod("a month such as 2027-10");
            var summary = await disclosures.SummarizeAsync(lea, first, last, cancellationToken);
            return TypedResults.Ok(new DisclosureSummaryResponse([.. summary.Months.Select(MonthResponse.Of)], summary.AsOf.UtcDateTime, calendar.TimeZone));
        });

    /// <summary>Returns a query parameter; null if it is absent. Several values count as one that is not valid.</summary>
    private static string? Parameter(HttpRequest request, string name) => request.Query.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>Reads the parameters <c>from</c> and <c>to</c>. Returns false if one is malformed, or they are in the wrong order.</summary>
    private static bool TryReadPeriod(HttpRequest request, string format, out DateOnly? from, out DateOnly? to)
    {
        to = null;
        return TryRead("from", out from) && TryRead("to", out to) && !(from > to);

        bool TryRead(string name, out DateOnly? value)
        {
            value = null;
            if (Parameter(request, name) is not { } text)
                return true;
            var isDate = DateOnly.TryParseExact(text, format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date.Year is > 2000 and < 3000;
            value = date;
            return isDate;
        }
    }

    private IReadOnlyList<string?> Row(Disclosure disclosure) =>
    [
        disclosure.Ssid.ToString(),
        disclosure.ReportId,
        disclosure.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
        calendar.LocalTime(disclosure.At).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
        disclosure.Client.ToString(),
        disclosure.Generation.ToString(CultureInfo.InvariantCulture),
        disclosure.IsWhole ? "true" : "false",
        disclosure.ByLink ? "true" : "false",
    ];

    /// <summary>A page of downloads.</summary>
    /// <param name="Disclosures">The downloads, newest first: at most 100.</param>
    /// <param name="Next">The value of `after` for the next page; null if this is the last one.</param>
    /// <param name="TimeZone">The LEA's time zone: an IANA name.</param>
    private sealed record DisclosuresResponse(IReadOnlyList<DisclosureResponse> Disclosures, string? Next, string TimeZone);

    /// <summary>A download of a report.</summary>
    /// <param name="Ssid">The student's SSID.</param>
    /// <param name="ReportId">The report's id, such as <c>2026-ssr-en.pdf</c>.</param>
    /// <param name="Generation">The generation of the secret key that was used.</param>
    /// <param name="Client">The vendor's program. `unknown` if it has no name. The program chooses the name, so it proves nothing.</param>
    /// <param name="At">When the first byte was sent.</param>
    /// <param name="IsWhole">Whether the whole file was requested; false for a range of it.</param>
    /// <param name="ByLink">Whether the file was requested with a temporary link that the program had obtained.</param>
    private sealed record DisclosureResponse(string Ssid, string ReportId, int Generation, string Client, DateTime At, bool IsWhole, bool ByLink)
    {
        public static DisclosureResponse Of(Disclosure disclosure) => new(
            disclosure.Ssid.ToString(),
            disclosure.ReportId,
            disclosure.Generation,
            disclosure.Client.ToString(),
            disclosure.At.UtcDateTime,
            disclosure.IsWhole,
            disclosure.ByLink);

        public override string ToString() => nameof(DisclosureResponse); // never the student
    }

    /// <summary>The number of downloads by month and client.</summary>
    /// <param name="Months">The numbers, newest month first. Months without downloads are absent.</param>
    /// <param name="AsOf">Downloads before this instant are counted.</param>
    /// <param name="TimeZone">The LEA's time zone: an IANA name.</param>
    private sealed record DisclosureSummaryResponse(IReadOnlyList<MonthResponse> Months, DateTime AsOf, string TimeZone);

    /// <summary>The number of downloads by a client in a month.</summary>
    /// <param name="Month">The month, such as <c>2027-10</c>, in the LEA's time zone.</param>
    /// <param name="Client">The vendor's program. `unknown` if it has no name; `other` for all programs beyond a limit.</param>
    /// <param name="Count">The number of downloads.</param>
    private sealed record MonthResponse(string Month, string Client, int Count)
    {
        public static MonthResponse Of(MonthCount count) =>
            new(count.Month.ToString("yyyy-MM", CultureInfo.InvariantCulture), count.Client.ToString(), count.Count);
    }
}
