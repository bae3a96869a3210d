using Azure.Security.KeyVault.Secrets;

namespace Credentialing.Core.Secrets;

/// <summary>
/// Azure Key Vault. <see cref="SecretClient"/> does the retries and follows <c>Retry-After</c>.
/// </summary>
public sealed class KeyVault(SecretClient client) : ISecretVault
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ListVersionsAsync(string name, CancellationToken cancellationToken) =>
        await client.GetPropertiesOfSecretVersionsAsync(name, cancellationToken)
            .Where(properties => properties.Enabled != false)
            .OrderBy(properties => properties.CreatedOn)
            .Select(properties => properties.Version)
            .ToListAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<SecretVersion> GetAsync(string name, string version, CancellationToken cancellationToken)
    {
        KeyVaultSecret secret = await client.GetSecretAsync(name, version, cancellationToken);
        return SecretVersion.FromBase64(name, version, secret.Value);
    }
}
