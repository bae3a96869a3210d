using System.Globalization;
using Credentialing.Core.Leas;
using Credentialing.Core.Runs;
using Credentialing.Functions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions;

/// <summary>The daily run, and what it would do.</summary>
public sealed class ReminderFunctions(Caller caller, DailyRun run, LeaCalendar calendar, TimeProvider time)
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
            return TypedResults.Ok(new PreviewAnswer(
                on,
                at.UtcDateTime,
                [.. preview.Plans.Select(PlanAnswer.Of)],
                [.. preview.Failures.Select(failure => new FailureAnswer(failure.Where, failure.What))]));
        });

    private sealed record PreviewAnswer(DateOnly On, DateTime At, IReadOnlyList<PlanAnswer> Leas, IReadOnlyList<FailureAnswer> Failures);

    private sealed record FailureAnswer(string LeaId, string Detail);

    private sealed record PlanAnswer(
        string LeaId, string Name, DateTime? ExpiresAt, int? DaysRemaining, ReminderAnswer? Reminder, AnnouncementChange? Announcement)
    {
        public static PlanAnswer Of(LeaPlan plan) => new(
            plan.LeaId.Value,
            plan.LeaName,
            plan.Status.Credential?.ExpiresAt.UtcDateTime,
            plan.Status.DaysRemaining,
            plan.Reminder is { } reminder ? new ReminderAnswer(reminder.Milestone.Days, [.. reminder.Recipients.Select(recipient => recipient.Email!)]) : null,
            plan.Post is { } announcement ? new AnnouncementChange("post", announcement.Text)
                : plan.Withdraws ? new AnnouncementChange("remove", null)
                : null);
    }

    private sealed record ReminderAnswer(int Milestone, IReadOnlyList<string> To);

    private sealed record AnnouncementChange(string Action, string? Text);
}
