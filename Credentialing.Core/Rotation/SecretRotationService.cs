using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Credentialing.Core.Rotation;

/// <summary>
/// Rotates the app's secrets: creates a version when the current one is old enough, and disables a superseded version when nothing can need
/// it any more. Never deletes a version, never disables the current one, and never creates the first one: a new pepper in place of a
/// deleted one would make all secret keys invalid. Thread safe.
/// <para>
/// The vault is the only state, and each step can be repeated, so a run can be stopped at any point. If two instances create a version at
/// the same time, both versions are valid, and the older one is disabled as any other.
/// </para>
/// </summary>
public sealed partial class SecretRotationService(
    ISecretVault vault, IOptions<SecretRotationOptions> options, CredentialingTelemetry telemetry, TimeProvider time, ILogger<SecretRotationService> logger)
{
    /// <summary>
    /// For how long a token key stays enabled after it was superseded. Instances stop signing with it within
    /// <see cref="SecretRing.RefreshInterval"/>, and what it signed is valid for at most <see cref="VendorTokens.MaxLinkLifetime"/>.
    /// </summary>
    public static readonly TimeSpan TokenKeyOverlap = TimeSpan.FromDays(1);

    /// <summary>
    /// For how long a pepper stays enabled after it was superseded. All secret keys whose verifiers are under it have expired then, also those
    /// in a backup. So it is not necessary to read the verifiers. The 35 days cover an instance that could not read the vault, and used the
    /// old pepper for longer than <see cref="SecretRing.RefreshInterval"/>.
    /// </summary>
    public static readonly TimeSpan PepperOverlap = Credential.Lifetime + TimeSpan.FromDays(35);

    private static readonly (string Name, TimeSpan Overlap)[] Secrets =
    [
        (SecretRing.CredentialPepper, PepperOverlap),
        (SecretRing.VendorTokenKey, TokenKeyOverlap),
    ];

    /// <summary>Rotates what is due. Records the age of each secret. One secret's failure does not prevent the rotation of the other.</summary>
    /// <exception cref="SecretRotationFailedException">A secret could not be rotated. The next run continues.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var span = CredentialingTelemetry.Begin("rotate secrets");
        var failed = new List<string>();
        foreach (var (name, overlap) in Secrets)
        {
            try
            {
                await RotateAsync(name, overlap, cancellationToken);
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                LogFailed(name, FailureReason.Of(failure));
                failed.Add(name);
            }
        }

        if (failed.Count > 0)
            throw new SecretRotationFailedException($"Secrets that could not be rotated: {string.Join(", ", failed)}.");
    }

    private async Task RotateAsync(string name, TimeSpan overlap, CancellationToken cancellationToken)
    {
        var versions = await ListUsableAsync(name, cancellationToken);
        if (versions.Count == 0)
            throw new SecretRotationFailedException($"Secret {name} has no usable version in the vault. The first version is not created automatically.");
        var now = time.GetUtcNow();
        var age = now - versions[^1].CreatedOn;
        telemetry.RecordSecretAge(name, age.Days);
        var days = options.Value.Days;
        if (days == 0)
            return;
        if (age >= TimeSpan.FromDays(days))
        {
            var created = await vault.CreateVersionAsync(name, cancellationToken);
            LogCreated(created, name, age.Days);
        }

        for (var index = 0; index < versions.Count - 1; index++)
        {
            var supersededAt = SupersededAt(versions, index);
            if (now - supersededAt < overlap)
                continue;
            await vault.DisableVersionAsync(name, versions[index].Version, cancellationToken);
            LogDisabled(versions[index].Version, name, supersededAt);
        }
    }

    /// <summary>
    /// Returns the enabled versions whose value can be used, oldest first: the same that <see cref="SecretRing"/> uses. A malformed version
    /// supersedes nothing.
    /// </summary>
    private async Task<IReadOnlyList<ListedVersion>> ListUsableAsync(string name, CancellationToken cancellationToken)
    {
        var usable = new List<ListedVersion>();
        foreach (var version in await vault.ListVersionsAsync(name, cancellationToken))
        {
            try
            {
                await vault.GetAsync(name, version.Version, cancellationToken);
                usable.Add(version);
            }
            catch (InvalidDataException)
            {
                // Malformed: the ring logs it at each read.
            }
        }

        return usable;
    }

    /// <summary>
    /// Returns since when a version is not the current one: a newer version has been enabled without interruption since then. Not earlier
    /// than the time at which an operator enabled it again, for example to restore a backup.
    /// </summary>
    private static DateTimeOffset SupersededAt(IReadOnlyList<ListedVersion> versions, int index)
    {
        var newerSince = versions.Skip(index + 1).Min(newer => newer.UpdatedOn);
        return newerSince > versions[index].UpdatedOn ? newerSince : versions[index].UpdatedOn;
    }

    [LoggerMessage(EventId = 40, Level = LogLevel.Information, Message = "Rotation: version {Version} of secret {Name} was created. The version before it was {Age} days old.")]
    private partial void LogCreated(string version, string name, int age);

    [LoggerMessage(EventId = 41, Level = LogLevel.Information, Message = "Rotation: version {Version} of secret {Name} was disabled. It was superseded on {SupersededAt:yyyy-MM-dd}.")]
    private partial void LogDisabled(string version, string name, DateTimeOffset supersededAt);

    [LoggerMessage(EventId = 42, Level = LogLevel.Error, Message = "Rotation: secret {Name} could not be rotated: {Reason}.")]
    private partial void LogFailed(string name, string reason);
}

/// <summary>A secret could not be rotated.</summary>
/// <param name="message">What failed, without a secret's value.</param>
public sealed class SecretRotationFailedException(string message) : Exception(message);
