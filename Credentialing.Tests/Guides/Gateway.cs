using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Credentialing.Tests.Guides;

/// <summary>Simulates a gateway in front of the API. Records every request, and can replace or truncate responses.</summary>
internal sealed class Gateway : IStartupFilter
{
    private readonly ConcurrentQueue<RecordedRequest> requests = [];

    /// <summary>The action for the n-th request, counted from 1, to a path with this suffix. Other requests are passed through.</summary>
    private readonly ConcurrentDictionary<(string PathEnd, int Number), Func<HttpContext, Func<Task>, Task>> actions = [];

    /// <summary>All requests to the vendor API so far, in order of arrival.</summary>
    internal IReadOnlyList<RecordedRequest> Requests => [.. requests];

    internal IEnumerable<RecordedRequest> RequestsTo(string pathEnd) => requests.Where(request => request.Path.EndsWith(pathEnd, StringComparison.Ordinal));

    /// <summary>Runs an action before the request is passed through.</summary>
    internal void Before(string pathEnd, int number, Func<Task> action) => actions[(pathEnd, number)] = async (_, next) =>
    {
        await action();
        await next();
    };

    /// <summary>Returns a status and a Retry-After header, without a body.</summary>
    internal void Respond(string pathEnd, int number, int status, string retryAfter) => actions[(pathEnd, number)] = (context, _) =>
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = retryAfter;
        return Task.CompletedTask;
    };

    /// <summary>Returns an HTML page with status 200.</summary>
    internal void RespondWithPage(string pathEnd) => actions[(pathEnd, 1)] = (context, _) =>
        Results.Content("<!DOCTYPE html>\n<title>Maintenance</title>", "text/html").ExecuteAsync(context);

    /// <summary>Aborts the connection without a response.</summary>
    internal void Abort(string pathEnd, int number) => actions[(pathEnd, number)] = (context, _) =>
    {
        context.Abort();
        return Task.CompletedTask;
    };

    /// <summary>Sends the first bytes of the response, waits until they have arrived, and aborts the connection.</summary>
    internal void Truncate(string pathEnd, int bytes, Func<Task> arrived) => actions[(pathEnd, 1)] = async (context, next) =>
    {
        var connection = context.Response.Body;
        using var response = new MemoryStream();
        context.Response.Body = response;
        await next();
        context.Response.Body = connection;
        await connection.WriteAsync(response.GetBuffer().AsMemory(0, bytes), context.RequestAborted);
        await connection.FlushAsync(context.RequestAborted);
        await arrived();
        context.Abort();
    };

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(HandleAsync);
        next(app);
    };

    private Task HandleAsync(HttpContext context, Func<Task> next)
    {
        var path = context.Request.Path.ToString();
        if (!path.StartsWith("/api/v1/", StringComparison.Ordinal))
            return next(); // not the vendor API
        requests.Enqueue(new(path, $"{path}{context.Request.QueryString}", context.Request.Headers.Range, context.Request.Headers.IfRange));
        var action = actions.FirstOrDefault(action => path.EndsWith(action.Key.PathEnd, StringComparison.Ordinal) && RequestsTo(action.Key.PathEnd).Count() == action.Key.Number);
        return action.Value is { } handle ? handle(context, next) : next();
    }

    /// <summary>A recorded request.</summary>
    internal sealed record RecordedRequest(string Path, string Target, string? Range, string? IfRange);
}
