using System.Globalization;

namespace Credentialing.DevHost;

/// <summary>
/// The machine's clock, moved forward as far as somebody wished, to show what happens in a year. A file keeps how far, so
/// that what was generated in the future is still in the past after a restart.
/// </summary>
public sealed class DevClock : TimeProvider
{
    /// <summary>How far ahead of the machine's clock it can be: some ten years.</summary>
    public static readonly TimeSpan MaxOffset = TimeSpan.FromDays(3660);

    private readonly Lock moving = new();
    private readonly string file;
    private long offsetTicks;

    /// <summary>A clock that is as far ahead as the file says; not at all without one.</summary>
    public DevClock(string file)
    {
        this.file = file;
        if (File.Exists(file))
            offsetTicks = TimeSpan.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture).Ticks;
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref offsetTicks));

    /// <summary>Moves it forward; false if that would be backward, or further than <see cref="MaxOffset"/> in all.</summary>
    public bool TryAdvance(TimeSpan by)
    {
        lock (moving)
        {
            var offset = new TimeSpan(offsetTicks) + by;
            if (by < TimeSpan.Zero || offset > MaxOffset)
                return false;
            // Replaced whole, so that a kill does not leave half a number.
            File.WriteAllText(file + ".new", offset.ToString("c", CultureInfo.InvariantCulture));
            File.Move(file + ".new", file, overwrite: true);
            Interlocked.Exchange(ref offsetTicks, offset.Ticks);
            return true;
        }
    }
}
