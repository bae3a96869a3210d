using System.Globalization;

namespace Credentialing.DevHost;

/// <summary>
/// The system clock plus an offset, to show what happens in the future. A file stores the offset, so that time does not go back
/// after a restart.
/// </summary>
public sealed class DevClock : TimeProvider
{
    /// <summary>The maximum offset: about ten years.</summary>
    public static readonly TimeSpan MaxOffset = TimeSpan.FromDays(3660);

    private readonly Lock changing = new();
    private readonly string file;
    private long offsetTicks;

    /// <summary>Creates a clock with the offset that the file stores; 0 if the file does not exist.</summary>
    public DevClock(string file)
    {
        this.file = file;
        if (File.Exists(file))
            offsetTicks = TimeSpan.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture).Ticks;
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref offsetTicks));

    /// <summary>Advances the clock. Returns false for a negative value, or if the offset would exceed <see cref="MaxOffset"/>.</summary>
    public bool TryAdvance(TimeSpan by)
    {
        lock (changing)
        {
            var offset = new TimeSpan(offsetTicks) + by;
            if (by < TimeSpan.Zero || offset > MaxOffset)
                return false;
            // Replaced atomically, so that a killed process does not leave a partial file.
            File.WriteAllText(file + ".new", offset.ToString("c", CultureInfo.InvariantCulture));
            File.Move(file + ".new", file, overwrite: true);
            Interlocked.Exchange(ref offsetTicks, offset.Ticks);
            return true;
        }
    }
}
