namespace Credentialing.Core.Secrets;

/// <summary>One version of a secret. Not a record, so that nothing prints its bytes by accident.</summary>
/// <param name="version">What the vault calls this version; not secret.</param>
/// <param name="value">The secret bytes.</param>
public sealed class SecretVersion(string version, byte[] value)
{
    private const int MinimumBytes = 32;

    /// <summary>What the vault calls this version; not secret.</summary>
    public string Version { get; } = version;

    /// <summary>The secret bytes.</summary>
    public ReadOnlyMemory<byte> Value { get; } = value;

    /// <summary>Reads a secret's text: base64 of at least 32 bytes.</summary>
    /// <exception cref="InvalidDataException">It is something else; the message does not repeat it.</exception>
    public static SecretVersion FromBase64(string name, string version, string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) && length >= MinimumBytes
            ? new SecretVersion(version, bytes[..length])
            : throw new InvalidDataException($"Version {version} of secret {name} is not base64 of at least {MinimumBytes} bytes.");
    }
}
