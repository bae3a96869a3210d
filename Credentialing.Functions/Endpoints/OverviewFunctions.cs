using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Overview;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>The statewide overview, for TOMS, and its daily check.</summary>
public sealed class OverviewFunctions(Caller caller, OverviewService overview, LeaCalendar calendar, TimeProvider time)
{
    private const string FileName = "sis-vendor-credentials.csv";

    private static readonly string[] Columns =
    [
        "leaId", "name", "state", "daysRemaining", "expiresAt", "expiresOn", "generation", "generatedAt", "generatedBy", "revokedAt", "lastUsedOn", "lastUsedBy",
        "lastEmail", "lastEmailMilestone", "lastEmailAt", "lastEmailResult", "refused", "coordinators", "withoutAddress", "problem",
    ];

    /// <summary>
    /// Compares the overview with the LEAs and repairs what differs, once a day. If it fails, the platform retries it.
    /// </summary>
    [Function("CheckOverview")]
    [FixedDelayRetry(3, "00:10:00")]
    public Task CheckAsync([TimerTrigger("%OverviewSchedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        overview.CheckAsync(cancellationToken);

    /// <summary>
    /// Lists the LEAs in the order of their CDS codes: the state of the credentials, their last use, the last email and the coordinators.
    /// A change appears within seconds. The uses of keys, and what a crash has prevented, appear with the daily check: see <c>asOf</c>. The
    /// list has pages. A page is made of up to 1,000 LEAs and contains those that match, so it can be empty: request pages until
    /// <c>next</c> is null. A CSV file has all LEAs that match.
    /// </summary>
    [Function("ListLeas")]
    [CalledBy(CallerKind.Toms)]
    [AcceptsParameter("query", "state", "Only LEAs whose credentials have this state.", Values = ["none", "active", "expiring", "expired", "revoked"])]
    [AcceptsParameter("query", "q", "Only LEAs whose name or CDS code contains this text. Case and accents do not count.")]
    [AcceptsParameter("query", "expiresWithin", "Only LEAs whose credentials are valid and expire within this number of days, 0 to 365.", Type = typeof(int))]
    [AcceptsParameter("query", "after", "The value of \"next\" in the response with the page before. The default is the first page.")]
    [ProducesResponse(200, typeof(LeasResponse), Files = [CsvResult.MediaType], Headers = ["Content-Disposition"])]
    [ProducesProblem(400, "invalid-state", "invalid-search", "invalid-days", "invalid-after")]
    public Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "leas")] HttpRequest request,
        CancellationToken cancellationToken) =>
        caller.AsTomsAsync(request, async _ =>
        {
            CredentialState? state = null;
            if (request.Query.TryGetValue("state", out var states) && (states is not [{ } name] || (state = ParseState(name)) is null))
                return Problems.InvalidState();
            var search = "";
            if (request.Query.TryGetValue("q", out var searches) && (searches is not [{ Length: <= OneLine.MaxNameLength }] || (search = searches[0]!) is null))
                return Problems.InvalidSearch();
            int? days = null;
            if (request.Query.TryGetValue("expiresWithin", out var numbers) && (numbers is not [{ } number] || (days = ParseDays(number)) is null))
                return Problems.InvalidDays();
            LeaId? after = null;
            if (request.Query.TryGetValue("after", out var ids))
            {
                if (ids is not [{ } id] || !LeaId.TryParse(id, out var last))
                    return Problems.InvalidAfter();
                after = last;
            }

            var now = time.GetUtcNow();
            if (CsvResult.IsRequested(request))
                return new CsvResult(FileName, Columns, overview.ReadAllAsync(cancellationToken).Where(lea => Matches(lea, state, search, days, now)).Select(lea => Row(lea, now)));
            var checkedAt = overview.CheckedAtAsync(cancellationToken);
            var page = await overview.ReadPageAsync(after, cancellationToken);
            return TypedResults.Ok(new LeasResponse(
                [.. page.Leas.Where(lea => Matches(lea, state, search, days, now)).Select(lea => LeaSummary.Of(lea, calendar, now))],
                page.Next?.Value,
                (await checkedAt)?.UtcDateTime,
                calendar.TimeZone));
        });

