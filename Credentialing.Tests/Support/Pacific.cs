namespace Credentialing.Tests.Support;

/// <summary>The LEAs' time zone in tests.</summary>
internal static class Pacific
{
    internal static TimeZoneInfo Zone { get; } = TimeZoneInfo.FindSystemTimeZoneById("America/Los_Angeles");

    /// <summary>The instant at which clocks show a time, the later one if they do so twice; an hour later for the hour that they skip in March.</summary>
    internal static DateTimeOffset At(DateTime local)
    {
        var shown = Zone.IsInvalidTime(local) ? local.AddHours(1) : local;
        return new DateTimeOffset(shown, Zone.GetUtcOffset(shown)).ToUniversalTime();
    }
}
