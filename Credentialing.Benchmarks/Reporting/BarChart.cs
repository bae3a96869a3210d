using System.Globalization;
using System.Net;
using System.Text;

namespace Credentialing.Benchmarks.Reporting;

/// <summary>Draws a horizontal bar chart as SVG. The length is logarithmic if the largest value is more than 50 times the smallest.</summary>
internal static class BarChart
{
    private const int Width = 760;
    private const int LabelWidth = 270;
    private const int BarWidth = 400;
    private const int RowHeight = 26;
    private const int TitleHeight = 34;

    /// <summary>Draws a chart.</summary>
    /// <param name="title">The title, with the unit.</param>
    /// <param name="bars">The bars. Those of the service itself are highlighted.</param>
    /// <param name="format">Formats a value.</param>
    internal static string Draw(string title, IReadOnlyList<(string Label, double Value, bool IsOurs)> bars, Func<double, string> format)
    {
        var (smallest, largest) = (bars.Min(bar => bar.Value), bars.Max(bar => bar.Value));
        var isLogarithmic = smallest > 0 && largest > 50 * smallest;
        var height = TitleHeight + (bars.Count * RowHeight) + 8;
        var svg = new StringBuilder();
        // Readable on a light and on a dark page.
        svg.Append(CultureInfo.InvariantCulture, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" width="{Width}" height="{height}" font-family="system-ui, sans-serif" font-size="13">""");
        svg.Append(CultureInfo.InvariantCulture, $"""<rect width="{Width}" height="{height}" fill="#fff"/><text x="8" y="21" font-size="14" font-weight="600" fill="#1b1b1b">{Text(title)}{(isLogarithmic ? " (logarithmic scale)" : "")}</text>""");
        for (var index = 0; index < bars.Count; index++)
        {
            var (label, value, isOurs) = bars[index];
            var y = TitleHeight + (index * RowHeight);
            var length = Math.Max(1, BarWidth * (isLogarithmic ? Math.Log(value / smallest * 2) / Math.Log(largest / smallest * 2) : value / largest));
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{LabelWidth - 8}" y="{y + 16}" text-anchor="end" fill="#1b1b1b">{Text(label)}</text>""");
            svg.Append(CultureInfo.InvariantCulture, $"""<rect x="{LabelWidth}" y="{y + 3}" width="{length:F1}" height="{RowHeight - 8}" fill="{(isOurs ? "#005ea2" : "#a9aeb1")}"/>""");
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{LabelWidth + length + 6:F1}" y="{y + 16}" fill="#1b1b1b">{Text(format(value))}</text>""");
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
