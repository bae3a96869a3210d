using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Security.KeyVault.Secrets;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Credentialing.Tests.Secrets;

/// <summary>
/// What <see cref="SecretClient"/> needs of the Key Vault REST interface to read secrets, over HTTPS: so that the real client is
/// tested, with its authentication, paging and retries. The client accepts a challenge only from a host of Azure's vaults, so the
/// server has such a name, and is reached as a proxy (<see cref="Proxy"/>).
/// </summary>
public sealed class KeyVaultServer : IAsyncDisposable
{
    /// <summary>The only token that it accepts: what <see cref="Connect"/>'s credential makes of the challenge.</summary>
    public const string Token = $"{Tenant}:{Resource}/.default";

    /// <summary>Small, so that a few versions need several pages.</summary>
    private const int PageSize = 2;

    private const string Tenant = "test-tenant";
    internal const string Resource = "https://vault.azure.net";

    private readonly WebApplication app;
    private readonly TestCertificate certificate;
    private readonly List<StoredVersion> stored = [];
    private readonly ConcurrentQueue<(int Status, TimeSpan RetryAfter)> refusals = new();
    private readonly ConcurrentQueue<VaultRequest> requests = new();

    private KeyVaultServer(TestCertificate certificate)
    {
        this.certificate = certificate;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0, listen =>
        {
            listen.Use(AcceptTunnel);
            listen.UseHttps(certificate.Certificate);
        }));
        app = builder.Build();
        app.Run(RespondAsync);
    }

    /// <summary>The address of the vault. Each has its own, because the clients of a process remember the challenge of a host.</summary>
    public Uri Address { get; } = new($"https://{Guid.NewGuid():N}.vault.azure.net");

    /// <summary>The HTTP proxy that the vault is reached through.</summary>
    public Uri Proxy => new($"http://127.0.0.1:{new Uri(app.Urls.Single()).Port}");

    /// <summary>Whether it breaks every connection without an answer.</summary>
    public bool IsAway { get; set; }

    /// <summary>Until this completes, it answers nothing.</summary>
    public Task RespondsAfter { get; set; } = Task.CompletedTask;

    /// <summary>What it was asked, in order.</summary>
    public IReadOnlyCollection<VaultRequest> Requests => requests;

    internal static async Task<KeyVaultServer> StartAsync(TestCertificate certificate)
    {
        var server = new KeyVaultServer(certificate);
        await server.app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>The adapter over a real client, which trusts this server alone and hardly waits before it retries.</summary>
    public KeyVault Connect() => new(new SecretClient(
        Address,
        DelegatedTokenCredential.Create((context, _) => new AccessToken($"{context.TenantId}:{context.Scopes.Single()}", DateTimeOffset.MaxValue)),
        new SecretClientOptions
        {
            Retry = { Delay = TimeSpan.FromMilliseconds(1) },
            Transport = new HttpClientTransport(new SocketsHttpHandler
            {
                Proxy = new WebProxy(Proxy),
                SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => certificate.Certificate.Equals(shown) },
            }),
        }));

    /// <summary>Makes a new version, a second younger than the one before; returns its name.</summary>
    public string Add(string name, string value)
    {
        var version = new StoredVersion(name, Guid.NewGuid().ToString("N"), value, Created: 1_790_000_000 + stored.Count);
        stored.Add(version);
        return version.Version;
    }

    public void Disable(string version) => stored.Single(held => held.Version == version).IsEnabled = false;

    /// <summary>Answers the next authorized requests with an error, and with how many whole seconds to wait before the next try.</summary>
    public void Refuse(int times, int status, TimeSpan retryAfter)
    {
        for (var time = 0; time < times; time++)
            refusals.Enqueue((status, retryAfter));
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    /// <summary>Grants the request for a tunnel (CONNECT, RFC 9110, section 9.3.6), and is itself the server at its other end.</summary>
    private static ConnectionDelegate AcceptTunnel(ConnectionDelegate next) => async connection =>
    {
        var input = connection.Transport.Input;
        for (var isWhole = false; !isWhole;)
        {
            var read = await input.ReadAsync(connection.ConnectionClosed);
            isWhole = read.Buffer.ToArray().AsSpan().EndsWith("\r\n\r\n"u8); // the client waits for the response before it sends more
            input.AdvanceTo(isWhole ? read.Buffer.End : read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
                return;
        }

        await connection.Transport.Output.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), connection.ConnectionClosed);
        await next(connection);
    };

    private async Task RespondAsync(HttpContext context)
    {
        await RespondsAfter;
        var isAuthorized = context.Request.Headers.Authorization == $"Bearer {Token}";
        var (status, body) = IsAway ? default : Respond(context, isAuthorized);
        // Before it is answered, so that it is there for whoever has seen the answer.
        requests.Enqueue(new VaultRequest(context.Request.Method, context.Request.Path.Value!, isAuthorized, status, Stopwatch.GetTimestamp()));
        if (IsAway)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(body, context.RequestAborted);
    }

    private (int Status, object Body) Respond(HttpContext context, bool isAuthorized)
    {
        if (!isAuthorized)
        {
            context.Response.Headers.WWWAuthenticate = $"Bearer authorization=\"https://login.example/{Tenant}\", resource=\"{Resource}\"";
            return Error(401, "Unauthorized");
        }

        if (refusals.TryDequeue(out var refusal))
        {
            context.Response.Headers.RetryAfter = refusal.RetryAfter.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            return Error(refusal.Status, "Refused");
        }

        return context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries) switch
        {
            ["secrets", var name, "versions"] => (200, Page(name, context.Request)),
            ["secrets", var name, var version] => stored.Find(held => (held.Name, held.Version) == (name, version)) switch
            {
                null => Error(404, "SecretNotFound"),
                { IsEnabled: false } => Error(403, "Forbidden", "SecretDisabled"),
                var found => (200, new { id = Id(found), value = found.Value, attributes = Attributes(found) }),
            },
            _ => Error(400, "BadParameter"),
        };
    }

    /// <summary>A page of versions. Key Vault lists them in no order of age, and none of a secret that is not there.</summary>
    private object Page(string name, HttpRequest request)
    {
        var skip = int.Parse(request.Query["$skiptoken"].FirstOrDefault("0")!, CultureInfo.InvariantCulture);
        var rest = stored.Where(held => held.Name == name).Reverse().Skip(skip).ToList();
        return new
        {
            value = rest.Take(PageSize).Select(held => new { id = Id(held), attributes = Attributes(held) }),
            nextLink = rest.Count > PageSize ? $"{request.Scheme}://{request.Host}{request.Path}?$skiptoken={skip + PageSize}" : null,
        };
    }

    private string Id(StoredVersion version) => $"{app.Urls.Single()}/secrets/{version.Name}/{version.Version}";

    private static object Attributes(StoredVersion version) => new { enabled = version.IsEnabled, created = version.Created };

    private static (int Status, object Body) Error(int status, string code, string? innerCode = null) =>
        (status, new { error = new { code, message = "The tests' vault says no.", innererror = new { code = innerCode } } });

    private sealed record StoredVersion(string Name, string Version, string Value, long Created)
    {
        public bool IsEnabled { get; set; } = true;
    }
}

/// <summary>A request to the vault.</summary>
/// <param name="Method">Its verb.</param>
/// <param name="Path">Its path, without the query.</param>
/// <param name="IsAuthorized">Whether it bore the right token.</param>
/// <param name="Status">The status it was answered with; 0 if it got no answer.</param>
/// <param name="Timestamp">When it came, of the <see cref="Stopwatch"/>.</param>
public sealed record VaultRequest(string Method, string Path, bool IsAuthorized, int Status, long Timestamp);
