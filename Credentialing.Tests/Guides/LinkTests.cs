using System.Text.RegularExpressions;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Guides;

/// <summary>Links between the Markdown pages of the repository.</summary>
[Kind(TestKind.Unit)]
public sealed partial class LinkTests
{
    public static TheoryData<string> Pages =>
    [
        "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "web/README.md",
        "docs/api.md", "docs/architecture.md", "docs/decisions.md", "docs/deployment.md", "docs/getting-started.md", "docs/operations.md", "docs/performance.md",
        "docs/problems.md", "docs/recovery.md", "docs/security.md", "docs/testing.md", "docs/vendor-guide.md",
    ];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_relative_link_has_an_existing_target(string page)
    {
        var folder = Path.GetDirectoryName(Path.Combine(ProjectFolder.Root, page))!;
        Assert.All(Link().Matches(Read(Path.Combine(ProjectFolder.Root, page))).Select(match => match.Groups["to"].Value), link =>
        {
            var parts = link.Split('#', 2);
            var target = parts[0].Length == 0 ? Path.Combine(ProjectFolder.Root, page) : Path.Combine(folder, parts[0]);
            Assert.True(Path.Exists(target), link);
            if (parts is [_, var anchor])
                Assert.Contains(anchor, Heading().Matches(Read(target)).Select(match => Anchor(match.Groups["text"].Value)));
        });
    }

    private static string Read(string file) => File.ReadAllText(file);

    /// <summary>Returns the anchor that GitHub generates for a heading.</summary>
    private static string Anchor(string heading) => NotInAnchors().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"\]\((?<to>(?!https?:)[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#{1,6} (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("[^a-z0-9 _-]")]
    private static partial Regex NotInAnchors();
}
