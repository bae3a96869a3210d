namespace Credentialing.Tests.Support;

/// <summary>The time zone of the LEAs in tests.</summary>
internal static class Pacific
{
    internal static TimeZoneInfo Zone { get; } = TimeZoneInfo.FindSystemTimeZoneById("America/Los_Angeles");

    /// <summary>
    /// Converts a local time to an instant. An ambiguous time maps to the later instant. A time in the hour skipped in March moves one
    /// hour later.
    /// </summary>
    internal static DateTimeOffset At(DateTime local)
    {
        var shown = Zone.IsInvalidTime(local) ? local.AddHours(1) : local;
        return new DateTimeOffset(shown, Zone.GetUtcOffset(shown)).ToUniversalTime();
    }
}
