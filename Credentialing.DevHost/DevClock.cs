using System.Globalization;

namespace Credentialing.DevHost;

/// <summary>
/// The machine's clock, moved forward as far as somebody wished, to show what happens in a year. A file keeps how far, so
/// that what was generated in the future is still in the past after a restart.
/// </summary>
public sealed class DevClock : TimeProvider
{
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

    /// <summary>Moves it forward.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(by.Ticks);
        lock (moving)
        {
            var offset = new TimeSpan(offsetTicks) + by;
            // Replaced whole, so that a kill does not leave half a number.
            File.WriteAllText(file + ".new", offset.ToString("c", CultureInfo.InvariantCulture));
            File.Move(file + ".new", file, overwrite: true);
            Interlocked.Exchange(ref offsetTicks, offset.Ticks);
        }
    }
}
