using System.Security.Cryptography;
using System.Text;

namespace Credentialing.Core.Mail;

/// <summary>Idempotency keys of emails: the same name gives the same key in every attempt and on every instance.</summary>
public static class OperationId
{
    /// <summary>Returns a version 8 UUID (RFC 9562, section 5.8) from the SHA-256 hash of a name.</summary>
    public static Guid Of(string name)
    {
        Span<byte> bytes = SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
