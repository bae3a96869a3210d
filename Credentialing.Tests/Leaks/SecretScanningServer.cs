using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Credentialing.Tests.Leaks;

/// <summary>GitHub's secret scanning: an HTTP server with its public keys, on a free port, and messages that are signed with a real key.</summary>
internal sealed class SecretScanningServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private int requests;

    private SecretScanningServer()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0));
        app = builder.Build();
        app.Run(RespondAsync);
    }

    /// <summary>The identifier of the current key.</summary>
    internal string KeyIdentifier { get; private set; } = "key-1";

    /// <summary>The status of every response; 200 unless a test changes it.</summary>
    internal int Status { get; set; } = 200;

    /// <summary>The body of every response; null for the list of keys.</summary>
    internal string? Body { get; set; }

    /// <summary>How many requests were received.</summary>
    internal int Requests => requests;

    /// <summary>The user agent of the last request.</summary>
    internal string? UserAgent { get; private set; }

    internal static async Task<SecretScanningServer> StartAsync()
    {
        var server = new SecretScanningServer();
        await server.app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Starts an app that accepts the messages of this server.</summary>
    internal Task<TestHost> StartAppAsync(TestWorld world, Action<WebApplicationBuilder>? configure = null) => TestHost.StartAsync(world, builder =>
    {
        builder.Configuration["Credentialing:SecretScanning:PublicKeysUrl"] = new Uri(new Uri(app.Urls.Single()), "meta/public_keys/secret_scanning").AbsoluteUri;
        configure?.Invoke(builder);
    });

    /// <summary>Replaces the key.</summary>
    internal void Rotate(string identifier)
    {
        key.Dispose();
        key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        KeyIdentifier = identifier;
    }

    /// <summary>Returns the list of keys, with another value for the key's text if there is one.</summary>
    internal string List(string? pem = null) => JsonSerializer.Serialize(new
    {
        public_keys = new object?[]
        {
            null,
            new { key_identifier = "malformed", key = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", is_current = false },
            new { key_identifier = KeyIdentifier, key = pem ?? key.ExportSubjectPublicKeyInfoPem(), is_current = true },
        },
    });

    internal string Sign(string message) => Sign(Encoding.UTF8.GetBytes(message));

    internal string Sign(byte[] message) => Convert.ToBase64String(key.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

    /// <summary>Returns a message with matches of secret keys, as GitHub sends it.</summary>
    internal static string MessageOf(params IEnumerable<string> tokens) => JsonSerializer.Serialize(tokens.Select(token => new
    {
        token,
        type = "toms_secret_key",
        url = "https://github.com/octocat/Hello-World/blob/12345600b9cbe38a219f39a9941c9319b600c002/foo/bar.txt",
        source = "content",
    }));

    /// <summary>Sends a message with its signature, or with other values of the headers.</summary>
    internal async Task<ApiResponse> SendAsync(ApiHost host, string message, string? identifier = null, string? signature = null)
    {
        using var body = ApiHost.Json(message);
        return await host.SendAsync(
            HttpMethod.Post, "github/secret-scanning", persona: null, body,
            "Github-Public-Key-Identifier", identifier ?? KeyIdentifier, "Github-Public-Key-Signature", signature ?? Sign(message));
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        key.Dispose();
    }

    private async Task RespondAsync(HttpContext context)
    {
        Interlocked.Increment(ref requests);
        UserAgent = context.Request.Headers.UserAgent;
        Assert.Equal("/meta/public_keys/secret_scanning", context.Request.Path);
        context.Response.StatusCode = Status;
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.WriteAsync(Body ?? List(), context.RequestAborted);
    }
}
