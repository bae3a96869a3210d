using Credentialing.Core.Credentials;

namespace Credentialing.Core.DailyRun;

/// <summary>Keeps what a run has found and done, an entry for each LEA, however often it was looked at.</summary>
internal sealed class RunResults
{
    private readonly Lock gate = new();
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (IGrouping<string, ExpirationPointer> Pointers, LeaResult Result)> entries = new(StringComparer.Ordinal);
    private readonly List<DailyRunFailure> failures = [];

    /// <summary>How many LEAs there are to look at, as far as is known.</summary>
    internal int Known
    {
        get
        {
            lock (gate)
                return known.Count;
        }
    }

    /// <summary>When to look again at the first LEA that asks for it; null if none does.</summary>
    internal DateTimeOffset? NextRetryAt
    {
        get
        {
            lock (gate)
                return entries.Values.Min(entry => entry.Result.RetryAt);
        }
    }

    /// <summary>Takes note of the LEAs that these pointers lead to.</summary>
    internal void AddKnown(IEnumerable<IGrouping<string, ExpirationPointer>> leas)
    {
        lock (gate)
            known.UnionWith(leas.Select(lea => lea.Key));
    }

    /// <summary>The LEAs that are to be looked at again by now.</summary>
    internal IReadOnlyList<IGrouping<string, ExpirationPointer>> DueForRetry(DateTimeOffset now)
    {
        lock (gate)
            return [.. entries.Values.Where(entry => entry.Result.RetryAt <= now).Select(entry => entry.Pointers)];
    }

    /// <summary>Enters what came of looking at an LEA.</summary>
    internal void Record(IGrouping<string, ExpirationPointer> lea, LeaResult result)
    {
        lock (gate)
            entries[lea.Key] = (lea, entries.TryGetValue(lea.Key, out var entry) ? entry.Result.CombineWith(result) : result);
    }

    /// <summary>Enters something that failed, and is about no LEA.</summary>
    internal void Record(DailyRunFailure failure)
    {
        lock (gate)
            failures.Add(failure);
    }

    /// <summary>The days that are left to each LEA that could be looked at, and has credentials.</summary>
    internal IReadOnlyList<int> DaysRemaining
    {
        get
        {
            lock (gate)
                return [.. entries.Values.Select(entry => entry.Result.DaysRemaining).OfType<int>()];
        }
    }

    /// <summary>What was done so far.</summary>
    internal DailyRunSummary Summary(TimeSpan elapsed)
    {
        lock (gate)
        {
            var results = entries.Values.Select(entry => entry.Result).ToList();
            return new(
                Leas: results.Count,
                Sent: results.Count(result => result.Sent),
                Posted: results.Count(result => result.Posted),
                Removed: results.Count(result => result.Removed),
                Skipped: results.Count(result => result.IsEmpty),
                WithoutRecipient: results.Count(result => result.WithoutRecipient),
                Failures:
                [
                    .. failures,
                    .. entries.SelectMany(entry => entry.Value.Result.Failures.Select(failure => DailyRunFailure.Of(entry.Key, failure.What, failure.Why))),
                ],
                Elapsed: elapsed);
        }
    }
}
