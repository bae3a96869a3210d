using Credentialing.Core.Credentials;

namespace Credentialing.Core.DailyRun;

/// <summary>Keeps what a run has found and done, a line for each LEA, however often it was looked at.</summary>
internal sealed class RunLedger
{
    private readonly Lock writing = new();
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (IGrouping<string, ExpirationPointer> Pointers, LeaVisit Visit)> lines = new(StringComparer.Ordinal);
    private readonly List<DailyRunFailure> failures = [];

    /// <summary>How many LEAs there are to look at, as far as is known.</summary>
    internal int Known
    {
        get
        {
            lock (writing)
                return known.Count;
        }
    }

    /// <summary>When to look again at the first LEA that asks for it; null if none does.</summary>
    internal DateTimeOffset? NextLook
    {
        get
        {
            lock (writing)
                return lines.Values.Min(line => line.Visit.Again);
        }
    }

    /// <summary>Takes note of the LEAs that these pointers lead to.</summary>
    internal void Expect(IEnumerable<IGrouping<string, ExpirationPointer>> leas)
    {
        lock (writing)
            known.UnionWith(leas.Select(lea => lea.Key));
    }

    /// <summary>The LEAs that are to be looked at again by now.</summary>
    internal IReadOnlyList<IGrouping<string, ExpirationPointer>> LookAgain(DateTimeOffset now)
    {
        lock (writing)
            return [.. lines.Values.Where(line => line.Visit.Again <= now).Select(line => line.Pointers)];
    }

    /// <summary>Enters what came of looking at an LEA.</summary>
    internal void Enter(IGrouping<string, ExpirationPointer> lea, LeaVisit visit)
    {
        lock (writing)
            lines[lea.Key] = (lea, lines.TryGetValue(lea.Key, out var line) ? line.Visit.Then(visit) : visit);
    }

    /// <summary>Enters something that failed, and is about no LEA.</summary>
    internal void Enter(DailyRunFailure failure)
    {
        lock (writing)
            failures.Add(failure);
    }

    /// <summary>The days that are left to each LEA that could be looked at, and has credentials.</summary>
    internal IReadOnlyList<int> DaysRemaining
    {
        get
        {
            lock (writing)
                return [.. lines.Values.Select(line => line.Visit.DaysRemaining).OfType<int>()];
        }
    }

    /// <summary>What was done so far.</summary>
    internal DailyRunSummary Summary(TimeSpan elapsed)
    {
        lock (writing)
        {
            var visits = lines.Values.Select(line => line.Visit).ToList();
            return new(
                Leas: visits.Count,
                Sent: visits.Count(visit => visit.Sent),
                Posted: visits.Count(visit => visit.Posted),
                Removed: visits.Count(visit => visit.Removed),
                Skipped: visits.Count(visit => visit.IsEmpty),
                WithoutRecipient: visits.Count(visit => visit.WithoutRecipient),
                Failures:
                [
                    .. failures,
                    .. lines.SelectMany(line => line.Value.Visit.Failures.Select(failure => DailyRunFailure.Of(line.Key, failure.What, failure.Why))),
                ],
                Elapsed: elapsed);
        }
    }
}
