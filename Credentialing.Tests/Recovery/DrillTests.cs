using System.Diagnostics;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Recovery;

/// <summary>The scripts of <c>drills</c>, as an operator runs them: each is a disaster and its recovery.</summary>
[Kind(TestKind.Process)]
public sealed class DrillTests
{
    private static readonly string Folder = Path.Combine(ProjectFolder.Root, "drills");

    public static TheoryData<string> Drills => [.. Directory.EnumerateFiles(Folder, "*.sh").Select(file => Path.GetFileName(file)).Where(name => name != "devhost.sh").Order()];

    [Theory]
    [MemberData(nameof(Drills))]
    public async Task A_drill_ends_with_the_recovery(string drill)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The scripts are for a Unix shell.");
        var start = new ProcessStartInfo("bash", [Path.Combine(Folder, drill)]);
        start.Environment["DEVHOST"] = $"dotnet {typeof(DevHostApplication).Assembly.Location}";
        start.Environment["RESTORE"] = $"dotnet {Path.Combine(AppContext.BaseDirectory, "Credentialing.Restore.dll")}";

        var result = await ProcessResult.RunAsync(start);

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
    }

    [Theory]
    [MemberData(nameof(Drills))]
    public void The_recovery_guide_names_the_drill(string drill) =>
        Assert.Contains($"`drills/{drill}`", File.ReadAllText(Path.Combine(ProjectFolder.Root, "docs/recovery.md")), StringComparison.Ordinal);
}
