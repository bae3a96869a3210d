using System.Globalization;
using Credentialing.Core.Storage;

namespace Credentialing.Core.DailyRun;

/// <summary>
/// Collects the results of a run. An LEA counts once, although it can be in several pages of the index and can have retries. Thread safe.
/// <para>
/// Bounds: for each LEA, a number and eight bytes, at most 60 bytes with the unused part of the dictionary. Only an LEA to retry keeps
/// its index entries, about 1 KB, and only an LEA that failed keeps its failures, without exceptions.
/// </para>
/// </summary>
internal sealed class RunResults
{
    private const short NoDays = -1;

    private readonly Lock gate = new();

    /// <summary>The LEAs found so far, by CDS code. A number needs less memory than a text.</summary>
    private readonly Dictionary<long, Tally> tallies = [];

    /// <summary>The LEAs to retry, and those that failed.</summary>
    private readonly Dictionary<LeaId, Unfinished> unfinished = [];

    /// <summary>The failures that are not about an LEA.</summary>
    private readonly List<DailyRunFailure> failures = [];

    /// <summary>The parts of a result that are counted.</summary>
    [Flags]
    private enum Parts : byte
    {
        None = 0,
        Processed = 1,
        Sent = 2,
        Posted = 4,
        Removed = 8,
        WithoutRecipient = 16,
        Unfinished = 32,
    }

    /// <summary>The number of LEAs found so far.</summary>
    internal int Known
    {
        get
        {
            lock (gate)
                return tallies.Count;
        }
    }

    /// <summary>The time of the first retry; null if there is none.</summary>
    internal DateTimeOffset? NextRetryAt
    {
        get
        {
            lock (gate)
                return unfinished.Values.Min(lea => lea.RetryAt);
        }
    }

    /// <summary>The days until expiry of each LEA that has credentials and could be processed. Only after the run: not thread safe.</summary>
    internal IEnumerable<int> DaysRemaining => tallies.Values.Where(tally => tally.DaysRemaining != NoDays).Select(tally => (int)tally.DaysRemaining);

    /// <summary>The LEAs to whose coordinators an email was sent or refused, or had no recipient. Only after the run: not thread safe.</summary>
    internal IEnumerable<LeaId> Emailed => tallies.Where(lea => lea.Value.HasEmail).Select(lea => LeaId.Parse(lea.Key.ToString($"D{LeaId.Length}", CultureInfo.InvariantCulture)));

    /// <summary>Adds the LEAs that index entries refer to.</summary>
    internal void AddKnown(IEnumerable<LeaId> leaIds)
    {
        lock (gate)
        {
            foreach (var leaId in leaIds)
                tallies.TryAdd(Key(leaId), new Tally(Parts.None, Notices: 0, Rejected: 0, NoDays));
        }
    }

    /// <summary>Returns the LEAs whose retry is due.</summary>
    internal IReadOnlyList<DueLea> DueForRetry(DateTimeOffset now)
    {
        lock (gate)
            return [.. unfinished.Values.Where(lea => lea.RetryAt <= now).Select(lea => lea.Due!)];
    }

    /// <summary>Records the result for an LEA, or for a retry of it.</summary>
    /// <param name="lea">The LEA.</param>
    /// <param name="result">The result.</param>
    /// <param name="why">The failures of the result.</param>
    internal void Record(DueLea lea, LeaResult result, IReadOnlyList<DailyRunFailure> why)
    {
        lock (gate)
        {
            var key = Key(lea.Id);
            tallies[key] = tallies.GetValueOrDefault(key).Then(result);
            if (result.RetryAt is null && why.Count == 0)
                unfinished.Remove(lea.Id);
            else
                unfinished[lea.Id] = new(result.RetryAt is null ? null : lea, result.RetryAt, why);
        }
    }

    /// <summary>Records a failure that is not about an LEA.</summary>
    internal void Record(DailyRunFailure failure)
    {
        lock (gate)
            failures.Add(failure);
    }

    /// <summary>Returns the results so far.</summary>
    internal DailyRunSummary Summary(TimeSpan elapsed)
    {
        lock (gate)
        {
            return new(
                Leas: Count(Parts.Processed),
                Sent: Count(Parts.Sent),
                Posted: Count(Parts.Posted),
                Removed: Count(Parts.Removed),
                Skipped: tallies.Values.Count(tally => tally is { Parts: Parts.Processed, Notices: 0, Rejected: 0 }),
                WithoutRecipient: Count(Parts.WithoutRecipient),
                Rejected: tallies.Values.Sum(tally => tally.Rejected),
                Failures: [.. failures, .. unfinished.Values.SelectMany(lea => lea.Failures)],
                Elapsed: elapsed)
            {
                Notices = tallies.Values.Sum(tally => tally.Notices),
                Emailed = Emailed,
            };
        }
    }

    private static long Key(LeaId leaId) => long.Parse(leaId.Value, NumberStyles.None, CultureInfo.InvariantCulture);

    private int Count(Parts part) => tallies.Values.Count(tally => tally.Parts.HasFlag(part));

    /// <summary>What an LEA contributes to the summary.</summary>
    /// <param name="Parts">What was done.</param>
    /// <param name="Notices">The number of notices that the mail service accepted.</param>
    /// <param name="Rejected">The number of addresses that it rejected.</param>
    /// <param name="DaysRemaining">Calendar days until expiry, at most 366; <see cref="NoDays"/> if there are no credentials, or the LEA could not be processed.</param>
    private readonly record struct Tally(Parts Parts, ushort Notices, ushort Rejected, short DaysRemaining)
    {
        internal bool HasEmail => (Parts & (Parts.Sent | Parts.WithoutRecipient)) != Parts.None || Notices > 0 || Rejected > 0;

        /// <summary>
        /// Combines this result with that of a retry. What either has done is done, and a rejected address stays rejected. The rest is
        /// taken from the retry, which has tried again what had failed.
        /// </summary>
        internal Tally Then(LeaResult retry) => new(
            (Parts & (Parts.Sent | Parts.Posted | Parts.Removed))
                | Parts.Processed
                | (retry.Sent ? Parts.Sent : Parts.None)
                | (retry.Posted ? Parts.Posted : Parts.None)
                | (retry.Removed ? Parts.Removed : Parts.None)
                | (retry.WithoutRecipient ? Parts.WithoutRecipient : Parts.None)
                | (retry.RetryAt is not null || retry.Failures.Count > 0 ? Parts.Unfinished : Parts.None),
            (ushort)(Notices + retry.Notices),
            (ushort)Math.Max(Rejected, retry.Rejected),
            (short)(retry.DaysRemaining ?? NoDays));
    }

    /// <summary>An LEA for which something is left.</summary>
    /// <param name="Due">The LEA with its index entries; null if it is not to be retried.</param>
    /// <param name="RetryAt">When to retry it; null if it is not to be retried.</param>
    /// <param name="Failures">What failed.</param>
    private sealed record Unfinished(DueLea? Due, DateTimeOffset? RetryAt, IReadOnlyList<DailyRunFailure> Failures);
}

/// <summary>An LEA that is due, with its entries in a page of the index.</summary>
/// <param name="Id">The LEA.</param>
/// <param name="Indexed">Its index entries.</param>
internal sealed record DueLea(LeaId Id, IReadOnlyList<ExpirationEntry> Indexed);
