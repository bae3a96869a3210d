namespace Credentialing.Core;

/// <summary>
/// Limits how often something happens: <paramref name="capacity"/> times at once, and <paramref name="perSecond"/> in the long run (a
/// token bucket). It starts full. Thread safe. The limiters of <c>System.Threading.RateLimiting</c> are not used, because they take the
/// time from <c>Stopwatch</c>, not from <see cref="TimeProvider"/>.
/// </summary>
/// <param name="capacity">The maximum number of tokens.</param>
/// <param name="perSecond">The tokens that are added per second.</param>
/// <param name="time">The clock.</param>
public sealed class TokenBucket(int capacity, double perSecond, TimeProvider time)
{
    private readonly Lock changing = new();
    private double left = capacity;
    private long counted = time.GetTimestamp();

    /// <summary>Takes one token. Returns false if none is left.</summary>
    /// <param name="wait">The time until there is a token again; zero if one was taken.</param>
    public bool TryTake(out TimeSpan wait)
    {
        lock (changing)
        {
            var now = time.GetTimestamp();
            left = Math.Min(capacity, left + (time.GetElapsedTime(counted, now).TotalSeconds * perSecond));
            counted = now;
            var isTaken = left >= 1;
            wait = isTaken ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - left) / perSecond);
            if (isTaken)
                left--;
            return isTaken;
        }
    }
}
