using System.Globalization;
using System.Text;

namespace Credentialing.Tests.Fuzzing;

/// <summary>A request that a test sends.</summary>
/// <param name="Method">The method.</param>
/// <param name="Target">The path below the API's base path, and the query.</param>
/// <param name="Headers">The headers, without those of the body.</param>
/// <param name="Body">The body; null for none.</param>
/// <param name="ContentType">The media type of the body; null for none.</param>
internal sealed record FuzzedRequest(string Method, string Target, IReadOnlyList<(string Name, string Value)> Headers, byte[]? Body = null, string? ContentType = null)
{
    /// <summary>The texts that no response may repeat: keys and tokens, valid or not.</summary>
    internal IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>The request as text, with escapes for what is not printable ASCII.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{Method} {Target}");
        foreach (var (name, value) in Headers)
            text.Append(CultureInfo.InvariantCulture, $"\n  {name}: {Printable(value)}");
        if (ContentType is not null)
            text.Append(CultureInfo.InvariantCulture, $"\n  Content-Type: {Printable(ContentType)}");
        if (Body is not null)
            text.Append(CultureInfo.InvariantCulture, $"\n  {Printable(Encoding.Latin1.GetString(Body.AsSpan(0, Math.Min(Body.Length, 2_000))))} ({Body.Length} bytes)");
        return text.ToString();
    }

    /// <summary>Returns a text with escapes for all characters that are not printable ASCII.</summary>
    internal static string Printable(string text) =>
        string.Concat(text.Select(character => character is >= ' ' and <= '~' ? $"{character}" : string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}")));
}
