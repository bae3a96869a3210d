using System.Globalization;
using System.Text;

namespace Credentialing.Tests.Authentication;

/// <summary>
/// Writes <see cref="AuthorizationMatrix"/> as Markdown. Groups with the same responses everywhere share a column, and functions with the
/// same responses share a row. A cell is empty if it is the same as the first one.
/// </summary>
internal static class AuthorizationMatrixDocument
{
    private const int Width = 127;

    internal static string Render()
    {
        var columns = Enum.GetValues<CallerGroup>()
            .GroupBy(group => string.Join(' ', AuthorizationMatrix.Rows.Select(row => row.Responses[group])))
            .Select((groups, index) => (Letter: ((char)('A' + index)).ToString(), Groups: groups.ToList()))
            .ToList();
        var text = new StringBuilder();
        foreach (var (letter, groups) in columns)
            text.Append(Wrap($"- **{letter}**: {string.Join("; ", Describe(groups))}.")).Append('\n');
        text.Append('\n');
        AppendRow(["functions", .. columns.Select(column => column.Letter)]);
        AppendRow(Enumerable.Repeat("---", columns.Count + 1));
        foreach (var rows in AuthorizationMatrix.Rows.GroupBy(row => string.Join(' ', row.Responses.Values)))
        {
            var responses = columns.Select(column => rows.First().Responses[column.Groups[0]]).ToList();
            AppendRow([
                string.Join(", ", rows.Select(row => $"`{row.Function}`")),
                Describe(responses[0]),
                .. responses.Skip(1).Select(response => response == responses[0] ? "" : Describe(response))]);
        }

        return text.ToString();

        void AppendRow(IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
    }

    private static string Describe(Expected response) =>
        response.Type is { } type ? string.Create(CultureInfo.InvariantCulture, $"{response.Status} `{type}`") : response.Status.ToString(CultureInfo.InvariantCulture);

    /// <summary>The callers of a column, by party.</summary>
    private static IEnumerable<string> Describe(IReadOnlyList<CallerGroup> groups) => AuthorizationMatrixCallers.All
        .Where(caller => groups.Contains(caller.Group))
        .GroupBy(caller => caller.Party)
        .Select(party => party.Select(caller => caller.What).Where(what => what.Length > 0).ToList() switch
        {
            [] => party.Key,
            var what => $"{party.Key} ({string.Join("; ", what)})",
        });

    private static string Wrap(string item)
    {
        var lines = new List<string> { "" };
        foreach (var word in item.Split(' '))
        {
            if (lines[^1].Length > 0 && lines[^1].Length + 1 + word.Length > Width)
                lines.Add($"  {word}");
            else
                lines[^1] += lines[^1].Length == 0 ? word : $" {word}";
        }

        return string.Join('\n', lines);
    }
}
