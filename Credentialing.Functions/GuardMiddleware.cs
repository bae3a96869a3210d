using Credentialing.Functions.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;

namespace Credentialing.Functions;

/// <summary>Puts the <see cref="Guard"/> around every HTTP function, in the worker.</summary>
public sealed class GuardMiddleware(ILogger<GuardMiddleware> logger) : IFunctionsWorkerMiddleware
{
    /// <inheritdoc/>
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is not { } http)
            await next(context);
        // The worker executes the result that an invocation ends with.
        else if (await Guard.RunAsync(http, logger, () => next(context)) is { } problem)
            context.GetInvocationResult().Value = problem;
    }
}
