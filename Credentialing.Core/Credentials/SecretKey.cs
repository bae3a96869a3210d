using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
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
public sealed class SecretKey : IDisposable
{
    /// <summary>The length of a key in bytes.</summary>
    public const int ByteLength = 32;

    private const string Prefix = "tsk_";
    private const string Digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int BitsPerDigit = 5;
    private const int KeyDigits = 52;
    private const int ChecksumDigits = 7;
    private const byte NoDigit = 0xFF;

    private static readonly byte[] ValueOfDigit = NewValueOfDigit();

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
        var bytes = new byte[ByteLength];
        var isValid = TryDecode(text, bytes);
        if (!isValid)
            CryptographicOperations.ZeroMemory(bytes); // they may have most of a mistyped key
        key = isValid ? new SecretKey(bytes) : null!;
        return isValid;
    }

    /// <summary>
    /// Decodes a key into memory of the caller, which can be on the stack and be overwritten after use. Accepts the same texts as
    /// <see cref="TryParse"/>. Allocates nothing.
    /// </summary>
    /// <param name="text">The encoded key.</param>
    /// <param name="bytes">Receives the key. Its length is <see cref="ByteLength"/>. Undefined if the text is not valid.</param>
    internal static bool TryDecode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        text = text.Trim();
        if (text.Length != Prefix.Length + KeyDigits + ChecksumDigits || !text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return false;
        Span<byte> checksum = stackalloc byte[sizeof(uint)];
        return TryDecodeDigits(text.Slice(Prefix.Length, KeyDigits), bytes)
            && TryDecodeDigits(text[(Prefix.Length + KeyDigits)..], checksum)
            && BinaryPrimitives.ReadUInt32BigEndian(checksum) == Crc32.HashToUInt32(bytes);
    }

    /// <summary>Returns the encoded key. Only the response to the coordinator who generated it may contain it.</summary>
    public string Reveal()
    {
        Span<byte> checksum = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(checksum, Crc32.HashToUInt32(bytes));
        return Prefix + Encode(bytes, KeyDigits) + Encode(checksum, ChecksumDigits);
    }

    /// <summary>
    /// Overwrites the bytes in memory. The key cannot be used any more. Its text is a string, which .NET cannot overwrite: it remains until
    /// the garbage collector reuses its memory.
    /// </summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(bytes);

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

        var encoded = new string(text);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(text));
        return encoded;
    }

    private static bool TryDecodeDigits(ReadOnlySpan<char> text, Span<byte> target)
    {
        var (pending, pendingBits, written) = (0, 0, 0);
        foreach (var digit in text)
        {
            var value = digit < ValueOfDigit.Length ? ValueOfDigit[digit] : NoDigit;
            if (value == NoDigit)
                return false;
            (pending, pendingBits) = (pending << BitsPerDigit | value, pendingBits + BitsPerDigit);
            if (pendingBits < 8)
                continue;
            pendingBits -= 8;
            target[written++] = (byte)(pending >> pendingBits);
        }

        return (pending & ((1 << pendingBits) - 1)) == 0; // padding bits must be zero, so that each key has one encoding
    }

    /// <summary>The value of each ASCII character, or <see cref="NoDigit"/>.</summary>
    private static byte[] NewValueOfDigit()
    {
        var values = new byte[128];
        Array.Fill(values, NoDigit);
        for (var value = 0; value < Digits.Length; value++)
            values[Digits[value]] = values[char.ToLowerInvariant(Digits[value])] = (byte)value;
        values['O'] = values['o'] = 0;
        values['I'] = values['i'] = values['L'] = values['l'] = 1;
        return values;
    }
}
