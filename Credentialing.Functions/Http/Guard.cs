using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Credentialing.Functions.Http;

/// <summary>Exception handling for every HTTP function and the sending of its response, in both hosts.</summary>
public static partial class Guard
{
    /// <summary>
    /// Runs a function that also sends its response, with <c>Cache-Control: no-store</c>, <c>X-Content-Type-Options: nosniff</c> and
    /// <c>Referrer-Policy: no-referrer</c>. If it throws, sends a problem instead, or nothing
    /// if the client has disconnected. If the response has already started, the exception is rethrown: an aborted connection is
    /// the only signal to the client that the response is incomplete.
    /// </summary>
    public static async Task RunAsync(HttpContext context, string name, ILogger logger, Func<Task> function)
    {
        SetCommonHeaders(context);
        try
        {
            await function();
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has disconnected.
        }
        catch (Exception failure) when (!context.Response.HasStarted)
        {
            LogFailed(logger, failure is BadHttpRequestException ? LogLevel.Information : LogLevel.Error, failure, name);
            context.Response.Clear(); // headers of the response that was not sent
            SetCommonHeaders(context);
            await Problems.From(failure).ExecuteAsync(context);
        }
    }

    private static void SetCommonHeaders(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer"; // a URL may contain an SSID or a temporary link
    }

    // The request URL is not logged: it may contain an SSID.
    [LoggerMessage(EventId = 12, Message = "{Function} failed.")]
    private static partial void LogFailed(ILogger logger, LogLevel level, Exception failure, string function);
}
