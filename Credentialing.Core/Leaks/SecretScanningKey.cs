using System.Security.Cryptography;

namespace Credentialing.Core.Leaks;

/// <summary>A public key that GitHub signs its messages with: ECDSA on the curve P-256. Immutable, thread safe.</summary>
/// <param name="identifier">Its identifier.</param>
/// <param name="publicKey">The key as SubjectPublicKeyInfo (RFC 5280, section 4.1).</param>
public sealed class SecretScanningKey(string identifier, byte[] publicKey)
{
    /// <summary>The size of the keys.</summary>
    internal const int Bits = 256;

    /// <summary>The identifier.</summary>
    public string Identifier { get; } = identifier;

    /// <summary>Whether a message was signed with this key: ECDSA with SHA-256.</summary>
    /// <param name="message">The message as it was received.</param>
    /// <param name="signature">The signature in DER (RFC 3279, section 2.2.3), as base64.</param>
    public bool Verifies(ReadOnlySpan<byte> message, string signature)
    {
        var bytes = new byte[signature.Length];
        if (!Convert.TryFromBase64String(signature, bytes, out var length))
            return false;
        using var key = ECDsa.Create(); // an instance is not thread safe
        key.ImportSubjectPublicKeyInfo(publicKey, out _);
        return key.VerifyData(message, bytes.AsSpan(0, length), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }
}
