using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Leas;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>The daily run, and what it would do.</summary>
public sealed class ReminderFunctions(Caller caller, DailyRunService run, LeaCalendar calendar, TimeProvider time)
{
    /// <summary>
    /// Reminds and announces, once a day. A run in which something failed is reported as failed, and the platform then tries
    /// again: what was done is not done twice.
    /// </summary>
    [Function("SendExpiryReminders")]
    [FixedDelayRetry(3, "00:10:00")]
    public Task SendAsync([TimerTrigger("%ReminderSchedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        run.RunAsync(cancellationToken);

    /// <summary>
    /// What the run would do now, or (<c>?on=2027-11-09</c>) on another day at this time of day, if nothing changed until then.
    /// </summary>
    [Function("PreviewReminders")]
    [CalledBy(CallerKind.Toms)]
    [AcceptsParameter("query", "on", "The day, from today to two years from now; today unless told.", Type = typeof(DateOnly))]
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
                (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out on) || on < today || on > today.AddYears(2)))
                return Problems.InvalidDate();
            var at = on == today ? now : calendar.At(on, now);
            var preview = await run.PreviewAsync(at, cancellationToken);
            return TypedResults.Ok(new PreviewResponse(
                on,
                at.UtcDateTime,
                [.. preview.Plans.Select(PlanResponse.Of)],
                [.. preview.Failures.Select(failure => new FailureResponse(failure.Where, failure.What))]));
        });

    /// <summary>What a daily run would do.</summary>
    /// <param name="On">The day, at the LEAs.</param>
    /// <param name="At">The instant that it is about.</param>
    /// <param name="Leas">What it would do for each LEA for which it would do something.</param>
    /// <param name="Failures">What could not be found out.</param>
    private sealed record PreviewResponse(DateOnly On, DateTime At, IReadOnlyList<PlanResponse> Leas, IReadOnlyList<FailureResponse> Failures);

    /// <summary>What could not be found out.</summary>
    /// <param name="LeaId">Of which LEA; or of what else.</param>
    /// <param name="Detail">What went wrong.</param>
    private sealed record FailureResponse(string LeaId, string Detail);

    /// <summary>What a daily run would do for an LEA.</summary>
    /// <param name="LeaId">The LEA's CDS code.</param>
    /// <param name="Name">The LEA's name.</param>
    /// <param name="ExpiresAt">When its credentials end, or ended; null if it has none.</param>
    /// <param name="DaysRemaining">Calendar days until then.</param>
    /// <param name="Reminder">The email that would be sent; null for none.</param>
    /// <param name="Announcement">What would be done on MyTOMS; null for nothing.</param>
    private sealed record PlanResponse(
        string LeaId, string Name, DateTime? ExpiresAt, int? DaysRemaining, ReminderResponse? Reminder, AnnouncementChange? Announcement)
    {
        public static PlanResponse Of(LeaPlan plan) => new(
            plan.LeaId.Value,
            plan.LeaName,
            plan.Status.Credential?.ExpiresAt.UtcDateTime,
            plan.Status.DaysRemaining,
            plan.Reminder is { } reminder ? new ReminderResponse(reminder.Milestone.Days, [.. reminder.Recipients.Select(recipient => recipient.Email!)]) : null,
            plan.Post is { } announcement ? new AnnouncementChange("post", announcement.Text)
                : plan.Withdraws ? new AnnouncementChange("remove", null)
                : null);
    }

    /// <summary>An email to an LEA's coordinators.</summary>
    /// <param name="Milestone">The days before the end at which it is due.</param>
    /// <param name="To">The addresses that it would go to.</param>
    private sealed record ReminderResponse([property: AllowedValues(14, 7, 3, 1)] int Milestone, IReadOnlyList<string> To);

    /// <summary>A change of what MyTOMS shows.</summary>
    /// <param name="Action">What would be done.</param>
    /// <param name="Text">What would be posted.</param>
    private sealed record AnnouncementChange([property: AllowedValues("post", "remove")] string Action, string? Text);
}
