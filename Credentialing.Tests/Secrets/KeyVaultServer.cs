using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Text.Json;
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
/// A fake Key Vault over HTTPS with the REST operations that <see cref="SecretClient"/> uses for secrets. Tests the real client
/// with authentication, paging and retries. The client accepts an authentication challenge only from a Key Vault host name. So the
/// server uses such a name and is reached through a proxy (<see cref="Proxy"/>).
/// </summary>
public sealed class KeyVaultServer : IAsyncDisposable
{
    /// <summary>The only accepted token: the one that the credential of <see cref="CreateClient"/> returns for the challenge.</summary>
    public const string Token = $"{Tenant}:{Resource}/.default";

    /// <summary>Small, so that a few versions span several pages.</summary>
    private const int PageSize = 2;

    private const string Tenant = "test-tenant";
    internal const string Resource = "https://vault.azure.net";

    private readonly WebApplication app;
    private readonly TestCertificate certificate;
    private readonly TimeProvider? time;
    private readonly List<StoredVersion> stored = [];
    private readonly HashSet<string> deleted = [];
    private readonly ConcurrentQueue<(int Status, TimeSpan RetryAfter)> refusals = new();
    private readonly ConcurrentQueue<VaultRequest> requests = new();

    private KeyVaultServer(TestCertificate certificate, TimeProvider? time)
    {
        (this.certificate, this.time) = (certificate, time);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port: 0, listen =>
        {
            listen.Use(AcceptTunnel);
            listen.UseHttps(certificate.Certificate);
        }));
        app = builder.Build();
        app.Run(RespondAsync);
    }

    /// <summary>The address of the vault. Unique per server, because the clients of a process cache the challenge of each host.</summary>
    public Uri Address { get; } = new($"https://{Guid.NewGuid():N}.vault.azure.net");

    /// <summary>The HTTP proxy through which clients reach the vault.</summary>
    public Uri Proxy => new($"http://127.0.0.1:{new Uri(app.Urls.Single()).Port}");

    /// <summary>Whether the server aborts every connection without a response.</summary>
    public bool IsUnavailable { get; set; }

    /// <summary>Responses are delayed until this task completes.</summary>
    public Task RespondsAfter { get; set; } = Task.CompletedTask;

    /// <summary>The requests received, in order.</summary>
    public IReadOnlyCollection<VaultRequest> Requests => requests;

    /// <summary>Starts a server.</summary>
    /// <param name="certificate">The server's certificate.</param>
    /// <param name="time">The clock of the creation times; null: each version is one second newer than the previous one.</param>
    internal static async Task<KeyVaultServer> StartAsync(TestCertificate certificate, TimeProvider? time = null)
    {
        var server = new KeyVaultServer(certificate, time);
        await server.app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Returns the adapter with a real client that trusts only this server. Retry delay: 1 ms.</summary>
    public KeyVault CreateClient() => new(new SecretClient(
        Address,
        DelegatedTokenCredential.Create((context, _) => new AccessToken($"{context.TenantId}:{context.Scopes.Single()}", DateTimeOffset.MaxValue)),
        new SecretClientOptions
        {
            Retry = { Delay = TimeSpan.FromMilliseconds(1) },
            Transport = new HttpClientTransport(new SocketsHttpHandler
            {
                Proxy = new WebProxy(Proxy),
                SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, presented, _, _) => certificate.Certificate.Equals(presented) },
            }),
        }));

    /// <summary>Whether changes are denied, as without the role for them.</summary>
    public bool DeniesChanges { get; set; }

    /// <summary>Whether the response to the next change is lost.</summary>
    public bool LosesNextResponse { get; set; }

    /// <summary>The enabled versions of a secret, oldest first.</summary>
    public IReadOnlyList<string> EnabledVersions(string name) => [.. stored.Where(item => item.Name == name && item.IsEnabled).Select(item => item.Version)];

    /// <summary>The values of all versions.</summary>
    public IReadOnlyList<string> Values => [.. stored.Select(item => item.Value)];

    /// <summary>Creates a new version and returns its name.</summary>
    public string Add(string name, string value)
    {
        var version = new StoredVersion(name, Guid.NewGuid().ToString("N"), value, Created: Now);
        stored.Add(version);
        return version.Version;
    }

    public void Disable(string version) => Change(version, isEnabled: false);

    public void Enable(string version) => Change(version, isEnabled: true);

    /// <summary>
    /// Removes all versions. If the secret is soft-deleted, the list of versions is a 404 with the code SecretNotFound, and a new version a 409.
    /// </summary>
    public void Delete(string name, bool isSoftDeleted = true)
    {
        stored.RemoveAll(item => item.Name == name);
        if (isSoftDeleted)
            deleted.Add(name);
    }

    /// <summary>Returns an error with a Retry-After header (whole seconds) for the next authorized requests.</summary>
    public void Refuse(int times, int status, TimeSpan retryAfter)
    {
        for (var count = 0; count < times; count++)
            refusals.Enqueue((status, retryAfter));
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    /// <summary>Accepts a CONNECT request (RFC 9110, section 9.3.6) and acts as the server at the end of the tunnel.</summary>
    private static ConnectionDelegate AcceptTunnel(ConnectionDelegate next) => async connection =>
    {
        var input = connection.Transport.Input;
        for (var isComplete = false; !isComplete;)
        {
            var read = await input.ReadAsync(connection.ConnectionClosed);
            isComplete = read.Buffer.ToArray().AsSpan().EndsWith("\r\n\r\n"u8); // the client sends nothing more before the response
            input.AdvanceTo(isComplete ? read.Buffer.End : read.Buffer.Start, read.Buffer.End);
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
        var content = context.Request.Method is "GET" || !isAuthorized ? default : await context.Request.ReadFromJsonAsync<JsonElement>(context.RequestAborted);
        int status;
        object? body;
        lock (stored)
        {
            (status, body) = IsUnavailable ? default : Respond(context, isAuthorized, content);
        }

        // Recorded before the response is sent, so that a test sees the request as soon as it has the response.
        requests.Enqueue(new VaultRequest(context.Request.Method, context.Request.Path.Value!, isAuthorized, status, Stopwatch.GetTimestamp()));
        if (IsUnavailable || (LosesNextResponse && status is 200 && context.Request.Method is not "GET"))
        {
            LosesNextResponse = false;
            context.Abort();
            return;
        }

        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(body, context.RequestAborted);
    }

    private long Now => time?.GetUtcNow().ToUnixTimeSeconds() ?? 1_790_000_000 + stored.Count;

    private void Change(string version, bool isEnabled) => Update(stored.Single(item => item.Version == version).Name, version, isEnabled);

    private (int Status, object Body) Respond(HttpContext context, bool isAuthorized, JsonElement content)
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

        if (DeniesChanges && context.Request.Method is not "GET")
            return Error(403, "Forbidden", "ForbiddenByRbac");

        return context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries) switch
        {
            ["secrets", var name] when context.Request.Method is "PUT" && deleted.Contains(name) => Error(409, "Conflict", "ObjectIsDeletedButRecoverable"),
            ["secrets", var name] when context.Request.Method is "PUT" => Get(name, Add(name, content.GetProperty("value").GetString()!)),
            ["secrets", var name, var version] when context.Request.Method is "PATCH" => Update(name, version, content.GetProperty("attributes").GetProperty("enabled").GetBoolean()),
            ["secrets", var name, "versions"] when deleted.Contains(name) => Error(404, "SecretNotFound"),
            ["secrets", var name, "versions"] => (200, Page(name, context.Request)),
            ["secrets", var name, var version] => Get(name, version),
            _ => Error(400, "BadParameter"),
        };
    }

    private (int Status, object Body) Get(string name, string version) => stored.Find(item => (item.Name, item.Version) == (name, version)) switch
    {
        null => Error(404, "SecretNotFound"),
        { IsEnabled: false } => Error(403, "Forbidden", "SecretDisabled"),
        var found => (200, new { id = Id(found), value = found.Value, attributes = Attributes(found) }),
    };

    /// <summary>Key Vault returns the attributes without the value.</summary>
    private (int Status, object Body) Update(string name, string version, bool isEnabled)
    {
        if (stored.Find(item => (item.Name, item.Version) == (name, version)) is not { } found)
            return Error(404, "SecretNotFound");
        (found.IsEnabled, found.Updated) = (isEnabled, Now);
        return (200, new { id = Id(found), attributes = Attributes(found) });
    }

    /// <summary>A page of versions. Key Vault does not sort them by age, and returns an empty list for an unknown secret.</summary>
    private object Page(string name, HttpRequest request)
    {
        var skip = int.Parse(request.Query["$skiptoken"].FirstOrDefault("0")!, CultureInfo.InvariantCulture);
        var rest = stored.Where(item => item.Name == name).Reverse().Skip(skip).ToList();
        return new
        {
            value = rest.Take(PageSize).Select(item => new { id = Id(item), attributes = Attributes(item) }),
            nextLink = rest.Count > PageSize ? $"{request.Scheme}://{request.Host}{request.Path}?$skiptoken={skip + PageSize}" : null,
        };
    }

    private string Id(StoredVersion version) => $"{app.Urls.Single()}/secrets/{version.Name}/{version.Version}";

    /// <summary>The activation date is in the future and the expiration date in the past: Key Vault ignores both when a secret is read.</summary>
    private static object Attributes(StoredVersion version) => new { enabled = version.IsEnabled, created = version.Created, updated = version.Updated, nbf = 32_503_680_000, exp = 1_000_000_000 };

    private static (int Status, object Body) Error(int status, string code, string? innerCode = null) =>
        (status, new { error = new { code, message = "Refused by the test server.", innererror = new { code = innerCode } } });

    private sealed record StoredVersion(string Name, string Version, string Value, long Created)
    {
        public bool IsEnabled { get; set; } = true;

        public long Updated { get; set; } = Created;
    }
}

/// <summary>A request received by the vault.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path without the query.</param>
/// <param name="IsAuthorized">Whether the token was valid.</param>
/// <param name="Status">The response status; 0 without a response.</param>
/// <param name="Timestamp">The time of receipt, as a <see cref="Stopwatch"/> timestamp.</param>
public sealed record VaultRequest(string Method, string Path, bool IsAuthorized, int Status, long Timestamp);
