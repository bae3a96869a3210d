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
    public async Task<IReadOnlyList<ListedVersion>> ListVersionsAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetPropertiesOfSecretVersionsAsync(name, cancellationToken)
                .Where(properties => properties.Enabled != false)
                .Select(properties => Listed(properties.Version, properties.CreatedOn ?? default, properties.UpdatedOn))
                .OrderBy(version => version.CreatedOn)
                .ThenBy(version => version.Version, StringComparer.Ordinal)
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

    /// <inheritdoc/>
    public async Task<string> CreateVersionAsync(string name, CancellationToken cancellationToken)
    {
        KeyVaultSecret secret = await client.SetSecretAsync(name, SecretVersion.NewBase64(), cancellationToken);
        return secret.Properties.Version;
    }

    /// <inheritdoc/>
    public Task DisableVersionAsync(string name, string version, CancellationToken cancellationToken) =>
        client.UpdateSecretPropertiesAsync(new SecretProperties(new Uri(client.VaultUri, $"secrets/{name}/{version}")) { Enabled = false }, cancellationToken);

    private static ListedVersion Listed(string version, DateTimeOffset createdOn, DateTimeOffset? updatedOn) => new(version, createdOn, updatedOn ?? createdOn);
}
