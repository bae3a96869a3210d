namespace Credentialing.Core.Reminders;

/// <summary>A number of days before expiry at which an LEA is reminded.</summary>
public readonly record struct Milestone
{
    private Milestone(int days) => Days = days;

    /// <summary>All there are, the earliest first: two weeks, one week, three days and one day before expiry.</summary>
    public static IReadOnlyList<Milestone> All { get; } = [new(14), new(7), new(3), new(1)];

    /// <summary>Calendar days before expiry, at the LEA.</summary>
    public int Days { get; }

    /// <summary>The last one that has come when <paramref name="daysRemaining"/> calendar days remain; null before the first.</summary>
    public static Milestone? Reached(int daysRemaining) =>
        All.Where(milestone => daysRemaining <= milestone.Days).Select(milestone => (Milestone?)milestone).LastOrDefault();

    /// <summary>The milestone of that many days; null if there is none.</summary>
    public static Milestone? Of(int days) =>
        All.Where(milestone => milestone.Days == days).Select(milestone => (Milestone?)milestone).SingleOrDefault();
}
