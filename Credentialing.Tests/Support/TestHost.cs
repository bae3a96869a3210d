using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.DevHost;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Credentialing.Tests.Support;

/// <summary>DevHost's real pipeline on a free port, over a test's world.</summary>
public sealed class TestHost : IAsyncDisposable
{
    public const string Authorization = """{"authorized":true,"wordingVersion":"2026-1"}""";

    private readonly WebApplication app;

    private TestHost(WebApplication app, TestWorld world)
    {
        this.app = app;
        World = world;
        Address = new Uri(app.Urls.Single());
        Client = new HttpClient(Described) { BaseAddress = new Uri(Address, "api/") };
    }

    public TestWorld World { get; }

    public Uri Address { get; }

    public IMeterFactory Meters => app.Services.GetRequiredService<IMeterFactory>();

    /// <summary>What was answered so far, held against the API's description.</summary>
    public DescribedAnswers Described { get; } = new();

    /// <summary>Speaks to the API; paths are relative to its base path.</summary>
    public HttpClient Client { get; }

    public static async Task<TestHost> StartAsync(TestWorld world, Action<WebApplicationBuilder>? configure = null)
    {
        var app = DevHostApplication.Build(new DevHostParts("http://127.0.0.1:0", world.Tables, world.Blobs, world.Vault, world.Clock), builder =>
        {
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton(world.Mail.From(world.Outside));
            configure?.Invoke(builder);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new TestHost(app, world);
    }

    /// <summary>A persona's access token.</summary>
    public async Task<string> SignInAsync(string persona)
    {
        using var form = new FormUrlEncodedContent([new("persona", persona)]);
        using var answer = await Client.PostAsync(new Uri("/dev/sign-in", UriKind.Relative), form, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Sends a request as a persona (or nobody), with extra headers as name and value in turn.</summary>
    public async Task<Answer> SendAsync(HttpMethod method, string path, string? persona = null, HttpContent? content = null, params string[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (persona is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await SignInAsync(persona));
        for (var index = 0; index < headers.Length; index += 2)
            Assert.True(request.Headers.TryAddWithoutValidation(headers[index], headers[index + 1]));
        return await Answer.ReadAsync(await Client.SendAsync(request, TestContext.Current.CancellationToken));
    }

    /// <summary>Generates, or regenerates the given generation, as a coordinator does.</summary>
    public Task<Answer> GenerateAsync(string persona, LeaId leaId, int? seenGeneration = null, string body = Authorization) =>
        SendAsync(
            HttpMethod.Post, $"leas/{leaId}/credentials", persona, Json(body),
            seenGeneration is null ? ["If-None-Match", "*"] : ["If-Match", $"\"{seenGeneration}\""]);

    /// <summary>Generates, or regenerates the given generation; returns the secret key.</summary>
    public async Task<string> MustGenerateAsync(string persona, LeaId leaId, int? seenGeneration = null)
    {
        var answer = await GenerateAsync(persona, leaId, seenGeneration);
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return answer.Json.GetProperty("secretKey").GetString()!;
    }

    /// <summary>Asks something as a vendor with Basic credentials.</summary>
    public Task<Answer> AsVendorAsync(LeaId leaId, string secretKey, string path, params string[] headers) =>
        SendAsync(HttpMethod.Get, path, headers: ["Authorization", Basic(leaId, secretKey), .. headers]);

    public static string Basic(LeaId leaId, string secretKey) =>
        "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"{new Username(leaId)}:{secretKey}"));

    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    /// <summary>Sends a request line, an authorization and what follows exactly as given, which no client library would do; returns the whole answer.</summary>
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
        await app.StopAsync(CancellationToken.None); // and with it any daily run, as when somebody stops it
        await app.DisposeAsync();
    }
}

/// <summary>An answer, read to its end.</summary>
public sealed record Answer(HttpStatusCode Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

    /// <summary>The type of the problem, less what all types begin with.</summary>
    public string ProblemType
    {
        get
        {
            Assert.Equal("application/problem+json", ContentHeaders.ContentType?.MediaType);
            Assert.Equal((int)Status, Json.GetProperty("status").GetInt32());
            Assert.NotEmpty(Json.GetProperty("title").GetString()!);
            Assert.NotEmpty(Json.GetProperty("detail").GetString()!);
            var type = Json.GetProperty("type").GetString()!;
            Assert.StartsWith("urn:problem-type:credentialing:", type, StringComparison.Ordinal);
            return type["urn:problem-type:credentialing:".Length..];
        }
    }

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        using (response)
            return new Answer(response.StatusCode, response.Headers, response.Content.Headers, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }
}
