using Credentialing.Core;

namespace Credentialing.Functions.Authentication;

/// <summary>
/// A budget of failures for each key: <paramref name="perMinute"/> in the long run, and twice as many at once. Uses bounded memory: at most
/// <see cref="MaxTracked"/> keys. If there are more, the budgets that were not used for the longest time are dropped, and so are those that must be
/// full again. Thread safe.
/// </summary>
/// <typeparam name="TKey">What the failures have in common.</typeparam>
/// <param name="perMinute">The failures per minute.</param>
/// <param name="time">The clock.</param>
internal sealed class FailureBudgets<TKey>(int perMinute, TimeProvider time)
    where TKey : notnull
{
    /// <summary>The maximum number of keys whose failures are counted: some megabytes.</summary>
    internal const int MaxTracked = 20_000;

    private const int MinutesAtOnce = 2;

    /// <summary>After this time without failures, a budget is full.</summary>
    private static readonly TimeSpan TimeToFill = TimeSpan.FromMinutes(MinutesAtOnce);

    private readonly Lock changing = new();
    private Dictionary<TKey, TokenBucket> recent = [];
    private Dictionary<TKey, TokenBucket> older = [];
    private long exchanged = time.GetTimestamp();

    /// <summary>The number of keys whose failures are counted.</summary>
    internal int Count
    {
        get
        {
            lock (changing)
                return recent.Keys.Union(older.Keys).Count();
        }
    }

    /// <summary>Counts a failure. Returns the time until the next one is within the budget; zero if this one is.</summary>
    internal TimeSpan Add(TKey key)
    {
        TokenBucket? budget;
        lock (changing)
        {
            if (recent.Count >= MaxTracked / 2 || time.GetElapsedTime(exchanged) >= TimeToFill)
                (older, recent, exchanged) = (recent, [], time.GetTimestamp());
            if (!recent.TryGetValue(key, out budget))
                recent[key] = budget = older.GetValueOrDefault(key) ?? new TokenBucket(MinutesAtOnce * perMinute, perMinute / 60.0, time);
        }

        budget.TryTake(out var wait);
        return wait;
    }
}
