using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Retry;
using Yarp.ReverseProxy.Forwarder;

namespace Credentialing.Tests.Published;

/// <summary>
/// A fake Azure Functions host. Starts the published app as its worker and serves the functions over HTTP. As in the real host, each
/// request is a function invocation that is forwarded to the worker.
/// </summary>
internal sealed class FunctionsHost : ApiHost, IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromMinutes(1);

    private readonly ExternalServices services;
    private readonly string appFolder;
    private readonly WorkerConnection connection;
    private readonly WebApplication rpcServer;
    private readonly WebApplication httpServer;
    private readonly HttpMessageInvoker forwarding;
    private Process process = null!;
    private Task<string[]> output = null!;

    private FunctionsHost(ExternalServices services, string appFolder)
    {
        (this.services, this.appFolder) = (services, appFolder);
        connection = new WorkerConnection(appFolder);
        forwarding = new HttpMessageInvoker(ConnectWithRetries(connection));
        rpcServer = NewServer(HttpProtocols.Http2, services => services.AddSingleton(connection).AddGrpc());
        rpcServer.MapGrpcService<WorkerConnection>();
        httpServer = NewServer(HttpProtocols.Http1, services => services.AddRouting().AddHttpForwarder());
        httpServer.UseNotFoundForWrongMethod();
    }

    public override Uri Address => new(httpServer.Urls.Single());

    /// <summary>The functions that the app loaded.</summary>
    internal IReadOnlyList<RpcFunctionMetadata> Functions => connection.Loaded.Result.Functions;

    /// <summary>The log entries that the app sent to the host.</summary>
    internal IReadOnlyCollection<RpcLog> Logs => connection.Logs;

    /// <summary>The names of the deployed assemblies that the app has loaded so far.</summary>
    internal IReadOnlyList<string> LoadedAssemblies =>
    [
        .. from mapping in File.ReadAllLines($"/proc/{process.Id}/maps") // proc_pid_maps(5): the path is the last field
           let at = mapping.IndexOf(appFolder, StringComparison.Ordinal)
           where at >= 0 && mapping.EndsWith(".dll", StringComparison.Ordinal)
           select Path.GetFileNameWithoutExtension(mapping[at..]) into assembly
           group assembly by assembly into mappings
           orderby mappings.Key
           select mappings.Key,
    ];

    /// <summary>Starts the app, and waits until its functions are loaded.</summary>
    /// <param name="app">The app.</param>
    /// <param name="services">Its external services.</param>
    /// <param name="configure">Changes the command; null for no changes.</param>
    internal static async Task<FunctionsHost> StartAsync(PublishedApp app, ExternalServices services, Action<ProcessStartInfo>? configure = null)
    {
        var host = new FunctionsHost(services, await app.FolderAsync());
        await host.rpcServer.StartAsync(TestContext.Current.CancellationToken);
        var command = await app.CommandAsync(new Uri(host.rpcServer.Urls.Single()), services.Settings);
        configure?.Invoke(command);
        (command.RedirectStandardOutput, command.RedirectStandardError) = (true, true);
        host.process = Process.Start(command)!;
        host.output = Task.WhenAll(host.process.StandardOutput.ReadToEndAsync(CancellationToken.None), host.process.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            var exited = host.process.WaitForExitAsync(TestContext.Current.CancellationToken);
            if (await Task.WhenAny(host.connection.Loaded, exited).WaitAsync(StartTimeout, TestContext.Current.CancellationToken) == exited)
                throw new InvalidOperationException($"The app has exited.\n{string.Join('\n', await host.output)}");
            host.Map(await host.connection.Loaded);
            await host.httpServer.StartAsync(TestContext.Current.CancellationToken);
            return host;
        }
        catch
        {
            await host.StopAsync();
            throw;
        }
    }

    public override Task<string> SignInAsync(string persona) => Task.FromResult(services.Toms.SignIn(persona));

    /// <summary>Fires the timer trigger of a function and returns the result.</summary>
    internal Task<StatusResult> FireTimerAsync(string function) => connection.InvokeAsync(new InvocationRequest
    {
        FunctionId = Functions.Single(loaded => loaded.Name == function).FunctionId,
        InvocationId = Guid.NewGuid().ToString(),
        InputData = { new ParameterBinding { Name = "timer", Data = new TypedData { Json = """{"Schedule":{"AdjustForDST":false},"IsPastDue":false}""" } } },
    });

    /// <summary>Sends SIGTERM to the app, as the platform does when it removes an instance.</summary>
    internal void Terminate() => ProcessSignal.Send(process.Id, ProcessSignal.Terminate);

    /// <summary>Kills the app, and waits until it has ended.</summary>
    internal Task KillAsync()
    {
        process.Kill();
        return process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits for the app to exit and returns its exit code.</summary>
    /// <exception cref="TimeoutException">The app does not exit in time.</exception>
    internal async Task<int> ExitCodeAsync()
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(StopTimeout, TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    /// <summary>Returns what the app has written to its standard output and its standard error output, when it has exited.</summary>
    internal Task<string[]> OutputAsync() => output;

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await StopAsync();
    }

    private async Task StopAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
        await httpServer.DisposeAsync();
        await rpcServer.DisposeAsync();
        forwarding.Dispose();
    }

    private static WebApplication NewServer(HttpProtocols protocols, Action<IServiceCollection> configure)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0, listen => listen.Protocols = protocols));
        configure(builder.Services);
        return builder.Build();
    }

    /// <summary>The worker reports its functions before it listens for HTTP. The connection is retried, as in the real host.</summary>
    private static ResilienceHandler ConnectWithRetries(WorkerConnection connection)
    {
        var retry = new RetryStrategyOptions<HttpResponseMessage>
        {
            ShouldHandle = new PredicateBuilder<HttpResponseMessage>().Handle<HttpRequestException>(failure => failure.HttpRequestError is HttpRequestError.ConnectionError && !connection.HasEnded),
            MaxRetryAttempts = 100,
            Delay = TimeSpan.FromMilliseconds(50),
        };
        return new ResilienceHandler(new ResiliencePipelineBuilder<HttpResponseMessage>().AddRetry(retry).Build())
        {
            InnerHandler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false },
        };
    }

    private void Map(Worker worker)
    {
        foreach (var function in worker.Functions)
        {
            var bindings = function.RawBindings.Select(binding => JsonElement.Parse(binding));
            if (bindings.FirstOrDefault(binding => binding.GetProperty("type").GetString() == "httpTrigger") is not { ValueKind: JsonValueKind.Object } trigger)
                continue;
            httpServer.MapMethods(
                $"{FunctionEndpoints.RoutePrefix}/{trigger.GetProperty("route").GetString()}",
                trigger.GetProperty("methods").EnumerateArray().Select(method => method.GetString()!.ToUpperInvariant()),
                context => ForwardAsync(context, worker.HttpAddress, function));
        }
    }

    private async Task ForwardAsync(HttpContext context, Uri workerAddress, RpcFunctionMetadata function)
    {
        var request = new InvocationRequest { FunctionId = function.FunctionId, InvocationId = Guid.NewGuid().ToString() };
        foreach (var (name, value) in context.Request.RouteValues)
            request.TriggerMetadata[name] = new TypedData { String = $"{value}" };
        context.Request.Headers["x-ms-invocation-id"] = request.InvocationId;
        var invocation = connection.InvokeAsync(request);
        var forwarder = context.RequestServices.GetRequiredService<IHttpForwarder>();
        await forwarder.SendAsync(context, workerAddress.ToString(), forwarding, ForwarderRequestConfig.Empty, HttpTransformer.Default);
        StatusResult result;
        try
        {
            result = await invocation;
        }
        catch (IOException)
        {
            return; // the worker has exited: the client gets 502, or an incomplete response
        }

        if (result.Status != StatusResult.Types.Status.Success)
            throw new InvalidOperationException($"{function.Name} failed: {result.Exception?.Message}");
    }
}
