using System.Globalization;

namespace Credentialing.Core.Leas;

/// <summary>Counts days as people at an LEA count them: by the calendar on the wall, in the LEA's time zone.</summary>
/// <param name="timeZone">The LEAs' time zone.</param>
public sealed class LeaCalendar(TimeZoneInfo timeZone)
{
    /// <summary>The date and time that clocks at the LEA show at <paramref name="instant"/>.</summary>
    public DateTime LocalTime(DateTimeOffset instant) => TimeZoneInfo.ConvertTime(instant, timeZone).DateTime;

    /// <summary>The date at the LEA at <paramref name="instant"/>.</summary>
    public DateOnly LocalDate(DateTimeOffset instant) => DateOnly.FromDateTime(LocalTime(instant));

    /// <summary>
    /// Date, time and time zone at <paramref name="instant"/>, such as "Tuesday, November 23, 2027 at 12:00 PM Pacific
    /// Standard Time", or "... Daylight Time" if it is on daylight-saving time then. The zone is named as the machine names it.
    /// </summary>
    public string InWords(DateTimeOffset instant)
    {
        var zone = timeZone.IsDaylightSavingTime(instant) ? timeZone.DaylightName : timeZone.StandardName;
        return string.Create(CultureInfo.InvariantCulture, $"{LocalTime(instant):dddd, MMMM d, yyyy 'at' h:mm tt} {zone}");
    }

    /// <summary>
    /// Calendar days from the date of <paramref name="now"/> to the date of <paramref name="instant"/>: 0 on the same
    /// date whatever the hour, negative when that date has passed.
    /// </summary>
    public int DaysUntil(DateTimeOffset instant, DateTimeOffset now) =>
        LocalDate(instant).DayNumber - LocalDate(now).DayNumber;
}
