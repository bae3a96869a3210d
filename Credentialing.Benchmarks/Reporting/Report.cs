using System.Globalization;
using System.Text;

namespace Credentialing.Benchmarks.Reporting;

/// <summary>A goal, and whether the measurement meets it.</summary>
/// <param name="Text">The goal.</param>
/// <param name="Measured">What was measured.</param>
/// <param name="IsMet">Whether the goal is met.</param>
/// <param name="Reason">Where the limit is, if it is not met.</param>
internal sealed record Goal(string Text, string Measured, bool IsMet, string Reason = "");

/// <summary>The measured part of docs/performance.md, in Markdown, and its plots.</summary>
internal sealed class Report
{
    private readonly StringBuilder text = new();
    private readonly List<Goal> goals = [];
    private readonly Dictionary<string, string> plots = [];

    /// <summary>The plots: SVG by file name.</summary>
    internal IReadOnlyDictionary<string, string> Plots => plots;

    /// <summary>The goals of all sections.</summary>
    internal IReadOnlyList<Goal> Goals => goals;

    /// <summary>Starts a section.</summary>
    internal void Section(string title) => text.Append(CultureInfo.InvariantCulture, $"### {title}\n\n");

    /// <summary>Adds a paragraph.</summary>
    internal void Paragraph(string paragraph) => text.Append(CultureInfo.InvariantCulture, $"{paragraph}\n\n");

    /// <summary>Adds a table. The first column is text; the others are numbers.</summary>
    internal void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        Row(columns);
        Row([.. columns.Select((_, index) => index == 0 ? "---" : "--:")]);
        foreach (var row in rows)
            Row(row);
        text.Append('\n');

        void Row(IReadOnlyList<string> cells) => text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells)} |\n");
    }

    /// <summary>Adds a plot.</summary>
    /// <param name="file">The file name, without extension.</param>
    /// <param name="description">The alternative text.</param>
    /// <param name="svg">The plot.</param>
    internal void Plot(string file, string description, string svg)
    {
        plots[$"{file}.svg"] = svg;
        text.Append(CultureInfo.InvariantCulture, $"![{description}](images/performance/{file}.svg)\n\n");
    }

    /// <summary>Adds a goal.</summary>
    internal void Add(Goal goal) => goals.Add(goal);

    /// <summary>Returns the Markdown: the machine, the goals, and the sections.</summary>
    internal string ToMarkdown(string machine)
    {
        var sections = text.ToString();
        text.Clear();
        Paragraph(machine);
        Section("Goals");
        Table(["Goal", "Measured", "Met"], goals.Select(goal => (IReadOnlyList<string>)[goal.Text, goal.Measured, goal.IsMet ? "yes" : $"no: {goal.Reason}"]));
        return text.Append(sections).ToString();
    }
}
