using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Published;

/// <summary>
/// Clients that use all of the API at the same time: coordinators, vendors, the holders of links and TOMS. Each sends one request after
/// the other, to a random instance, and records what it was told. The seed determines what they choose, but not the order in which their
/// requests arrive.
/// </summary>
internal sealed class LoadClients(ExternalServices services, KilledApp app, LoadRecord record, int seed, int leas) : IDisposable
{
    private const string VendorHeader = "X-Vendor";
    private const string ReportId = "2026-ssr-en.pdf";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The report. It is larger than one buffer.</summary>
    private static readonly byte[] Report = [.. "%PDF-1.7"u8, .. new byte[100_000]];

    private readonly HttpClient http = new(new SocketsHttpHandler { UseCookies = false, UseProxy = false, MaxConnectionsPerServer = int.MaxValue }) { Timeout = Patience };
    private readonly List<SharedLea> shared = [.. Enumerable.Range(0, leas).Select(index => new SharedLea(LeaId.Parse(string.Create(CultureInfo.InvariantCulture, $"2{index:D6}0000000"))))];
    private readonly ConcurrentDictionary<(string, LeaId), string> tokens = new();
    private int lastNumber;
    private volatile bool isStopping;

    /// <summary>The LEAs whose credentials several clients change.</summary>
    internal IEnumerable<LeaId> SharedLeas => shared.Select(lea => lea.Id);

    /// <summary>The coordinators of each shared LEA who are always registered.</summary>
    internal static IReadOnlyList<Persona> Coordinators(LeaId leaId) => [new("ana", "Ana Ruiz", [leaId]), new("ben", "Ben Cole", [leaId]), new("cleo", "Cleo Park", [leaId])];

    public void Dispose() => http.Dispose();

    /// <summary>Saves the shared LEAs and uploads their reports, while nothing is killed.</summary>
    internal async Task PrepareAsync()
    {
        var random = new Random(seed);
        foreach (var lea in shared)
        {
            await SaveAsync(lea, random, extra: null);
            foreach (var vendor in lea.Vendors)
            {
                await services.Storage.ScoreReports.GetBlobClient($"{lea.Id}/{vendor.Ssid}/2026/ssr-en.pdf")
                    .UploadAsync(BinaryData.FromBytes(Report), TestContext.Current.CancellationToken);
            }
        }
    }

    /// <summary>Starts all clients. They end after <see cref="Stop"/>, each after its request in progress.</summary>
    internal Task RunAsync()
    {
        List<Func<Random, Task>> clients = [SaveAnyAsync, FireTimerAsync, MoveExpiryAsync, GenerateFirstAsync, GenerateFirstAsync, GenerateFirstAsync];
        foreach (var lea in shared)
        {
            foreach (var coordinator in Coordinators(lea.Id).Take(2))
                clients.Add(random => CoordinateAsync(lea, coordinator, random));
            foreach (var vendor in lea.Vendors)
                clients.Add(random => UseAsync(lea, vendor, random));
        }

        return Task.WhenAll(clients.Select((client, index) => Task.Run(() => RepeatAsync(client, new Random((seed * 1000) + index)))));
    }

    internal void Stop() => isStopping = true;

    private async Task RepeatAsync(Func<Random, Task> client, Random random)
    {
        while (!isStopping)
            await client(random);
    }

    /// <summary>What a coordinator does.</summary>
    private async Task CoordinateAsync(SharedLea lea, Persona coordinator, Random random)
    {
        var token = TokenOf(coordinator);
        var seen = random.Next(4) == 0 ? lea.Seen : await ReadGenerationAsync(lea, token, random);
        switch (random.Next(20))
        {
            case < 7:
                await GenerateAsync(lea, coordinator, seen, random);
                break;
            case < 9 when seen > 0:
                await RevokeAsync(lea, coordinator, seen, random);
                break;
            case < 12 when seen > 0:
                var end = Begin(new Change(ChangeKind.EndPrevious) { LeaId = lea.Id, BeganAt = Now, By = coordinator.Id, Seen = seen });
                await SendChangeAsync(end, HttpMethod.Delete, $"leas/{lea.Id}/credentials/previous", token, null, random, HttpStatusCode.PreconditionFailed);
                break;
            case < 17 when seen > 0:
                await ShareAsync(lea, coordinator, seen, random);
                break;
            default:
                if (lea.AnyShare(random) is { } share)
                {
                    var cancel = Begin(new Change(ChangeKind.CancelShare) { LeaId = lea.Id, BeganAt = Now, By = coordinator.Id, Text = share.Vendor });
                    await SendChangeAsync(cancel, HttpMethod.Delete, $"leas/{lea.Id}/shares/{share.Id}", token, null, random, HttpStatusCode.Conflict);
                }

                break;
        }
    }

