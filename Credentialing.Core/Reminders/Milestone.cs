using Credentialing.Core.Credentials;

namespace Credentialing.Core.Reminders;

/// <summary>A number of calendar days before expiry at which a reminder is due.</summary>
public readonly record struct Milestone
{
    private Milestone(int days) => Days = days;

    /// <summary>All milestones, earliest first: 14, 7, 3 and 1 days before expiry.</summary>
    public static IReadOnlyList<Milestone> All { get; } = [new(CredentialStatus.ExpiringDays), new(7), new(3), new(1)];

    /// <summary>Calendar days before expiry, in the LEA's time zone.</summary>
    public int Days { get; }

    /// <summary>Returns the latest milestone reached with <paramref name="daysRemaining"/> days left; null before the first.</summary>
    public static Milestone? Reached(int daysRemaining) =>
        All.Where(milestone => daysRemaining <= milestone.Days).Select(milestone => (Milestone?)milestone).LastOrDefault();

    /// <summary>Returns the milestone with that number of days; null if there is none.</summary>
    public static Milestone? Of(int days) =>
        All.Where(milestone => milestone.Days == days).Select(milestone => (Milestone?)milestone).SingleOrDefault();
}
