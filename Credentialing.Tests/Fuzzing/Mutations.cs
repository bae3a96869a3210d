using System.Text;
using System.Text.Json;
using CsCheck;

namespace Credentialing.Tests.Fuzzing;

/// <summary>Generators of texts and bytes: valid seeds with some mutations, and values that parsers are known to fail on.</summary>
internal static class Mutations
{
    /// <summary>Characters that an HTTP client can send in a header.</summary>
    internal static readonly Gen<char> HeaderChars = Gen.OneOf(
        Gen.Char[' ', '~'], Gen.Char["\".,:;=-*%+/W\\{}[]&?#0123456789"], Gen.Char['\u00A0', '\u02FF'], Gen.Char['\u2000', '\u206F'], Gen.Char['\uFE00', '\uFFFD']);

    /// <summary>All characters: also control characters and lone surrogates.</summary>
    internal static readonly Gen<char> AllChars = Gen.OneOf(HeaderChars, Gen.Char['\0', '\u001F'], Gen.Char['\uD800', '\uDFFF']);

    /// <summary>Texts with a meaning for some parser, encoder, template or store.</summary>
    private static readonly string[] SpecialTexts =
    [
        "", " ", "null", "true", "0", "-1", "00", "1.5", "2147483648", "99999999999999999999", "1e400", "NaN", "..", "../", "..\\", "%00", "%", "%2F", "%ED%A0%80", "%C0%AF",
        "\0", "\r\n", "\r\nX-Injected: 1", "\r\n.\r\n", "\t", "'", "\"", "' or '1' eq '1", "<script>", "</title><b>", "&lt;", "{{ 7 | times: 7 }}", "{% raw %}", "${x}", "=1+1", "@a", "\uFEFF", "\u202E",
        "\u2028", "\uD800", "\uDFFF", "\uD83D\uDE00", "\u0130", "\u00DF", "e\u0301", "\uFF11", "[]", "{}", "*", ",", ";", ":", "&", "+", "\\", "\\u0000", "sis-", "tsk_", "a@b.example", "=?utf-8?B?AAAA?=",
        "BEGIN:VEVENT", "0001-01-01", "9999-12-31", "2027-02-29", "24:00", "bytes=", "W/\"", "\"\"",
        new('A', 300), new('9', 400), new('[', 200), new('.', 100),
    ];

    private static readonly string[] SpecialJsonValues =
    [
        "null", "true", "false", "0", "-0", "-1", "1.0", "1e2", "2147483648", "1E400", "-1E-400", "123456789012345678901234567890", "0.1e+1", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"",
        "\"\\ud83d\\ude00\"", "\"\\x\"", "\"unterminated", "[]", "{}", "[[[[[[[[[[]]]]]]]]]]", "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{\"h\":{}}}}}}}}}", "[null]", "[{}]", "NaN", "Infinity", "'a'", "01", "+1", "0x1",
        "/* */ 1", "\"2027-01-01T00:00:00Z\"", "", new('[', 5_000), "\"" + new string('a', 40_000) + "\"", "\"" + new string('9', 250) + "\"",
    ];

    private static readonly Gen<string> Special = Gen.OneOf(SpecialTexts);

    /// <summary>Any text.</summary>
    internal static Gen<string> Text(Gen<char> chars) => Gen.OneOf(Gen.String[chars, 0, 40], Special);

    /// <summary>A seed with one to three mutations, or, less often, another text.</summary>
    internal static Gen<string> Of(Gen<char> chars, Gen<string> seeds) => Gen.Frequency(
        (8, Gen.Select(seeds, Change(chars, seeds).Array[1, 3], (seed, changes) => changes.Aggregate(seed, (text, change) => change(text)))),
        (1, seeds),
        (1, Text(chars)));

    /// <inheritdoc cref="Of(Gen{char}, Gen{string})"/>
    internal static Gen<string> Of(Gen<char> chars, params string[] seeds) => Of(chars, Gen.OneOf(seeds));

    /// <summary>The same for the value of a header: without the characters that an HTTP client refuses to send.</summary>
    internal static Gen<string> Header(params string[] seeds) => Header(Gen.OneOf(seeds));

    /// <inheritdoc cref="Header(string[])"/>
    internal static Gen<string> Header(Gen<string> seeds) => Of(HeaderChars, seeds).Select(Sendable);

    /// <summary>Removes what an HTTP client refuses to send in a header.</summary>
    internal static string Sendable(string text) => new([.. text.Where(character => character is not ('\0' or '\r' or '\n'))]);

    /// <summary>A text as bytes: in UTF-8 with or without damage, with a byte order mark, or in another encoding.</summary>
    internal static Gen<byte[]> Bytes(Gen<string> texts) => Gen.Frequency(
        (12, texts.Select(Encoding.UTF8.GetBytes)),
        (4, Gen.Select(texts, Gen.Double[0, 1], Gen.Byte, Gen.Int[0, 2], (text, place, value, kind) => Damage(Encoding.UTF8.GetBytes(text), place, value, kind))),
        (1, texts.Select(text => (byte[])[.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(text)])),
        (1, texts.Select(Encoding.Unicode.GetBytes)),
        (1, texts.Select(text => (byte[])[.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(text)])),
        (1, texts.Select(Encoding.Latin1.GetBytes)));