    private static CredentialState? ParseState(string name) => name switch
    {
        "none" => CredentialState.None,
        "active" => CredentialState.Active,
        "expiring" => CredentialState.Expiring,
        "expired" => CredentialState.Expired,
        "revoked" => CredentialState.Revoked,
        _ => null,
    };

    private static int? ParseDays(string number) =>
        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days <= Credential.Lifetime.Days ? days : null;

    private bool Matches(LeaOverview lea, CredentialState? state, string search, int? days, DateTimeOffset now)
    {
        var (current, remaining) = lea.StateAt(now, calendar);
        return (state is null || current == state)
            && (days is null || (current is CredentialState.Active or CredentialState.Expiring && remaining <= days))
            && Contains(lea, search);
    }

    private static bool Contains(LeaOverview lea, string search) =>
        search.Length == 0 || lea.LeaId.Value.Contains(search, StringComparison.Ordinal)
            || CultureInfo.InvariantCulture.CompareInfo.IndexOf(lea.Name, search, CompareOptions.IgnoreCase | CompareOptions.IgnoreNonSpace) >= 0;

    private IReadOnlyList<string?> Row(LeaOverview lea, DateTimeOffset now)
    {
        var summary = LeaSummary.Of(lea, calendar, now);
        return
        [
            summary.LeaId,
            summary.Name,
            summary.State is { } state ? state.ToString().ToLowerInvariant() : null,
            Number(summary.DaysRemaining),
            Instant(summary.ExpiresAt),
            lea.ExpiresAt is { } expiresAt ? Date(calendar.LocalDate(expiresAt)) : null,
            Number(summary.Generation),
            Instant(summary.GeneratedAt),
            summary.GeneratedBy,
            Instant(summary.RevokedAt),
            summary.LastUse is { } use ? Date(use.On) : null,
            summary.LastUse?.Client,
            summary.LastEmail?.Kind,
            Number(summary.LastEmail?.Milestone),
            Instant(summary.LastEmail?.At),
            summary.LastEmail is { } email ? EmailResultName(email.Result) : null,
            List(summary.LastEmail?.Refused ?? []),
            List(summary.Coordinators.Select(coordinator => coordinator.Email is { } address ? $"{coordinator.Name} <{address}>" : coordinator.Name)),
            List(summary.Coordinators.Where(coordinator => coordinator.Email is null).Select(coordinator => coordinator.Name)),
            summary.Problem,
        ];

        static string? Instant(DateTime? instant) => instant?.ToString("O", CultureInfo.InvariantCulture);

        static string Date(DateOnly date) => date.ToString("O", CultureInfo.InvariantCulture);

        static string? Number(int? number) => number?.ToString(CultureInfo.InvariantCulture);

        static string List(IEnumerable<string> values) => string.Join("; ", values);
    }

    /// <summary>The name in JSON.</summary>
    private static string EmailResultName(EmailResult result) => System.Text.Json.JsonSerializer.SerializeToElement(result).GetString()!;

    /// <summary>A page of the LEAs.</summary>
    /// <param name="Leas">The LEAs that match.</param>
    /// <param name="Next">The value of the parameter <c>after</c> for the next page; null if there are no more LEAs.</param>
    /// <param name="AsOf">
    /// When the last complete check of the overview began. All changes, emails and uses of keys before it are in the overview. Null if there
    /// was no check yet: LEAs may be missing.
    /// </param>
    /// <param name="TimeZone">The IANA time zone in which to display dates and times.</param>
    private sealed record LeasResponse(IReadOnlyList<LeaSummary> Leas, string? Next, DateTime? AsOf, string TimeZone);

