using System.Security.Cryptography;
using System.Text.Json;
using Credentialing.Core.Secrets;

namespace Credentialing.DevHost;

/// <summary>DevHost's stand-in for Key Vault: one version of each of the two secrets, made at the first start and kept in a file.</summary>
public sealed class FileSecretVault : ISecretVault
{
    private const string Version = "1";

    private readonly Dictionary<string, string> secrets;

    /// <summary>The vault in the given file, which is made where it is missing.</summary>
    public FileSecretVault(string file)
    {
        if (!File.Exists(file))
        {
            // Written whole or not at all, so that a kill at the first start does not spoil the next.
            var made = new[] { SecretRing.CredentialPepper, SecretRing.VendorTokenKey }
                .ToDictionary(name => name, _ => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
            File.WriteAllText(file + ".new", JsonSerializer.Serialize(made));
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
