using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Credentialing.Core.Shares;

/// <summary>
/// The id of a share: the LEA's CDS code, a hyphen and 128 random bits in lower-case hexadecimal. It cannot be guessed. The CDS code
/// is the partition key, so that one transaction opens the share and checks the credentials. Immutable.
/// </summary>
public sealed partial record ShareId
{
    private const int RandomDigits = 32;

    private ShareId(LeaId leaId, string key) => (LeaId, Key) = (leaId, key);

    /// <summary>The LEA.</summary>
    public LeaId LeaId { get; }

    /// <summary>The part that is unique in the LEA's partition: 32 hexadecimal digits.</summary>
    internal string Key { get; }

    /// <summary>Parses an id. Returns null for other text.</summary>
    public static ShareId? Parse(string? text) =>
        Pattern().Match(text ?? "") is { Success: true } match ? new(LeaId.Parse(match.Groups["lea"].Value), match.Groups["key"].Value) : null;

    /// <summary>Returns the id.</summary>
    public override string ToString() => $"{LeaId}-{Key}";

    internal static ShareId New(LeaId leaId) => new(leaId, RandomNumberGenerator.GetHexString(RandomDigits, lowercase: true));

    /// <summary>The id with a key from storage; null if the key is malformed.</summary>
    internal static ShareId? Of(LeaId leaId, string key) => Parse($"{leaId}-{key}");

    [GeneratedRegex(@"\A(?<lea>[0-9]{14})-(?<key>[0-9a-f]{32})\z")]
    private static partial Regex Pattern();
}
