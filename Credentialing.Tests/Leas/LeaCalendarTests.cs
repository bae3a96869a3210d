using System.Globalization;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;
using CsCheck;

namespace Credentialing.Tests.Leas;

[Kind(TestKind.Unit)]
public sealed class LeaCalendarTests
{
    private readonly LeaCalendar calendar = new(Pacific.Zone);

    [Theory]
    [InlineData("2026-11-23T23:59-08:00", "2026-11-24T00:00-08:00", 1)]
    [InlineData("2026-11-23T00:00-08:00", "2026-11-23T23:59-08:00", 0)]
    [InlineData("2027-03-13T12:00-08:00", "2027-03-14T12:00-07:00", 1)] // daylight saving time starts in between
    [InlineData("2026-10-31T23:30-07:00", "2026-11-01T23:30-08:00", 1)] // daylight saving time ends in between
    [InlineData("2028-02-28T12:00-08:00", "2028-03-01T12:00-08:00", 2)] // leap year
    [InlineData("2026-11-24T00:00-08:00", "2026-11-23T23:59-08:00", -1)]
    public void DaysUntil_counts_local_calendar_days(string now, string until, int days) =>
        Assert.Equal(days, calendar.DaysUntil(Instant(until), Instant(now)));

    [Fact]
    public void DaysUntil_does_not_depend_on_the_local_time_of_day() =>
        Gen.Select(Gen.Int[0, 3650], Gen.Int[0, 400], Gen.Int[0, 86_399], Gen.Int[0, 86_399]).Sample((start, days, nowSecond, thenSecond) =>
        {
            var first = new DateTime(2024, 1, 1).AddDays(start);
            return calendar.DaysUntil(Pacific.At(first.AddDays(days).AddSeconds(thenSecond)), Pacific.At(first.AddSeconds(nowSecond))) == days;
        });

    [Theory]
    [InlineData("2027-11-09", "2026-11-23T06:00-08:00", "2027-11-09T06:00-08:00")]
    [InlineData("2027-07-09", "2026-11-23T06:00-08:00", "2027-07-09T06:00-07:00")]
    [InlineData("2027-03-14", "2026-11-23T02:30-08:00", "2027-03-14T03:30-07:00")] // nonexistent local time
    [InlineData("2027-11-07", "2026-11-23T01:30-08:00", "2027-11-07T01:30-08:00")] // ambiguous local time
    public void At_returns_the_same_local_time_on_another_date(string date, string timeOfDay, string instant) =>
        Assert.Equal(Instant(instant), calendar.At(DateOnly.Parse(date, CultureInfo.InvariantCulture), Instant(timeOfDay)));

