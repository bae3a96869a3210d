using System.Globalization;

namespace Credentialing.Core.Storage;

/// <summary>The time of a row in its row key. Table Storage returns rows in the order of their keys: with this, newest first.</summary>
internal static class InvertedTime
{
    /// <summary>Returns 19 digits: the later the instant, the smaller the number. One unit is 100 ns.</summary>
    internal static string Of(DateTimeOffset instant) => (DateTimeOffset.MaxValue.Ticks - instant.UtcTicks).ToString("D19", CultureInfo.InvariantCulture);

    /// <summary>Returns the instant at the beginning of a text that starts with the 19 digits of <see cref="Of"/>.</summary>
    internal static DateTimeOffset Read(string text) =>
        new(DateTimeOffset.MaxValue.Ticks - long.Parse(text.AsSpan(0, 19), CultureInfo.InvariantCulture), TimeSpan.Zero);
}