    /// <summary>An LEA in the statewide overview.</summary>
    /// <param name="LeaId">The LEA's CDS code.</param>
    /// <param name="Name">The LEA's name.</param>
    /// <param name="State">The state of the credentials; null if they cannot be read: see <c>problem</c>.</param>
    /// <param name="DaysRemaining">Calendar days until the expiration; null if there are no credentials, or they were revoked.</param>
    /// <param name="Generation">1 for the LEA's first credentials, +1 at each regeneration; null if there are no credentials.</param>
    /// <param name="GeneratedAt">When they were generated; null if there are no credentials.</param>
    /// <param name="GeneratedBy">The name of the coordinator who generated them; null if there are no credentials.</param>
    /// <param name="ExpiresAt">When they expire or expired; null if there are no credentials.</param>
    /// <param name="RevokedAt">When they were revoked; null if they were not.</param>
    /// <param name="LastUse">The last use of a secret key of the last two generations; null if there was none.</param>
    /// <param name="LastEmail">The last email to the coordinators; null if there was none.</param>
    /// <param name="Coordinators">The coordinators. TOMS reported them.</param>
    /// <param name="Problem">Why some of the LEA's records cannot be read; null if all can.</param>
    private sealed record LeaSummary(
        string LeaId,
        string Name,
        CredentialState? State,
        int? DaysRemaining,
        int? Generation,
        DateTime? GeneratedAt,
        string? GeneratedBy,
        DateTime? ExpiresAt,
        DateTime? RevokedAt,
        LastUseResponse? LastUse,
        LastEmailResponse? LastEmail,
        IReadOnlyList<ContactResponse> Coordinators,
        string? Problem)
    {
        public static LeaSummary Of(LeaOverview lea, LeaCalendar calendar, DateTimeOffset now)
        {
            var (state, days) = lea.StateAt(now, calendar);
            return new(
                lea.LeaId.Value,
                lea.Name,
                state,
                days,
                lea.Generation,
                lea.GeneratedAt?.UtcDateTime,
                lea.GeneratedBy,
                lea.ExpiresAt?.UtcDateTime,
                lea.RevokedAt?.UtcDateTime,
                lea is { LastUsedOn: { } on, LastUsedBy: { } client } ? new(client, on) : null,
                lea.LastEmail is { } email ? new(email.Milestone is null ? "notice" : "reminder", email.Milestone, email.At?.UtcDateTime, email.Result, email.Refused) : null,
                [.. lea.Coordinators.Select(coordinator => new ContactResponse(coordinator.Name, coordinator.Email))],
                lea.Problem);
        }
    }

    /// <summary>The last use of a secret key.</summary>
    /// <param name="Client">The client's name for itself; <c>unknown</c> or <c>other</c> as in the usage of an LEA's credentials.</param>
    /// <param name="On">The date, in the LEA's time zone.</param>
    private sealed record LastUseResponse(string Client, DateOnly On);

    /// <summary>The last email to an LEA's coordinators.</summary>
    /// <param name="Kind">A reminder of the expiration, or a notice of a change.</param>
    /// <param name="Milestone">Of a reminder: the days before the expiration, zero or negative after it. Null for a notice.</param>
    /// <param name="At">When the mail service accepted or refused it; null if it has done neither.</param>
    /// <param name="Result">The result.</param>
    /// <param name="Refused">The addresses that the mail service refused. Only a person can correct them.</param>
    private sealed record LastEmailResponse(
        [property: AllowedValues("reminder", "notice")] string Kind, int? Milestone, DateTime? At, EmailResult Result, IReadOnlyList<string> Refused);

    /// <summary>A coordinator to contact.</summary>
    /// <param name="Name">The name.</param>
    /// <param name="Email">The email address; null if TOMS did not report a valid one.</param>
    private sealed record ContactResponse(string Name, string? Email);
}
