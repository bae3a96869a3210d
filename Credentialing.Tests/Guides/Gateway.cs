using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Credentialing.Tests.Guides;

/// <summary>Simulates a gateway in front of the API. Records every request, and can replace or truncate responses.</summary>
internal sealed class Gateway : IStartupFilter
{
    private readonly ConcurrentQueue<Seen> requests = [];

    /// <summary>The action for the n-th request, counted from 1, to a path with this suffix. Other requests are passed through.</summary>
    private readonly ConcurrentDictionary<(string PathEnd, int Number), Func<HttpContext, Func<Task>, Task>> plans = [];

    /// <summary>All requests to the vendor API so far, in order of arrival.</summary>
    internal IReadOnlyList<Seen> Requests => [.. requests];

    internal IEnumerable<Seen> RequestsTo(string pathEnd) => requests.Where(request => request.Path.EndsWith(pathEnd, StringComparison.Ordinal));

    /// <summary>Runs an action before the request is passed through.</summary>
    internal void Before(string pathEnd, int number, Func<Task> act) => plans[(pathEnd, number)] = async (_, next) =>
    {
        await act();
        await next();
    };

    /// <summary>Returns a status and a Retry-After header, without a body.</summary>
    internal void Refuse(string pathEnd, int number, int status, string retryAfter) => plans[(pathEnd, number)] = (context, _) =>
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = retryAfter;
        return Task.CompletedTask;
    };

    /// <summary>Returns an HTML page with status 200.</summary>
    internal void RespondWithPage(string pathEnd) => plans[(pathEnd, 1)] = (context, _) =>
        Results.Content("<!DOCTYPE html>\n<title>Maintenance</title>", "text/html").ExecuteAsync(context);

    /// <summary>Aborts the connection without a response.</summary>
    internal void Break(string pathEnd, int number) => plans[(pathEnd, number)] = (context, _) =>
    {
        context.Abort();
        return Task.CompletedTask;
    };

    /// <summary>Sends the first bytes of the response, waits until they have arrived, and aborts the connection.</summary>
    internal void CutOff(string pathEnd, int bytes, Func<Task> arrived) => plans[(pathEnd, 1)] = async (context, next) =>
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
        var plan = plans.FirstOrDefault(plan => path.EndsWith(plan.Key.PathEnd, StringComparison.Ordinal) && RequestsTo(plan.Key.PathEnd).Count() == plan.Key.Number);
        return plan.Value is { } act ? act(context, next) : next();
    }

    /// <summary>A recorded request.</summary>
    internal sealed record Seen(string Path, string Target, string? Range, string? IfRange);
}
