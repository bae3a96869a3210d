using System.Globalization;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Model;

/// <summary>What happens to one LEA, from an empty storage on. Each part is generated data, so that a history can shrink and be replayed.</summary>
/// <param name="StartDay">The day on which it starts, from 23 November 2026 on, so that expiry also meets both daylight saving changes.</param>
/// <param name="Minute">The minute of that day.</param>
/// <param name="Beginning">What has happened before.</param>
/// <param name="Steps">The steps.</param>
internal sealed record History(int StartDay, int Minute, Beginning Beginning, IReadOnlyList<Step> Steps)
{
    internal DateTimeOffset Start => new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero).AddDays(StartDay).AddMinutes(Minute);

    /// <summary>The history as sentences, one for each line.</summary>
    public override string ToString() => string.Join('\n', Steps.Select((step, number) => $"{number + 1}. {step}").Prepend(string.Create(CultureInfo.InvariantCulture, $"0. {Start:yyyy-MM-dd HH:mm} UTC: {Beginning}")));
}

/// <summary>What has happened before a history, without faults.</summary>
/// <param name="Roster">The coordinators that TOMS has saved; 0 for an LEA that TOMS never reported.</param>
/// <param name="Age">The age of the credentials in days; null if there are none.</param>
/// <param name="IsBackedUp">Whether there is a backup of now.</param>
internal sealed record Beginning(int Roster, int? Age, bool IsBackedUp)
{
    public override string ToString() =>
        $"{(Roster == 0 ? "TOMS never reported the LEA" : $"TOMS has reported {Rosters.Describe(Roster)}")}; {(Age is { } age ? string.Create(CultureInfo.InvariantCulture, $"Rosa generated credentials {age} days ago") : "there are no credentials")}{(IsBackedUp ? "; there is a backup" : "")}.";
}

/// <summary>A step of a history. It begins when the one before has ended.</summary>
internal abstract record Step;

/// <summary>Time passes, and nothing else happens.</summary>
/// <param name="Pause">How much.</param>
internal sealed record Passes(Pause Pause) : Step
{
    public override string ToString() => $"Time passes: {Pause}.";
}

/// <summary>One operation, or several at the same time on different app instances.</summary>
/// <param name="Acts">The operations.</param>
/// <param name="Turns">Whose turn it is, for each external call. See <see cref="CallScheduler"/>.</param>
/// <param name="SlowTurn">Before this external call, 6 minutes pass; 0 if they do not. All claims expire in this time.</param>
internal sealed record Does(IReadOnlyList<Act> Acts, IReadOnlyList<int> Turns, int SlowTurn) : Step
{
    public override string ToString()
    {
        var slow = SlowTurn == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" Before external call {SlowTurn}, 6 minutes pass.");
        return Acts is [var only] ? $"{only}{slow}" : $"At the same time (turns {string.Join(", ", Turns)}): {string.Join(" ", Acts)}{slow}";
    }
}

/// <summary>An operation on an app instance.</summary>
/// <param name="Instance">The number of the instance. In a step with several operations, each is on another one.</param>
/// <param name="Operation">The operation.</param>
/// <param name="Fault">The fault; null for none.</param>
internal sealed record Act(int Instance, Operation Operation, FaultPlan? Fault)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"[{Instance + 1}] {Operation}{Fault}.");
}

/// <summary>Where a fault strikes.</summary>
/// <param name="Call">The external call of the operation at which it strikes first, from 1.</param>
/// <param name="Fault">The fault.</param>
/// <param name="Times">At how many calls it strikes. The clients retry a call 3 times.</param>
internal sealed record FaultPlan(int Call, Fault Fault, int Times)
{
    internal Fault At(int call) => call >= Call && call < Call + Times ? Fault : Fault.None;

    internal bool IsCrash => Fault is Fault.Crash or Fault.CrashAfter;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $" ({Fault} at external call {Call}{(Times > 1 && !IsCrash ? $" and the next {Times - 1}" : "")})");
}

/// <summary>How much time passes.</summary>
internal enum Pause
{
    OneSecond,
    OneMinute,
    SixMinutes,
    SixteenMinutes,
    HalfAnHour,
    TwoHours,
    OneDay,
    TwoDays,
    FourDays,
    EightDays,
    FifteenDays,
    ToLastTickOfOverlap,
    ToEndOfOverlap,
    ToLastTickOfKey,
    ToExpiry,
    To14DaysBeforeExpiry,
    To7DaysBeforeExpiry,
    To3DaysBeforeExpiry,
    To1DayBeforeExpiry,
}

/// <summary>The coordinators that TOMS can save.</summary>
internal static class Rosters
{
    private static readonly Core.Leas.Coordinator Ana = new("ana", "Ana Núñez", "ana@lea.example", Core.Leas.Language.Spanish);

    private static readonly IReadOnlyList<Core.Leas.Coordinator>[] All = [[], [TestWorld.Rosa, TestWorld.Luis], [TestWorld.Rosa], [TestWorld.Rosa, Ana], [Ana, TestWorld.Luis, TestWorld.Rosa]];

    internal static int Count => All.Length;

    internal static IReadOnlyList<Core.Leas.Coordinator> Of(int roster) => All[roster];

    internal static string Describe(int roster) => All[roster].Count == 0 ? "no coordinator" : string.Join(" and ", All[roster].Select(coordinator => coordinator.Id));
}
