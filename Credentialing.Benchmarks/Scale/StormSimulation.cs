using Credentialing.Core.Storage;

namespace Credentialing.Benchmarks.Scale;

/// <summary>
/// A discrete-event simulation of a retry storm: clients, one queue with slots (the instances), and storage with a limit. Simulated time;
/// the same seed gives the same result. Not thread safe; use it once.
/// </summary>
internal sealed class StormSimulation(Storm storm, int seed)
{
    private const double WarmUp = 60;

    /// <summary>Storage budgets are per tenth of a second.</summary>
    private const double StorageWindow = 0.1;

    // As StorageRetryPolicy: at most three retries after 0.4, 0.8 and 1.6 s (with a jitter of 20 %), and 5.5 s in all.
    private const int StorageRetries = 3;
    private const double FirstStorageDelay = 0.4;
    private const double StorageTimeLimit = 5.5;

    /// <summary>The time to reject a request, in seconds.</summary>
    private const double FastFailure = 0.001;

    private readonly Random random = new(seed);
    private readonly PriorityQueue<(EventKind Kind, Attempt? Attempt, Operation? Operation), double> events = new();
    private readonly Queue<Attempt> waiting = new();
    private readonly Queue<(double At, Attempt Attempt)> timeouts = new();
    private readonly Client[] clients = [.. Enumerable.Range(0, storm.Clients / storm.Scale).Select(_ => new Client())];
    private readonly List<int> requestsBySecond = [];
    private readonly List<int> successesBySecond = [];
    private readonly double longestRecovery = Math.Max(1_800, storm.Outage.TotalSeconds);
    private readonly double outageEnd = WarmUp + storm.Outage.TotalSeconds;
    private readonly int slots = storm.Slots / storm.Scale;
    private readonly double instances = (double)storm.Slots / Limits.HttpConcurrency / storm.Scale;
    private readonly double storageBudget = storm.StorageLimit / storm.Scale * StorageWindow;

    private double now;
    private int busy;
    private long outstanding;
    private long storageCalls;
    private long storageWindow = -1;
    private double storageUsed;
    private double retriesLeft;
    private double retriesCounted;

    private enum EventKind
    {
        Arrival,
        Send,
        StorageRetry,
        Completed,
        Failed,
        Timeout,
        ServiceUnavailable,
    }

    /// <summary>Runs the simulation until the backlog of the outage is gone, and two minutes more.</summary>
    internal StormResult Run()
    {
        Schedule(0, EventKind.Arrival);
        var (second, most, callsAtStart, callsAtEnd) = (0, 0L, 0L, 0L);
        double? recovered = null;
        while (events.TryDequeue(out var next, out var at))
        {
            while (second + 1 <= at)
            {
                second++;
                if (second < WarmUp)
                    most = Math.Max(most, outstanding);
                if (second == (int)WarmUp)
                    callsAtStart = storageCalls;
                if (recovered is null && second > outageEnd && outstanding <= (2 * most) + 10)
                    (recovered, callsAtEnd) = (second, storageCalls);
            }

            if (at > (recovered + 120 ?? outageEnd + longestRecovery))
                break;
            now = at;
            Process(next.Kind, next.Attempt, next.Operation);
        }

        return Result(recovered, (recovered is null ? storageCalls : callsAtEnd) - callsAtStart);
    }

    private bool IsOutage => now >= WarmUp && now < outageEnd;

    private void Process(EventKind kind, Attempt? attempt, Operation? operation)
    {
        switch (kind)
        {
            case EventKind.Arrival:
                Schedule(-Math.Log(1 - random.NextDouble()) * storm.Scale / storm.OperationsPerSecond, EventKind.Arrival);
                outstanding++;
                Begin(new Operation(clients[random.Next(clients.Length)]));
                break;
            case EventKind.Send:
                if (operation!.IsWaitingForRun)
                    Begin(operation);
                else
                    Send(operation);
                break;
            case EventKind.StorageRetry:
                CallStorage(attempt!);
                break;
            case EventKind.Completed or EventKind.Failed:
                ReleaseSlot();
                End(attempt!, succeeded: kind == EventKind.Completed, RetryAfter());
                break;
            case EventKind.Timeout:
                while (timeouts.TryPeek(out var oldest) && (oldest.At <= now || oldest.Attempt.HasEnded))
                    End(timeouts.Dequeue().Attempt, succeeded: false, retryAfter: null);
                if (timeouts.TryPeek(out var following))
                    Schedule(following.At - now, EventKind.Timeout);
                break;
            case EventKind.ServiceUnavailable:
                End(attempt!, succeeded: false, storm.Kind == OutageKind.ServiceDown ? null : RetryAfter());
                break;
        }
    }

    /// <summary>Starts an operation, or queues it if the client already has as many as it may have.</summary>
    private void Begin(Operation operation)
    {
        operation.IsWaitingForRun = false;
        operation.Attempts = 0;
        if (operation.Client.Active >= (storm.Connections ?? int.MaxValue))
        {
            operation.Client.Waiting.Enqueue(operation);
            return;
        }

        operation.Client.Active++;
        Send(operation);
    }

    private void Send(Operation operation)
    {
        operation.Attempts++;
        Count(requestsBySecond);
        var attempt = new Attempt(operation);
        if ((IsOutage && storm.Kind == OutageKind.ServiceDown) || (busy == slots && waiting.Count >= storm.QueueLimit / storm.Scale))
        {
            Schedule(0.05, EventKind.ServiceUnavailable, attempt);
            return;
        }

        if (timeouts.Count == 0)
            Schedule(storm.ClientTimeout, EventKind.Timeout);
        timeouts.Enqueue((now + storm.ClientTimeout, attempt));
        waiting.Enqueue(attempt);
        FillSlots();
    }

