using Credentialing.Core.Recovery;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>The daily backup, and the rebuild of the expiration index. The command <c>Credentialing.Restore</c> restores a backup.</summary>
public sealed class BackupFunctions(Caller caller, BackupService backups, ExpirationRestoration expirations)
{
    /// <summary>Exports the LEAs and the new downloads, once a day. If it fails, the platform retries it.</summary>
    [Function("BackUp")]
    [FixedDelayRetry(3, "00:10:00")]
    public Task BackUpAsync([TimerTrigger("%BackupSchedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        backups.BackUpAsync(cancellationToken);

    /// <summary>Rebuilds the expiration index. Idempotent.</summary>
    [Function("RestoreExpirations")]
    [CalledBy(CallerKind.Toms)]
    [ProducesResponse(200, typeof(RestorationResponse))]
    public Task<IResult> RestoreExpirationsAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "expirations/restore")] HttpRequest request,
        CancellationToken cancellationToken) =>
        caller.AsTomsAsync(request, async _ =>
        {
            var (indexed, unreadable) = await expirations.RestoreAsync(cancellationToken);
            return TypedResults.Ok(new RestorationResponse(indexed, [.. unreadable.Select(lea => new FailureResponse(lea.Key, lea.Value))]));
        });

    /// <summary>The result of the index rebuild.</summary>
    /// <param name="Credentials">The number of LEAs whose credentials are in the expiration index.</param>
    /// <param name="Failures">The LEAs whose credentials cannot be read.</param>
    private sealed record RestorationResponse(int Credentials, IReadOnlyList<FailureResponse> Failures);
}
