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

/// <summary>Whether the app lives, and whether it can work.</summary>
public sealed partial class HealthFunctions(
    CredentialingStorage storage,
    [FromKeyedServices(SecretRing.CredentialPepper)] SecretRing peppers,
    [FromKeyedServices(SecretRing.VendorTokenKey)] SecretRing tokenKeys,
    ILogger<HealthFunctions> logger)
{
    /// <summary>Answers as long as the app runs at all.</summary>
    [Function("GetHealth")]
    [CalledBy(CallerKind.Anyone)]
    [ProducesResponse(200, typeof(HealthResponse))]
    public static Task<IResult> GetLiveAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request) =>
        Task.FromResult<IResult>(TypedResults.Ok(new HealthResponse("live")));

    /// <summary>Whether the app can do its work; if not, what it cannot reach.</summary>
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

    [LoggerMessage(EventId = 11, Level = LogLevel.Error, Message = "{Name} cannot be reached.")]
    private partial void LogUnreachable(Exception failure, string name);

    /// <summary>How the app is.</summary>
    /// <param name="Status">That it runs, or that it can do its work.</param>
    private sealed record HealthResponse([property: AllowedValues("live", "ready")] string Status);
}
