using System.Globalization;

namespace Credentialing.Core.Leas;

/// <summary>Counts calendar days and formats dates and times, in the LEAs' time zone. Immutable and thread safe.</summary>
/// <param name="timeZone">The LEAs' time zone.</param>
public sealed class LeaCalendar(TimeZoneInfo timeZone)
{
    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en-US");
    private static readonly CultureInfo Spanish = CultureInfo.GetCultureInfo("es-US");

    /// <summary>
    /// Spanish names of the time zones of the United States, by their English names (CLDR, es-US). <see cref="TimeZoneInfo"/> has the
    /// names in one language only: that of their first use in the process.
    /// </summary>
    private static readonly Dictionary<string, string> SpanishZoneNames = new(StringComparer.Ordinal)
    {
        ["Pacific Time"] = "hora del Pacífico",
        ["Mountain Time"] = "hora de las Montañas Rocosas",
        ["Central Time"] = "hora central",
        ["Eastern Time"] = "hora oriental",
        ["Alaska Time"] = "hora de Alaska",
        ["Hawaii-Aleutian Time"] = "hora de Hawái-Aleutianas",
        ["Atlantic Time"] = "hora del Atlántico",
        ["Chamorro Time"] = "hora de Chamorro",
        ["Samoa Time"] = "hora de Samoa",
    };

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
    /// Time" or "martes 23 de noviembre de 2027 a las 12:00 p.m. hora del Pacífico".
    /// </summary>
    internal string InWords(DateTimeOffset instant, Language language = Language.English) =>
        $"{DateInWords(instant, language)} {AtTimeInWords(instant, language)}";

    /// <summary>Returns a number of days as text for a sentence: "today", "in 1 day", "in 14 days"; "hoy", "en 1 día", "en 14 días".</summary>
    internal static string InDays(int days, Language language = Language.English) => (language, days) switch
    {
        (Language.Spanish, 0) => "hoy",
        (Language.Spanish, 1) => "en 1 día",
        (Language.Spanish, _) => string.Create(CultureInfo.InvariantCulture, $"en {days} días"),
        (_, 0) => "today",
        (_, 1) => "in 1 day",
        _ => string.Create(CultureInfo.InvariantCulture, $"in {days} days"),
    };

    /// <summary>Returns the local time with a preposition: "at 3:04 PM Pacific Time"; "a las 3:04 p.m. hora del Pacífico".</summary>
    internal string AtTimeInWords(DateTimeOffset instant, Language language)
    {
        var preposition = language is Language.English ? "at" : LocalTime(instant).Hour is 1 or 13 ? "a la" : "a las";
        return $"{preposition} {TimeInWords(instant, language)}";
    }

    /// <summary>
    /// Returns the local time and the time zone at the LEA, such as "3:04 PM Pacific Time" or "3:04 p.m. hora del Pacífico". In Spanish,
    /// a time zone outside of the United States has its IANA name. All spaces are U+0020, unlike those of the formats of ICU.
    /// </summary>
    public string TimeInWords(DateTimeOffset instant, Language language = Language.English)
    {
        var local = LocalTime(instant);
        return language is Language.English
            ? $"{local.ToString("h:mm tt", CultureInfo.InvariantCulture)} {zoneName}"
            : $"{local.ToString("h:mm", CultureInfo.InvariantCulture)} {(local.Hour < 12 ? "a.m." : "p.m.")} {SpanishZoneNames.GetValueOrDefault(zoneName, $"({TimeZone})")}";
    }

    /// <summary>
    /// Returns the local date at the LEA, such as "Tuesday, November 23, 2027" or "martes 23 de noviembre de 2027". Spanish has no comma
    /// after the weekday in a sentence.
    /// </summary>
    public string DateInWords(DateTimeOffset instant, Language language = Language.English) => language is Language.English
        ? LocalTime(instant).ToString("dddd, MMMM d, yyyy", CultureInfo.InvariantCulture)
        : LocalTime(instant).ToString("dddd d 'de' MMMM 'de' yyyy", Spanish);

    /// <summary>
    /// Returns the calendar days from the local date of <paramref name="now"/> to the local date of <paramref name="instant"/>: 0 on
    /// the same date at any time, negative for a past date.
    /// </summary>
    public int DaysUntil(DateTimeOffset instant, DateTimeOffset now) =>
        LocalDate(instant).DayNumber - LocalDate(now).DayNumber;

    /// <summary>Returns the first instant of a local date. If daylight saving skips midnight, that is one hour later.</summary>
    public DateTimeOffset StartOf(DateOnly date)
    {
        var midnight = date.ToDateTime(TimeOnly.MinValue);
        if (timeZone.IsInvalidTime(midnight))
            midnight = midnight.AddHours(1);
        var offset = timeZone.IsAmbiguousTime(midnight) ? timeZone.GetAmbiguousTimeOffsets(midnight).Max() : timeZone.GetUtcOffset(midnight);
        return new DateTimeOffset(midnight, offset).ToUniversalTime();
    }

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
