using System.Diagnostics;

namespace Credentialing.Benchmarks.Measuring;

/// <summary>One side of a comparison.</summary>
/// <param name="Name">Its name.</param>
/// <param name="RunAsync">Runs a number of operations.</param>
/// <param name="UsageAsync">Returns what the measured process has used so far.</param>
/// <param name="Operations">The number of operations in a round.</param>
internal sealed record Side(string Name, Func<int, Task> RunAsync, Func<Task<Usage>> UsageAsync, int Operations)
{
    /// <summary>A side that runs in this process, alone.</summary>
    internal static Side InProcess(string name, int operations, Func<int, Task> runAsync) => new(name, runAsync, () => Task.FromResult(Usage.OfThisProcess()), operations);

    /// <summary>A synchronous side that runs in this process, alone.</summary>
    internal static Side InProcess(string name, int operations, Action run) => InProcess(name, operations, count =>
    {
        for (var index = 0; index < count; index++)
            run();
        return Task.CompletedTask;
    });
}

/// <summary>The figures of one side: for each operation, the median of all rounds.</summary>
/// <param name="Name">The side.</param>
/// <param name="CpuMicroseconds">CPU time of the measured process.</param>
/// <param name="AllocatedBytes">Bytes allocated by the measured process.</param>
/// <param name="ElapsedMicroseconds">Elapsed time divided by the number of operations. Compare it only within one comparison.</param>
internal sealed record Figures(string Name, double CpuMicroseconds, double AllocatedBytes, double ElapsedMicroseconds);

/// <summary>
/// Measures several sides in one run, interleaved: each round runs every side once, so that a change of the machine's speed affects all
/// of them alike.
/// </summary>
internal static class Comparison
{
    private const int WarmUpRounds = 2;

    /// <summary>The number of measured rounds. The command's option <c>--quick</c> sets it to 1.</summary>
    internal static int Rounds { get; set; } = 7;

    /// <summary>Runs the comparison.</summary>
    internal static async Task<IReadOnlyList<Figures>> RunAsync(params IReadOnlyList<Side> sides)
    {
        var rounds = sides.ToDictionary(side => side, _ => new List<Figures>());
        for (var round = -WarmUpRounds; round < Rounds; round++)
        {
            foreach (var side in sides)
            {
                var before = await side.UsageAsync();
                var began = Stopwatch.GetTimestamp();
                await side.RunAsync(side.Operations);
                var elapsed = Stopwatch.GetElapsedTime(began);
                var used = await side.UsageAsync() - before;
                if (round >= 0)
                    rounds[side].Add(new(side.Name, used.Cpu.TotalMicroseconds / side.Operations, (double)used.AllocatedBytes / side.Operations, elapsed.TotalMicroseconds / side.Operations));
            }
        }

        return [.. sides.Select(side => new Figures(
            side.Name,
            Median(rounds[side].Select(figures => figures.CpuMicroseconds)),
            Median(rounds[side].Select(figures => figures.AllocatedBytes)),
            Median(rounds[side].Select(figures => figures.ElapsedMicroseconds))))];
    }

    /// <summary>Returns the median; of an even number of values, the upper one.</summary>
    internal static double Median(IEnumerable<double> values) => values.Order().ToList() is var ordered ? ordered[ordered.Count / 2] : 0;
}
