using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Credentialing.DevHost;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Credentialing.Tests.Support;

/// <summary>The real DevHost pipeline on a free port, using the services of a <see cref="TestWorld"/>.</summary>
public sealed class TestHost : ApiHost, IAsyncDisposable
{
    private readonly WebApplication app;

    private TestHost(WebApplication app, TestWorld world)
    {
        this.app = app;
        World = world;
    }

    public TestWorld World { get; }

    public override Uri Address => new(app.Urls.Single());

    public IMeterFactory Meters => app.Services.GetRequiredService<IMeterFactory>();

    public static async Task<TestHost> StartAsync(TestWorld world, Action<WebApplicationBuilder>? configure = null)
    {
        var app = DevHostApplication.Build(new DevHostParts("http://127.0.0.1:0", world.Tables, world.Blobs, world.Vault, world.Clock), builder =>
        {
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton(world.Mail.From(world.ExternalCalls));
            configure?.Invoke(builder);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new TestHost(app, world);
    }

    /// <summary>Returns an access token of the persona.</summary>
    public override async Task<string> SignInAsync(string persona)
    {
        using var form = new FormUrlEncodedContent([new("persona", persona)]);
        using var response = await Client.PostAsync(new Uri("/dev/sign-in", UriKind.Relative), form, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Sends the request line, Authorization value and remainder unmodified over TCP. Returns the raw response.</summary>
    public async Task<string> SendRawAsync(string requestLine, string authorization, string rest = "\r\n")
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(Address.Host, Address.Port, TestContext.Current.CancellationToken);
        await using var stream = connection.GetStream();
        var request = $"{requestLine} HTTP/1.1\r\nHost: {Address.Authority}\r\nAuthorization: {authorization}\r\nConnection: close\r\n{rest}";
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync(CancellationToken.None); // also stops a daily run in progress, as a shutdown does
        // Disposal waits for a MyTOMS call in progress. Its retries use the fake clock, so advance that clock until disposal completes.
        var disposal = app.DisposeAsync().AsTask();
        while (await Task.WhenAny(disposal, Task.Delay(TimeSpan.FromMilliseconds(15))) != disposal)
            World.Clock.Advance(TimeSpan.FromSeconds(1));
        await disposal;
    }
}
