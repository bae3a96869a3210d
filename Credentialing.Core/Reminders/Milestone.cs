using Credentialing.Core.Credentials;

namespace Credentialing.Core.Reminders;

/// <summary>A number of calendar days before or after expiry at which a reminder is due.</summary>
public readonly record struct Milestone
{
    /// <summary>The latest milestone after expiry lasts this number of days. So credentials that expired long ago get no reminder.</summary>
    private const int DaysPerMilestoneAfterExpiry = 7;

    private Milestone(int days) => Days = days;

    /// <summary>The milestones before expiry, earliest first: 14, 7, 3 and 1 days.</summary>
    public static IReadOnlyList<Milestone> All { get; } = [new(CredentialStatus.ExpiringDays), new(7), new(3), new(1)];

    /// <summary>The milestones after expiry, earliest first: on the day of expiry, and once a week for four weeks.</summary>
    public static IReadOnlyList<Milestone> AfterExpiry { get; } = [new(0), new(-7), new(-14), new(-21), new(-28)];

    /// <summary>Calendar days before expiry, in the LEA's time zone; zero or negative after expiry.</summary>
    public int Days { get; }

    /// <summary>Returns the latest milestone reached with <paramref name="daysRemaining"/> days left; null before the first.</summary>
    public static Milestone? Reached(int daysRemaining) =>
        All.Where(milestone => daysRemaining <= milestone.Days).Select(milestone => (Milestone?)milestone).LastOrDefault();

    /// <summary>
    /// Returns the latest milestone reached by credentials that have expired, at <paramref name="daysRemaining"/>, which is not
    /// positive. Null more than 34 days after expiry.
    /// </summary>
    public static Milestone? ReachedAfterExpiry(int daysRemaining) => daysRemaining <= AfterExpiry[^1].Days - DaysPerMilestoneAfterExpiry
        ? null
        : AfterExpiry.Where(milestone => daysRemaining <= milestone.Days).Select(milestone => (Milestone?)milestone).LastOrDefault();

    /// <summary>Returns the milestone with that number of days; null if there is none.</summary>
    public static Milestone? Of(int days) =>
        All.Concat(AfterExpiry).Where(milestone => milestone.Days == days).Select(milestone => (Milestone?)milestone).SingleOrDefault();
}
