using Credentialing.DevHost;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Infrastructure;

/// <summary><c>.ci/audit</c>, with fake package feeds.</summary>
[Kind(TestKind.Unit)]
public sealed class AuditTests
{
    private const string Vulnerable = "Project has the following vulnerable packages";
    private const string NoData = "The given project has no vulnerable packages given the current sources.";

    [Fact]
    public async Task Packages_without_known_vulnerabilities_pass()
    {
        var result = await AuditAsync(knownVulnerability: Vulnerable, ownPackages: NoData, npm: "echo 'found 0 vulnerabilities'");

        Assert.Equal(0, result.ExitCode);
        Assert.DoesNotContain("not audited", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_vulnerable_NuGet_package_fails() =>
        Assert.Equal(1, (await AuditAsync(knownVulnerability: Vulnerable, ownPackages: Vulnerable, npm: "exit 0")).ExitCode);

    [Fact]
    public async Task A_vulnerable_npm_package_fails()
    {
        var result = await AuditAsync(knownVulnerability: Vulnerable, ownPackages: NoData, npm: "printf 'Severity: high\\n1 high severity vulnerability\\n'; exit 1");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("web: known vulnerabilities", result.Output, StringComparison.Ordinal);
    }

    /// <summary>Such a feed reports no vulnerabilities, not even of a package that has one.</summary>
    [Fact]
    public async Task A_feed_without_vulnerability_data_is_reported_and_passes()
    {
        var result = await AuditAsync(knownVulnerability: NoData, ownPackages: NoData, npm: "echo 'npm error audit endpoint returned an error' >&2; exit 1");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("NuGet: not audited", result.Output, StringComparison.Ordinal);
        Assert.Contains("web: not audited", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("no known vulnerabilities", result.Output, StringComparison.Ordinal);
    }

    private static async Task<ProcessResult> AuditAsync(string knownVulnerability, string ownPackages, string npm)
    {
        using var shell = new Shell();
        shell.AddProgram("dotnet", $"""case "$2" in *canary.csproj) echo "{knownVulnerability}" ;; *) echo "{ownPackages}" ;; esac""");
        shell.AddProgram("npm", npm);
        return await shell.RunAsync(Path.Combine(ProjectFolder.Root, ".ci", "audit"));
    }
}
