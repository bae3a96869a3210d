using System.Globalization;
using System.Net;
using System.Text;

namespace Credentialing.Benchmarks.Reporting;

/// <summary>Draws lines over time as SVG, with a logarithmic y axis.</summary>
internal static class LineChart
{
    private const int Width = 760;
    private const int Height = 330;
    private const int Left = 70;
    private const int Top = 74;
    private const int PlotWidth = 670;
    private const int PlotHeight = 215;
    private static readonly string[] Colors = ["#005ea2", "#d83933", "#00a398", "#71767a"];

    /// <summary>Draws a chart.</summary>
    /// <param name="title">The title, with the unit.</param>
    /// <param name="first">The time of the first value.</param>
    /// <param name="step">The time between two values.</param>
    /// <param name="lines">The lines. Values below 1 are drawn as 1.</param>
    internal static string Draw(string title, TimeSpan first, TimeSpan step, IReadOnlyList<(string Label, IReadOnlyList<double> Values)> lines)
    {
        var decades = (int)Math.Ceiling(Math.Log10(lines.Max(line => line.Values.Max())));
        var count = lines.Max(line => line.Values.Count);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" width="{Width}" height="{Height}" font-family="system-ui, sans-serif" font-size="12" fill="#1b1b1b">""");
        svg.Append(CultureInfo.InvariantCulture, $"""<rect width="{Width}" height="{Height}" fill="#fff"/><text x="8" y="21" font-size="14" font-weight="600">{Text(title)} (logarithmic scale)</text>""");
        for (var decade = 0; decade <= decades; decade++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<path d="M{Left} {Y(decade):F1}h{PlotWidth}" stroke="#dfe1e2"/>""");
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Left - 6}" y="{Y(decade) + 4:F1}" text-anchor="end">{Math.Pow(10, decade):N0}</text>""");
        }

        for (var index = 0; index < count; index++)
        {
            if ((first + (index * step)).TotalMinutes % 10 is 0)
                svg.Append(CultureInfo.InvariantCulture, $"""<text x="{X(index):F1}" y="{Top + PlotHeight + 18}" text-anchor="middle">{(first + (index * step)).TotalMinutes:N0}</text>""");
        }

        svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Left + (PlotWidth / 2)}" y="{Height - 6}" text-anchor="middle">minutes after the start of the outage</text>""");
        for (var line = 0; line < lines.Count; line++)
        {
            var points = string.Join(' ', lines[line].Values.Select((value, index) =>
                string.Create(CultureInfo.InvariantCulture, $"{X(index):F1},{Y(Math.Log10(Math.Max(1, value))):F1}")));
            svg.Append(CultureInfo.InvariantCulture, $"""<polyline points="{points}" fill="none" stroke="{Colors[line]}" stroke-width="1.5"/>""");
            var (x, y) = (8 + (line % 2 * 375), 42 + (line / 2 * 18));
            svg.Append(CultureInfo.InvariantCulture, $"""<path d="M{x} {y - 4}h18" stroke="{Colors[line]}" stroke-width="3"/><text x="{x + 24}" y="{y}">{Text(lines[line].Label)}</text>""");
        }

        return svg.Append("</svg>\n").ToString();

        double X(int index) => Left + (PlotWidth * (double)index / Math.Max(1, count - 1));
        double Y(double exponent) => Top + PlotHeight - (PlotHeight * exponent / decades);
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
