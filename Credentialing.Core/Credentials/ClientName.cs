using System.Buffers;
using System.Text;
using Credentialing.Core.Leas;

namespace Credentialing.Core.Credentials;

/// <summary>
/// The name of a vendor's client, such as "Aeries". It says who still uses which key. The client chooses it, so it proves nothing.
/// Letters, digits, spaces and the characters <c>. _ - + &amp;</c>: all of them are allowed in a Table Storage row key. Immutable.
/// </summary>
public readonly record struct ClientName
{
    /// <summary>The maximum length, in UTF-16 code units.</summary>
    public const int MaxLength = 64;

    private const string Punctuation = " ._-+&";

    private static readonly SearchValues<char> WordCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+&");

    private readonly string? value;

    private ClientName(string value) => this.value = value;

    /// <summary>The name of clients that send none. The default value.</summary>
    public static ClientName Unknown => default;

    /// <summary>The common name of all further clients of a generation that has <see cref="KeyUse.MaxClients"/> already.</summary>
    public static ClientName Other { get; } = new("other");

    /// <summary>
    /// Returns the name in <paramref name="text"/>: other characters become spaces, and a long name is cut off.
    /// <see cref="Unknown"/> if nothing is left.
    /// </summary>
    public static ClientName Of(string? text)
    {
        if (text is { Length: > 0 and <= MaxLength } && text != Unknown.ToString() && !text.AsSpan().ContainsAnyExcept(WordCharacters))
            return new ClientName(text); // one word, as most clients send: nothing to change
        var cleaned = new StringBuilder();
        foreach (var rune in OneLine.Of(text).EnumerateRunes())
            cleaned.Append(Rune.IsLetterOrDigit(rune) || (rune.IsAscii && Punctuation.Contains((char)rune.Value, StringComparison.Ordinal)) ? rune.ToString() : " ");
        return OneLine.Of(cleaned.ToString(), MaxLength) is { Length: > 0 } name && name != Unknown.ToString() ? new ClientName(name) : Unknown;
    }

    /// <summary>Returns the name.</summary>
    public override string ToString() => value ?? "unknown";
}
