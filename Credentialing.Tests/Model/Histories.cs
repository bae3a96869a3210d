using Credentialing.Tests.Support;
using CsCheck;

namespace Credentialing.Tests.Model;

/// <summary>Generates histories.</summary>
internal static class Histories
{
    private static readonly Gen<int> Stale = Gen.Frequency((9, Gen.Const(0)), (1, Gen.Const(1)));
    private static readonly Gen<int> Key = Gen.Frequency((1, Gen.Const(0)), (5, Gen.Const(1)), (3, Gen.Const(2)), (1, Gen.Const(3)));
    private static readonly Gen<int> Recent = Gen.Frequency((5, Gen.Const(0)), (1, Gen.Int[1, 3]));

    private static readonly Gen<Operation> Change = Gen.Frequency(
        (5, Gen.Select(Gen.OneOf<int>(0, 1, 7), Stale, Gen.Bool, Gen.Bool).Select(Operation (days, stale, luis, follows) => new Generate(days, stale == 1, luis, follows))),
        (2, Gen.Select(Stale, Gen.Bool, Gen.Bool).Select(Operation (stale, luis, follows) => new EndOverlap(stale == 1, luis, follows))),
        (2, Gen.Select(Stale, Gen.Bool, Gen.Bool).Select(Operation (stale, luis, follows) => new Revoke(stale == 1, luis, follows))),
        (2, Gen.Select(Gen.Int[0, 1], Gen.Int[1, Rosters.Count - 1], Gen.Bool).Select(Operation (name, roster, follows) => new SaveLea(name, roster, follows))));

    private static readonly Gen<Operation> Use = Gen.Frequency(
        (4, Key.Select(Operation (key) => new Authenticate(key))),
        (2, Key.Select(Operation (key) => new IssueToken(key))),
        (3, Recent.Select(Operation (token) => new UseToken(token))),
        (1, Key.Select(Operation (key) => new IssueLink(key))),
        (2, Key.Select(Operation (key) => new Download(key))),
        (1, Recent.Select(Operation (link) => new DownloadByLink(link))));

    private static readonly Gen<Operation> Sharing = Gen.Frequency(
        (3, Stale.Select(Operation (stale) => new CreateShare(stale == 1))),
        (3, Recent.Select(Operation (share) => new OpenShare(share))),
        (1, Recent.Select(Operation (share) => new CancelShare(share))));

    private static readonly Gen<Operation> Maintenance = Gen.Frequency(
        (6, Gen.Const((Operation)new RunDaily())),
        (2, Gen.Const((Operation)new SendNotices())),
        (3, Gen.Const((Operation)new BackUp())),
        (3, Gen.Const((Operation)new ListEvents())));

    /// <summary>What an operator does alone.</summary>
    private static readonly Gen<Operation> Operator = Gen.Frequency(
        (6, Gen.Select(Gen.Enum<Loss>(), Gen.Int[0, 1]).Select(Operation (loss, backup) => new LoseAndRestore(loss, backup))),
        (4, Gen.Const((Operation)new RestoreIndex())),
        (3, Gen.Int[0, 2].Select(Operation (secret) => new RotateSecret(secret))));

    private static readonly Gen<Operation> Concurrent = Gen.Frequency((5, Change), (3, Use), (3, Sharing), (4, Maintenance));

    private static readonly Gen<Operation> Alone = Gen.Frequency((7, Concurrent), (2, Operator));

    private static readonly Gen<FaultPlan?> Faults = Gen.Frequency(
        (2, Gen.Const((FaultPlan?)null)),
        (1, Gen.Select(
            Gen.OneOf(Gen.Int[1, 3], Gen.Int[1, 12]),
            Gen.OneOf<Fault>(Fault.ConnectionFailed, Fault.ResponseLost, Fault.Throttled, Fault.Unavailable, Fault.Timeout, Fault.TimeoutAfter, Fault.Crash, Fault.CrashAfter),
            Gen.OneOf<int>(1, 1, 6)).Select(FaultPlan? (call, fault, times) => new FaultPlan(call, fault, times))));

