using System.Globalization;

namespace Credentialing.Core.Leas;

/// <summary>Counts calendar days and formats dates and times, in the LEAs' time zone. Immutable and thread safe.</summary>
/// <param name="timeZone">The LEAs' time zone.</param>
public sealed class LeaCalendar(TimeZoneInfo timeZone)
{
    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en-US");

    /// <summary>The generic name, for standard and daylight saving time: "Pacific Time".</summary>
    private readonly string zoneName = InEnglish(() => timeZone.StandardName).Replace(" Standard", "", StringComparison.Ordinal);

    /// <summary>The IANA name of the time zone, such as "America/Los_Angeles".</summary>
    public string TimeZone => timeZone.Id;

    /// <summary>Returns the local date and time at the LEA at <paramref name="instant"/>.</summary>
    public DateTime LocalTime(DateTimeOffset instant) => TimeZoneInfo.ConvertTime(instant, timeZone).DateTime;

    /// <summary>Returns the local date at the LEA at <paramref name="instant"/>.</summary>
    public DateOnly LocalDate(DateTimeOffset instant) => DateOnly.FromDateTime(LocalTime(instant));

    /// <summary>
    /// Returns date, time and time zone at <paramref name="instant"/>, such as "Tuesday, November 23, 2027 at 12:00 PM Pacific
    /// Time". Always in English.
    /// </summary>
    internal string InWords(DateTimeOffset instant) => $"{DateInWords(instant)} at {TimeInWords(instant)}";

    /// <summary>Returns a number of days as text for a sentence: "today", "in 1 day", "in 14 days".</summary>
    internal static string InDays(int days) => days switch
    {
        0 => "today",
        1 => "in 1 day",
        _ => string.Create(CultureInfo.InvariantCulture, $"in {days} days"),
    };

    /// <summary>Returns the local time and the time zone at the LEA, such as "3:04 PM Pacific Time". Always in English.</summary>
    public string TimeInWords(DateTimeOffset instant) => $"{LocalTime(instant).ToString("h:mm tt", CultureInfo.InvariantCulture)} {zoneName}";

    /// <summary>Returns the local date at the LEA, such as "Tuesday, November 23, 2027". Always in English.</summary>
    public string DateInWords(DateTimeOffset instant) => LocalTime(instant).ToString("dddd, MMMM d, yyyy", CultureInfo.InvariantCulture);

    /// <summary>
    /// Returns the calendar days from the local date of <paramref name="now"/> to the local date of <paramref name="instant"/>: 0 on
    /// the same date at any time, negative for a past date.
    /// </summary>
    public int DaysUntil(DateTimeOffset instant, DateTimeOffset now) =>
        LocalDate(instant).DayNumber - LocalDate(now).DayNumber;

    /// <summary>
    /// Returns the instant on <paramref name="date"/> with the local time of <paramref name="timeOfDay"/>. If daylight saving skips that
    /// time, one hour later. If daylight saving repeats it, the second occurrence.
    /// </summary>
    public DateTimeOffset At(DateOnly date, DateTimeOffset timeOfDay)
    {
        var local = date.ToDateTime(TimeOnly.FromDateTime(LocalTime(timeOfDay)));
        if (timeZone.IsInvalidTime(local))
            local = local.AddHours(1);
        return new DateTimeOffset(local, timeZone.GetUtcOffset(local)).ToUniversalTime();
    }

    /// <summary>Sets the UI culture: <see cref="TimeZoneInfo"/> localizes its names with the culture of their first use.</summary>
    private static string InEnglish(Func<string> name)
    {
        var culture = CultureInfo.CurrentUICulture;
        CultureInfo.CurrentUICulture = English;
        try
        {
            return name();
        }
        finally
        {
            CultureInfo.CurrentUICulture = culture;
        }
    }
}
