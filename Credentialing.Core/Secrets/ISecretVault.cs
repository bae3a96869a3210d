namespace Credentialing.Core.Secrets;

/// <summary>A store of versioned secrets. The value of a version never changes.</summary>
public interface ISecretVault
{
    /// <summary>
    /// Returns the enabled versions of a secret, oldest first. Versions of the same second are in the order of their names, so that all
    /// instances agree which one is the newest. Empty if the secret does not exist or was deleted.
    /// </summary>
    /// <exception cref="Azure.RequestFailedException">The vault rejects the request.</exception>
    /// <exception cref="AggregateException">The vault is unreachable after all retries.</exception>
    Task<IReadOnlyList<ListedVersion>> ListVersionsAsync(string name, CancellationToken cancellationToken);

    /// <summary>Reads one version of a secret.</summary>
    /// <exception cref="Azure.RequestFailedException">The version is disabled (403) or does not exist (404), or the vault rejects the request.</exception>
    /// <exception cref="AggregateException">The vault is unreachable after all retries.</exception>
    /// <exception cref="InvalidDataException">The value is not base64 of at least 32 bytes.</exception>
    Task<SecretVersion> GetAsync(string name, string version, CancellationToken cancellationToken);

    /// <summary>
    /// Creates a version with a new random value, and returns its name. If the response is lost, a retry creates another version: it is
    /// the newer one, and both are valid.
    /// </summary>
    /// <exception cref="Azure.RequestFailedException">The vault rejects the request. 409: the secret was deleted.</exception>
    /// <exception cref="AggregateException">The vault is unreachable after all retries.</exception>
    Task<string> CreateVersionAsync(string name, CancellationToken cancellationToken);

    /// <summary>Disables a version. It can be enabled again. Idempotent.</summary>
    /// <exception cref="Azure.RequestFailedException">The version does not exist (404), or the vault rejects the request.</exception>
    /// <exception cref="AggregateException">The vault is unreachable after all retries.</exception>
    Task DisableVersionAsync(string name, string version, CancellationToken cancellationToken);
}