    private async Task<int> ReadGenerationAsync(SharedLea lea, string token, Random random)
    {
        var reply = await SendAsync(HttpMethod.Get, $"leas/{lea.Id}/credentials", $"Bearer {token}", null, random);
        if (reply.Status is HttpStatusCode.OK)
            lea.See(reply.Generation);
        return lea.Seen;
    }

    private async Task GenerateAsync(SharedLea lea, Persona coordinator, int seen, Random random)
    {
        var days = random.Next(2) * random.Next(1, 8);
        var change = Begin(new Change(ChangeKind.Generate) { LeaId = lea.Id, BeganAt = Now, By = coordinator.Id, Seen = seen, KeepsPrevious = days > 0 });
        var body = string.Create(CultureInfo.InvariantCulture, $$"""{"authorized":true,"wordingVersion":"2026-1","keepPreviousForDays":{{days}}}""");
        var reply = await SendChangeAsync(change, HttpMethod.Post, $"leas/{lea.Id}/credentials", TokenOf(coordinator), body, random, HttpStatusCode.PreconditionFailed);
        if (reply.Status is not HttpStatusCode.Created)
            return;
        Check(reply.Generation == seen + 1, $"{change} got generation {reply.Generation}");
        Check(record.Keys.TryAdd((lea.Id, reply.Generation), reply.Json.GetProperty("secretKey").GetString()!), $"{change}: two clients got generation {reply.Generation}");
        lea.See(reply.Generation);
    }

    private async Task RevokeAsync(SharedLea lea, Persona coordinator, int seen, Random random)
    {
        var change = Begin(new Change(ChangeKind.Revoke) { LeaId = lea.Id, BeganAt = Now, By = coordinator.Id, Seen = seen, Text = $"Reason {Next()}" });
        await SendChangeAsync(
            change, HttpMethod.Post, $"leas/{lea.Id}/credentials/revocation", TokenOf(coordinator), JsonSerializer.Serialize(new { reason = change.Text }), random, HttpStatusCode.PreconditionFailed);
    }

    private async Task ShareAsync(SharedLea lea, Persona coordinator, int seen, Random random)
    {
        var change = Begin(new Change(ChangeKind.CreateShare) { LeaId = lea.Id, BeganAt = Now, By = coordinator.Id, Seen = seen, Text = $"Vendor {Next()}" });
        var ciphertext = change.Text.Replace(' ', '-');
        var reply = await SendChangeAsync(
            change, HttpMethod.Post, $"leas/{lea.Id}/shares", TokenOf(coordinator), JsonSerializer.Serialize(new { vendor = change.Text, ciphertext }), random,
            HttpStatusCode.PreconditionFailed, HttpStatusCode.Conflict);
        if (reply.Status is not HttpStatusCode.Created)
            return;
        var share = new CreatedShare(lea.Id, reply.Json.GetProperty("id").GetString()!, change.Text, ciphertext, seen);
        record.Shares.Enqueue(share);
        lea.Shares.Enqueue(share);
    }