    /// <summary>Bytes with one change: a replaced byte, a flipped bit, or an end that is cut off.</summary>
    internal static byte[] Damage(byte[] bytes, double place, byte value, int kind)
    {
        var index = Math.Min((int)(place * bytes.Length), bytes.Length - 1);
        if (index < 0)
            return [value];
        if (kind == 2)
            return bytes[..index];
        var changed = (byte[])bytes.Clone();
        changed[index] = kind == 0 ? value : (byte)(changed[index] ^ (1 << (value % 8)));
        return changed;
    }

    /// <summary>
    /// A JSON text with the structure of a schema of the OpenAPI document: most values are valid; the others are of another type, extreme,
    /// missing, sent twice, or not JSON.
    /// </summary>
    /// <param name="schema">The schema.</param>
    /// <param name="components">The schemas that it refers to.</param>
    /// <param name="seeds">Valid values as JSON for the name of a member; null for those without.</param>
    internal static Gen<string> Json(JsonElement schema, JsonElement components, Func<string, Gen<string>?> seeds) => Value(schema, "", components, seeds);

    private static Gen<string> Value(JsonElement schema, string name, JsonElement components, Func<string, Gen<string>?> seeds)
    {
        while (schema.TryGetProperty("$ref", out var reference))
            schema = components.GetProperty(reference.GetString()!.Split('/')[^1]);
        if (schema.TryGetProperty("oneOf", out var choices) || schema.TryGetProperty("anyOf", out choices) || schema.TryGetProperty("allOf", out choices))
            schema = choices.EnumerateArray().FirstOrDefault(choice => choice.TryGetProperty("$ref", out _) || choice.TryGetProperty("properties", out _), choices[0]);
        while (schema.TryGetProperty("$ref", out var reference))
            schema = components.GetProperty(reference.GetString()!.Split('/')[^1]);
        Gen<string> valid;
        if (seeds(name) is { } known)
        {
            valid = known;
        }
        else if (schema.TryGetProperty("properties", out var properties))
        {
            var members = properties.EnumerateObject().Select(member => Member(member.Name, Value(member.Value, member.Name, components, seeds))).ToArray();
            valid = Sequence(members).Select(parts => $"{{{string.Join(',', parts.Where(part => part.Length > 0))}}}");
        }
        else if (schema.TryGetProperty("items", out var items))
        {
            valid = Value(items, "", components, seeds).Array[0, 4].Select(all => $"[{string.Join(',', all)}]");
        }
        else if (schema.TryGetProperty("enum", out var values))
        {
            valid = Gen.OneOf(values.EnumerateArray().Select(value => value.GetRawText()).ToArray());
        }
        else
        {
            valid = Gen.OneOf(Text(AllChars).Select(text => JsonSerializer.Serialize(text)), Gen.Int[-1, 1000].Select(number => $"{number}"), Gen.OneOf("true", "false"));
        }

        return Gen.Frequency((14, valid), (1, Gen.OneOf(SpecialJsonValues)));
    }

    private static Gen<string> Member(string name, Gen<string> value) => Gen.Frequency(
        (20, value.Select(text => $"\"{name}\":{text}")),
        (1, Gen.Const("")),
        (1, value.Select(text => $"\"{name}\":{text},\"{name}\":{text}")),
        (1, value.Select(text => $"\"{name.ToUpperInvariant()}\":{text}")),
        (1, value.Select(text => $"\"{name}\":{text},\"unknown\":{text}")));

    private static Gen<string[]> Sequence(Gen<string>[] members) => members.Aggregate(
        Gen.Const(Array.Empty<string>()), (all, member) => Gen.Select(all, member, (texts, text) => (string[])[.. texts, text]));

    private static Gen<Func<string, string>> Change(Gen<char> chars, Gen<string> seeds)
    {
        var place = Gen.Double[0, 1];
        var length = Gen.Int[0, 4];
        return Gen.Frequency(
            (4, Gen.Select(place, length, Gen.String[chars, 0, 4], Func<string, string> (at, removed, added) => text => Replace(text, at, removed, added))),
            (2, Gen.Select(place, Special, Func<string, string> (at, added) => text => Replace(text, at, 0, added))),
            (1, Gen.Select(place, Gen.Int[1, 40], Func<string, string> (at, removed) => text => Replace(text, at, removed, ""))),
            (1, Gen.Select(place, Gen.Int[1, 20], Func<string, string> (at, count) => text => Replace(text, at, 0, Part(text, at, count)))),
            (1, Gen.Select(place, place, seeds, Func<string, string> (at, from, other) => text => text[..Index(text, at)] + other[Index(other, from)..])),
            (1, Special.Select(Func<string, string> (special) => _ => special)),
            (1, Gen.Int[2, 30].Select(Func<string, string> (times) => text => text.Length > 2_000 ? text : string.Concat(Enumerable.Repeat(text, times)))),
            (1, Gen.OneOf<Func<string, string>>(text => text.ToUpperInvariant(), text => text.ToLowerInvariant(), text => new string([.. text.Reverse()]))));
    }

    private static string Replace(string text, double at, int removed, string added) =>
        text[..Index(text, at)] + added + text[Math.Min(Index(text, at) + removed, text.Length)..];

    private static string Part(string text, double at, int count) => text[Index(text, at)..Math.Min(Index(text, at) + count, text.Length)];

    private static int Index(string text, double at) => (int)(at * text.Length);
}
