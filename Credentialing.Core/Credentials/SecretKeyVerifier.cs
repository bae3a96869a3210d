using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Credentialing.Core.Secrets;

namespace Credentialing.Core.Credentials;

/// <summary>
/// The keyed hash that is stored instead of a secret key: HMAC-SHA-256 (RFC 2104) with the vault's pepper over LEA, generation and
/// key. A key of 256 random bits cannot be guessed, so no slow hash is needed. The pepper makes a copy of the table useless without
/// the vault. LEA and generation bind a verifier to its row.
/// </summary>
/// <param name="PepperVersion">The version of the pepper that the hash was computed with.</param>
/// <param name="Hash">The 32 bytes of the HMAC.</param>
public sealed record SecretKeyVerifier(string PepperVersion, ReadOnlyMemory<byte> Hash)
{
    private const int MessageLength = LeaId.Length + sizeof(int) + SecretKey.ByteLength;

    /// <summary>Computes the verifier of a key.</summary>
    public static SecretKeyVerifier Create(SecretVersion pepper, LeaId leaId, int generation, SecretKey key) => Create(pepper, leaId, generation, key.Bytes);

    /// <summary>Computes the verifier of a key, from its bytes.</summary>
    internal static SecretKeyVerifier Create(SecretVersion pepper, LeaId leaId, int generation, ReadOnlySpan<byte> key)
    {
        var hash = new byte[HMACSHA256.HashSizeInBytes];
        Compute(pepper, leaId, generation, key, hash);
        return new SecretKeyVerifier(pepper.Version, hash);
    }

    /// <summary>Whether this is the verifier of a key. Compares the hashes in constant time. Allocates nothing.</summary>
    /// <param name="pepper">The pepper: the version <see cref="PepperVersion"/>. Another version never matches.</param>
    /// <param name="leaId">The LEA.</param>
    /// <param name="generation">The generation of the key.</param>
    /// <param name="key">The bytes of the key.</param>
    public bool Matches(SecretVersion pepper, LeaId leaId, int generation, ReadOnlySpan<byte> key)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Compute(pepper, leaId, generation, key, hash);
        return CryptographicOperations.FixedTimeEquals(hash, Hash.Span) && pepper.Version == PepperVersion;
    }

    private static void Compute(SecretVersion pepper, LeaId leaId, int generation, ReadOnlySpan<byte> key, Span<byte> hash)
    {
        // All fields have a fixed length, so different inputs give different messages.
        Span<byte> message = stackalloc byte[MessageLength];
        Encoding.ASCII.GetBytes(leaId.Value, message);
        BinaryPrimitives.WriteInt32BigEndian(message[LeaId.Length..], generation);
        key.CopyTo(message[(LeaId.Length + sizeof(int))..]);
        HMACSHA256.HashData(pepper.Value.Span, message, hash);
        CryptographicOperations.ZeroMemory(message);
    }
}
