using System.ComponentModel.DataAnnotations;
using Credentialing.Core.Secrets;
using Credentialing.Core.Storage;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Credentialing.Functions.Endpoints;

/// <summary>Liveness and readiness checks.</summary>
public sealed partial class HealthFunctions(
    CredentialingStorage storage,
    [FromKeyedServices(SecretRing.CredentialPepper)] SecretRing peppers,
    [FromKeyedServices(SecretRing.VendorTokenKey)] SecretRing tokenKeys,
    ILogger<HealthFunctions> logger)
{
    /// <summary>Returns 200 while the app is running (liveness).</summary>
    [Function("GetHealth")]
    [CalledBy(CallerKind.Anyone)]
    [ProducesResponse(200, typeof(HealthResponse))]
    public static Task<IResult> GetLiveAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request) =>
        Task.FromResult<IResult>(TypedResults.Ok(new HealthResponse("live")));

    /// <summary>
    /// Returns 200 if the app can process requests (readiness). Otherwise, the problem lists the unreachable dependencies.
    /// </summary>
    [Function("GetReadiness")]
    [CalledBy(CallerKind.Anyone)]
    [ProducesResponse(200, typeof(HealthResponse))]
    [ProducesProblem(503, "unavailable")]
    public async Task<IResult> GetReadyAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health/ready")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var unreachable = new List<string>();
        await ReachAsync("storage", storage.CheckAsync);
        await ReachAsync("vault", async token => await Task.WhenAll(peppers.CheckAsync(token), tokenKeys.CheckAsync(token)));
        return unreachable.Count == 0 ? TypedResults.Ok(new HealthResponse("ready")) : Problems.NotReady(unreachable);

        async Task ReachAsync(string name, Func<CancellationToken, Task> check)
        {
            try
            {
                await check(cancellationToken);
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                LogUnreachable(failure, name);
                unreachable.Add(name);
            }
        }
    }

    [LoggerMessage(EventId = 11, Level = LogLevel.Error, Message = "{Name} is unreachable.")]
    private partial void LogUnreachable(Exception failure, string name);

    /// <summary>The health of the app.</summary>
    /// <param name="Status"><c>live</c>: the app is running. <c>ready</c>: the app can process requests.</param>
    private sealed record HealthResponse([property: AllowedValues("live", "ready")] string Status);
}
