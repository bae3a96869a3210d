using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace Credentialing.Core.Credentials;

/// <summary>
/// The plaintext of an LEA's secret key: 256 random bits, encoded as <c>tsk_</c>, 52 Crockford base-32 digits of the key
/// and 7 digits of its CRC-32. It exists in memory only. It is shown once and never stored, logged or put in an exception.
/// </summary>
/// <remarks>
/// The prefix lets secret scanners find leaked keys. The checksum rejects a mistyped key without a storage request. The alphabet
/// tolerates transcription: decoding ignores case and reads O as 0, I and L as 1.
/// Sources: Douglas Crockford, "Base 32"; CRC-32 as in ISO 3309, over the 32 bytes.
/// </remarks>
public sealed class SecretKey
{
    /// <summary>The length of a key in bytes.</summary>
    public const int ByteLength = 32;

    private const string Prefix = "tsk_";
    private const string Digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int BitsPerDigit = 5;
    private const int KeyDigits = 52;
    private const int ChecksumDigits = 7;

    private readonly byte[] bytes;

    private SecretKey(byte[] bytes) => this.bytes = bytes;

    /// <summary>The 32 bytes.</summary>
    public ReadOnlySpan<byte> Bytes => bytes;

    /// <summary>Generates a key with the cryptographic random number generator of the operating system.</summary>
    public static SecretKey Generate() => new(RandomNumberGenerator.GetBytes(ByteLength));

    /// <summary>
    /// Parses a key. Ignores white space around it. Returns false unless the text is complete and its checksum matches.
    /// </summary>
    public static bool TryParse(string? text, out SecretKey key)
    {
        key = null!;
        text = text?.Trim();
        if (text is null || text.Length != Prefix.Length + KeyDigits + ChecksumDigits ||
            !text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return false;

        var bytes = new byte[ByteLength];
        Span<byte> checksum = stackalloc byte[sizeof(uint)];
        var digits = text.AsSpan(Prefix.Length);
        if (!TryDecode(digits[..KeyDigits], bytes) || !TryDecode(digits[KeyDigits..], checksum) ||
            BinaryPrimitives.ReadUInt32BigEndian(checksum) != Crc32.HashToUInt32(bytes))
            return false;

        key = new SecretKey(bytes);
        return true;
    }

    /// <summary>Returns the encoded key. Only the response to the coordinator who generated it may contain it.</summary>
    public string Reveal()
    {
        Span<byte> checksum = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(checksum, Crc32.HashToUInt32(bytes));
        return Prefix + Encode(bytes, KeyDigits) + Encode(checksum, ChecksumDigits);
    }

    /// <summary>A fixed text without the key, so that accidental logging does not leak it.</summary>
    public override string ToString() => Prefix + "(hidden)";

    /// <summary>Most significant bit first. The last digit is padded with zero bits.</summary>
    private static string Encode(ReadOnlySpan<byte> source, int digits)
    {
        Span<char> text = stackalloc char[digits];
        for (var digit = 0; digit < digits; digit++)
        {
            var value = 0;
            for (var bit = digit * BitsPerDigit; bit < (digit + 1) * BitsPerDigit; bit++)
                value = value << 1 | (bit < source.Length * 8 ? source[bit / 8] >> (7 - bit % 8) & 1 : 0);
            text[digit] = Digits[value];
        }

        return new string(text);
    }

    private static bool TryDecode(ReadOnlySpan<char> text, Span<byte> target)
    {
        target.Clear();
        for (var digit = 0; digit < text.Length; digit++)
        {
            var value = ValueOf(text[digit]);
            if (value < 0)
                return false;
            for (var offset = 0; offset < BitsPerDigit; offset++)
            {
                if ((value >> (BitsPerDigit - 1 - offset) & 1) == 0)
                    continue;
                var bit = digit * BitsPerDigit + offset;
                if (bit >= target.Length * 8)
                    return false; // padding bits must be zero, so that each key has one encoding
                target[bit / 8] |= (byte)(1 << (7 - bit % 8));
            }
        }

        return true;
    }

    private static int ValueOf(char digit) => char.ToUpperInvariant(digit) switch
    {
        'O' => 0,
        'I' or 'L' => 1,
        var upper => Digits.IndexOf(upper, StringComparison.Ordinal),
    };
}
