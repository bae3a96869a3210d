using System.Globalization;

namespace Credentialing.Core.Storage;

/// <summary>The time of a row in its row key. Table Storage returns rows in the order of their keys: with this, newest first.</summary>
internal static class InvertedTime
{
    /// <summary>Returns 19 digits: the later the instant, the smaller the number. One unit is 100 ns.</summary>
    internal static string Of(DateTimeOffset instant) => (DateTimeOffset.MaxValue.Ticks - instant.UtcTicks).ToString("D19", CultureInfo.InvariantCulture);
}