    private static readonly Gen<Step> OneActor = Gen.Select(Gen.Frequency((3, Gen.Const(0)), (1, Gen.Const(1))), Alone, Faults)
        .Select(Step (instance, operation, fault) => new Does([new Act(instance, operation, fault)], [], 0));

    private static readonly Gen<Step> SeveralActors = Gen.Select(
            Gen.Select(Concurrent, Faults).Select((operation, fault) => new Act(0, operation, fault)).Array[2, 3],
            Gen.Int[0, 2].Array[1, 12],
            Gen.Frequency((4, Gen.Const(0)), (1, Gen.Int[1, 12])))
        .Select(Step (acts, turns, slow) => new Does([.. acts], [.. turns], slow));

    /// <summary>A restore after a change that the backup does not have.</summary>
    private static readonly Gen<Step[]> Recovery = Gen.Select(Change, Faults, Gen.Enum<Loss>(), (change, fault, loss) => (Step[])
    [
        new Does([new Act(0, new BackUp(), Fault: null)], [], 0),
        new Does([new Act(0, change, fault)], [], 0),
        new Does([new Act(0, new LoseAndRestore(loss, Backup: 0), Fault: null)], [], 0),
    ]);

    /// <summary>A change at the same time as the first use of a key after the rotation of the pepper, which replaces the verifier.</summary>
    private static readonly Gen<Step[]> PepperRotation = Gen.Select(Change, Gen.Int[0, 1].Array[4, 12], (change, turns) => (Step[])
    [
        new Does([new Act(0, new RotateSecret(0), Fault: null)], [], 0),
        new Does([new Act(0, change, Fault: null), new Act(0, new Authenticate(1), Fault: null)], [.. turns], 0),
    ]);

    /// <summary>One step, or a step and the steps that depend on it.</summary>
    private static readonly Gen<Step[]> Scenes = Gen.Frequency(
        (10, Gen.Frequency((5, OneActor), (3, SeveralActors), (3, Gen.Enum<Pause>().Select(Step (pause) => new Passes(pause)))).Select(step => (Step[])[step])),
        (1, Scene(new IssueToken(1), new UseToken(0))),
        (1, Scene(new IssueLink(1), new DownloadByLink(0))),
        (2, Scene(new CreateShare(false), new OpenShare(0))),
        (1, Scene(new CreateShare(false), new CancelShare(0))),
        (1, Scene(new Generate(7, false, false, true), new EndOverlap(false, true, true))),
        (1, Scene(new Generate(0, false, false, false), new Download(1))),
        (1, Recovery),
        (1, PepperRotation));

    private static readonly Gen<Beginning> Beginnings = Gen.Select(
        Gen.Int[0, Rosters.Count - 1],
        Gen.Frequency((1, Gen.Const((int?)null)), (3, Gen.OneOf<int?>(0, 340, 351, 354, 358, 362, 364))),
        Gen.Frequency((2, Gen.Const(false)), (1, Gen.Const(true))),
        (roster, age, isBackedUp) => new Beginning(roster, age, isBackedUp));

    internal static Gen<History> All { get; } = Gen.Select(
        Gen.Int[0, 364],
        Gen.Int[0, 1439],
        Beginnings,
        Scenes.Array[1, 4],
        (day, minute, beginning, scenes) => new History(day, minute, beginning, [.. scenes.SelectMany(scene => scene)]));

    /// <summary>An operation, and then one that needs it, alone or at the same time as another operation.</summary>
    private static Gen<Step[]> Scene(Operation first, Operation second) => Gen.Select(
        Faults,
        Faults,
        Gen.OneOf(Gen.Const((Act?)null), Gen.Select(Gen.OneOf(Gen.Const(second), Concurrent), Faults).Select(Act? (operation, fault) => new Act(0, operation, fault))),
        Gen.Int[0, 1].Array[1, 8],
        (fault, other, beside, turns) => (Step[])[new Does([new Act(0, first, fault)], [], 0), new Does([new Act(0, second, other), .. beside is null ? (Act[])[] : [beside]], [.. turns], 0)]);
}
