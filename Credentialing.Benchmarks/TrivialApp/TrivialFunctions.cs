using Azure.Data.Tables;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.TrivialApp;

/// <summary>Functions that do almost nothing: they show what the worker itself costs.</summary>
public sealed class TrivialFunctions(TableClient leas)
{
    /// <summary>Returns a constant.</summary>
    [Function("Trivial")]
    public static IResult Trivial([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "trivial")] HttpRequest request) =>
        TypedResults.Ok(new Response(request.Method));

    /// <summary>Reads one row of a table, and returns one of its columns.</summary>
    [Function("ReadRow")]
    public async Task<IResult> ReadRowAsync([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "row/{partition}")] HttpRequest request, string partition)
    {
        var row = await leas.GetEntityIfExistsAsync<TableEntity>(partition, "credential", cancellationToken: request.HttpContext.RequestAborted);
        return TypedResults.Ok(new Response(row.Value?.GetString("Username") ?? ""));
    }

    private sealed record Response(string Text);
}
