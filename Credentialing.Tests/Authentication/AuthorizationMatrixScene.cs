using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Shares;
using Credentialing.DevHost;
using Credentialing.Tests.Leaks;
using Credentialing.Tests.Support;
using Microsoft.Azure.Functions.Worker;

namespace Credentialing.Tests.Authentication;

/// <summary>
/// Everything that the callers of the matrix have, at one instant: LEAs whose keys are valid, superseded, previous, expired and revoked,
/// and the tokens and temporary links of these keys. The settings are the defaults, so the throttle is on.
/// </summary>
internal sealed class AuthorizationMatrixScene : IAsyncDisposable
{
    internal static readonly LeaId Expired = LeaId.Parse("37683380000000");
    internal static readonly LeaId Revoked = LeaId.Parse("19647250000000");
    internal static readonly LeaId AfterOverlap = LeaId.Parse("38684780000000");

    /// <summary>An LEA without stored rows.</summary>
    internal static readonly LeaId Unregistered = LeaId.Parse("99999999999999");

    private const string Student = "9016125901";
    private const string UnknownStudent = "9999999999";
    private const string Report = "2026-ssr-en.pdf";

    private const int OaklandsGeneration = 3;

    /// <summary>Functions that would change or stop the keys of the callers. The permitted callers call them for another LEA of the coordinator.</summary>
    private static readonly string[] ChangingKeys = ["GenerateCredentials", "EndPreviousKey", "RevokeCredentials", "PutLea"];

    private static readonly Dictionary<string, HttpTriggerAttribute> Triggers =
        FunctionEndpoints.TriggeredBy<HttpTriggerAttribute>().ToDictionary(item => FunctionEndpoints.NameOf(item.Function), item => item.Trigger);

    private readonly TestHost host;

    /// <summary>The check of a response against the API description takes longer than the request: it is done once for each group of callers.</summary>
    private readonly HttpClient plain;

    private readonly HashSet<(string Function, CallerGroup Group)> described = [];
    private int shares;

    private AuthorizationMatrixScene(TestHost host, TomsTokens toms, SecretScanningServer gitHub)
    {
        (this.host, Toms, GitHub) = (host, toms, gitHub);
        plain = new HttpClient { BaseAddress = host.Client.BaseAddress };
    }

    internal TestWorld World => host.World;

    internal TomsTokens Toms { get; }

    internal SecretScanningServer GitHub { get; }

    internal string WrongKey { get; } = SecretKey.Generate().Reveal();

    internal required string Key { get; init; }

    internal required string PreviousKey { get; init; }

    internal required string SupersededKey { get; init; }

    internal required string OtherKey { get; init; }

    internal required string KeyAfterOverlap { get; init; }

    internal required string ExpiredKey { get; init; }

    internal required string RevokedKey { get; init; }

    internal required string Token { get; init; }

    internal required string PreviousToken { get; init; }

    internal required string SupersededToken { get; init; }

    internal required string OtherToken { get; init; }

    internal required string TokenAfterOverlap { get; init; }

    internal required string RevokedToken { get; init; }

    internal required string EndedToken { get; init; }

    internal required string Link { get; init; }

    internal required string PreviousLink { get; init; }

    internal required string SupersededLink { get; init; }

    internal required string LinkOfAnotherReport { get; init; }

    internal required string LinkOfAnotherLea { get; init; }

    internal required string RevokedLink { get; init; }

    internal required string EndedLink { get; init; }

