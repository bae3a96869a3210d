using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Credentialing.Functions.Http;

/// <summary>What stands around every HTTP function, in both hosts.</summary>
public static partial class Guard
{
    /// <summary>
    /// Runs a function with <c>Cache-Control: no-store</c> on its answer. Returns what to answer instead if it throws: a
    /// problem, or nothing where the client has gone; null if it does not throw. Once an answer has begun, the exception is
    /// thrown on.
    /// </summary>
    public static async Task<IResult?> RunAsync(HttpContext context, ILogger logger, Func<Task> function)
    {
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await function();
            return null;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return TypedResults.Empty; // nobody is there to answer
        }
        // Where an answer is half sent, only breaking the connection tells the client that it is not whole.
        catch (Exception failure) when (!context.Response.HasStarted)
        {
            LogFailed(logger, failure, context.Request.Method, context.Request.Path);
            return Problems.From(failure);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed.")]
    private static partial void LogFailed(ILogger logger, Exception failure, string method, string path);
}
