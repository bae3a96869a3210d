using System.Text.RegularExpressions;
using Credentialing.DevHost;

namespace Credentialing.Tests.Guides;

/// <summary>Extracts code blocks and tables from docs/vendor-guide.md.</summary>
internal static partial class VendorGuide
{
    private static readonly string Text = File.ReadAllText(Path.Combine(ProjectFolder.Root, "docs", "vendor-guide.md"));

    /// <summary>Returns the fenced code blocks of a language between a heading and the next heading.</summary>
    internal static string[] Blocks(string heading, string language) =>
        [.. Fence().Matches(Section(heading)).Where(fence => fence.Groups["language"].Value == language).Select(fence => fence.Groups["content"].Value)];

    /// <summary>Returns the table rows between a heading and the next heading, without header rows.</summary>
    internal static string[][] Rows(string heading) =>
        [.. Section(heading).Split('\n').Where(line => line.StartsWith('|'))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1])
            .Where(cells => cells[0] is not ("status" or "---"))];

    private static string Section(string heading)
    {
        var withoutFences = Fence().Replace(Text, fence => new string(' ', fence.Length)); // a comment in a shell script looks like a heading
        var start = Assert.Single(Heading().Matches(withoutFences), match => match.Groups["text"].Value == heading).Index;
        var next = Heading().Match(withoutFences, start + 1);
        return next.Success ? Text[start..next.Index] : Text[start..];
    }

    [GeneratedRegex("^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("^```(?<language>[a-z]*)\n(?<content>.*?\n)```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