    /// <summary>What a vendor does.</summary>
    private async Task UseAsync(SharedLea lea, Vendor vendor, Random random)
    {
        if (random.Next(4) == 0 && lea.AnyShare(random) is { } share)
            await OpenAsync(share, random);
        var generation = random.Next(3) > 0 ? lea.Seen : Math.Max(1, lea.Seen - random.Next(3));
        if (!record.Keys.TryGetValue((lea.Id, generation), out var key))
        {
            await SendAsync(HttpMethod.Get, "health/ready", null, null, random);
            return;
        }

        var reports = $"v1/students/{vendor.Ssid}/score-reports";
        var basic = ApiHost.Basic(lea.Id, key);
        switch (random.Next(4))
        {
            case 0:
                for (var count = random.Next(2, 5); count > 0; count--)
                    await DownloadAsync(lea, vendor, generation, $"{reports}/{ReportId}", basic, random);
                break;
            case 1:
                var issued = await UseKeyAsync(lea.Id, generation, HttpMethod.Post, "v1/token", basic, "grant_type=client_credentials", random);
                if (issued.Status is not HttpStatusCode.OK)
                    break;
                for (var count = random.Next(1, 4); count > 0; count--)
                    await DownloadAsync(lea, vendor, generation, $"{reports}/{ReportId}", $"Bearer {issued.Json.GetProperty("access_token").GetString()}", random);
                break;
            case 2:
                var listed = await UseKeyAsync(lea.Id, generation, HttpMethod.Get, $"{reports}?links=temporary", basic, null, random, vendor.Name);
                if (listed.Status is HttpStatusCode.OK)
                    await DownloadAsync(lea, vendor, generation, listed.Json[0].GetProperty("temporaryLink").GetString()!, authorization: null, random);
                break;
            default:
                await UseKeyAsync(lea.Id, generation, HttpMethod.Get, "v1/credential", basic, null, random);
                break;
        }
    }

    private async Task<Reply> UseKeyAsync(LeaId leaId, int generation, HttpMethod method, string path, string? authorization, string? body, Random random, string? client = null)
    {
        var use = new KeyUseAttempt { LeaId = leaId, Generation = generation, BeganAt = Now };
        var reply = await SendAsync(method, path, authorization, body, random, client: client);
        use.EndedAt = Now;
        use.Told = reply.Status switch
        {
            HttpStatusCode.OK => Told.Done,
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.TooManyRequests => Told.Refused,
            _ => Told.Unknown,
        };
        Check(reply.Status is null || use.Told is not Told.Unknown || (int)reply.Status >= 500, $"{use}: {reply.Status}");
        record.Uses.Enqueue(use);
        return reply;
    }

    private async Task DownloadAsync(SharedLea lea, Vendor vendor, int generation, string path, string? authorization, Random random)
    {
        var download = new Download { LeaId = lea.Id, Client = vendor.Name, Ssid = vendor.Ssid, Generation = generation, ByLink = authorization is null, BeganAt = Now };
        var reply = await UseKeyAsync(lea.Id, generation, HttpMethod.Get, path, authorization, null, random, vendor.Name);
        download.EndedAt = Now;
        download.Told = reply.Status is HttpStatusCode.OK ? Told.Done : reply.Status is null || (int)reply.Status >= 500 ? Told.Unknown : Told.Refused;
        Check(download.Told is not Told.Done || reply.Body.AsSpan().SequenceEqual(Report), $"{download} got another file");
        record.Downloads.Enqueue(download);
    }

    private async Task OpenAsync(CreatedShare share, Random random)
    {
        var change = Begin(new Change(ChangeKind.OpenShare) { LeaId = share.LeaId, BeganAt = Now, Text = share.Vendor });
        var reply = await SendChangeAsync(change, HttpMethod.Post, $"shares/{share.Id}/opening", token: null, body: null, random, HttpStatusCode.Gone);
        Check(change.Told is not Told.Done || reply.Json.GetProperty("ciphertext").GetString() == share.Ciphertext, $"{change} got another ciphertext");
    }

    /// <summary>TOMS saves a shared LEA with another name, and sometimes with another fourth coordinator.</summary>
    private Task SaveAnyAsync(Random random)
    {
        var lea = shared[random.Next(shared.Count)];
        if (random.Next(3) == 0)
            lea.Extra = random.Next(3) == 0 ? null : $"extra{Next()}";
        return SaveAsync(lea, random, lea.Extra);
    }

