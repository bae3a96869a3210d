using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;

namespace Credentialing.Functions.Http;

/// <summary>Puts the <see cref="Guard"/> around every HTTP function, in the worker.</summary>
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

    /// <summary>The worker would send the answer itself, but only after this middleware, where nothing guards it.</summary>
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
