using System.Text.Json;
using Credentialing.Core.Secrets;

namespace Credentialing.DevHost;

/// <summary>A stand-in for Key Vault. A file stores the versions of the two secrets. The first ones are created at the first start.</summary>
public sealed class FileSecretVault : ISecretVault
{
    private readonly Lock changing = new();
    private readonly string file;
    private readonly TimeProvider time;
    private IReadOnlyList<StoredVersion> stored; // replaced, never changed

    /// <summary>Opens the vault in the file. Creates the file if it is missing.</summary>
    /// <param name="file">The file.</param>
    /// <param name="time">The clock of the creation times.</param>
    public FileSecretVault(string file, TimeProvider time)
    {
        (this.file, this.time) = (file, time);
        stored = File.Exists(file) ? Read(file) : [];
        foreach (var name in (string[])[SecretRing.CredentialPepper, SecretRing.VendorTokenKey])
        {
            if (stored.All(version => version.Name != name))
                Create(name);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ListedVersion>> ListVersionsAsync(string name, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ListedVersion>>(
            [.. stored.Where(version => version.Name == name && version.IsEnabled).Select(version => new ListedVersion(version.Version, version.CreatedOn, version.UpdatedOn))]);

    /// <inheritdoc/>
    public Task<SecretVersion> GetAsync(string name, string version, CancellationToken cancellationToken) =>
        Task.FromResult(SecretVersion.FromBase64(name, version, stored.Single(held => held.Name == name && held.Version == version).Value));

    /// <inheritdoc/>
    public Task<string> CreateVersionAsync(string name, CancellationToken cancellationToken) => Task.FromResult(Create(name));

    /// <inheritdoc/>
    public Task DisableVersionAsync(string name, string version, CancellationToken cancellationToken)
    {
        lock (changing)
        {
            Store([.. stored.Select(held => held.Name == name && held.Version == version ? held with { IsEnabled = false, UpdatedOn = time.GetUtcNow() } : held)]);
        }

        return Task.CompletedTask;
    }

    private string Create(string name)
    {
        lock (changing)
        {
            var (version, now) = ($"{stored.Count(held => held.Name == name) + 1}", time.GetUtcNow());
            Store([.. stored, new StoredVersion(name, version, SecretVersion.NewBase64(), now, now, IsEnabled: true)]);
            return version;
        }
    }

    /// <summary>Written atomically, so that a killed process does not leave a partial file.</summary>
    private void Store(IReadOnlyList<StoredVersion> changed)
    {
        File.WriteAllText(file + ".new", JsonSerializer.Serialize(changed));
        File.Move(file + ".new", file, overwrite: true);
        stored = changed;
    }

    /// <summary>Also reads the file of an earlier release: one value of each secret, which is its version 1.</summary>
    private static IReadOnlyList<StoredVersion> Read(string file)
    {
        var content = JsonElement.Parse(File.ReadAllText(file));
        var createdOn = File.GetLastWriteTimeUtc(file);
        return content.ValueKind is JsonValueKind.Array
            ? content.Deserialize<IReadOnlyList<StoredVersion>>()!
            : [.. content.EnumerateObject().Select(secret => new StoredVersion(secret.Name, "1", secret.Value.GetString()!, createdOn, createdOn, IsEnabled: true))];
    }

    private sealed record StoredVersion(string Name, string Version, string Value, DateTimeOffset CreatedOn, DateTimeOffset UpdatedOn, bool IsEnabled);
}
