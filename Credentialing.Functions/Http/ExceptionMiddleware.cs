using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;

namespace Credentialing.Functions.Http;

/// <summary>Runs every HTTP function of the worker inside the <see cref="Guard"/>.</summary>
public sealed class ExceptionMiddleware(ILogger<ExceptionMiddleware> logger) : IFunctionsWorkerMiddleware
{
    /// <inheritdoc/>
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is not { } http)
            await next(context);
        else
            await Guard.RunAsync(http, context.FunctionDefinition.Name, logger, () => RunAndRespondAsync(context, next, http));
    }

    /// <summary>Sends the response here. The worker would send it after this middleware, where exceptions are not handled.</summary>
    private static async Task RunAndRespondAsync(FunctionContext context, FunctionExecutionDelegate next, HttpContext http)
    {
        await next(context);
        var invocation = context.GetInvocationResult();
        if (invocation.Value is IResult response)
        {
            invocation.Value = TypedResults.Empty;
            await response.ExecuteAsync(http);
        }
    }
}