    private void FillSlots()
    {
        while (busy < slots && waiting.TryDequeue(out var attempt))
        {
            if (storm.DropsAbandoned && attempt.HasEnded)
                continue;
            busy++;
            attempt.TableRequestsLeft = random.Next(3) == 0 ? 1 : 2; // of three operations one is a list, two are downloads
            CallStorage(attempt);
        }
    }

    private void ReleaseSlot()
    {
        busy--;
        FillSlots();
    }

    private void CallStorage(Attempt attempt)
    {
        while (attempt.TableRequestsLeft > 0)
        {
            if (IsOutage && storm.FailsFast)
            {
                Schedule(FastFailure, EventKind.Failed, attempt);
                return;
            }

            storageCalls++;
            if (IsOutage && storm.Kind == OutageKind.StorageHangs)
            {
                Schedule(StorageTimeLimit, EventKind.Failed, attempt);
                return;
            }

            if (!StorageAccepts())
            {
                if (attempt.StorageRetries < StorageRetries && MayRetry())
                    Schedule(FirstStorageDelay * Math.Pow(2, attempt.StorageRetries++) * (0.8 + (0.4 * random.NextDouble())), EventKind.StorageRetry, attempt);
                else
                    Schedule(0.01, EventKind.Failed, attempt);
                return;
            }

            attempt.StorageRetries = 0;
            attempt.TableRequestsLeft--;
        }

        Schedule(-Math.Log(1 - random.NextDouble()) * storm.ServiceTime, EventKind.Completed, attempt);
    }

    private bool MayRetry()
    {
        if (storm.ServerRetries != ServerRetries.WithinBudget)
            return storm.ServerRetries == ServerRetries.Always;
        retriesLeft = Math.Min(instances * RetryBudget.AtOnce, retriesLeft + ((now - retriesCounted) * instances * RetryBudget.PerSecond));
        retriesCounted = now;
        if (retriesLeft < 1)
            return false;
        retriesLeft--;
        return true;
    }

    private bool StorageAccepts()
    {
        if (IsOutage && storm.Kind == OutageKind.StorageFails)
            return false;
        var window = (long)(now / StorageWindow);
        if (window != storageWindow)
            (storageWindow, storageUsed) = (window, 0);
        return ++storageUsed <= storageBudget;
    }

    private void End(Attempt attempt, bool succeeded, double? retryAfter)
    {
        if (attempt.HasEnded)
            return;
        attempt.HasEnded = true;
        var operation = attempt.Operation;
        if (succeeded)
        {
            Count(successesBySecond);
            outstanding--;
            Next(operation.Client);
        }
        else if (operation.Attempts < storm.Policy.Attempts)
        {
            Schedule(storm.Policy.Delay(operation.Attempts, retryAfter, random), EventKind.Send, operation: operation);
        }
        else
        {
            operation.IsWaitingForRun = true;
            Schedule(storm.RunsAreAligned ? 900 - (now % 900) : 600 + (600 * random.NextDouble()), EventKind.Send, operation: operation);
            Next(operation.Client);
        }
    }

    private void Next(Client client)
    {
        client.Active--;
        if (client.Waiting.TryDequeue(out var operation))
            Begin(operation);
    }

    private double RetryAfter() => random.Next(storm.RetryAfter.Least, storm.RetryAfter.Most + 1);

    private void Schedule(double after, EventKind kind, Attempt? attempt = null, Operation? operation = null) =>
        events.Enqueue((kind, attempt, operation), now + after);

    private void Count(List<int> bySecond)
    {
        while (bySecond.Count <= (int)now)
            bySecond.Add(0);
        bySecond[(int)now]++;
    }

    private StormResult Result(double? recovered, long calls)
    {
        var (start, end, until) = ((int)WarmUp, (int)outageEnd, (int)(recovered ?? now));
        var successes = Sum(successesBySecond, start, until);
        var lowest = Enumerable.Range(0, Math.Max(0, (until - end) / 60)).Select(minute => Sum(successesBySecond, end + (60 * minute), end + (60 * minute) + 60) / 60.0);
        return new StormResult(
            Peak: requestsBySecond.Skip(end + 1).Take(until - end).DefaultIfEmpty().Max() * storm.Scale,
            Recovery: recovered is { } at ? TimeSpan.FromSeconds(at - outageEnd) : null,
            RequestsPerOperation: Sum(requestsBySecond, start, until) / (double)successes,
            StorageRequestsPerOperation: calls / (double)successes,
            LowestGoodput: lowest.DefaultIfEmpty(double.NaN).Min() * storm.Scale,
            Series: [.. Enumerable.Range(0, until / 10).Select(ten => (Rate(requestsBySecond, ten), Rate(successesBySecond, ten)))]);

        static long Sum(List<int> values, int from, int to) => values.Skip(from).Take(to - from).Sum(value => (long)value);
        double Rate(List<int> values, int ten) => Sum(values, 10 * ten, (10 * ten) + 10) / 10.0 * storm.Scale;
    }

    private sealed class Client
    {
        internal int Active { get; set; }

        internal Queue<Operation> Waiting { get; } = new();
    }

    private sealed class Operation(Client client)
    {
        internal Client Client => client;

        internal int Attempts { get; set; }

        internal bool IsWaitingForRun { get; set; }
    }

    private sealed class Attempt(Operation operation)
    {
        internal Operation Operation => operation;

        internal bool HasEnded { get; set; }

        internal int TableRequestsLeft { get; set; }

        internal int StorageRetries { get; set; }
    }
}
