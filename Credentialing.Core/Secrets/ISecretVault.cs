namespace Credentialing.Core.Secrets;

/// <summary>A store of versioned secrets. Versions are immutable.</summary>
public interface ISecretVault
{
    /// <summary>Returns the enabled versions of a secret, oldest first. Empty if the secret does not exist.</summary>
    Task<IReadOnlyList<string>> ListVersionsAsync(string name, CancellationToken cancellationToken);

    /// <summary>Reads one version of a secret.</summary>
    /// <exception cref="InvalidDataException">The value is not base64 of at least 32 bytes.</exception>
    Task<SecretVersion> GetAsync(string name, string version, CancellationToken cancellationToken);
}
