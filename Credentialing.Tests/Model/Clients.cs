using Credentialing.Core.Credentials;
using Credentialing.Core.Shares;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Model;

/// <summary>What the clients of the system have: keys, tokens, links and shares that they were given.</summary>
internal sealed class Clients
{
    /// <summary>The number of a key that was never issued.</summary>
    internal const int NoKey = -1;

    private readonly string neverIssued = SecretKey.Generate().Reveal();

    /// <summary>The keys, by the number of the operation that generated them.</summary>
    internal List<(int Number, string Secret)> Keys { get; } = [];

    internal List<(int Key, string Value, DateTimeOffset Until)> Tokens { get; } = [];

    internal List<(int Key, string Value, DateTimeOffset Until)> Links { get; } = [];

    internal List<(int Number, ShareId Id)> Shares { get; } = [];

    /// <summary>Returns a key: 0 for one that was never issued, 1 for the last one, 2 for the one before, and so on.</summary>
    internal (int Number, string Secret) Key(int selected) => selected % (Keys.Count + 1) is > 0 and var index ? Keys[^index] : (NoKey, neverIssued);

    /// <summary>Returns an item: 0 for the last one, 1 for the one before, and so on. Null if there are none.</summary>
    internal static T? Select<T>(IReadOnlyList<T> items, int selected)
        where T : struct => items.Count == 0 ? null : items[^(1 + (selected % items.Count))];
}

/// <summary>An operation that has ended, with what its client was told.</summary>
/// <param name="number">Its number in the history, which identifies it.</param>
/// <param name="act">The act.</param>
internal sealed class Execution(int number, Act act)
{
    internal int Number => number;

    internal Act Act => act;

    internal Operation Operation => Act.Operation;

    /// <summary>What the client was told.</summary>
    internal Outcome Outcome { get; set; } = Outcome.Lost;

    /// <summary>Why it failed; null if it did not.</summary>
    internal Exception? Failure { get; set; }

    /// <summary>The generation that the client had seen.</summary>
    internal int? Seen { get; set; }

    /// <summary>The key that was used, or that the token or link was issued for.</summary>
    internal int Key { get; set; } = Clients.NoKey;

    /// <summary>Until when the token or link is valid; null for a key.</summary>
    internal DateTimeOffset? ValidUntil { get; set; }

    /// <summary>The share; null if there is none.</summary>
    internal int? Share { get; set; }

    /// <summary>The audit events that were listed.</summary>
    internal IReadOnlyList<ModelEvent>? Listed { get; set; }

    /// <summary>The name of the backup; null if there is none.</summary>
    internal string? BackupName { get; set; }

    /// <summary>When the backup began.</summary>
    internal DateTimeOffset BackupStart { get; set; }

    /// <summary>When it began.</summary>
    internal DateTimeOffset At { get; init; }

    /// <summary>The number of external calls.</summary>
    internal int Calls { get; set; }

    /// <summary>Whether the fault has struck.</summary>
    internal bool HasFault { get; set; }

    /// <summary>The instance.</summary>
    internal TestWorld? World { get; set; }

    /// <summary>What the model says at a moment: the states after it, which agree with what the client was told.</summary>
    internal IEnumerable<ModelState> After(ModelState state, DateTimeOffset now)
    {
        (ModelState Next, Outcome Predicted) = Predict(state, now);
        if (Operation is RunDaily)
            return [state, Next];
        if (Outcome is Outcome.Lost)
            return [state, Next];
        if (ValidUntil is { } until && now > until.AddSeconds(-1) && now < until.AddSeconds(1)) // tokens have whole seconds
            return [Next];
        return Predicted == Outcome && (Listed is null || Observation.WhyOtherEvents(Listed, state) is null) ? [Next] : [];
    }

    private (ModelState Next, Outcome Outcome) Predict(ModelState state, DateTimeOffset now) => Operation switch
    {
        Generate generate => state.Generate(Number, Seen, generate.KeptDays, now),
        EndOverlap => state.EndOverlap(Seen, now),
        Revoke => state.Revoke(Seen ?? 0),
        _ when ValidUntil <= now => (state, Outcome.Refused),
        Authenticate or IssueToken or IssueLink or Download or UseToken or DownloadByLink => state.Authenticate(Key, now),
        CreateShare => state.CreateShare(Number, Seen, now),
        OpenShare => Share is { } opened ? state.OpenShare(opened, now) : (state, Outcome),
        CancelShare => Share is { } canceled ? state.CancelShare(canceled) : (state, Outcome),
        SaveLea save => state.Save(save.Name, save.Roster),
        RunDaily => (state.DeleteEndedShares(now), Outcome),
        _ => (state, Outcome),
    };
}