    private async Task SaveAsync(SharedLea lea, Random random, string? extra)
    {
        var change = Begin(new Change(ChangeKind.Save) { LeaId = lea.Id, BeganAt = Now, By = "toms", Text = $"LEA {Next()}" });
        var coordinators = Coordinators(lea.Id).Concat(extra is null ? [] : [new Persona(extra, "Extra", [])]).Select(coordinator => new { coordinator.Id, coordinator.Name, coordinator.Email });
        await SendChangeAsync(
            change, HttpMethod.Put, $"leas/{lea.Id}", TokenOf(Toms), JsonSerializer.Serialize(new { name = change.Text, coordinators }, JsonSerializerOptions.Web), random, HttpStatusCode.Conflict);
    }

    /// <summary>The first credentials of a new LEA, which are then used once.</summary>
    private async Task GenerateFirstAsync(Random random)
    {
        var leaId = LeaId.Parse(string.Create(CultureInfo.InvariantCulture, $"3{Next():D6}0000000"));
        var change = Begin(new Change(ChangeKind.Generate) { LeaId = leaId, BeganAt = Now, By = "ana" });
        var reply = await SendChangeAsync(change, HttpMethod.Post, $"leas/{leaId}/credentials", services.Toms.SignIn(Coordinators(leaId)[0]), ApiHost.Authorization, random);
        if (reply.Status is not HttpStatusCode.Created)
            return;
        var key = record.Keys[(leaId, 1)] = reply.Json.GetProperty("secretKey").GetString()!;
        await UseKeyAsync(leaId, 1, HttpMethod.Get, "v1/credential", ApiHost.Basic(leaId, key), null, random);
    }

    /// <summary>Fires a timer. Some wait for work of an instance that was killed, so this does not wait for the end.</summary>
    private async Task FireTimerAsync(Random random)
    {
        if (await app.RunningAsync(random) is not { } instance)
            return;
        var run = instance.Host.FireTimerAsync((random.Next(4)) switch { 0 => "CheckOverview", 1 => "BackUp", _ => "SendExpiryReminders" });
        _ = run.ContinueWith(static ended => ended.Exception, TestContext.Current.CancellationToken, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default); // killed
        for (var count = 0; count < 20 && !isStopping && !run.IsCompleted; count++)
            await SendAsync(HttpMethod.Get, "health", null, null, random);
        await SendAsync(HttpMethod.Get, "leas", $"Bearer {TokenOf(Toms)}", null, random);
    }

