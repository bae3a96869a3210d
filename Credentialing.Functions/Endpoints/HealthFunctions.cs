using System.ComponentModel.DataAnnotations;
using Credentialing.Functions.Http;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>Liveness and readiness checks.</summary>
public sealed class HealthFunctions(Readiness readiness)
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
    /// The result is cached for 5 seconds.
    /// </summary>
    [Function("GetReadiness")]
    [CalledBy(CallerKind.Anyone)]
    [ProducesResponse(200, typeof(HealthResponse))]
    [ProducesProblem(503, "unavailable")]
    public async Task<IResult> GetReadyAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health/ready")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var unreachable = await readiness.FindUnreachableAsync(cancellationToken);
        return unreachable.Count == 0 ? TypedResults.Ok(new HealthResponse("ready")) : Problems.NotReady(unreachable);
    }

    /// <summary>The health of the app.</summary>
    /// <param name="Status"><c>live</c>: the app is running. <c>ready</c>: the app can process requests.</param>
    private sealed record HealthResponse([property: AllowedValues("live", "ready")] string Status);
}
