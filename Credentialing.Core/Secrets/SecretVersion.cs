namespace Credentialing.Core.Secrets;

/// <summary>One version of a secret. Not a record, so that nothing prints its bytes by accident.</summary>
/// <param name="version">What the vault calls this version; not secret.</param>
/// <param name="value">The secret bytes.</param>
public sealed class SecretVersion(string version, byte[] value)
{
    /// <summary>What the vault calls this version; not secret.</summary>
    public string Version { get; } = version;

    /// <summary>The secret bytes.</summary>
    public ReadOnlyMemory<byte> Value { get; } = value;
}
