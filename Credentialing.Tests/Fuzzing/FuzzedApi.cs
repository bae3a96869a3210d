using System.Net;
using System.Text;
using System.Text.Json;
using Credentialing.Core.Leas;
using Credentialing.Tests.Leaks;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Credentialing.Tests.Fuzzing;

/// <summary>
/// The API with one LEA that has everything, and the properties that every response must have. Sends one request at a time. The throttling
/// of failed authentications is on: every fiftieth request comes from another address.
/// </summary>
internal sealed class FuzzedApi : IAsyncDisposable
{
    internal const string Ssid = "9016125901";
    internal const string ReportId = "2026-ssr-en.pdf";
    internal const string Report = $"v1/students/{Ssid}/score-reports/{ReportId}";
    internal const string Credentials = "leas/01612590000000/credentials";

    private const int RequestsPerAddress = 50;

    private static readonly HashSet<string> KnownTypes = [.. DescribedResponses.All.Select(response => response.Type).OfType<string>()];

    private readonly TestHost host;
    private readonly SecretScanningServer gitHub;
    private readonly FailureLog log;
    private readonly HttpClient client;
    private readonly HashSet<int> checkedResponses = [];
    private readonly AsyncLocal<List<string>?> writes = new();
    private List<string> written = [];
    private int sent;
    private bool hasChanged;
    private string before = "";

