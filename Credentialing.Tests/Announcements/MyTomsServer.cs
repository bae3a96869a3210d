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

/// <summary>HTTP server for tests of the real client, on a free port. Returns 204 or the configured responses.</summary>
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

    /// <summary>The client's base URL. It has a path.</summary>
    internal Uri BaseUrl => new(new Uri(app.Urls.Single()), "base");

    /// <summary>The received requests, in order.</summary>
    internal IReadOnlyList<MyTomsRequest> Requests => [.. requests];

    internal static Task<MyTomsServer> StartAsync(params RequestDelegate[] responses) => StartAsync(certificate: null, responses);

    /// <summary>Starts a server, with HTTPS if there is a certificate.</summary>
    internal static async Task<MyTomsServer> StartAsync(TestCertificate? certificate, params RequestDelegate[] responses)
    {
        var server = new MyTomsServer(certificate);
        foreach (var response in responses)
            server.responses.Enqueue(response);
        await server.app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Adds a response, for the next request that has none.</summary>
    internal void Add(RequestDelegate response) => responses.Enqueue(response);

    /// <summary>Returns a status without a body.</summary>
    internal static RequestDelegate Status(int status, string? retryAfter = null, Uri? location = null) => context =>
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = retryAfter;
        context.Response.Headers.Location = location?.AbsoluteUri;
        return Task.CompletedTask;
    };

    /// <summary>Sends no response until the client disconnects.</summary>
    internal static Task HangAsync(HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted);

    /// <summary>Sends the headers of a 200 response, and then nothing until the client disconnects.</summary>
    internal static async Task HangAfterHeadersAsync(HttpContext context)
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

    /// <summary>The client as configured in the hosts. By default, with the API key and a retry delay of 1 ms.</summary>
    internal MyToms CreateClient(
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
        // Not disposed: disposal would wait for delays on a fake clock that does not advance.
        return services.BuildServiceProvider(validateScopes: true).GetRequiredService<MyToms>();
    }

    /// <summary>Returns the next request that was not returned before. Waits for it if necessary.</summary>
    internal ValueTask<MyTomsRequest> NextRequestAsync() => arrivals.Reader.ReadAsync(TestContext.Current.CancellationToken);

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
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path and query.</param>
/// <param name="Headers">Headers by name.</param>
/// <param name="Body">Body; empty if there is none.</param>
internal sealed record MyTomsRequest(string Method, string Path, IReadOnlyDictionary<string, IReadOnlyList<string?>> Headers, string Body)
{
    internal const string ApiKeyHeader = "X-Api-Key";

    /// <summary>The API key header; null if absent.</summary>
    internal string? ApiKey => Headers.TryGetValue(ApiKeyHeader, out var keys) ? Assert.Single(keys) : null;

    /// <summary>The Authorization header; null if absent.</summary>
    internal string? Authorization => Headers.TryGetValue(HeaderNames.Authorization, out var headers) ? Assert.Single(headers) : null;
}
