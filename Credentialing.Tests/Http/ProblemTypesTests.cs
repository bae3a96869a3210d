using System.Text.RegularExpressions;
using Credentialing.DevHost;
using Credentialing.Functions.Http;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Http;

[Kind(TestKind.Unit)]
public sealed partial class ProblemTypesTests
{
    [Fact]
    public void The_documented_problem_types_match_the_code()
    {
        var code = Read("Credentialing.Functions/Http/Problems.cs");
        var list = Read("docs/problems.md");

        Assert.Equal(
            TypesInCode().Matches(code).Select(match => (match.Groups["type"].Value, match.Groups["status"].Value)).Distinct().Order(),
            TypesInDocument().Matches(list).Select(match => (match.Groups["type"].Value, match.Groups["status"].Value.Replace("4xx", "bad.StatusCode", StringComparison.Ordinal))).Order());
    }

    /// <summary>Excludes the token endpoint. Its errors also have the OAuth format, and are listed separately.</summary>
    [Fact]
    public void The_documented_problem_types_match_the_API_description()
    {
        var list = TypesInDocument().Matches(Read("docs/problems.md")).Select(match => Problems.TypePrefix + match.Groups["type"].Value);
        var described = DescribedResponses.All.Where(response => response is { Type: not null, Operation: not "IssueVendorToken" });
        Assert.Equal(list.Order(), described.Select(response => response.Type).Distinct().Order());
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(ProjectFolder.Root, path));

    [GeneratedRegex("Problem\\((?<status>[0-9]{3}|bad.StatusCode), \"(?<type>[a-z-]+)\"")]
    private static partial Regex TypesInCode();

    [GeneratedRegex("^[|] `(?<type>[a-z-]+)` [|] (?<status>[0-9x]{3}) [|]", RegexOptions.Multiline)]
    private static partial Regex TypesInDocument();
}
