using System.Globalization;
using System.Text.Json;
using Credentialing.Benchmarks.Measuring;
using Credentialing.Benchmarks.Reporting;
using Credentialing.Benchmarks.Sections;

namespace Credentialing.Benchmarks.DailyRuns;

/// <summary>The daily run at 2,300 to 1,000,000 LEAs, with simulated latencies of storage, mail and MyTOMS. Each run has a process of its own.</summary>
internal sealed class RunSizes : ISection
{
    /// <summary>The command of the child process. The case, the number of LEAs and the latency of the mail service in milliseconds follow.</summary>
    internal const string Command = "measure-daily-run";

    private const int Largest = 1_000_000;
    private const int Mail = 150;
    private const int SlowMail = 300;

    private static readonly IReadOnlyList<(DailyRunCase Case, int Leas, int Mail)> Runs =
    [
        (DailyRunCase.NothingDue, Largest, Mail),
        (DailyRunCase.OneInTenExpired, Largest, Mail),
        (DailyRunCase.OneInTenMoved, Largest, Mail),
        (DailyRunCase.OneInThirtyDue, 2_300, Mail),
        (DailyRunCase.OneInThirtyDue, 100_000, Mail),
        (DailyRunCase.OneInThirtyDue, Largest, Mail),
        (DailyRunCase.OneInThirtyDue, Largest, SlowMail),
    ];

    public string Name => "daily-run";

    /// <summary>Measures one run in this process, and prints its figures.</summary>
    internal static async Task MeasureAsync(string what, string leas, string mail)
    {
        var figures = await DailyRunMeasurement.RunAsync(
            Enum.Parse<DailyRunCase>(what), int.Parse(leas, CultureInfo.InvariantCulture), TimeSpan.FromMilliseconds(int.Parse(mail, CultureInfo.InvariantCulture)));
        Console.WriteLine(JsonSerializer.Serialize(figures));
    }

    public async Task RunAsync(Report report)
    {
        var measured = new List<DailyRunFigures>();
        foreach (var (what, leas, mail) in Runs.Where(run => run.Leas < Largest || run.Case is not DailyRunCase.OneInThirtyDue || Comparison.Rounds > 1))
        {
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what}, {leas:N0} LEAs, mail {mail} ms"));
            var (process, line) = await MeteredProcess.StartAsync(Command, what.ToString(), leas.ToString(CultureInfo.InvariantCulture), mail.ToString(CultureInfo.InvariantCulture));
            await using (process)
                measured.Add(JsonSerializer.Deserialize<DailyRunFigures>(line)!);
        }

        report.Section("Daily run");
        report.Paragraph(
            "The real run with its default parallelism. Responses of Table Storage are computed, so that a million LEAs need no memory. Latencies are real delays: storage 8 ms, MyTOMS 60 ms, mail as shown. "
            + "*Heap* is the largest managed heap after a collection; *working set* contains the .NET runtime and what the compiler needs.");
        report.Table(
            ["Run", "LEAs", "Mail", "Storage requests", "Time", "CPU", "Heap", "Working set"],
            measured.Select(run => (IReadOnlyList<string>)
            [
                TitleOf(run.Case), Count(run.Leas), Format.Duration(run.Mail), Count(run.StorageRequests), Format.Duration(run.Elapsed), Format.Duration(run.Cpu),
                Format.Bytes(run.PeakLiveBytes), Format.Bytes(run.PeakWorkingSet),
            ]));
        AddGoals(report, measured);
    }

    private static void AddGoals(Report report, List<DailyRunFigures> measured)
    {
        var idle = measured.Where(run => run.Case is DailyRunCase.NothingDue or DailyRunCase.OneInTenExpired).Max(run => run.StorageRequests);
        report.Add(new("Daily run: one request when nothing is due, whatever has expired", Count(idle), idle == 1));
        var due = measured.Where(run => run is { Case: DailyRunCase.OneInThirtyDue, Leas: Largest }).ToList();
        if (due is not [var usual, var slow])
            return;
        report.Add(new(
            "Daily run, 1,000,000 LEAs, 1 in 30 due: under 150 MB", $"heap {Format.Bytes(usual.PeakLiveBytes)}, working set {Format.Bytes(usual.PeakWorkingSet)}", usual.PeakWorkingSet < 150_000_000,
            "the heap is far below; the rest is the runtime, compiled code and native memory of this program"));
        report.Add(new("Daily run, 1,000,000 LEAs, 1 in 30 due: under 5 minutes", Format.Duration(usual.Elapsed), usual.Elapsed < TimeSpan.FromMinutes(5)));
        report.Add(new("Daily run: with mail at 300 ms no more than twice the time", Format.Ratio(slow.Elapsed / usual.Elapsed), slow.Elapsed <= 2 * usual.Elapsed));
    }

    private static string TitleOf(DailyRunCase what) => what switch
    {
        DailyRunCase.NothingDue => "nothing due",
        DailyRunCase.OneInThirtyDue => "1 in 30 due",
        DailyRunCase.OneInTenExpired => "1 in 10 expired long ago",
        _ => "1 in 10 expired long ago, first run after an upgrade",
    };

    private static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
