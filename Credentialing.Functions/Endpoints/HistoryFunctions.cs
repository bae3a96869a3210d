using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Credentialing.Core.Audit;
using Credentialing.Core.Leas;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>The audit trail of an LEA.</summary>
public sealed class HistoryFunctions(Caller caller, AuditTrail trail, LeaCalendar calendar)
{
    private static readonly string[] Columns =
    [
        "id", "at", "localTime", "kind", "by", "byName", "generation", "previousUntil", "wording", "vendor", "milestone", "daysRemaining", "about", "name",
        "to", "rejected", "deferred", "givenUp", "added", "removed", "changed", "detail",
    ];

    /// <summary>
    /// Lists the events of an LEA's audit trail, newest first: what was done, by whom and when. The list has pages; a CSV file has all
    /// events.
    /// </summary>
    [Function("ListEvents")]
    [CalledBy(CallerKind.Coordinator)]
    [AcceptsParameter("query", "after", "The value of \"next\" in the response with the page before. The default is the first page.")]
    [ProducesResponse(200, typeof(EventsResponse), Files = [CsvResult.MediaType], Headers = ["Content-Disposition"])]
    [ProducesProblem(400, "invalid-after")]
    public Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "leas/{leaId}/events")] HttpRequest request,
        string leaId,
        CancellationToken cancellationToken) =>
        caller.AsCoordinatorOrTomsAsync(request, leaId, async (lea, _) =>
        {
            string? after = null;
            if (request.Query.TryGetValue("after", out var values) && (values is not [{ } value] || !AuditTrail.IsValidId(after = value)))
                return Problems.InvalidAfter();
            if (CsvResult.IsRequested(request))
                return new CsvResult($"sis-vendor-credentials-history-{lea}.csv", Columns, trail.ReadAllAsync(lea, cancellationToken).Select(Row));
            var page = await trail.ReadPageAsync(lea, after, cancellationToken);
            return TypedResults.Ok(new EventsResponse([.. page.Entries.Select(EventResponse.Of)], page.Next, calendar.TimeZone));
        });

    private IReadOnlyList<string?> Row(AuditEntry entry)
    {
        var details = entry.Details;
        return
        [
            entry.Id,
            Instant(entry.At),
            calendar.LocalTime(entry.At).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
            entry.Kind,
            entry.Source,
            entry.ByName,
            Number(entry.Generation),
            entry.PreviousUntil is { } until ? Instant(until) : null,
            details.Wording,
            details.Vendor,
            Number(details.Milestone),
            Number(details.DaysRemaining),
            details.About,
            details.Name,
            List(details.To),
            List(details.Rejected),
            List(details.Deferred),
            List(details.GivenUp),
            List(details.Added),
            List(details.Removed),
            List(details.Changed),
            entry.Detail,
        ];

        static string Instant(DateTimeOffset instant) => instant.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

        static string? Number(int? number) => number?.ToString(CultureInfo.InvariantCulture);

        static string List(IReadOnlyList<string> values) => string.Join("; ", values);
    }

    /// <summary>A page of an LEA's audit trail.</summary>
    /// <param name="Events">The events, newest first.</param>
    /// <param name="Next">The value of the parameter <c>after</c> for the next page; null if there are no more events.</param>
    /// <param name="TimeZone">The IANA time zone in which to display dates and times.</param>
    private sealed record EventsResponse(IReadOnlyList<EventResponse> Events, string? Next, string TimeZone);

    /// <summary>An event of an LEA's audit trail.</summary>
    /// <param name="Id">The id, unique within the LEA.</param>
    /// <param name="At">When it happened.</param>
    /// <param name="Kind">
    /// What happened, such as <c>credential-generated</c>. Newer releases may add kinds. <c>unreadable</c>: the record is damaged, or a
    /// newer release wrote it; only its time is known.
    /// </param>
    /// <param name="By">Who or what caused it; null if the record cannot be read.</param>
    /// <param name="Generation">The generation of the credentials that it is about; null if it is not about credentials.</param>
    /// <param name="Detail">Further information, in English; null if there is none. Of a revocation: the reason.</param>
    /// <param name="PreviousUntil">Until when the previous secret key works after a regeneration; null if it does not.</param>
    /// <param name="Details">The details that this kind of event has.</param>
    private sealed record EventResponse(
        string Id, DateTime At, string Kind, ActorResponse? By, int? Generation, string? Detail, DateTime? PreviousUntil, DetailsResponse Details)
    {
        public static EventResponse Of(AuditEntry entry) => new(
            entry.Id,
            entry.At.UtcDateTime,
            entry.Kind,
            entry.Source is { } source ? new ActorResponse(source, entry.ById, entry.ByName) : null,
            entry.Generation,
            entry.Detail,
            entry.PreviousUntil?.UtcDateTime,
            DetailsResponse.Of(entry.Details));
    }

    /// <summary>What an event says beyond its kind. Each kind of event has some of it; events of earlier releases have none.</summary>
    /// <param name="Wording">The version of the wording under which the release of student data was authorized.</param>
    /// <param name="Vendor">For whom a share is.</param>
    /// <param name="Milestone">The milestone of a reminder, in days before the expiration; zero or negative after it.</param>
    /// <param name="DaysRemaining">Calendar days until the expiration, of a reminder or an announcement.</param>
    /// <param name="About">The kind of the event that a notice is about.</param>
    /// <param name="Name">The LEA's new name.</param>
    /// <param name="To">The addresses for which the mail service accepted an email.</param>
    /// <param name="Rejected">The addresses that the mail service rejected.</param>
    /// <param name="Deferred">The addresses that the mail service deferred: the email is sent to them later.</param>
    /// <param name="GivenUp">The addresses that the mail service deferred until the service gave up.</param>
    /// <param name="Added">The coordinators that were added: name and id.</param>
    /// <param name="Removed">The coordinators that were removed: name and id.</param>
    /// <param name="Changed">The coordinators whose name, address or language changed: new name, and id.</param>
    private sealed record DetailsResponse(
        string? Wording,
        string? Vendor,
        int? Milestone,
        int? DaysRemaining,
        string? About,
        string? Name,
        IReadOnlyList<string> To,
        IReadOnlyList<string> Rejected,
        IReadOnlyList<string> Deferred,
        IReadOnlyList<string> GivenUp,
        IReadOnlyList<string> Added,
        IReadOnlyList<string> Removed,
        IReadOnlyList<string> Changed)
    {
        public static DetailsResponse Of(AuditDetails details) => new(
            details.Wording,
            details.Vendor,
            details.Milestone,
            details.DaysRemaining,
            details.About,
            details.Name,
            details.To,
            details.Rejected,
            details.Deferred,
            details.GivenUp,
            details.Added,
            details.Removed,
            details.Changed);
    }

    /// <summary>Who or what caused an event.</summary>
    /// <param name="Source">A person (or a service with a name), TOMS, the daily run, the sending of notices, or a vendor that opened a link.</param>
    /// <param name="Id">The person's id in TOMS; null if it was no person.</param>
    /// <param name="Name">The person's name; null if it was no person.</param>
    private sealed record ActorResponse(
        [property: AllowedValues(AuditEntry.Person, AuditEntry.Toms, AuditEntry.DailyRun, AuditEntry.Notices, AuditEntry.Vendor)] string Source, string? Id, string? Name);
}
