using Azure;
using Azure.Security.KeyVault.Secrets;

namespace Credentialing.Core.Secrets;

/// <summary>
/// Azure Key Vault. <see cref="SecretClient"/> does the retries and follows <c>Retry-After</c>. A version is enabled or not: its
/// activation and expiration dates (<c>nbf</c>, <c>exp</c>) are ignored, as Key Vault itself ignores them when a secret is read.
/// </summary>
public sealed class KeyVault(SecretClient client) : ISecretVault
{
    /// <summary>The vault's own 404. A 404 without this code, such as a proxy's, says nothing about the secret.</summary>
    private const string SecretNotFound = "SecretNotFound";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ListVersionsAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetPropertiesOfSecretVersionsAsync(name, cancellationToken)
                .Where(properties => properties.Enabled != false)
                .OrderBy(properties => properties.CreatedOn)
                .Select(properties => properties.Version)
                .ToListAsync(cancellationToken);
        }
        catch (RequestFailedException failure) when (failure is { Status: 404, ErrorCode: SecretNotFound })
        {
            return [];
        }
    }

    /// <inheritdoc/>
    public async Task<SecretVersion> GetAsync(string name, string version, CancellationToken cancellationToken)
    {
        KeyVaultSecret secret = await client.GetSecretAsync(name, version, cancellationToken);
        return SecretVersion.FromBase64(name, version, secret.Value);
    }
}
