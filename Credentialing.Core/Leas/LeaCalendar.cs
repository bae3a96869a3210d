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
    /// Calendar days from the date of <paramref name="now"/> to the date of <paramref name="instant"/>: 0 on the same
    /// date whatever the hour, negative when that date has passed.
    /// </summary>
    public int DaysUntil(DateTimeOffset instant, DateTimeOffset now) =>
        LocalDate(instant).DayNumber - LocalDate(now).DayNumber;
}
