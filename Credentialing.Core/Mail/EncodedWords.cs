using System.Text;

namespace Credentialing.Core.Mail;

/// <summary>
/// Encodes text for header fields (RFC 2047). MimeKit's encoded words are longer than the limit of 75 characters if the text has a
/// long word.
/// </summary>
internal static class EncodedWords
{
    /// <summary>
    /// 39 octets make 64 characters with charset and delimiters. So a line, with the name of its field, has at most 76 characters
    /// (RFC 2047, section 2).
    /// </summary>
    private const int MaxOctets = 39;

    /// <summary>Returns a text as encoded words on folded lines. No character is split between two words (section 5).</summary>
    internal static string Of(string text)
    {
        var words = new StringBuilder();
        var start = 0;
        var (end, octets) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if (octets + rune.Utf8SequenceLength > MaxOctets)
            {
                words.Append(Word(text[start..end])).Append("\r\n ");
                (start, octets) = (end, 0);
            }

            end += rune.Utf16SequenceLength;
            octets += rune.Utf8SequenceLength;
        }

        return words.Append(Word(text[start..])).ToString();
    }

    private static string Word(string text) => $"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}?=";
}
