using System.Globalization;
using System.Text;

namespace Credentialing.Core.Leas;

/// <summary>
/// Text on one line: names of people and LEAs, and email subjects. Names come from other systems. A line break in one would add
/// header fields to an email.
/// </summary>
public static class OneLine
{
    /// <summary>The maximum length of a name, in UTF-16 code units.</summary>
    public const int MaxNameLength = 200;

    /// <summary>
    /// Returns one line of printable text. Each run of spaces, line separators, control characters and format characters becomes one
    /// space, none at the ends. An unpaired surrogate becomes U+FFFD. Empty if nothing printable is left.
    /// </summary>
    /// <param name="text">Any text; null is the same as an empty text.</param>
    /// <param name="maxLength">The maximum length of the result, in UTF-16 code units. The end of a longer text is cut off.</param>
    public static string Of(string? text, int maxLength = int.MaxValue)
    {
        var line = new StringBuilder();
        foreach (var rune in (text ?? "").EnumerateRunes())
        {
            if (line.Length + rune.Utf16SequenceLength > maxLength)
                break;
            if (IsPrintable(rune))
                line.Append(rune.ToString());
            else if (line.Length > 0 && line[^1] != ' ')
                line.Append(' ');
        }

        return line.ToString().TrimEnd(' ');
    }

    /// <summary>Whether a text from a request is a name: 1 to <see cref="MaxNameLength"/> characters, without control characters.</summary>
    public static bool IsName(string? text) => Of(text).Length is > 0 and <= MaxNameLength && !text!.Any(char.IsControl);

    /// <summary>Returns a name as one line of at most <see cref="MaxNameLength"/>; <paramref name="fallback"/> if it is blank.</summary>
    internal static string Name(string? name, string fallback) =>
        Of(name, MaxNameLength) is { Length: > 0 } line ? line : Of(fallback, MaxNameLength);

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or
        UnicodeCategory.Control or UnicodeCategory.Format);
}
