namespace Credentialing.Core.Secrets;

/// <summary>Where versioned secrets are kept. A secret's version never changes once it is made.</summary>
public interface ISecretVault
{
    /// <summary>The versions of a secret that may be used, oldest first; empty where there is no such secret.</summary>
    Task<IReadOnlyList<string>> ListVersionsAsync(string name, CancellationToken cancellationToken);

    /// <summary>Reads one version.</summary>
    /// <exception cref="InvalidDataException">It is not base64 of at least 32 bytes.</exception>
    Task<SecretVersion> GetAsync(string name, string version, CancellationToken cancellationToken);
}
