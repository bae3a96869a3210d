using System.Collections.Concurrent;
using Credentialing.Core;

namespace Credentialing.Tests.Published;

/// <summary>What a client was told about a request.</summary>
internal enum Told
{
    /// <summary>Nothing: the connection was lost, or the app or the host reported a server error. The change may have been made.</summary>
    Unknown,

    /// <summary>The request succeeded.</summary>
    Done,

    /// <summary>The request was refused, and has changed nothing.</summary>
    Refused,
}

/// <summary>The kind of a change that a client requests.</summary>
internal enum ChangeKind
{
    Generate,
    EndPrevious,
    Revoke,
    Save,
    CreateShare,
    CancelShare,
    OpenShare,
}

/// <summary>A request of a client, with its time.</summary>
internal abstract class Attempt
{
    internal required LeaId LeaId { get; init; }

    internal required DateTimeOffset BeganAt { get; init; }

    internal DateTimeOffset EndedAt { get; set; }

    internal Told Told { get; set; }

    /// <summary>Whether something happened during the request.</summary>
    internal bool Includes(DateTimeOffset at) => BeganAt <= at && at <= EndedAt;
}

/// <summary>A requested change.</summary>
internal sealed class Change(ChangeKind kind) : Attempt
{
    internal ChangeKind Kind => kind;

    /// <summary>The id of the person, in TOMS.</summary>
    internal string By { get; init; } = "";

    /// <summary>The generation that the client has seen; 0 if there were no credentials.</summary>
    internal int Seen { get; init; }

    /// <summary>Whether a regeneration keeps the previous key.</summary>
    internal bool KeepsPrevious { get; init; }

    /// <summary>Unique: the reason of a revocation, the name of a saved LEA, or the vendor of a share.</summary>
    internal string Text { get; init; } = "";

    public override string ToString() => $"{kind} of {LeaId} by {By}, seen {Seen}, \"{Text}\", {BeganAt:HH:mm:ss.ffffff} to {EndedAt:HH:mm:ss.ffffff}: {Told}";
}

/// <summary>A use of a key, or of a token or link that was issued for it.</summary>
internal sealed class KeyUseAttempt : Attempt
{
    /// <summary>The generation of the key.</summary>
    internal required int Generation { get; init; }

    public override string ToString() => $"use of generation {Generation} of {LeaId}, {BeganAt:HH:mm:ss.ffffff} to {EndedAt:HH:mm:ss.ffffff}: {Told}";
}

/// <summary>A download of a report.</summary>
internal sealed class Download : Attempt
{
    internal required string Client { get; init; }

    internal required string Ssid { get; init; }

    internal required int Generation { get; init; }

    internal required bool ByLink { get; init; }

    public override string ToString() => $"download by {Client}, {BeganAt:HH:mm:ss.ffffff} to {EndedAt:HH:mm:ss.ffffff}: {Told}";
}

/// <summary>A share that a client has created.</summary>
internal sealed record CreatedShare(LeaId LeaId, string Id, string Vendor, string Ciphertext, int Generation);

/// <summary>All requests of the clients, and their responses. Thread safe.</summary>
internal sealed class LoadRecord
{
    private long requests;
    private long unknown;

    internal ConcurrentQueue<Change> Changes { get; } = [];

    internal ConcurrentQueue<KeyUseAttempt> Uses { get; } = [];

    internal ConcurrentQueue<Download> Downloads { get; } = [];

    internal ConcurrentQueue<CreatedShare> Shares { get; } = [];

    /// <summary>The secret keys that clients have received.</summary>
    internal ConcurrentDictionary<(LeaId LeaId, int Generation), string> Keys { get; } = [];

    /// <summary>What must not happen. Each text begins with its kind.</summary>
    internal ConcurrentQueue<string> Violations { get; } = [];

    /// <summary>Describes the violations: the number of each kind, and a few of them.</summary>
    internal string Describe() => string.Join('\n', Violations.Distinct().GroupBy(violation => violation.Split(':')[0]).Select(kind => $"{kind.Count()} of {kind.Key}\n  {string.Join("\n  ", kind.Take(3))}"));

    internal long Requests => requests;

    internal long UnknownOutcomes => unknown;

    internal int Acknowledged => Changes.Count(change => change.Told is Told.Done);

    internal void CountRequest() => Interlocked.Increment(ref requests);

    internal void CountUnknown() => Interlocked.Increment(ref unknown);
}