    private FuzzedApi(TestWorld world, TestHost host, SecretScanningServer gitHub, FailureLog log)
    {
        World = world;
        this.host = host;
        this.gitHub = gitHub;
        this.log = log;
        // The host decodes headers as UTF-8, and its client must send them so.
        client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 })
        {
            BaseAddress = new Uri(host.Address, "api/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    internal TestWorld World { get; }

    internal SecretScanningServer GitHub => gitHub;

    internal TestHost Host => host;

    /// <summary>The number of responses with status 429, and of all.</summary>
    internal (int Throttled, int All) Responses { get; private set; }

    /// <summary>Whether the last request changed the state.</summary>
    internal bool HasJustChanged { get; private set; }

    internal string Key { get; private set; } = "";

    internal int Generation { get; private set; }

    internal string Token { get; private set; } = "";

    internal string Link { get; private set; } = "";

    internal string Rosa { get; private set; } = "";

    internal string Toms { get; private set; } = "";

    internal string ShareId { get; private set; } = "";

    internal string Basic => ApiHost.Basic(TestWorld.Oakland, Key);

    /// <summary>Starts the API with its data.</summary>
    internal static async Task<FuzzedApi> StartAsync(AzuriteFixture azurite)
    {
        var world = await TestWorld.CreateAsync(azurite);
        var gitHub = await SecretScanningServer.StartAsync();
        FuzzedApi? api = null;
        var log = new FailureLog();
        var host = await gitHub.StartAppAsync(world, builder =>
        {
            builder.Logging.AddProvider(log);
            builder.Services.AddSingleton<IStartupFilter>(new MiddlewareFilter(app => app.Use((context, next) =>
            {
                api!.writes.Value = api.written;
                context.Connection.RemoteIpAddress = new IPAddress([10, .. BitConverter.GetBytes(api.sent / RequestsPerAddress).AsSpan(0, 3)]);
                return next(context);
            })));
        });
        api = new FuzzedApi(world, host, gitHub, log);
        world.Traffic.Observe = request =>
        {
            if (!request.StartsWith("GET ", StringComparison.Ordinal) && !request.StartsWith("HEAD ", StringComparison.Ordinal))
                api.writes.Value?.Add(request);
        };
        await api.PopulateAsync();
        return api;
    }

    /// <summary>Makes the credentials valid again, after a request that changed them.</summary>
    internal async Task RegenerateAsync()
    {
        hasChanged = true;
        var status = await host.SendAsync(HttpMethod.Get, Credentials, "toms");
        int? seen = status.Headers.ETag is { } tag ? int.Parse(tag.Tag.Trim('"'), null) : null;
        Key = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seen);
        Generation = (seen ?? 0) + 1;
        var credential = (await World.Credentials.StatusAsync(TestWorld.Oakland, TestContext.Current.CancellationToken)).Credential!;
        Token = (await World.Tokens.IssueAsync(credential.CurrentKey, TestContext.Current.CancellationToken)).Value;
        var reports = await host.AsVendorAsync(TestWorld.Oakland, Key, $"v1/students/{Ssid}/score-reports?links=temporary");
        Link = Uri.UnescapeDataString(reports.Json[0].GetProperty("temporaryLink").GetString()!.Split("link=")[1]);
        using var share = ApiHost.Json("""{"vendor":"Aeries","ciphertext":"AQID"}""");
        ShareId = (await host.SendAsync(HttpMethod.Post, "leas/01612590000000/shares", "rosa", share)).Json.GetProperty("id").GetString()!;
    }

    /// <summary>Sends a request, and checks what holds for every request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isRowDamaged">Whether a row was damaged, so that a request that needs it may fail.</param>
    internal async Task<HttpStatusCode> SendAsync(FuzzedRequest request, bool isRowDamaged = false)
    {
        using var message = new HttpRequestMessage(HttpMethod.Parse(request.Method), request.Target);
        foreach (var (name, value) in request.Headers)
            message.Headers.TryAddWithoutValidation(name, value);
        if (request.Body is { } body)
        {
            message.Content = new ByteArrayContent(body);
            if (request.ContentType is { } type)
                message.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        FuzzRun.CountRequest();
        sent++;
        written = [];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(FuzzRun.Limit);
        HttpResponseMessage response;
        string text;
        try
        {
            response = await client.SendAsync(message, limit.Token);
            text = await response.Content.ReadAsStringAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No complete response within {FuzzRun.Limit.TotalSeconds} s.");
        }

        using (response)
        {
            await CheckAsync(request, message, response, text, isRowDamaged);
            return response.StatusCode;
        }
    }

    /// <summary>Fails if the log has an entry that it must not have.</summary>
    internal void CheckLog(bool isRowDamaged = false)
    {
        if (log.Take(isRowDamaged) is { Count: > 0 } entries)
            Assert.Fail($"The log has: {string.Join('\n', entries)}");
    }

    /// <summary>Checks the text of a response that was received without the HTTP client.</summary>
    internal void CheckText(int status, string text, IReadOnlyList<string> secrets)
    {
        Assert.All((string[])[Key, Rosa["Bearer ".Length..], Toms["Bearer ".Length..], .. secrets], secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        if (status >= 400 && text.StartsWith('{') && JsonElement.Parse(text).TryGetProperty("type", out var type))
            Assert.Contains(type.GetString()!, KnownTypes);
    }

    /// <summary>Stops the API. If it has accepted no change, no row may differ from the start.</summary>
    public async ValueTask DisposeAsync()
    {
        var after = hasChanged ? before : await DumpAsync();
        client.Dispose();
        await host.DisposeAsync();
        await gitHub.DisposeAsync();
        await World.DisposeAsync();
        log.Dispose();
        Assert.Equal(before, after);
        Assert.True(Responses.Throttled * 10 <= Responses.All, $"{Responses.Throttled} of {Responses.All} requests were throttled: too many for a useful run.");
    }

    private async Task PopulateAsync()
    {
        await World.Storage.ScoreReports.GetBlobClient($"01612590000000/{Ssid}/2026/ssr-en.pdf").UploadAsync(BinaryData.FromString("0123456789"), TestContext.Current.CancellationToken);
        await World.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa]));
        Rosa = $"Bearer {await host.SignInAsync("rosa")}";
        Toms = $"Bearer {await host.SignInAsync("toms")}";
        await RegenerateAsync();
        await host.MustGenerateAsync("bea", TestWorld.Berkeley);
        await Eventually.IsTrueAsync(async () => !(await World.RowsAsync("Leas")).Any(row => row.RowKey.StartsWith("notice:", StringComparison.Ordinal)));
        CheckLog();
        before = await DumpAsync();
        hasChanged = false;
    }

    private async Task CheckAsync(FuzzedRequest request, HttpRequestMessage message, HttpResponseMessage response, string text, bool isRowDamaged)
    {
        var status = (int)response.StatusCode;
        Responses = (Responses.Throttled + (status == 429 ? 1 : 0), Responses.All + 1);
        Assert.True(status < 500 || (isRowDamaged && status == 500), $"The status is {status}: {text}");
        CheckLog(isRowDamaged);
        CheckText(status, $"{response.Headers}{text}", request.Secrets);
        if (status >= 400 && response.Content.Headers.ContentType?.MediaType is "application/problem+json")
            Assert.Contains(JsonElement.Parse(text).GetProperty("type").GetString()!, KnownTypes);
        var changes = written.Where(write => !IsUse(write)).ToList();
        // A download is recorded.
        var mayChange = status < 400 && (request.Method is not ("GET" or "HEAD") || request.Target.StartsWith("v1/students/", StringComparison.Ordinal));
        Assert.True(mayChange || changes.Count == 0, $"A request with the response {status} has changed the state: {string.Join(", ", changes)}");
        HasJustChanged = changes.Count > 0;
        hasChanged |= HasJustChanged;
        // The server itself answers what is no HTTP request, and what matches no route, without a body.
        if (text.Length == 0 && status is (400 or 404 or 414 or 431))
            return;
        // Most responses are equal to an earlier one.
        if (checkedResponses.Add(HashCode.Combine(request.Method, message.RequestUri!.AbsolutePath.Count(character => character == '/'), status, text, $"{response.Headers}")))
            await host.Described.CheckResponseAsync(message, response, TestContext.Current.CancellationToken);
    }

    /// <summary>Whether a write records that a vendor used a key, which also happens if the request is refused later.</summary>
    private static bool IsUse(string write) => write.Contains("RowKey='use", StringComparison.Ordinal);

    private async Task<string> DumpAsync()
    {
        var rows = new StringBuilder();
        foreach (var table in (string[])["Leas", "Expirations", "Disclosures"])
        {
            foreach (var row in (await World.RowsAsync(table)).Where(row => !row.RowKey.StartsWith("use:", StringComparison.Ordinal)))
                rows.AppendLine(row.Describe("LastUsedOn"));
        }

        return rows.ToString();
    }
}