    [Theory]
    [InlineData("2026-07-01", "2026-07-01T00:00-04:00")]
    [InlineData("2026-03-08", "2026-03-08T01:00-04:00")] // daylight saving skips midnight
    [InlineData("2026-11-01", "2026-11-01T00:00-04:00")] // daylight saving repeats midnight
    [InlineData("2026-11-02", "2026-11-02T00:00-05:00")]
    public void StartOf_returns_the_first_instant_of_a_date(string date, string instant) =>
        Assert.Equal(Instant(instant), new LeaCalendar(TimeZoneInfo.FindSystemTimeZoneById("America/Havana")).StartOf(DateOnly.Parse(date, CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData(0, "today")]
    [InlineData(1, "in 1 day")]
    [InlineData(14, "in 14 days")]
    public void InDays_returns_English(int days, string words) => Assert.Equal(words, LeaCalendar.InDays(days));

    [Theory]
    [InlineData("2027-11-23T12:00-08:00", "Tuesday, November 23, 2027 at 12:00 PM Pacific Time")]
    [InlineData("2027-07-04T00:05-07:00", "Sunday, July 4, 2027 at 12:05 AM Pacific Time")]
    public void InWords_returns_weekday_date_time_and_time_zone(string instant, string words) => Assert.Equal(words, calendar.InWords(Instant(instant)));

    [Theory]
    [InlineData("America/Los_Angeles", "12:00 PM Pacific Time")]
    [InlineData("Pacific/Honolulu", "10:00 AM Hawaii-Aleutian Time")]
    [InlineData("America/Puerto_Rico", "4:00 PM Atlantic Time")]
    public void TimeInWords_contains_the_generic_name_of_the_configured_time_zone(string zone, string words) =>
        Assert.Equal(words, new LeaCalendar(TimeZoneInfo.FindSystemTimeZoneById(zone)).TimeInWords(Instant("2027-11-23T12:00-08:00")));

    [Theory]
    [InlineData("2027-11-23T12:00-08:00", "martes 23 de noviembre de 2027 a las 12:00 p.m. hora del Pacífico")]
    [InlineData("2027-07-04T00:05-07:00", "domingo 4 de julio de 2027 a las 12:05 a.m. hora del Pacífico")]
    [InlineData("2028-03-01T01:30-08:00", "miércoles 1 de marzo de 2028 a la 1:30 a.m. hora del Pacífico")]
    [InlineData("2026-08-15T13:00-07:00", "sábado 15 de agosto de 2026 a la 1:00 p.m. hora del Pacífico")]
    [InlineData("2026-09-14T23:59-07:00", "lunes 14 de septiembre de 2026 a las 11:59 p.m. hora del Pacífico")]
    public void InWords_returns_the_same_in_Spanish(string instant, string words) =>
        Assert.Equal(words, calendar.InWords(Instant(instant), Language.Spanish));

    [Theory]
    [InlineData("America/New_York", "3:00 p.m. hora oriental")]
    [InlineData("America/Chicago", "2:00 p.m. hora central")]
    [InlineData("America/Denver", "1:00 p.m. hora de las Montañas Rocosas")]
    [InlineData("America/Anchorage", "11:00 a.m. hora de Alaska")]
    [InlineData("Pacific/Honolulu", "10:00 a.m. hora de Hawái-Aleutianas")]
    [InlineData("America/Puerto_Rico", "4:00 p.m. hora del Atlántico")]
    [InlineData("Pacific/Guam", "6:00 a.m. hora de Chamorro")]
    [InlineData("Pacific/Pago_Pago", "9:00 a.m. hora de Samoa")]
    [InlineData("Europe/Berlin", "9:00 p.m. (Europe/Berlin)")]
    public void TimeInWords_contains_the_Spanish_name_of_a_time_zone_of_the_United_States(string zone, string words) =>
        Assert.Equal(words, new LeaCalendar(TimeZoneInfo.FindSystemTimeZoneById(zone)).TimeInWords(Instant("2027-11-23T12:00-08:00"), Language.Spanish));

    [Theory]
    [InlineData(0, "hoy")]
    [InlineData(1, "en 1 día")]
    [InlineData(14, "en 14 días")]
    public void InDays_returns_Spanish(int days, string words) => Assert.Equal(words, LeaCalendar.InDays(days, Language.Spanish));

    [Fact]
    public void InWords_returns_its_language_in_every_culture()
    {
        var (culture, uiCulture) = (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture);
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("de-DE");
            TimeZoneInfo.ClearCachedData(); // forces a new zone whose display names are not cached
            var german = new LeaCalendar(TimeZoneInfo.FindSystemTimeZoneById("America/Los_Angeles"));
            Assert.Equal("de-DE", CultureInfo.CurrentUICulture.Name);
            Assert.Equal("Sunday, July 4, 2027 at 12:05 AM Pacific Time", german.InWords(Instant("2027-07-04T00:05-07:00")));
            Assert.Equal("domingo 4 de julio de 2027 a las 12:05 a.m. hora del Pacífico", german.InWords(Instant("2027-07-04T00:05-07:00"), Language.Spanish));
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = (culture, uiCulture);
        }
    }

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
