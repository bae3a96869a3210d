using System.Security.Cryptography;
using System.Text.Json;
using Credentialing.Core.Secrets;

namespace Credentialing.DevHost;

/// <summary>A stand-in for Key Vault. A file stores one version of each of the two secrets, created at the first start.</summary>
public sealed class FileSecretVault : ISecretVault
{
    private const string Version = "1";

    private readonly Dictionary<string, string> secrets;

    /// <summary>Opens the vault in the file. Creates the file if it is missing.</summary>
    public FileSecretVault(string file)
    {
        if (!File.Exists(file))
        {
            // Written atomically, so that a killed process does not leave a partial file.
            var created = new[] { SecretRing.CredentialPepper, SecretRing.VendorTokenKey }
                .ToDictionary(name => name, _ => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
            File.WriteAllText(file + ".new", JsonSerializer.Serialize(created));
            File.Move(file + ".new", file);
        }

        secrets = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(file))!;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListVersionsAsync(string name, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>(secrets.ContainsKey(name) ? [Version] : []);

    /// <inheritdoc/>
    public Task<SecretVersion> GetAsync(string name, string version, CancellationToken cancellationToken) =>
        Task.FromResult(SecretVersion.FromBase64(name, version, secrets[name]));
}
