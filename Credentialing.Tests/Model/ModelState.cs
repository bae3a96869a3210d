using System.Collections.Immutable;

namespace Credentialing.Tests.Model;

/// <summary>What a client was told, or what the model predicts that it is told.</summary>
internal enum Outcome
{
    /// <summary>Nothing: the operation failed, or its instance crashed. It may have taken effect.</summary>
    Lost,

    /// <summary>It took effect.</summary>
    Done,

    /// <summary>There was nothing to do.</summary>
    Unchanged,

    /// <summary>The coordinator has seen another generation than the current one.</summary>
    Conflict,

    /// <summary>The key, token, link or share does not work, or there is nothing to share.</summary>
    Refused,
}

/// <summary>The credentials of the LEA.</summary>
/// <param name="Key">The number of the operation that generated them. It identifies the key.</param>
/// <param name="Generation">The generation.</param>
/// <param name="ExpiresAt">When they expire.</param>
/// <param name="Previous">The key that works beside the current one until its end; null if there is none.</param>
/// <param name="IsRevoked">Whether they were revoked.</param>
internal sealed record ModelCredential(int Key, int Generation, DateTimeOffset ExpiresAt, (int Key, int Generation, DateTimeOffset Until)? Previous, bool IsRevoked);

/// <summary>A share.</summary>
/// <param name="Generation">The generation of its key.</param>
/// <param name="Until">Until when it can be opened.</param>
/// <param name="IsOpened">Whether it was opened.</param>
internal sealed record ModelShare(int Generation, DateTimeOffset Until, bool IsOpened);

/// <summary>An audit event of a change.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Generation">The generation that it is about; null if it is about none.</param>
/// <param name="Vendor">The vendor of a share; null for other events.</param>
internal sealed record ModelEvent(string Kind, int? Generation, string? Vendor = null);

/// <summary>
/// The model: what is true of one LEA. Each operation has one effect and one response, at one moment. The methods return the state after it.
/// </summary>
/// <param name="Credential">The credentials; null if there are none.</param>
/// <param name="Shares">The shares that exist, by the number of the operation that created them.</param>
/// <param name="Name">The name that TOMS has saved; null for none.</param>
/// <param name="Roster">The coordinators that TOMS has saved.</param>
/// <param name="Events">The audit events of changes, oldest first.</param>
internal sealed record ModelState(ModelCredential? Credential, ImmutableSortedDictionary<int, ModelShare> Shares, int? Name, int Roster, ImmutableList<ModelEvent> Events)
{
    internal static readonly TimeSpan ShareLifetime = TimeSpan.FromDays(1);

    internal static readonly ModelState Empty = new(null, ImmutableSortedDictionary<int, ModelShare>.Empty, null, 0, []);

    internal int? Generation => Credential?.Generation;

    internal static string VendorOf(int share) => FormattableString.Invariant($"Vendor {share}");

    /// <summary>Whether a key works: it is the current one or the previous one, has not expired, and was not revoked.</summary>
    internal bool Works(int key, DateTimeOffset now) =>
        Credential is { IsRevoked: false } credential
        && ((credential.Key == key && now < credential.ExpiresAt) || (credential.Previous is { } previous && previous.Key == key && now < previous.Until));

    internal (ModelState, Outcome) Generate(int number, int? seen, int keptDays, DateTimeOffset now)
    {
        if (Generation != seen)
            return (this, Outcome.Conflict);
        var at = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
        (int, int, DateTimeOffset)? previous = null;
        if (keptDays > 0 && Credential is { IsRevoked: false } superseded && at < superseded.ExpiresAt)
            previous = (superseded.Key, superseded.Generation, Min(at.AddDays(keptDays), superseded.ExpiresAt));
        var generation = (seen ?? 0) + 1;
        return (
            this with
            {
                Credential = new(number, generation, at.AddDays(365), previous, IsRevoked: false),
                Events = Events.Add(new(generation == 1 ? "credential-generated" : "credential-regenerated", generation)),
            },
            Outcome.Done);
    }

    internal (ModelState, Outcome) EndOverlap(int? seen, DateTimeOffset now)
    {
        if (seen is not null && Generation != seen)
            return (this, Outcome.Conflict);
        return Credential is { IsRevoked: false, Previous: { } previous } && now < previous.Until
            ? (this with { Credential = Credential with { Previous = null }, Events = Events.Add(new("previous-key-ended", previous.Generation)) }, Outcome.Done)
            : (this, Outcome.Unchanged);
    }

    internal (ModelState, Outcome) Revoke(int seen)
    {
        if (Generation != seen)
            return (this, Outcome.Conflict);
        return Credential is { IsRevoked: false }
            ? (this with { Credential = Credential with { Previous = null, IsRevoked = true }, Events = Events.Add(new("credential-revoked", seen)) }, Outcome.Done)
            : (this, Outcome.Unchanged);
    }

    internal (ModelState, Outcome) Authenticate(int key, DateTimeOffset now) => (this, Works(key, now) ? Outcome.Done : Outcome.Refused);

    internal (ModelState, Outcome) CreateShare(int number, int? seen, DateTimeOffset now)
    {
        if (seen is not null && Generation != seen)
            return (this, Outcome.Conflict);
        if (Credential is not { IsRevoked: false } credential || now >= credential.ExpiresAt)
            return (this, Outcome.Refused);
        var share = new ModelShare(credential.Generation, Min(now + ShareLifetime, credential.ExpiresAt), IsOpened: false);
        return (this with { Shares = Shares.Add(number, share), Events = Events.Add(new("share-created", share.Generation, VendorOf(number))) }, Outcome.Done);
    }

    internal (ModelState, Outcome) OpenShare(int share, DateTimeOffset now) =>
        Shares.TryGetValue(share, out var held) && !held.IsOpened && !HasEnded(held, now)
            ? (this with { Shares = Shares.SetItem(share, held with { IsOpened = true }), Events = Events.Add(new("share-opened", held.Generation, VendorOf(share))) }, Outcome.Done)
            : (this, Outcome.Refused);

    internal (ModelState, Outcome) CancelShare(int share)
    {
        if (!Shares.TryGetValue(share, out var held))
            return (this, Outcome.Done);
        return held.IsOpened
            ? (this, Outcome.Unchanged)
            : (this with { Shares = Shares.Remove(share), Events = Events.Add(new("share-canceled", held.Generation, VendorOf(share))) }, Outcome.Done);
    }

    internal (ModelState, Outcome) Save(int name, int roster) => Name == name && Roster == roster
        ? (this, Outcome.Done)
        : (this with { Name = name, Roster = roster, Events = Events.Add(new("lea-saved", null)) }, Outcome.Done);

    /// <summary>The daily run deletes the shares that have ended, with an event for each that was not opened.</summary>
    internal ModelState DeleteEndedShares(DateTimeOffset now)
    {
        var ended = Shares.Where(share => HasEnded(share.Value, now)).ToList();
        return this with
        {
            Shares = Shares.RemoveRange(ended.Select(share => share.Key)),
            Events = Events.AddRange(ended.Where(share => !share.Value.IsOpened).Select(share => new ModelEvent("share-expired", share.Value.Generation, VendorOf(share.Key)))),
        };
    }

    /// <summary>Whether a share is of no use any more.</summary>
    internal bool HasEnded(ModelShare share, DateTimeOffset now) =>
        Credential is not { IsRevoked: false } credential || credential.Generation != share.Generation || (!share.IsOpened && now >= share.Until);

    private static DateTimeOffset Min(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
