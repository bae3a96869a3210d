using System.Text.Json.Nodes;
using Credentialing.Functions.Http.Description;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Functions.Endpoints;

/// <summary>The API description, for client developers.</summary>
public sealed class DescriptionFunctions
{
    private static readonly string File = Path.Combine(AppContext.BaseDirectory, "openapi.json");

    /// <summary>Returns this API description (OpenAPI 3.1).</summary>
    [Function("GetDescription")]
    [CalledBy(CallerKind.Anyone)]
    [ProducesResponse(200, typeof(JsonObject))]
    public static async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "openapi.json")] HttpRequest request,
        CancellationToken cancellationToken) =>
        TypedResults.Text(await System.IO.File.ReadAllTextAsync(File, cancellationToken), "application/json");
}
