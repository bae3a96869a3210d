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
    /// <summary>Computes the verifier of a key.</summary>
    public static SecretKeyVerifier Create(SecretVersion pepper, LeaId leaId, int generation, SecretKey key)
    {
        // All fields have a fixed length, so different inputs give different messages.
        Span<byte> message = stackalloc byte[LeaId.Length + sizeof(int) + SecretKey.ByteLength];
        Encoding.ASCII.GetBytes(leaId.Value, message);
        BinaryPrimitives.WriteInt32BigEndian(message[LeaId.Length..], generation);
        key.Bytes.CopyTo(message[(LeaId.Length + sizeof(int))..]);
        var hash = HMACSHA256.HashData(pepper.Value.Span, message);
        CryptographicOperations.ZeroMemory(message);
        return new SecretKeyVerifier(pepper.Version, hash);
    }

    /// <summary>Whether both verifiers are equal. Compares the hashes in constant time.</summary>
    public bool Matches(SecretKeyVerifier? other) =>
        other is not null && PepperVersion == other.PepperVersion &&
        CryptographicOperations.FixedTimeEquals(Hash.Span, other.Hash.Span);
}
