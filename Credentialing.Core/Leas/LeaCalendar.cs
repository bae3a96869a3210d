using System.Globalization;

namespace Credentialing.Core.Leas;

/// <summary>Counts days, and tells dates and times, as people at an LEA do: by the calendar on the wall, in the LEA's time zone.</summary>
/// <param name="timeZone">The LEAs' time zone.</param>
public sealed class LeaCalendar(TimeZoneInfo timeZone)
{
    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en-US");

    private readonly string standardName = InEnglish(() => timeZone.StandardName);
    private readonly string daylightName = InEnglish(() => timeZone.DaylightName);

    /// <summary>The IANA name of the time zone, such as "America/Los_Angeles".</summary>
    public string TimeZone => timeZone.Id;

    /// <summary>The date and time that clocks at the LEA show at <paramref name="instant"/>.</summary>
    public DateTime LocalTime(DateTimeOffset instant) => TimeZoneInfo.ConvertTime(instant, timeZone).DateTime;

    /// <summary>The date at the LEA at <paramref name="instant"/>.</summary>
    public DateOnly LocalDate(DateTimeOffset instant) => DateOnly.FromDateTime(LocalTime(instant));

    /// <summary>
    /// Date, time and time zone at <paramref name="instant"/>, such as "Tuesday, November 23, 2027 at 12:00 PM Pacific
    /// Standard Time", or "... Daylight Time" if it is on daylight-saving time then. In English, whatever the machine's language is.
    /// </summary>
    internal string InWords(DateTimeOffset instant)
    {
        var zone = timeZone.IsDaylightSavingTime(instant) ? daylightName : standardName;
        return $"{DateInWords(instant)} at {TimeInWords(instant)} {zone}";
    }

    /// <summary>A number of days from now on, as it stands in a sentence: "today", "in 1 day", "in 14 days".</summary>
    internal static string InDays(int days) => days switch
    {
        0 => "today",
        1 => "in 1 day",
        _ => string.Create(CultureInfo.InvariantCulture, $"in {days} days"),
    };

    /// <summary>The time of day at the LEA, such as "3:04 PM".</summary>
    internal string TimeInWords(DateTimeOffset instant) => LocalTime(instant).ToString("h:mm tt", CultureInfo.InvariantCulture);

    /// <summary>The date at the LEA, such as "Tuesday, November 23, 2027".</summary>
    internal string DateInWords(DateTimeOffset instant) => LocalTime(instant).ToString("dddd, MMMM d, yyyy", CultureInfo.InvariantCulture);

    /// <summary>
    /// Calendar days from the date of <paramref name="now"/> to the date of <paramref name="instant"/>: 0 on the same
    /// date whatever the hour, negative when that date has passed.
    /// </summary>
    public int DaysUntil(DateTimeOffset instant, DateTimeOffset now) =>
        LocalDate(instant).DayNumber - LocalDate(now).DayNumber;

    /// <summary>
    /// The instant at which clocks at the LEA show that date and the time of day that they show at <paramref name="timeOfDay"/>;
    /// where daylight saving skips that time, an hour later, and where it repeats it, the second.
    /// </summary>
    public DateTimeOffset At(DateOnly date, DateTimeOffset timeOfDay)
    {
        var local = date.ToDateTime(TimeOnly.FromDateTime(LocalTime(timeOfDay)));
        if (timeZone.IsInvalidTime(local))
            local = local.AddHours(1);
        return new DateTimeOffset(local, timeZone.GetUtcOffset(local)).ToUniversalTime();
    }

    /// <summary><see cref="TimeZoneInfo"/> names a time zone, when it is first asked, in the language of the current UI culture.</summary>
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
