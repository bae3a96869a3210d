using Credentialing.Core.Storage;

namespace Credentialing.Core.DailyRun;

/// <summary>Collects the results of a run, one entry per LEA. Retries are merged into the entry. Thread safe.</summary>
internal sealed class RunResults
{
    private readonly Lock gate = new();
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (IGrouping<string, ExpirationEntry> Indexed, LeaResult Result)> entries = new(StringComparer.Ordinal);
    private readonly List<DailyRunFailure> failures = [];

    /// <summary>The number of LEAs found so far.</summary>
    internal int Known
    {
        get
        {
            lock (gate)
                return known.Count;
        }
    }

    /// <summary>The time of the first retry; null if there is none.</summary>
    internal DateTimeOffset? NextRetryAt
    {
        get
        {
            lock (gate)
                return entries.Values.Min(entry => entry.Result.RetryAt);
        }
    }

    /// <summary>Adds the LEAs that index entries refer to.</summary>
    internal void AddKnown(IEnumerable<IGrouping<string, ExpirationEntry>> leas)
    {
        lock (gate)
            known.UnionWith(leas.Select(lea => lea.Key));
    }

    /// <summary>Returns the LEAs whose retry is due.</summary>
    internal IReadOnlyList<IGrouping<string, ExpirationEntry>> DueForRetry(DateTimeOffset now)
    {
        lock (gate)
            return [.. entries.Values.Where(entry => entry.Result.RetryAt <= now).Select(entry => entry.Indexed)];
    }

    /// <summary>Records the result for an LEA.</summary>
    internal void Record(IGrouping<string, ExpirationEntry> lea, LeaResult result)
    {
        lock (gate)
            entries[lea.Key] = (lea, entries.TryGetValue(lea.Key, out var entry) ? entry.Result.Then(result) : result);
    }

    /// <summary>Records a failure that is not about an LEA.</summary>
    internal void Record(DailyRunFailure failure)
    {
        lock (gate)
            failures.Add(failure);
    }

    /// <summary>The days until expiry of each LEA that has credentials and could be processed.</summary>
    internal IReadOnlyList<int> DaysRemaining
    {
        get
        {
            lock (gate)
                return [.. entries.Values.Select(entry => entry.Result.DaysRemaining).OfType<int>()];
        }
    }

    /// <summary>Returns the results so far.</summary>
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
                Rejected: results.Sum(result => result.Rejected),
                Failures:
                [
                    .. failures,
                    .. entries.SelectMany(entry => entry.Value.Result.Failures.Select(failure => DailyRunFailure.Of(entry.Key, failure.What, failure.Why))),
                ],
                Elapsed: elapsed)
            {
                Notices = results.Sum(result => result.Notices),
                Emailed = [.. entries.Where(entry => entry.Value.Result.HasEmail).Select(entry => LeaId.Parse(entry.Key))],
            };
        }
    }
}
