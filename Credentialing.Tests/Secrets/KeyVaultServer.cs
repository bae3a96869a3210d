using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Security.KeyVault.Secrets;
using Credentialing.Core.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Credentialing.Tests.Secrets;

/// <summary>
/// What <see cref="SecretClient"/> needs of the Key Vault REST interface to read secrets, over HTTPS on a free port: so
/// that the real client is tested, with its authentication, paging and retries.
/// </summary>
public sealed class KeyVaultServer : IAsyncDisposable
{
    /// <summary>The only token that it accepts: what <see cref="Connect"/>'s credential makes of the challenge.</summary>
    public const string Token = $"{Tenant}:{Resource}/.default";

    /// <summary>Small, so that a few versions need several pages.</summary>
    private const int PageSize = 2;

    private const string Tenant = "test-tenant";
    private const string Resource = "https://vault.azure.net";

    private readonly WebApplication app;
    private readonly X509Certificate2 certificate = MakeCertificate();

    /// <summary>Its own: the clients of a process remember the challenge of a host, and ports are used again.</summary>
    private readonly string name = Guid.NewGuid().ToString();

    private readonly List<StoredVersion> stored = [];
    private readonly ConcurrentQueue<(int Status, TimeSpan RetryAfter)> refusals = new();
    private readonly ConcurrentQueue<VaultRequest> requests = new();

    private KeyVaultServer()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, port: 0, listen => listen.UseHttps(certificate)));
        app = builder.Build();
        app.Run(AnswerAsync);
    }

    /// <summary>Whether it breaks every connection without an answer.</summary>
    public bool IsAway { get; set; }

    /// <summary>Until this completes, it answers nothing.</summary>
    public Task AnswersAfter { get; set; } = Task.CompletedTask;

    /// <summary>What it was asked, in order.</summary>
    public IReadOnlyCollection<VaultRequest> Requests => requests;

    public static async Task<KeyVaultServer> StartAsync()
    {
        var server = new KeyVaultServer();
        await server.app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>The adapter over a real client, which trusts this server alone and hardly waits before it tries again.</summary>
    public KeyVault Connect() => new(new SecretClient(
        new Uri($"https://{name}.vault.example"),
        DelegatedTokenCredential.Create((context, _) => new AccessToken($"{context.TenantId}:{context.Scopes.Single()}", DateTimeOffset.MaxValue)),
        new SecretClientOptions
        {
            DisableChallengeResourceVerification = true, // the resource is Azure's, and this is not
            Retry = { Delay = TimeSpan.FromMilliseconds(1) },
            Transport = new HttpClientTransport(new SocketsHttpHandler
            {
                ConnectCallback = ConnectAsync,
                SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => certificate.Equals(shown) },
            }),
        }));

    /// <summary>Leads to this server, whatever the name.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, new Uri(app.Urls.Single()).Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

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

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        certificate.Dispose();
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var made = new CertificateRequest("CN=Key Vault of the tests", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        // Windows cannot serve with a key that was never loaded from somewhere.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), password: null);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        await AnswersAfter;
        var isAuthorized = context.Request.Headers.Authorization == $"Bearer {Token}";
        var (status, body) = IsAway ? default : Answer(context, isAuthorized);
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

    private (int Status, object Body) Answer(HttpContext context, bool isAuthorized)
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
