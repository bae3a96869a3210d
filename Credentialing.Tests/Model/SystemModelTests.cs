using System.Diagnostics;
using System.Globalization;
using Credentialing.Tests.Support;
using CsCheck;

namespace Credentialing.Tests.Model;

/// <summary>
/// The model of the system: random histories of all operations by several actors, with faults, on real storage. See docs/testing.md.
/// <para>
/// <c>SampleModelBasedAsync</c> of CsCheck compares an actual state with a model state after each operation, one operation after the other.
/// <c>SampleParallel</c> runs synchronous operations on threads, in an order that it does not determine. Here, operations of several
/// instances are asynchronous, fail in the middle, and must be replayed in the same order. So a whole history is one generated value,
/// and <c>SampleAsync</c> shrinks it.
/// </para>
/// </summary>
[Kind(TestKind.Process)]
public sealed class SystemModelTests(ITestOutputHelper output)
{
    private const int Workers = 4;
    private const int ProgressInterval = 1_000;

    /// <summary>The number of histories. <c>CREDENTIALING_HISTORIES</c> overrides it.</summary>
    private static readonly int Count = int.TryParse(Environment.GetEnvironmentVariable("CREDENTIALING_HISTORIES"), CultureInfo.InvariantCulture, out var value) ? value : 2_000;

    private readonly Lock failing = new();
    private readonly Dictionary<string, (History History, InvariantViolation Violation)> failures = new(StringComparer.Ordinal);
    private int first;

    /// <summary>What the histories must have covered.</summary>
    private static IEnumerable<string> Expected =>
    [
        .. typeof(Operation).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Operation))).SelectMany(type => (string[])[$"{type.Name} Done", .. type == typeof(RotateSecret) ? (string[])[] : [$"fault in {type.Name}"]]),
        .. Enum.GetValues<Fault>().Except([Fault.None, Fault.Conflict, Fault.UnexpectedException]).Select(fault => $"fault {fault}"),
        "Generate Conflict", "Revoke Conflict", "EndOverlap Conflict", "EndOverlap Unchanged", "CreateShare Refused", "OpenShare Refused", "Download Refused", "UseToken Refused", "DownloadByLink Refused",
        "steps of one actor", "steps of several actors", "switches", "slow turns", "pause", "restores", "restores that revoke", "restores of the index", "reminders", "notices", "announcements", "disclosures",
    ];

    [Fact]
    public async Task Every_invariant_holds_in_every_history()
    {
        await using var storage = await EmptyStorage.StartAsync(Workers);
        var coverage = new Coverage();
        var began = Stopwatch.GetTimestamp();
        try
        {
            await Histories.All.SampleAsync(history => CheckAsync(history, storage, coverage, began), iter: Count, threads: Workers, print: history => $"\n{history}\n");
        }
        catch (CsCheckException failure) when (failures.Count > 0)
        {
            output.WriteLine(coverage.ToString());
            var texts = new List<string> { string.Create(CultureInfo.InvariantCulture, $"The first violation is in history {first}. {failure.Message}") };
            foreach (var (history, violation) in failures.Values)
            {
                var minimal = await Minimizer.MinimizeAsync(history, violation, candidate => ViolationAsync(candidate, storage, new Coverage()));
                texts.Add($"The smallest history that violates {violation.Invariant}:\n{minimal.History}\n{minimal.Violation.Message}\n");
            }

            Assert.Fail(string.Join('\n', texts));
        }

        output.WriteLine(coverage.ToString());
        foreach (var what in Count < 2_000 ? [] : Expected)
            Assert.True(coverage[what] > 0, $"The histories do not contain: {what}. {coverage}");
    }

    private async Task CheckAsync(History history, EmptyStorage storage, Coverage coverage, long began)
    {
        var violation = await ViolationAsync(history, storage, coverage);
        coverage.Add("histories");
        if (coverage["histories"] % ProgressInterval == 0)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{coverage["histories"]} histories in {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s."));
        if (violation is null)
            return;
        lock (failing)
        {
            coverage.Add($"violation {violation.Invariant}");
            if (failures.Count == 0)
                first = coverage["histories"];
            if (!failures.TryGetValue(violation.Invariant, out var smallest) || history.Steps.Count < smallest.History.Steps.Count)
                failures[violation.Invariant] = (history, violation);
        }

        throw violation;
    }

    private static async Task<InvariantViolation?> ViolationAsync(History history, EmptyStorage storage, Coverage coverage)
    {
        InvariantViolation? violation = null;
        await storage.UseAsync(async slot =>
        {
            await using var simulation = new Simulation(history, slot, coverage);
            try
            {
                await simulation.RunAsync();
            }
            catch (InvariantViolation found)
            {
                violation = found;
            }
        });
        return violation;
    }
}
