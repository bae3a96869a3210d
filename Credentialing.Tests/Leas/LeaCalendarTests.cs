using System.Globalization;
using Credentialing.Core.Leas;
using CsCheck;

namespace Credentialing.Tests.Leas;

public sealed class LeaCalendarTests
{
    private static readonly TimeZoneInfo California = TimeZoneInfo.FindSystemTimeZoneById("America/Los_Angeles");

    private readonly LeaCalendar calendar = new(California);

    [Theory]
    [InlineData("2026-11-23T23:59-08:00", "2026-11-24T00:00-08:00", 1)]
    [InlineData("2026-11-23T00:00-08:00", "2026-11-23T23:59-08:00", 0)]
    [InlineData("2027-03-13T12:00-08:00", "2027-03-14T12:00-07:00", 1)] // clocks go forward in between
    [InlineData("2026-10-31T23:30-07:00", "2026-11-01T23:30-08:00", 1)] // clocks go back in between
    [InlineData("2028-02-28T12:00-08:00", "2028-03-01T12:00-08:00", 2)] // a leap year
    [InlineData("2026-11-24T00:00-08:00", "2026-11-23T23:59-08:00", -1)]
    public void Days_are_counted_by_the_calendar_on_the_wall(string now, string until, int days) =>
        Assert.Equal(days, calendar.DaysUntil(Instant(until), Instant(now)));

    [Fact]
    public void At_every_local_time_of_day_the_same_date_is_zero_days_away_and_each_later_date_one_more() =>
        Gen.Select(Gen.Int[0, 3650], Gen.Int[0, 400], Gen.Int[0, 86_399], Gen.Int[0, 86_399]).Sample((start, days, nowSecond, thenSecond) =>
        {
            var first = new DateTime(2024, 1, 1).AddDays(start);
            return calendar.DaysUntil(Local(first.AddDays(days).AddSeconds(thenSecond)), Local(first.AddSeconds(nowSecond))) == days;
        });

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static DateTimeOffset Local(DateTime time)
    {
        // The hour that clocks skip in March is shown by no clock.
        var shown = California.IsInvalidTime(time) ? time.AddHours(1) : time;
        return new DateTimeOffset(shown, California.GetUtcOffset(shown));
    }
}
