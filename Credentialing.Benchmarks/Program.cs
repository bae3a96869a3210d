using System.Diagnostics;
using Credentialing.Benchmarks.DailyRuns;
using Credentialing.Benchmarks.Measuring;
using Credentialing.Benchmarks.Reporting;
using Credentialing.Benchmarks.Scale;
using Credentialing.Benchmarks.Sections;
using Credentialing.Benchmarks.Sides;
using Credentialing.DevHost;

if (args is [ServedSide.Command, var side])
{
    await (side switch
    {
        OurServer.Name => OurServer.RunAsync(fromMemory: false),
        OurServer.NameFromMemory => OurServer.RunAsync(fromMemory: true),
        BareServer.Name => BareServer.RunAsync(readsRow: false),
        BareServer.NameWithRow => BareServer.RunAsync(readsRow: true),
        ProxyServer.Name => ProxyServer.RunAsync(usesRows: false),
        ProxyServer.NameWithRows => ProxyServer.RunAsync(usesRows: true),
        OpenIddictServer.Name => OpenIddictServer.RunAsync(isTuned: false),
        OpenIddictServer.NameTuned => OpenIddictServer.RunAsync(isTuned: true),
        _ => throw new ArgumentException($"There is no side '{side}'."),
    });
    return;
}

if (args is [RunSizes.Command, var what, var leas, var mail])
{
    await RunSizes.MeasureAsync(what, leas, mail);
    return;
}

ISection[] sections =
[
    new TokenEndpoint(), new Worker(), new StartUp(), new Verification(), new ReportLists(), new Downloads(),
    new RunSizes(), new Overviews(), new PageTransfers(), new ScaleOnPaper(), new RetryStorm(),
];
var isQuick = args.Contains("--quick");
var names = args.Where(argument => !argument.StartsWith("--", StringComparison.Ordinal)).ToList();
if (names.Except(sections.Select(section => section.Name)).FirstOrDefault() is { } unknown)
{
    Console.Error.WriteLine($"There is no section '{unknown}'. The sections are: {string.Join(", ", sections.Select(section => section.Name))}.");
    Environment.ExitCode = 1;
    return;
}

if (isQuick)
    Comparison.Rounds = 1;

var report = new Report();
foreach (var section in sections.Where(section => names.Count == 0 || names.Contains(section.Name)))
{
    var began = Stopwatch.GetTimestamp();
    await section.RunAsync(report);
    Console.Error.WriteLine($"{section.Name}: {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s");
}

var markdown = report.ToMarkdown(Machine.Describe());
Console.WriteLine(markdown);
if (names.Count == 0 && !isQuick)
    PerformancePage.Write(ProjectFolder.Root, markdown, report.Plots);
