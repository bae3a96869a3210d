using System.Security.Cryptography;

namespace Credentialing.Core.Secrets;

/// <summary>One version of a secret. Not a record: a generated <c>ToString</c> could print its bytes.</summary>
/// <param name="version">The version's name in the vault. Not secret.</param>
/// <param name="value">The secret bytes.</param>
public sealed class SecretVersion(string version, byte[] value)
{
    private const int MinimumBytes = 32;

    /// <summary>The version's name in the vault. Not secret.</summary>
    public string Version { get; } = version;

    /// <summary>The secret bytes.</summary>
    public ReadOnlyMemory<byte> Value { get; } = value;

    /// <summary>Parses the vault's text: base64 of at least 32 bytes.</summary>
    /// <exception cref="InvalidDataException">The text is not base64 of at least 32 bytes. The message does not contain it.</exception>
    public static SecretVersion FromBase64(string name, string version, string text)
    {
        var bytes = new byte[text.Length];
        var value = Convert.TryFromBase64String(text, bytes, out var length) && length >= MinimumBytes ? bytes[..length] : null;
        CryptographicOperations.ZeroMemory(bytes);
        return value is not null
            ? new SecretVersion(version, value)
            : throw new InvalidDataException($"Version {version} of secret {name} is not base64 of at least {MinimumBytes} bytes.");
    }

    /// <summary>Returns the text of a new version: base64 of 32 random bytes.</summary>
    public static string NewBase64() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(MinimumBytes));
}