    internal static async Task<AuthorizationMatrixScene> CreateAsync(AzuriteFixture azurite)
    {
        var world = await TestWorld.CreateAsync(azurite);
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", []));
        await world.SaveAsync(new Lea(TestWorld.Fresno, "Fresno Unified", []));
        await UploadAsync(world, TestWorld.Oakland, Student);
        await UploadAsync(world, TestWorld.Berkeley, "9016114301");

        var (expiredKey, _) = await GenerateAsync(world, Expired);
        world.Clock.Advance(Credential.Lifetime);
        var (keyAfterOverlap, afterOverlap) = await GenerateAsync(world, AfterOverlap);
        await GenerateAsync(world, AfterOverlap, seenGeneration: 1, keepPreviousForDays: 1);
        world.Clock.Advance(TimeSpan.FromDays(1));
        var (revokedKey, revoked) = await GenerateAsync(world, Revoked);
        Assert.IsType<ChangeOutcome.Changed>(await world.Credentials.RevokeAsync(Revoked, TestWorld.Rosa, "It was disclosed.", seenGeneration: 1, TestContext.Current.CancellationToken));
        await GenerateAsync(world, TestWorld.Fresno);
        var (otherKey, other) = await GenerateAsync(world, TestWorld.Berkeley);
        var (supersededKey, superseded) = await GenerateAsync(world, TestWorld.Oakland);
        var (previousKey, previous) = await GenerateAsync(world, TestWorld.Oakland, seenGeneration: 1);
        var (key, current) = await GenerateAsync(world, TestWorld.Oakland, seenGeneration: 2, keepPreviousForDays: 7);
        var (endedToken, endedLink) = (await TokenAsync(current), await LinkAsync(current));
        world.Clock.Advance(VendorTokens.MaxLinkLifetime);

        var toms = new TomsTokens(world.Clock);
        var gitHub = await SecretScanningServer.StartAsync();
        return new AuthorizationMatrixScene(await gitHub.StartAppAsync(world, toms.Configure), toms, gitHub)
        {
            Key = key,
            PreviousKey = previousKey,
            SupersededKey = supersededKey,
            OtherKey = otherKey,
            KeyAfterOverlap = keyAfterOverlap,
            ExpiredKey = expiredKey,
            RevokedKey = revokedKey,
            Token = await TokenAsync(current),
            PreviousToken = await TokenAsync(previous),
            SupersededToken = await TokenAsync(superseded),
            OtherToken = await TokenAsync(other),
            TokenAfterOverlap = await TokenAsync(afterOverlap),
            RevokedToken = await TokenAsync(revoked),
            EndedToken = endedToken,
            Link = await LinkAsync(current),
            PreviousLink = await LinkAsync(previous),
            SupersededLink = await LinkAsync(superseded),
            LinkOfAnotherReport = await LinkAsync(current, "2026-ssr-es.pdf"),
            LinkOfAnotherLea = await LinkAsync(other),
            RevokedLink = await LinkAsync(revoked),
            EndedLink = endedLink,
        };

        async Task<string> TokenAsync(VendorKey of) => (await world.Tokens.IssueAsync(of, TestContext.Current.CancellationToken)).Value;

        async Task<string> LinkAsync(VendorKey of, string report = Report) =>
            (await world.Tokens.IssueLinkAsync(of, $"{Student}/{report}", ClientName.Of("Aeries"), TestContext.Current.CancellationToken)).Value;
    }

    /// <summary>Whether a request of the function names an LEA or a student that may not exist.</summary>
    internal static bool NamesResource(string function) => Triggers.TryGetValue(function, out var trigger) && (trigger.Route!.Contains("{leaId}", StringComparison.Ordinal) || trigger.Route.Contains("{ssid}", StringComparison.Ordinal));

    /// <summary>Sends a request that the function would grant to the right caller.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="function">The function. For a timer function, the route that it would have.</param>
    /// <param name="isPermitted">Whether the function will run. It must then not stop the keys of the callers.</param>
    /// <param name="exists">Whether the resource in the path exists.</param>
    internal async Task<ApiResponse> SendAsync(MatrixCaller caller, string function, bool isPermitted, bool exists = true)
    {
        var (method, path) = await TargetAsync(function, isPermitted, exists);
        var (body, headers) = await ContentAsync(function, isPermitted);
        var presented = caller.Present(this);
        using var request = new HttpRequestMessage(method, presented.Query is { } query ? $"{path}?{query}" : path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(function is "IssueVendorToken" ? "application/x-www-form-urlencoded" : "application/json"));
        for (var index = 0; index < headers.Length; index += 2)
            request.Headers.TryAddWithoutValidation(headers[index], headers[index + 1]);
        if (presented.Authorization.Length > 0)
            request.Headers.TryAddWithoutValidation("Authorization", presented.Authorization);
        if (presented.Sign?.Invoke(body ?? "") is var (identifier, signature))
        {
            request.Headers.TryAddWithoutValidation("Github-Public-Key-Identifier", identifier);
            request.Headers.TryAddWithoutValidation("Github-Public-Key-Signature", signature);
        }

        var client = described.Add((function, caller.Group)) ? host.Client : plain;
        return await ApiResponse.ReadAsync(await client.SendAsync(request, TestContext.Current.CancellationToken));
    }

