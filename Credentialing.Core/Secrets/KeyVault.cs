using Azure.Security.KeyVault.Secrets;

namespace Credentialing.Core.Secrets;

/// <summary>
/// Azure Key Vault. Retries, and waiting as long as a <c>Retry-After</c> says, are the client's own.
/// </summary>
public sealed class KeyVault(SecretClient client) : ISecretVault
{
    private const int MinimumBytes = 32;

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
        return Decode(name, version, secret.Value);
    }

    /// <summary>Reads a secret's text: base64 of at least 32 bytes.</summary>
    /// <exception cref="InvalidDataException">It is something else; the message does not repeat it.</exception>
    public static SecretVersion Decode(string name, string version, string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) && length >= MinimumBytes
            ? new SecretVersion(version, bytes[..length])
            : throw new InvalidDataException($"Version {version} of secret {name} is not base64 of at least {MinimumBytes} bytes.");
    }
}
