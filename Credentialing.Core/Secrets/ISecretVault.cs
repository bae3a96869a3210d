namespace Credentialing.Core.Secrets;

/// <summary>A store of versioned secrets. Versions are immutable.</summary>
public interface ISecretVault
{
    /// <summary>Returns the enabled versions of a secret, oldest first. Empty if the secret does not exist or was deleted.</summary>
    /// <exception cref="Azure.RequestFailedException">The vault rejects the request.</exception>
    /// <exception cref="AggregateException">The vault is unreachable after all retries.</exception>
    Task<IReadOnlyList<string>> ListVersionsAsync(string name, CancellationToken cancellationToken);

    /// <summary>Reads one version of a secret.</summary>
    /// <exception cref="Azure.RequestFailedException">The version is disabled (403) or does not exist (404), or the vault rejects the request.</exception>
    /// <exception cref="AggregateException">The vault is unreachable after all retries.</exception>
    /// <exception cref="InvalidDataException">The value is not base64 of at least 32 bytes.</exception>
    Task<SecretVersion> GetAsync(string name, string version, CancellationToken cancellationToken);
}
