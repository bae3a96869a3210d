using Credentialing.Tests.Support;

namespace Credentialing.Tests.Model;

/// <summary>
/// Makes a history that violates an invariant smaller, as long as the smaller one violates the same invariant. CsCheck shrinks by trying
/// other random histories, and so rarely finds the smallest one. This removes parts of the history that it has found.
/// </summary>
internal static class Minimizer
{
    private const int MaxRuns = 300;

    /// <summary>Removes all parts that the violation does not need. Returns the history that is left, and its violation.</summary>
    /// <param name="history">The history.</param>
    /// <param name="violation">What it violates.</param>
    /// <param name="run">Runs a history, and returns what it violates; null if nothing.</param>
    internal static async Task<(History History, InvariantViolation Violation)> MinimizeAsync(History history, InvariantViolation violation, Func<History, Task<InvariantViolation?>> run)
    {
        var runs = 0;
        for (var isSmaller = true; isSmaller && runs < MaxRuns;)
        {
            isSmaller = false;
            foreach (var candidate in Smaller(history))
            {
                if (++runs > MaxRuns || await run(candidate) is not { } same || same.Invariant != violation.Invariant)
                    continue;
                (history, violation, isSmaller) = (candidate, same, true);
                break;
            }
        }

        return (history, violation);
    }

    private static IEnumerable<History> Smaller(History history)
    {
        for (var number = 0; number < history.Steps.Count; number++)
        {
            yield return history with { Steps = [.. history.Steps.Take(number), .. history.Steps.Skip(number + 1)] };
            foreach (var step in Smaller(history.Steps[number]))
                yield return history with { Steps = [.. history.Steps.Take(number), step, .. history.Steps.Skip(number + 1)] };
        }

        if (history.Beginning.Roster > 0)
            yield return history with { Beginning = history.Beginning with { Roster = 0 } };
        if (history.Beginning.Roster > 1)
            yield return history with { Beginning = history.Beginning with { Roster = 1 } };
        if (history.Beginning.Age is not null)
            yield return history with { Beginning = history.Beginning with { Age = null } };
        if (history.Beginning.Age > 0)
            yield return history with { Beginning = history.Beginning with { Age = 0 } };
        if (history.Beginning.IsBackedUp)
            yield return history with { Beginning = history.Beginning with { IsBackedUp = false } };
        if (history.StartDay > 0 || history.Minute > 0)
            yield return history with { StartDay = 0, Minute = 0 };
    }

    private static IEnumerable<Step> Smaller(Step step)
    {
        if (step is not Does does)
            yield break;
        if (does.SlowTurn > 0)
            yield return does with { SlowTurn = 0 };
        if (does.Turns.Count > 1)
            yield return does with { Turns = [.. does.Turns.Take(does.Turns.Count / 2)] };
        for (var number = 0; number < does.Acts.Count; number++)
        {
            if (does.Acts.Count > 1)
                yield return does with { Acts = [.. does.Acts.Take(number), .. does.Acts.Skip(number + 1)] };
            if (does.Acts[number].Instance > 0)
                yield return With(does.Acts[number] with { Instance = 0 });
            if (does.Acts[number].Fault is not { } fault)
                continue;
            yield return With(does.Acts[number] with { Fault = null });
            if (fault.Times > 1)
                yield return With(does.Acts[number] with { Fault = fault with { Times = 1 } });
            if (fault.Fault is not (Fault.Crash or Fault.ConnectionFailed))
                yield return With(does.Acts[number] with { Fault = fault with { Fault = fault.IsCrash ? Fault.Crash : Fault.ConnectionFailed } });

            Does With(Act act) => does with { Acts = [.. does.Acts.Take(number), act, .. does.Acts.Skip(number + 1)] };
        }
    }
}
