using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Credentialing.Core.Credentials;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Leas;
using Credentialing.Core.Overview;
using Credentialing.Core.Reminders;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>The daily run and its preview.</summary>
public sealed class ReminderFunctions(Caller caller, DailyRunService run, OverviewService overview, LeaCalendar calendar, TimeProvider time)
{
    /// <summary>
    /// Sends the reminders and updates the announcements that are due, once a day. If any part fails, the run fails, and the
    /// platform retries it. A retry does not repeat completed work. Then refreshes the LEAs with an email in the overview.
    /// </summary>
    [Function("SendExpiryReminders")]
    [FixedDelayRetry(3, "00:10:00")]
    public async Task SendAsync([TimerTrigger("%ReminderSchedule%")] TimerInfo timer, CancellationToken cancellationToken)
    {
        try
        {
            await overview.RefreshAsync((await run.RunAsync(cancellationToken)).Emailed, cancellationToken);
        }
        catch (DailyRunFailedException failed)
        {
            await overview.RefreshAsync(failed.Summary.Emailed, cancellationToken);
            throw;
        }
    }

    /// <summary>
    /// Previews the daily run. By default, the preview is for now. With <c>?on=2027-11-09</c>, it is for that day at the current
    /// time of day, if nothing changes until then. Also lists the LEAs whose credentials have expired, and the problems that only a person
    /// can correct.
    /// </summary>
    [Function("PreviewReminders")]
    [CalledBy(CallerKind.Toms)]
    [AcceptsParameter("query", "on", "The day, from today to two years from now. The default is today.", Type = typeof(DateOnly))]
    [ProducesResponse(200, typeof(PreviewResponse))]
    [ProducesProblem(400, "invalid-date")]
    public Task<IResult> PreviewAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "reminders/preview")] HttpRequest request,
        CancellationToken cancellationToken) =>
        caller.AsTomsAsync(request, async _ =>
        {
            var now = time.GetUtcNow();
            var today = calendar.LocalDate(now);
            var on = today;
            if (request.Query.TryGetValue("on", out var text) &&
                (!DateOnly.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out on) || on < today || on > today.AddYears(2)))
                return Problems.InvalidDate();
            var at = on == today ? now : calendar.At(on, now);
            var (plans, failures) = await run.PreviewAsync(at, cancellationToken);
            return TypedResults.Ok(new PreviewResponse(
                on,
                at.UtcDateTime,
                [.. plans.Where(plan => !plan.IsEmpty).Select(PlanResponse.Of)],
                [.. plans.Where(plan => plan.Status.State is CredentialState.Expired).Select(plan => new ExpiredResponse(plan.LeaId.Value, plan.LeaName, plan.Status.Credential!.ExpiresAt.UtcDateTime))],
                [.. plans.Where(plan => plan.HasNoAddress || plan.Refused.Count > 0).Select(ProblemOf)],
                [.. failures.Select(failure => new FailureResponse(failure.Where, failure.What))]));
        });

    private static ContactProblem ProblemOf(LeaPlan plan) => new(
        plan.LeaId.Value, plan.LeaName, plan.HasNoAddress ? "no-address" : plan.AreAllRefused ? "all-refused" : "some-refused", plan.Refused);

    /// <summary>A preview of a daily run.</summary>
    /// <param name="On">The day, in the time zone of the LEAs.</param>
    /// <param name="At">The instant for which the preview is computed.</param>
    /// <param name="Leas">The planned actions, one item for each LEA with an action.</param>
    /// <param name="Expired">The LEAs whose credentials have expired and were neither regenerated nor revoked.</param>
    /// <param name="Problems">
    /// The LEAs with expiring or expired credentials whose reminders do not reach every coordinator. Only a person can correct them.
    /// </param>
    /// <param name="Failures">The parts of the preview that failed, such as LEAs whose records cannot be read.</param>
    private sealed record PreviewResponse(
        DateOnly On, DateTime At, IReadOnlyList<PlanResponse> Leas, IReadOnlyList<ExpiredResponse> Expired, IReadOnlyList<ContactProblem> Problems, IReadOnlyList<FailureResponse> Failures);

    /// <summary>An LEA whose credentials have expired.</summary>
    /// <param name="LeaId">The LEA's CDS code.</param>
    /// <param name="Name">The LEA's name.</param>
    /// <param name="ExpiredAt">Since when its vendors have no access.</param>
    private sealed record ExpiredResponse(string LeaId, string Name, DateTime ExpiredAt);

    /// <summary>An LEA whose reminders do not reach every coordinator.</summary>
    /// <param name="LeaId">The LEA's CDS code.</param>
    /// <param name="Name">The LEA's name.</param>
    /// <param name="Kind">No coordinator has an address, or the mail service refused all or some of the addresses.</param>
    /// <param name="Refused">The registered addresses that the mail service refused in the last reminder.</param>
    private sealed record ContactProblem(
        string LeaId, string Name, [property: AllowedValues("no-address", "all-refused", "some-refused")] string Kind, IReadOnlyList<string> Refused);

    /// <summary>The planned actions of a daily run for an LEA.</summary>
    /// <param name="LeaId">The LEA's CDS code.</param>
    /// <param name="Name">The LEA's name.</param>
    /// <param name="ExpiresAt">When its credentials expire or expired; null if it has none.</param>
    /// <param name="DaysRemaining">Calendar days until the expiration; null if the LEA has no credentials, or they were revoked.</param>
    /// <param name="Reminder">The email to send; null if none is due.</param>
    /// <param name="Announcement">The change to the announcement on MyTOMS; null if there is none.</param>
    /// <param name="Notices">The number of emails about changes that could not be sent at once.</param>
    private sealed record PlanResponse(
        string LeaId, string Name, DateTime? ExpiresAt, int? DaysRemaining, ReminderResponse? Reminder, AnnouncementChange? Announcement, int Notices)
    {
        public static PlanResponse Of(LeaPlan plan) => new(
            plan.LeaId.Value,
            plan.LeaName,
            plan.Status.Credential?.ExpiresAt.UtcDateTime,
            plan.Status.DaysRemaining,
            plan.Reminder is { } reminder ? new ReminderResponse(reminder.Milestone.Days, [.. reminder.Recipients.Select(recipient => recipient.Email!)], reminder.Rejected) : null,
            plan.Post is { } announcement ? new AnnouncementChange("post", announcement.Text)
                : plan.Withdraws ? new AnnouncementChange("remove", null)
                : null,
            plan.NoticeCount);
    }

    /// <summary>The allowed values of a milestone.</summary>
    private sealed class MilestoneDaysAttribute() : AllowedValuesAttribute([.. Milestone.All.Concat(Milestone.AfterExpiry).Select(milestone => (object?)milestone.Days)]);

    /// <summary>A reminder email to an LEA's coordinators.</summary>
    /// <param name="Milestone">The number of days before the expiration at which it is due; zero or negative after the expiration.</param>
    /// <param name="To">The recipients' email addresses. Empty if no usable address is left.</param>
    /// <param name="Rejected">The registered addresses that the mail service rejected in the last reminder. TOMS must correct them.</param>
    private sealed record ReminderResponse([property: MilestoneDays] int Milestone, IReadOnlyList<string> To, IReadOnlyList<string> Rejected);

    /// <summary>A change to the announcement on MyTOMS.</summary>
    /// <param name="Action">The action.</param>
    /// <param name="Text">The text to post; null for <c>remove</c>.</param>
    private sealed record AnnouncementChange([property: AllowedValues("post", "remove")] string Action, string? Text);
}
