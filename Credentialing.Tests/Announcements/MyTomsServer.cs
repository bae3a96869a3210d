using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Azure.Core;
using Credentialing.Core;
using Credentialing.Core.Announcements;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Credentialing.Tests.Announcements;

/// <summary>A MyTOMS over HTTP on a free port, which answers 204, or as a test says: so that the real client is tested.</summary>
internal sealed class MyTomsServer : IAsyncDisposable
{
    internal const string ApiKey = "the-key-of-the-tests";

    private readonly WebApplication app;
    private readonly ConcurrentQueue<RequestDelegate> responses = new();
    private readonly ConcurrentQueue<MyTomsRequest> requests = new();
    private readonly Channel<MyTomsRequest> arrivals = Channel.CreateUnbounded<MyTomsRequest>();

    private MyTomsServer(TestCertificate? certificate)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0, listen =>
        {
            if (certificate is not null)
                listen.UseHttps(certificate.Certificate);
        }));
        app = builder.Build();
        app.Run(RespondAsync);
    }

    /// <summary>What the client is configured with: it has a path of its own.</summary>
    internal Uri BaseUrl => new(new Uri(app.Urls.Single()), "base");

    /// <summary>What it was asked, in order.</summary>
    internal IReadOnlyList<MyTomsRequest> Requests => [.. requests];

    internal static Task<MyTomsServer> StartAsync(params RequestDelegate[] responses) => StartAsync(certificate: null, responses);

    /// <summary>Starts one that speaks HTTPS, if there is a certificate.</summary>
    internal static async Task<MyTomsServer> StartAsync(TestCertificate? certificate, params RequestDelegate[] responses)
    {
        var server = new MyTomsServer(certificate);
        foreach (var response in responses)
            server.responses.Enqueue(response);
        await server.app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Answers with a status, and nothing else.</summary>
    internal static RequestDelegate Status(int status, string? retryAfter = null, Uri? location = null) => context =>
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = retryAfter;
        context.Response.Headers.Location = location?.AbsoluteUri;
        return Task.CompletedTask;
    };

    /// <summary>Answers nothing, until the client has gone.</summary>
    internal static Task HangAsync(HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted);

    /// <summary>Begins to answer 200, and does not go on, until the client has gone.</summary>
    internal static async Task HangHalfWayAsync(HttpContext context)
    {
        context.Response.ContentLength = 1000;
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await HangAsync(context);
    }

    internal static Task AbortAsync(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    /// <summary>The client as the hosts put it together; with the API key and hardly a wait between attempts, unless a test says otherwise.</summary>
    internal MyToms Connect(
        Action<MyTomsOptions>? configure = null, TimeProvider? time = null, CapturedLogs? logs = null, TokenCredential? identity = null)
    {
        var services = new ServiceCollection()
            .AddLogging(logging => logs?.Attach(logging))
            .AddSingleton(time ?? TimeProvider.System)
            .AddCredentialingCore()
            .Configure<MyTomsOptions>(options => (options.BaseUrl, options.ApiKey, options.RetryDelay) = (BaseUrl, ApiKey, TimeSpan.FromMilliseconds(1)))
            .Configure<MyTomsOptions>(options => configure?.Invoke(options));
        if (identity is not null)
            services.AddSingleton(identity);
        // Nobody disposes of it: that would wait for what waits for a clock that stands still.
        return services.BuildServiceProvider(validateScopes: true).GetRequiredService<MyToms>();
    }

    /// <summary>Waits for the next request that nobody has waited for yet.</summary>
    internal ValueTask<MyTomsRequest> NextAsync() => arrivals.Reader.ReadAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task RespondAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var request = new MyTomsRequest(
            context.Request.Method,
            $"{context.Request.Path}{context.Request.QueryString}",
            context.Request.Headers.ToDictionary(header => header.Key, header => (IReadOnlyList<string?>)[.. header.Value], StringComparer.OrdinalIgnoreCase),
            await reader.ReadToEndAsync(context.RequestAborted));
        requests.Enqueue(request);
        arrivals.Writer.TryWrite(request);
        await (responses.TryDequeue(out var response) ? response : Status(StatusCodes.Status204NoContent))(context);
    }
}

/// <summary>A request to MyTOMS.</summary>
/// <param name="Method">Its verb.</param>
/// <param name="Path">Its path, and the query if there is one.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="Body">Its body; empty if there is none.</param>
internal sealed record MyTomsRequest(string Method, string Path, IReadOnlyDictionary<string, IReadOnlyList<string?>> Headers, string Body)
{
    internal const string ApiKeyHeader = "X-Api-Key";

    /// <summary>The key that it bears; null if none.</summary>
    internal string? ApiKey => Headers.TryGetValue(ApiKeyHeader, out var keys) ? Assert.Single(keys) : null;

    /// <summary>What it says of its sender's identity; null if nothing.</summary>
    internal string? Authorization => Headers.TryGetValue(HeaderNames.Authorization, out var headers) ? Assert.Single(headers) : null;
}
