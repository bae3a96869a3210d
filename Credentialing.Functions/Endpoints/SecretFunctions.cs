using Credentialing.Core.Rotation;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>The rotation of the app's secrets.</summary>
public sealed class SecretFunctions(SecretRotationService rotation)
{
    /// <summary>
    /// Rotates the secrets that are due. Once a day, because a run that has nothing to do costs some requests to the vault. If it fails, the
    /// platform retries it.
    /// </summary>
    [Function("RotateSecrets")]
    [FixedDelayRetry(3, "00:10:00")]
    public Task RotateAsync([TimerTrigger("0 0 13 * * *")] TimerInfo timer, CancellationToken cancellationToken) => rotation.RunAsync(cancellationToken);
}