    /// <summary>Moves the expiry of current credentials in storage, because the app uses the system clock. They expire in 13 days then.</summary>
    private async Task MoveExpiryAsync(Random random)
    {
        var lea = shared[random.Next(shared.Count)];
        await SendAsync(HttpMethod.Get, $"leas/{lea.Id}/announcements", $"Bearer {TokenOf(Coordinators(lea.Id)[0])}", null, random);
        var (leas, expirations, cancellation) = (services.Storage.Leas, services.Storage.Expirations, TestContext.Current.CancellationToken);
        var found = await leas.GetEntityIfExistsAsync<TableEntity>(lea.Id.Value, "credential", cancellationToken: cancellation);
        if (!found.HasValue || found.Value!.ContainsKey("RevokedAt"))
            return;
        var row = found.Value;
        var expiresAt = Now.AddDays(13);
        (row["GeneratedAt"], row["ExpiresAt"]) = (expiresAt.AddDays(-365), expiresAt);
        await expirations.UpsertEntityAsync(new TableEntity(expiresAt.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), lea.Id.Value), TableUpdateMode.Merge, cancellation);
        try
        {
            await leas.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, cancellation);
        }
        catch (RequestFailedException failure) when (failure.Status is 412)
        {
            // The credentials have changed.
        }

        for (var count = 0; count < 10 && !isStopping; count++)
            await SendAsync(HttpMethod.Get, "health", null, null, random);
    }

    private static readonly Persona Toms = new("toms", "TOMS", []);

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private int Next() => Interlocked.Increment(ref lastNumber);

    private string TokenOf(Persona persona) => tokens.GetOrAdd((persona.Id, persona.Leas is [var lea] ? lea : default), _ => services.Toms.SignIn(persona));

    private Change Begin(Change change)
    {
        record.Changes.Enqueue(change);
        return change;
    }

    private void Check(bool condition, string violation)
    {
        if (!condition)
            record.Violations.Enqueue($"response: {violation}");
    }

    private async Task<Reply> SendChangeAsync(Change change, HttpMethod method, string path, string? token, string? body, Random random, params HttpStatusCode[] refusals)
    {
        var ifMatch = change.Kind is ChangeKind.Generate or ChangeKind.EndPrevious or ChangeKind.Revoke or ChangeKind.CreateShare ? change.Seen : (int?)null;
        var reply = await SendAsync(method, path, token is null ? null : $"Bearer {token}", body, random, ifMatch);
        change.EndedAt = Now;
        change.Told = reply.Status is { } status && (int)status < 500 ? (int)status < 300 ? Told.Done : Told.Refused : Told.Unknown;
        Check(change.Told is not Told.Refused || refusals.Contains(reply.Status!.Value), $"{change}: {reply.Status} {Encoding.UTF8.GetString(reply.Body)}");
        return reply;
    }

    /// <summary>Sends a request to a random running instance.</summary>
    private async Task<Reply> SendAsync(HttpMethod method, string path, string? authorization, string? body, Random random, int? ifMatch = null, string? client = null)
    {
        if (await app.RunningAsync(random) is not { } instance)
            return new Reply(null, [], null);
        using var request = new HttpRequestMessage(method, new Uri(new Uri(instance.Host.Address, "api/"), path));
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        if (client is not null)
            request.Headers.TryAddWithoutValidation(VendorHeader, client);
        if (ifMatch is { } generation)
            request.Headers.TryAddWithoutValidation(generation == 0 ? "If-None-Match" : "If-Match", generation == 0 ? "*" : string.Create(CultureInfo.InvariantCulture, $"\"{generation}\""));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, path == "v1/token" ? "application/x-www-form-urlencoded" : "application/json");
        record.CountRequest();
        instance.Count();
        try
        {
            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            var reply = new Reply(response.StatusCode, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), response.Headers.ETag);
            Check(response.StatusCode is not HttpStatusCode.InternalServerError, $"{method} {path}: 500");
            if ((int)response.StatusCode >= 500)
                record.CountUnknown();
            return reply;
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException || (lost is TaskCanceledException && !TestContext.Current.CancellationToken.IsCancellationRequested))
        {
            Check(lost is not TaskCanceledException, $"{method} {path}: no response in {Patience}");
            record.CountUnknown();
            return new Reply(null, [], null);
        }
    }

    /// <summary>A response; without a status if the connection was lost.</summary>
    private sealed record Reply(HttpStatusCode? Status, byte[] Body, EntityTagHeaderValue? Tag)
    {
        internal JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

        /// <summary>The generation of the credentials; 0 if there are none.</summary>
        internal int Generation => Tag is null ? 0 : int.Parse(Tag.Tag.Trim('"'), CultureInfo.InvariantCulture);
    }

    private sealed record Vendor(string Name, string Ssid);

    /// <summary>What the clients of an LEA share.</summary>
    private sealed class SharedLea(LeaId id)
    {
        private int seen;

        internal LeaId Id => id;

        internal IReadOnlyList<Vendor> Vendors { get; } = [new($"sis-{id.Value[..7]}", $"9{id.Value[..7]}01"), new($"portal-{id.Value[..7]}", $"9{id.Value[..7]}02"), new($"iep-{id.Value[..7]}", $"9{id.Value[..7]}03")];

        internal ConcurrentQueue<CreatedShare> Shares { get; } = [];

        /// <summary>The id of the fourth coordinator; null if there is none.</summary>
        internal string? Extra { get; set; }

        /// <summary>The newest generation that a client has seen.</summary>
        internal int Seen => seen;

        internal void See(int generation)
        {
            for (var known = seen; generation > known && Interlocked.CompareExchange(ref seen, generation, known) != known;)
                known = seen;
        }

        /// <summary>Returns one of the newest shares.</summary>
        internal CreatedShare? AnyShare(Random random) => Shares.ToArray() is { Length: > 0 } shares ? shares[^random.Next(1, Math.Min(4, shares.Length) + 1)] : null;
    }
}
