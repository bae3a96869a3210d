using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Credentialing.Functions.Http;

/// <summary>What stands around every HTTP function, and the sending of its answer, in both hosts.</summary>
public static partial class Guard
{
    /// <summary>
    /// Runs a function, named for the log, and sends its answer, with <c>Cache-Control: no-store</c>. If that throws, a problem is sent instead,
    /// or nothing where the client has gone. Once an answer has begun, the exception is thrown on: only breaking the
    /// connection then tells the client that it is not whole.
    /// </summary>
    public static async Task RunAsync(HttpContext context, string name, ILogger logger, Func<Task> function)
    {
        ForbidCaching(context);
        try
        {
            await function();
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to answer.
        }
        catch (Exception failure) when (!context.Response.HasStarted)
        {
            LogFailed(logger, failure is BadHttpRequestException ? LogLevel.Information : LogLevel.Error, failure, name);
            context.Response.Clear(); // of what belongs to the answer that could not be sent
            ForbidCaching(context);
            await Problems.From(failure).ExecuteAsync(context);
        }
    }

    private static void ForbidCaching(HttpContext context) => context.Response.Headers.CacheControl = "no-store";

    // Not the request's address, which may name a student.
    [LoggerMessage(EventId = 12, Message = "{Function} failed.")]
    private static partial void LogFailed(ILogger logger, LogLevel level, Exception failure, string function);
}
