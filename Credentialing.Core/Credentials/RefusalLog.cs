using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Credentials;

/// <summary>Why the credentials of an LEA were refused.</summary>
internal enum Refusal
{
    Wrong,
    Expired,
    Revoked,
}

/// <summary>
/// Logs refused credentials, without a line for each request. The first refusal of an LEA within <see cref="Interval"/> is logged
/// immediately. Further ones are counted, and logged in one line with their number at the end of the interval. Each line contains the
/// number of its refusals, so that a query can add them up. At most <see cref="MaxLeas"/> LEAs are listed in an interval, because an attacker
/// can send any username; the refusals of the others are counted together. Thread safe.
/// </summary>
internal sealed partial class RefusalLog : IDisposable
{
    /// <summary>The time for which refusals are counted before they are logged.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <summary>The maximum number of LEAs and reasons that are listed in an interval.</summary>
    internal const int MaxLeas = 100;

    /// <summary>In a log line, in place of the CDS code: the LEAs that are not listed.</summary>
    private const string Others = "(others)";

    private readonly ILogger logger;
    private readonly ITimer end;
    private readonly Lock changing = new();

    /// <summary>The refusals of this interval that are not logged yet. An LEA with only one refusal has 0.</summary>
    private Dictionary<(string Lea, Refusal Reason), int> further = [];

    internal RefusalLog(TimeProvider time, ILogger logger)
    {
        this.logger = logger;
        // The lines are not part of the request that creates the log: its trace and its log scopes must not flow to them.
        using (ExecutionContext.SuppressFlow())
            end = time.CreateTimer(static state => ((RefusalLog)state!).LogFurther(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Logs or counts a refusal.</summary>
    internal void Add(LeaId leaId, Refusal reason)
    {
        lock (changing)
        {
            if (further.Count == 0)
                end.Change(Interval, Timeout.InfiniteTimeSpan);
            var isListed = further.ContainsKey((leaId.Value, reason));
            if (isListed || further.Count >= MaxLeas)
            {
                var key = (isListed ? leaId.Value : Others, reason);
                further[key] = further.GetValueOrDefault(key) + 1;
                return;
            }

            further[(leaId.Value, reason)] = 0;
        }

        Log(leaId.Value, reason, count: 1);
    }

    /// <summary>Logs the refusals that are not logged yet.</summary>
    public void Dispose()
    {
        end.Dispose();
        LogFurther();
    }

    private void LogFurther()
    {
        Dictionary<(string Lea, Refusal Reason), int> ended;
        lock (changing)
            (ended, further) = (further, []);
        foreach (var ((lea, reason), count) in ended)
        {
            if (count > 0)
                Log(lea, reason, count);
        }
    }

    private void Log(string leaId, Refusal reason, int count)
    {
        switch (reason)
        {
            case Refusal.Expired:
                LogExpired(leaId, count);
                break;
            case Refusal.Revoked:
                LogRevoked(leaId, count);
                break;
            default:
                LogWrong(leaId, count);
                break;
        }
    }

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "Vendor credentials for LEA {LeaId} were refused: wrong, superseded, unknown, or created with a pepper version that is not enabled. Requests: {Count}.")]
    private partial void LogWrong(string leaId, int count);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "Vendor credentials for LEA {LeaId} were refused: they have expired. Requests: {Count}.")]
    private partial void LogExpired(string leaId, int count);

    [LoggerMessage(EventId = 18, Level = LogLevel.Warning, Message = "Vendor credentials for LEA {LeaId} were refused: they have been revoked. Requests: {Count}.")]
    private partial void LogRevoked(string leaId, int count);
}
