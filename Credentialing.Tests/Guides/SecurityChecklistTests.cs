using System.Text.RegularExpressions;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Guides;

/// <summary>The evidence in docs/security.md exists. What it proves is for the reader to judge.</summary>
[Kind(TestKind.Unit)]
public sealed partial class SecurityChecklistTests
{
    private const string NotMet = "**not met**";

    private static readonly string Page = File.ReadAllText(Path.Combine(ProjectFolder.Root, "docs/security.md"));

    /// <summary>The rows of the tables with evidence, in the order of the columns: requirement, how it is met, evidence.</summary>
    private static IReadOnlyList<string[]> Rows =>
    [
        .. Table().Matches(Page).SelectMany(table => table.Groups["row"].Captures).Select(row => Columns().Split(row.Value.Trim(' ', '|', '\n'))),
    ];

    [Fact]
    public void Every_test_that_is_named_exists()
    {
        var tests = typeof(SecurityChecklistTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods().Where(method => method.IsDefined(typeof(FactAttribute), inherit: true)).Select(method => $"{type.Name}.{method.Name}"))
            .ToHashSet();
        Assert.Empty(Code().Matches(Page).Select(match => match.Groups["text"].Value).Where(text => TestName().IsMatch(text)).Except(tests));
    }

    /// <summary>Text in code style with a slash is a path.</summary>
    [Fact]
    public void Every_file_that_is_named_exists() => Assert.All(
        Code().Matches(Page).Select(match => match.Groups["text"].Value).Where(text => text.Contains('/')),
        path => Assert.True(Path.Exists(Path.Combine(ProjectFolder.Root, path)), path));

    [Fact]
    public void Every_requirement_has_evidence_or_is_not_met()
    {
        Assert.NotEmpty(Rows);
        Assert.All(Rows, row =>
        {
            Assert.True(row is [{ Length: > 0 }, { Length: > 0 }, _], $"Not three columns: {row[0]}");
            Assert.True(
                row[2].Contains(NotMet, StringComparison.Ordinal) || row[2].Contains("](", StringComparison.Ordinal)
                || Code().Matches(row[2]).Select(match => match.Groups["text"].Value).Any(text => TestName().IsMatch(text) || text.Contains('/')),
                $"No evidence: {row[0]}");
            if (row[1].Contains(NotMet, StringComparison.OrdinalIgnoreCase))
                Assert.Contains(NotMet, row[2], StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Every_requirement_is_listed_once() =>
        Assert.Empty(Rows.Select(row => row[0]).GroupBy(requirement => requirement).Where(group => group.Count() > 1).Select(group => group.Key));

    /// <summary>The first column of a row about threats: its flows, such as "2, 6" or "1 to 8", and the first letters of its threats.</summary>
    [Fact]
    public void Every_flow_of_the_picture_has_all_six_threats_of_STRIDE()
    {
        var flows = Flow().Matches(Page).Select(match => int.Parse(match.Groups["number"].Value, null)).ToList();
        Assert.NotEmpty(flows);
        Assert.Equal(Enumerable.Range(1, flows.Count), flows);
        var threats = Rows.Select(row => Threat().Match(row[0])).Where(match => match.Success)
            .SelectMany(match => FlowsOf(match.Groups["flows"].Value).SelectMany(flow => match.Groups["threats"].Value.Select(letter => (flow, letter))))
            .ToHashSet();
        Assert.Equal(flows.SelectMany(flow => "STRIDE".Select(letter => (flow, letter))).ToHashSet(), threats);

        static IEnumerable<int> FlowsOf(string list) => list.Split(", ")
            .Select(part => part.Split(" to ").Select(number => int.Parse(number, null)).ToList())
            .SelectMany(range => Enumerable.Range(range[0], range[^1] - range[0] + 1));
    }

    [GeneratedRegex("-->\\|(?<number>[0-9]+): ")]
    private static partial Regex Flow();

    [GeneratedRegex(@"\A(?<flows>[0-9]+((, | to )[0-9]+)*) (?<threats>[STRIDE]+) ")]
    private static partial Regex Threat();

    [GeneratedRegex("`(?<text>[^`\n]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\A\w+Tests\.\w+\z")]
    private static partial Regex TestName();

    [GeneratedRegex(@"^\| [a-z]+ \| how it is met \| evidence \|\n\| --- \| --- \| --- \|\n(?<row>\|.*\n)+", RegexOptions.Multiline)]
    private static partial Regex Table();

    [GeneratedRegex(@"(?<!\\) \| ")]
    private static partial Regex Columns();
}
