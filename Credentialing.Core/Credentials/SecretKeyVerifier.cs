using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Credentialing.Core.Secrets;

namespace Credentialing.Core.Credentials;

/// <summary>
/// What is stored instead of a secret key: HMAC-SHA-256 (RFC 2104) under the vault's pepper over the LEA, the generation
/// and the key. A key of 256 random bits cannot be guessed, so no slow hash is needed; the pepper makes a copy of the
/// table worth nothing without the vault; LEA and generation make a verifier useless in any other row.
/// </summary>
/// <param name="PepperVersion">The version of the pepper that it was made under.</param>
/// <param name="Hash">The 32 bytes of the HMAC.</param>
public sealed record SecretKeyVerifier(string PepperVersion, ReadOnlyMemory<byte> Hash)
{
    /// <summary>Makes the verifier of a key.</summary>
    public static SecretKeyVerifier Create(SecretVersion pepper, LeaId leaId, int generation, SecretKey key)
    {
        // Every part has a fixed length, so no two inputs give the same message.
        Span<byte> message = stackalloc byte[LeaId.Length + sizeof(int) + SecretKey.ByteLength];
        Encoding.ASCII.GetBytes(leaId.Value, message);
        BinaryPrimitives.WriteInt32BigEndian(message[LeaId.Length..], generation);
        key.Bytes.CopyTo(message[(LeaId.Length + sizeof(int))..]);
        var hash = HMACSHA256.HashData(pepper.Value.Span, message);
        CryptographicOperations.ZeroMemory(message);
        return new SecretKeyVerifier(pepper.Version, hash);
    }

    /// <summary>Whether both stand for the same key; takes the same time wherever they differ.</summary>
    public bool Matches(SecretKeyVerifier? other) =>
        other is not null && PepperVersion == other.PepperVersion &&
        CryptographicOperations.FixedTimeEquals(Hash.Span, other.Hash.Span);
}