    /// <summary>Returns all rows of all tables, and the names of all blobs.</summary>
    internal async Task<string> StoredAsync()
    {
        var stored = new List<string>();
        await foreach (var table in World.Account.Tables().QueryAsync(cancellationToken: TestContext.Current.CancellationToken))
            stored.AddRange((await World.RowsAsync(table.Name)).Select(row => $"{table.Name} {row.Describe()}"));
        var blobs = World.Account.Blobs();
        await foreach (var container in blobs.GetBlobContainersAsync(cancellationToken: TestContext.Current.CancellationToken))
        {
            await foreach (var blob in blobs.GetBlobContainerClient(container.Name).GetBlobsAsync(cancellationToken: TestContext.Current.CancellationToken))
                stored.Add($"{container.Name} {blob.Name} {blob.Properties.ETag}");
        }

        return string.Join('\n', stored);
    }

    public async ValueTask DisposeAsync()
    {
        plain.Dispose();
        await host.DisposeAsync();
        await World.DisposeAsync();
        await GitHub.DisposeAsync();
        Toms.Dispose();
    }

    private static async Task<(string Key, VendorKey Stored)> GenerateAsync(TestWorld world, LeaId leaId, int? seenGeneration = null, int keepPreviousForDays = 0)
    {
        var outcome = Assert.IsType<GenerationOutcome.Generated>(await world.Credentials.GenerateAsync(
            leaId, TestWorld.Rosa, ReleaseWording.Current, seenGeneration, keepPreviousForDays, TestContext.Current.CancellationToken));
        return (outcome.SecretKey.Reveal(), outcome.Credential.CurrentKey);
    }

    private static Task UploadAsync(TestWorld world, LeaId leaId, string student) => world.Storage.ScoreReports.GetBlobClient($"{leaId}/{student}/2026/ssr-en.pdf")
        .UploadAsync(BinaryData.FromString("0123456789"), TestContext.Current.CancellationToken);

    private async Task<(HttpMethod Method, string Path)> TargetAsync(string function, bool isPermitted, bool exists)
    {
        if (!Triggers.TryGetValue(function, out var trigger))
            return (HttpMethod.Post, function);
        var lea = !exists ? Unregistered : isPermitted && ChangingKeys.Contains(function) ? TestWorld.Fresno : TestWorld.Oakland;
        var share = function is "OpenShare" ? await CreateShareAsync() : $"{lea}-{new string('0', 32)}";
        return (HttpMethod.Parse(Assert.Single(trigger.Methods!)), trigger.Route!
            .Replace("{leaId}", lea.Value, StringComparison.Ordinal)
            .Replace("{ssid}", exists ? Student : UnknownStudent, StringComparison.Ordinal)
            .Replace("{id}", Report, StringComparison.Ordinal)
            .Replace("{shareId}", share, StringComparison.Ordinal));
    }

    /// <summary>An LEA can have 50 shares, so two have them in turn.</summary>
    private async Task<string> CreateShareAsync()
    {
        var lea = shares++ % 2 == 0 ? TestWorld.Oakland : TestWorld.Berkeley;
        var outcome = await World.Shares.CreateAsync(lea, TestWorld.Rosa, "Aeries", "AQID", TimeSpan.FromHours(1), seenGeneration: null, TestContext.Current.CancellationToken);
        return Assert.IsType<ShareOutcome.Created>(outcome).Share.Id.ToString();
    }

    /// <summary>The body and the headers of a request that would be granted. If it is refused, it would have stopped a key.</summary>
    private async Task<(string? Body, string[] Headers)> ContentAsync(string function, bool isPermitted)
    {
        switch (function)
        {
            case "GenerateCredentials":
                return (ApiHost.Authorization, await SeenAsync());
            case "RevokeCredentials":
                return ("""{"reason":"It was disclosed."}""", await SeenAsync());
            case "CreateShare":
                return ("""{"vendor":"Aeries","ciphertext":"AQID"}""", []);
            case "PutLea":
                return ("""{"name":"Fresno Unified","coordinators":[]}""", []);
            case "ValidateCredentials":
                return (JsonSerializer.Serialize(new { username = new Username(TestWorld.Oakland).ToString(), secretKey = Key }), []);
            case "ReportLeak":
                return (JsonSerializer.Serialize(new { secretKey = Key, revoke = !isPermitted }), []);
            case "ReceiveSecretScanningMessage":
                return (isPermitted ? "[]" : SecretScanningServer.MessageOf(Key), []);
            case "IssueVendorToken":
                return ("grant_type=client_credentials", []);
            default:
                return (null, []);
        }

        async Task<string[]> SeenAsync()
        {
            if (!isPermitted)
                return ["If-Match", $"\"{OaklandsGeneration}\""];
            var status = await World.Credentials.StatusAsync(TestWorld.Fresno, TestContext.Current.CancellationToken);
            return ["If-Match", $"\"{status.Credential!.Generation}\""];
        }
    }
}
