using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Credentialing.Core.Announcements;
using Credentialing.Core.Backups;
using Credentialing.Core.Credentials;
using Credentialing.Core.Recovery;
using Credentialing.Core.Secrets;
using Credentialing.Core.Telemetry;
using Credentialing.Tests.Leaks;
using Credentialing.Tests.Published;
using Credentialing.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;

namespace Credentialing.Tests.Telemetry;

/// <summary>
/// Runs the whole story with every diagnostic source on, and searches all that the app has written, stored and sent for secrets and
/// personal data, in all their encoded forms.
/// </summary>
[Kind(TestKind.Process)]
public sealed class SecretsHygieneTests(AzuriteFixture azurite, PublishedApp app)
{
    private const string Key = "secret key";
    private const string Bearer = "bearer token";
    private const string Link = "token of a link";
    private const string Jwt = "access token of TOMS";
    private const string VaultSecret = "pepper or token key";
    private const string ApiKey = "API key of MyTOMS";
    private const string ShareKey = "key of a share";
    private const string ShareId = "id of a share";
    private const string Ciphertext = "ciphertext of a share";
    private const string Ssid = "SSID";
    private const string Email = "email address";

    /// <summary>
    /// Where each kind of value may be. A place also stands for the places that begin with it. The value must have been found in each of
    /// them, so that none is left here that the app does not use any more.
    /// </summary>
    private static readonly (string Kind, string Place)[] Allowed =
    [
        (Key, "response generate"),
        (Bearer, "response token"),
        (Link, "response list with links"),
        (ShareId, "response share"),
        (ShareId, "row Leas share:"),
        (ShareId, "blob backups"),
        (Ciphertext, "response open share"),
        (Ciphertext, "row Leas share:"),
        (Ssid, "response list"),
        (Ssid, "response download"),
        (Ssid, "response disclosures"),
        (Ssid, "row Disclosures student:"),
        (Ssid, "row Disclosures time:"),
        (Ssid, "blob score-reports"),
        (Ssid, "blob backups"),
        (Email, "response lea"),
        (Email, "response overview"),
        (Email, "response events"),
        (Email, "row Leas coordinator:"),
        (Email, "row Leas event:"),
        (Email, "row Overview leas"),
        (Email, "blob backups"),
        (Email, "recipients of an email"),

        // URLs of requests to storage. Azure Storage needs them; the app's telemetry removes them.
        (Ssid, "storage request"),
        (ShareId, "storage request"),

        // What only a developer can switch on: see "Diagnostics that a developer can switch on" in docs/security.md.
        (Ssid, CapturedDiagnostics.FilteredLog),
        (Link, CapturedDiagnostics.FilteredLog),
        (ShareId, CapturedDiagnostics.FilteredLog),
        (Ssid, "event of "),
        (ShareId, "event of "),
    ];

    /// <summary>
    /// Where values may be, and need not be: spans belong to the whole process, so another host of the tests may have removed the
    /// addresses before these are read.
    /// </summary>
    private static readonly (string Kind, string Place)[] Optional = [(Ssid, "span of "), (ShareId, "span of ")];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_whole_story_at_Trace_writes_no_secret_and_no_personal_data_where_it_does_not_belong()
    {
        using var diagnostics = new CapturedDiagnostics();
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var gitHub = await SecretScanningServer.StartAsync();
        var values = new SecretValues();
        var myToms = new MyTomsRequests(diagnostics);
        var apiKey = values.Add(ApiKey, RandomText("mytoms"));
        using (var plant = new Plant(diagnostics, world))
        await using (var host = await gitHub.StartAppAsync(world, builder =>
        {
            builder.Logging.ClearProviders().AddProvider(diagnostics).SetMinimumLevel(LogLevel.Trace).AddFilter<CapturedDiagnostics>(null, LogLevel.Trace);
            builder.Configuration["Credentialing:MyToms:ApiKey"] = apiKey;
            builder.Services.AddHttpClient(MyToms.Client).ConfigurePrimaryHttpMessageHandler(() => myToms);
            builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddProcessor(diagnostics.Exporter));
        }))
        {
            foreach (var name in (string[])[SecretRing.CredentialPepper, SecretRing.VendorTokenKey])
                await values.AddVersionsAsync(world, name);
            await new Story(world, host, gitHub, diagnostics, values).RunAsync();
            foreach (var name in (string[])[SecretRing.CredentialPepper, SecretRing.VendorTokenKey])
                await values.AddVersionsAsync(world, name);
            await plant.AddAsync(values, host.Meters);
        }

        foreach (var (email, _) in world.Mail.Sends.Concat(world.Mail.Notices))
        {
            diagnostics.Add("recipients of an email", string.Join(' ', email.To.Select(to => to.Address)));
            diagnostics.Add("content of an email", $"{email.Subject} {email.Text} {email.Html} {(email.Attachment is { } file ? Encoding.UTF8.GetString(file.Content.Span) : "")}");
        }

        await AddStoredAsync(world, diagnostics);
        foreach (var request in world.Traffic.Requests)
            diagnostics.Add("storage request", request);
        values.AssertOnlyWhereAllowed(diagnostics.All, Allowed, Optional);
    }

    /// <summary>The worker with all log levels on: what it prints, and what it sends to the Functions host.</summary>
    [Fact]
    public async Task The_published_app_at_Trace_logs_no_secret_and_no_personal_data()
    {
        PublishedApp.SkipUnlessSupported();
        await using var services = await ExternalServices.StartAsync();
        var values = new SecretValues();
        IReadOnlyList<string> output;
        await using (var host = await FunctionsHost.StartAsync(app, services, command => command.Environment["Logging__LogLevel__Default"] = "Trace"))
        {
            var (ssid, email) = (values.Add(Ssid, RandomSsid()), values.Add(Email, $"{RandomText("rosa")}@lea.example"));
            using (var lea = ApiHost.Json($$"""{"name":"Oakland Unified","coordinators":[{"id":"rosa","name":"Rosa","email":"{{email}}"},{"id":"luis","name":"Luis","email":"l{{email}}"}]}"""))
                Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync(HttpMethod.Put, $"leas/{TestWorld.Oakland}", "toms", lea)).Status);
            await services.Storage.ScoreReports.GetBlobClient($"{TestWorld.Oakland}/{ssid}/2026/ssr-en.pdf").UploadAsync(BinaryData.FromString("%PDF-1.7"), Cancellation);
            var key = values.AddKey(await host.MustGenerateAsync("rosa", TestWorld.Oakland));
            var reports = $"v1/students/{ssid}/score-reports";
            using (var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", $"sis-{TestWorld.Oakland}"), new("client_secret", key)]))
                values.Add(Bearer, (await host.SendAsync(HttpMethod.Post, "v1/token", content: form)).Json.GetProperty("access_token").GetString()!);
            var link = (await host.AsVendorAsync(TestWorld.Oakland, key, $"{reports}?links=temporary")).Json[0].GetProperty("temporaryLink").GetString()!;
            values.Add(Link, link.Split("link=")[1]);
            Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(HttpMethod.Get, link)).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await host.SendAsync(HttpMethod.Get, link[..^2])).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, (await host.AsVendorAsync(TestWorld.Berkeley, key, reports)).Status);
            await services.Storage.Leas.AddEntityAsync(new TableEntity(TestWorld.Berkeley.Value, "credential"), Cancellation); // unreadable
            Assert.Equal(HttpStatusCode.InternalServerError, (await host.AsVendorAsync(TestWorld.Berkeley, key, reports)).Status);
            Assert.Equal(StatusResult.Types.Status.Success, (await host.FireTimerAsync("SendExpiryReminders")).Status);
            await services.Azurite.DisposeAsync();
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await host.SendAsync(HttpMethod.Get, link)).Status);
            host.Terminate();
            await host.ExitCodeAsync();
            output = [.. await host.OutputAsync(), .. host.Logs.Select(log => log.ToString())];
            Assert.Contains(host.Logs, log => log.Level == 1); // control: also of the level Debug
            Assert.Contains(host.Logs, log => log.Message.Contains("GetScoreReport failed", StringComparison.Ordinal)); // control: also of the faults
        }

        values.AssertOnlyWhereAllowed([.. output.Select(text => new Captured("output of the worker", text))], []);
    }

    private static string RandomText(string prefix) => prefix + RandomNumberGenerator.GetHexString(16, lowercase: true);

    private static string RandomSsid() => string.Create(CultureInfo.InvariantCulture, $"98{RandomNumberGenerator.GetInt32(100_000_000):D8}");

    /// <summary>Adds all rows, and the names and contents of all blobs.</summary>
    private static async Task AddStoredAsync(TestWorld world, CapturedDiagnostics diagnostics)
    {
        foreach (var table in (string[])["Leas", "Expirations", "Disclosures", "Overview"])
        {
            foreach (var row in await world.RowsAsync(table))
            {
                var kind = row.RowKey.Contains(':', StringComparison.Ordinal) ? $"{row.RowKey.Split(':')[0]}:" : table is "Overview" ? row.PartitionKey : row.RowKey;
                diagnostics.Add($"row {table} {kind}", string.Join(' ', row.Select(column => column.Value is byte[] bytes ? $"{Convert.ToHexString(bytes)} {Convert.ToBase64String(bytes)}" : $"{column.Value}")));
            }
        }

        foreach (var container in (BlobContainerClient[])[world.Storage.ScoreReports, world.BackupContainer])
        {
            await foreach (var blob in container.GetBlobsAsync(cancellationToken: Cancellation))
            {
                var content = (await container.GetBlobClient(blob.Name).DownloadContentAsync(Cancellation)).Value.Content;
                diagnostics.Add($"blob {container.Name}", $"{blob.Name} {Text(content)}");
            }
        }

        static string Text(BinaryData content)
        {
            if (!content.ToMemory().Span.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]))
                return content.ToString();
            using var reader = new StreamReader(new GZipStream(content.ToStream(), CompressionMode.Decompress));
            return reader.ReadToEnd();
        }
    }

    /// <summary>The values to search for, each with all its forms.</summary>
    private sealed class SecretValues
    {
        private readonly Dictionary<string, (string Kind, string Value)> forms = new(StringComparer.OrdinalIgnoreCase);

        /// <summary>Adds a value and its encoded forms. Returns the value.</summary>
        internal string Add(string kind, string value)
        {
            foreach (var form in FormsOf(value))
                forms.TryAdd(form, (kind, value));
            return value;
        }

        /// <summary>Adds a secret key: also without its prefix and checksum, its bytes, and the Basic credentials with it.</summary>
        internal string AddKey(string text)
        {
            Assert.True(SecretKey.TryParse(text, out var key));
            Add(Key, text["tsk_".Length..^7]);
            AddBytes(Key, key.Bytes);
            Add(Key, ApiHost.Basic(TestWorld.Oakland, text)["Basic ".Length..]);
            return Add(Key, text);
        }

        internal void AddBytes(string kind, ReadOnlySpan<byte> bytes)
        {
            Add(kind, Convert.ToHexString(bytes));
            Add(kind, Convert.ToBase64String(bytes).TrimEnd('='));
        }

        /// <summary>Adds a JWT: also its signature and its claims.</summary>
        internal void AddJwt(string kind, string jwt)
        {
            foreach (var part in jwt.Split('.').Skip(1))
                Add(kind, part);
        }

        internal async Task AddVersionsAsync(TestWorld world, string name)
        {
            foreach (var version in await world.Vault.ListVersionsAsync(name, Cancellation))
                AddBytes(VaultSecret, (await world.Vault.GetAsync(name, version.Version, Cancellation)).Value.Span);
        }

        /// <summary>Asserts that each value is only where it may be, that it is in each place that is not optional, and that a planted value is found everywhere.</summary>
        internal void AssertOnlyWhereAllowed(
            IReadOnlyList<Captured> captured, IReadOnlyList<(string Kind, string Place)> allowed, params IReadOnlyList<(string Kind, string Place)> optional)
        {
            Assert.NotEmpty(forms);
            Assert.All(forms.Keys, form => Assert.InRange(form.Length, 10, int.MaxValue)); // shorter ones would be found by chance
            var search = SearchValues.Create([.. forms.Keys], StringComparison.OrdinalIgnoreCase);
            var (found, leaks) = (new HashSet<(string Kind, string Place)>(), new Dictionary<(string Kind, string Place), string>());
            foreach (var (place, text) in captured)
            {
                if (!text.AsSpan().ContainsAny(search))
                    continue;
                foreach (var (form, (kind, _)) in forms.Where(form => text.Contains(form.Key, StringComparison.OrdinalIgnoreCase)))
                {
                    var permitted = allowed.Concat(optional).Where(item => item.Kind == kind && place.StartsWith(item.Place, StringComparison.Ordinal)).ToList();
                    found.UnionWith(permitted);
                    if (permitted.Count == 0 && kind != Plant.Kind)
                        leaks.TryAdd((kind, place), $"{kind} in {place} as {form}: {Around(text, form)}");
                    if (kind == Plant.Kind)
                        found.Add((kind, place));
                }
            }

            IEnumerable<(string Kind, string Place)> planted = forms.Values.Any(value => value.Kind == Plant.Kind) ? Plant.Places.Select(place => (Plant.Kind, place)) : [];
            string[] problems = [.. leaks.Values, .. allowed.Concat(planted).Where(item => !found.Contains(item)).Select(item => $"{item.Kind} was not found in {item.Place}")];
            Assert.True(problems.Length == 0, string.Join('\n', problems));
        }

        /// <summary>The value as it is, in a URL, in JSON, and in Base64, also in the middle of a longer text.</summary>
        private static HashSet<string> FormsOf(string value)
        {
            var forms = new HashSet<string>(StringComparer.Ordinal)
            {
                value, Uri.EscapeDataString(value), WebUtility.UrlEncode(value), JsonEncodedText.Encode(value).ToString(), Convert.ToHexString(Encoding.UTF8.GetBytes(value)),
            };
            for (var before = 0; before < 3; before++)
            {
                // The first and the last digit depend on the text around it.
                var digits = Convert.ToBase64String(Encoding.UTF8.GetBytes(new string(' ', before) + value)).TrimEnd('=');
                forms.Add(digits[(before == 0 ? 0 : before + 1)..^1]);
            }

            return forms;
        }

        private static string Around(string text, string form)
        {
            var at = text.IndexOf(form, StringComparison.OrdinalIgnoreCase);
            return text[Math.Max(0, at - 150)..Math.Min(text.Length, at + form.Length + 50)];
        }
    }

    /// <summary>Puts a value into each kind of place, as a control: the search must find it there.</summary>
    private sealed class Plant(CapturedDiagnostics diagnostics, TestWorld world) : IDisposable
    {
        internal const string Kind = "planted value";

        internal static readonly string[] Places =
        [
            "log", CapturedDiagnostics.FilteredLog, "span of planted", "exported span", "event of Azure-Core", "metric of the app", "exception", "row Leas planted:", "row Disclosures planted:",
            "row Expirations planted:", "row Overview planted:", "blob score-reports", "blob backups", "storage request",
        ];

        private readonly ActivitySource source = new("planted");

        public void Dispose() => source.Dispose();

        internal async Task AddAsync(SecretValues values, IMeterFactory meters)
        {
            var value = values.Add(Kind, RandomText("planted"));
            foreach (var category in (string[])["Credentialing", "Microsoft.AspNetCore.Hosting"])
                diagnostics.CreateLogger(category).Log(LogLevel.Trace, default, value, exception: null, (state, _) => state);
            using (var span = source.StartActivity("planted")!)
                span.SetTag("value", value);
            using (var client = new ActivitySource(CredentialingTelemetry.Name))
            using (var span = client.StartActivity("planted")!)
                span.SetTag("value", value);
            meters.Create(new MeterOptions(CredentialingTelemetry.Name)).CreateCounter<int>("planted").Add(1, new KeyValuePair<string, object?>("value", value));
            await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            {
                await Task.Yield();
                throw new InvalidOperationException(value);
            });
            foreach (var table in (string[])["Leas", "Disclosures", "Expirations", "Overview"])
                await world.Tables.GetTableClient(table).AddEntityAsync(new TableEntity("planted", "planted:") { ["Value"] = value }, Cancellation);
            foreach (var container in (BlobContainerClient[])[world.Storage.ScoreReports, world.BackupContainer])
                await container.GetBlobClient(value).UploadAsync(BinaryData.FromString(""), Cancellation);
        }
    }

    /// <summary>MyTOMS, which records what it receives, except the header with the API key.</summary>
    private sealed class MyTomsRequests(CapturedDiagnostics diagnostics) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.True(request.Headers.Contains("X-Api-Key"));
            diagnostics.Add("request to MyTOMS", $"{request.RequestUri} {(request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken))}");
            return new HttpResponseMessage(HttpStatusCode.NoContent);
        }
    }

    /// <summary>All that clients do, right and wrong, with working and with failing storage.</summary>
    private sealed class Story(TestWorld world, TestHost host, SecretScanningServer gitHub, CapturedDiagnostics diagnostics, SecretValues values)
    {
        private readonly string ssid = values.Add(Ssid, RandomSsid());
        private readonly string rosa = values.Add(Email, $"{RandomText("rosa")}@lea.example");
        private readonly string luis = values.Add(Email, $"{RandomText("luis")}@lea.example");
        private readonly string leas = $"leas/{TestWorld.Oakland}";
        private string Reports => $"v1/students/{ssid}/score-reports";

        internal async Task RunAsync()
        {
            await world.Storage.ScoreReports.GetBlobClient($"{TestWorld.Oakland}/{ssid}/2026/ssr-en.pdf").UploadAsync(BinaryData.FromString("%PDF-"), Cancellation);
            await SaveAsync("l");
            await SaveAsync("");
            await SendAsync("lea", HttpMethod.Get, leas, "toms");
            var superseded = await GenerateAsync(seen: null, days: 0);
            var previous = await GenerateAsync(seen: 1, days: 0);
            var key = await GenerateAsync(seen: 2, days: 7);
            var (token, link) = await UseAsync(key);
            await UseAsync(previous);
            await ShareAsync();
            await UseWronglyAsync(key, token, link);
            await ReportAsync(key, superseded);
            await RunTimersAsync();
            (token, link) = await UseAsync(key);
            await ShareAsync();
            await ReadAsync();
            foreach (var fault in (Fault[])[Fault.ConnectionFailed, Fault.UnexpectedException])
                await FailAsync(fault, key, token, link);
            await ReportToGitHubAsync(key);
            await RestoreAsync();
        }

        private async Task<ApiResponse> SendAsync(string name, HttpMethod method, string path, string? persona = null, string? body = null, params string[] headers)
        {
            if (persona is not null)
            {
                var jwt = await host.SignInAsync(persona);
                values.AddJwt(Jwt, jwt);
                headers = [.. headers, "Authorization", $"Bearer {jwt}"];
            }

            using var content = body is null ? null : body.StartsWith("grant_type", StringComparison.Ordinal) ? new StringContent(body, Encoding.ASCII, "application/x-www-form-urlencoded") : ApiHost.Json(body);
            var response = await host.SendAsync(method, path, persona: null, content, headers);
            diagnostics.Add($"response {name}", $"{(int)response.Status} {response.Headers} {response.ContentHeaders} {response.Text}");
            return response;
        }

        private async Task SaveAsync(string prefix) => await SendAsync(
            "save", HttpMethod.Put, leas, "toms", $$"""{"name":"Oakland Unified","coordinators":[{"id":"rosa","name":"Rosa","email":"{{rosa}}"},{"id":"luis","name":"Luis","email":"{{prefix}}{{luis}}"}]}""");

        private async Task<string> GenerateAsync(int? seen, int days)
        {
            var body = string.Create(CultureInfo.InvariantCulture, $$"""{"authorized":true,"wordingVersion":"2026-1","keepPreviousForDays":{{days}}}""");
            var response = await SendAsync("generate", HttpMethod.Post, $"{leas}/credentials", "rosa", body, seen is null ? ["If-None-Match", "*"] : ["If-Match", $"\"{seen}\""]);
            return values.AddKey(response.Json.GetProperty("secretKey").GetString()!);
        }

        private static string[] Authorization(string value) => ["Authorization", value];

        private static string Form(string key) => $"grant_type=client_credentials&client_id=sis-{TestWorld.Oakland}&client_secret={key}";

        private async Task<(string Token, string Link)> UseAsync(string key)
        {
            var basic = Authorization(ApiHost.Basic(TestWorld.Oakland, key));
            await SendAsync("status", HttpMethod.Get, $"{leas}/credentials", "rosa");
            await SendAsync("own credential", HttpMethod.Get, "v1/credential", headers: basic);
            await SendAsync("validation", HttpMethod.Post, "credentials/validate", "toms", $$"""{"username":"sis-{{TestWorld.Oakland}}","secretKey":"{{key}}"}""");
            var token = (await SendAsync("token", HttpMethod.Post, "v1/token", body: "grant_type=client_credentials", headers: basic)).Json.GetProperty("access_token").GetString()!;
            values.AddJwt(Bearer, token);
            values.AddJwt(Bearer, (await SendAsync("token", HttpMethod.Post, "v1/token", body: Form(key))).Json.GetProperty("access_token").GetString()!);
            var bearer = Authorization($"Bearer {token}");
            await SendAsync("list", HttpMethod.Get, Reports, headers: basic);
            var link = (await SendAsync("list with links", HttpMethod.Get, $"{Reports}?links=temporary", headers: bearer)).Json[0].GetProperty("temporaryLink").GetString()!;
            values.AddJwt(Link, link.Split("link=")[1]);
            foreach (var (path, headers) in (IEnumerable<(string, string[])>)[(Report, basic), (Report, bearer), (Report, [.. bearer, "Range", "bytes=2-"]), (link, [])])
                Assert.True((int)(await SendAsync("download", HttpMethod.Get, path, headers: headers)).Status is 200 or 206);
            return (token, link);
        }

        private string Report => $"{Reports}/2026-ssr-en.pdf";

        /// <summary>The key of a share exists only in the fragment of its URL, which no client sends.</summary>
        private async Task ShareAsync()
        {
            values.Add(ShareKey, RandomText("fragment"));
            foreach (var step in (string[])["open", "cancel", "keep"])
            {
                var ciphertext = values.Add(Ciphertext, RandomText("ciphertext"));
                var id = (await SendAsync("share", HttpMethod.Post, $"{leas}/shares", "rosa", $$"""{"vendor":"Aeries","ciphertext":"{{ciphertext}}"}""")).Json.GetProperty("id").GetString()!;
                values.Add(ShareId, id[15..]);
                if (step is "open")
                    Assert.Equal(HttpStatusCode.OK, (await SendAsync("open share", HttpMethod.Post, $"shares/{id}/opening")).Status);
                if (step is "cancel")
                    await SendAsync("cancellation", HttpMethod.Delete, $"{leas}/shares/{id}", "rosa");
                if (step is not "keep")
                    await SendAsync("gone", HttpMethod.Post, $"shares/{id}/opening");
            }

            await SendAsync("shares", HttpMethod.Get, $"{leas}/shares", "rosa");
        }

        private async Task UseWronglyAsync(string key, string token, string link)
        {
            foreach (var wrong in (string[])[key[..^1], key.ToLowerInvariant() + "0", key["tsk_".Length..], SecretKey.Generate().Reveal()])
            {
                await SendAsync("refused", HttpMethod.Get, Reports, headers: Authorization(ApiHost.Basic(TestWorld.Oakland, wrong)));
                await SendAsync("refused", HttpMethod.Post, "v1/token", body: Form(wrong));
            }

            await SendAsync("refused", HttpMethod.Get, Reports, headers: Authorization(ApiHost.Basic(TestWorld.Berkeley, key)));
            await SendAsync("refused", HttpMethod.Get, Reports, headers: Authorization($"Basic {key}"));
            await SendAsync("refused", HttpMethod.Get, Reports, headers: Authorization($"Bearer {token[..^2]}"));
            await SendAsync("refused", HttpMethod.Get, Reports, headers: Authorization($"Bearer {link.Split("link=")[1]}"));
            await SendAsync("refused", HttpMethod.Get, $"{leas}/credentials", headers: Authorization($"Bearer {token}"));
            await SendAsync("refused", HttpMethod.Get, link[..^2]);
            await SendAsync("refused", HttpMethod.Get, $"{Reports}/2025-ssr-en.pdf?{link.Split('?')[1]}");
            await SendAsync("refused", HttpMethod.Post, "v1/token", body: $"{Form(key)}&client_secret={key}");
            await SendAsync("refused", HttpMethod.Post, "credentials/validate", "toms", $$"""{"username":"sis-{{TestWorld.Oakland}}","secretKey":"{{key}}" """);
            await SendAsync("refused", HttpMethod.Post, "credentials/validate", "toms", $$"""{"username":["{{key}}"]}""");
            await SendAsync("refused", HttpMethod.Post, "credentials/leaks", "toms", $$"""{"secretKey":"{{key}}","reason":"{{key}}"}""");
            await SendAsync("refused", HttpMethod.Put, $"leas/{TestWorld.Berkeley}", "toms", $$"""{"name":"Berkeley","coordinators":[{"id":"bea","name":"Bea","email":"{{rosa}}@"}]}""");
        }

        private async Task ReportAsync(string key, string superseded)
        {
            await SendAsync("leak", HttpMethod.Post, "credentials/leaks", "toms", $$"""{"secretKey":"{{key}}"}""");
            await SendAsync("leak", HttpMethod.Post, "credentials/leaks", "toms", $$"""{"secretKey":"{{superseded}}","revoke":true}""");
            await SendAsync("end", HttpMethod.Delete, $"{leas}/credentials/previous", "rosa");
        }

        /// <summary>Reminders, announcements, backup, rotation and the check of the overview.</summary>
        private async Task RunTimersAsync()
        {
            await SendAsync("timer", HttpMethod.Post, "/admin/functions/BackUp");
            await Eventually.IsTrueAsync(HasBackupAsync);
            world.Clock.Advance(TimeSpan.FromDays(351));
            foreach (var timer in (string[])["SendExpiryReminders", "CheckOverview", "RotateSecrets"])
                await SendAsync("timer", HttpMethod.Post, $"/admin/functions/{timer}");
            await Eventually.IsTrueAsync(() => world.Mail.Sends.Count == 1);
        }

        private async Task<bool> HasBackupAsync() => await world.Archive.ListAsync(BackupArchive.Leas, Cancellation).AnyAsync(Cancellation);

        private async Task ReadAsync()
        {
            foreach (var format in (string[])["application/json", "text/csv"])
            {
                await SendAsync("disclosures", HttpMethod.Get, $"{leas}/disclosures?ssid={ssid}", "luis", headers: ["Accept", format]);
                await SendAsync("events", HttpMethod.Get, $"{leas}/events", "rosa", headers: ["Accept", format]);
                await SendAsync("overview", HttpMethod.Get, "leas", "toms", headers: ["Accept", format]);
            }

            foreach (var path in (string[])["credentials", "credentials/calendar", "announcements", "disclosures/summary"])
                await SendAsync("status", HttpMethod.Get, $"{leas}/{path}", "rosa");
            await SendAsync("preview", HttpMethod.Get, "reminders/preview", "toms");
            await SendAsync("health", HttpMethod.Get, "health/ready");
        }

        private async Task FailAsync(Fault fault, string key, string token, string link)
        {
            world.Traffic.InjectFault = _ => fault;
            var basic = Authorization(ApiHost.Basic(TestWorld.Oakland, key));
            await SendAsync("failure", HttpMethod.Get, Report, headers: basic);
            await SendAsync("failure", HttpMethod.Get, Report, headers: Authorization($"Bearer {token}"));
            await SendAsync("failure", HttpMethod.Get, link);
            await SendAsync("failure", HttpMethod.Post, "v1/token", body: Form(key));
            await SendAsync("failure", HttpMethod.Get, $"{leas}/disclosures?ssid={ssid}", "rosa");
            await SendAsync("failure", HttpMethod.Post, "credentials/leaks", "toms", $$"""{"secretKey":"{{key}}"}""");
            await SaveAsync("x");
            var requests = world.Traffic.Requests.Count;
            world.Traffic.InjectFault = number => number <= requests + 1 ? Fault.None : fault; // after the first request
            await SendAsync("failure", HttpMethod.Get, Report, headers: basic);
            requests = world.Traffic.Requests.Count;
            await SendAsync("failure", HttpMethod.Post, $"{leas}/credentials", "rosa", ApiHost.Authorization, "If-Match", "\"3\"");
            world.Traffic.InjectFault = null;
        }

        private async Task ReportToGitHubAsync(string key)
        {
            var response = await gitHub.SendAsync(host, SecretScanningServer.MessageOf(key));
            Assert.Equal(HttpStatusCode.OK, response.Status);
            diagnostics.Add("response scanning", response.Text);
            Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync("refused", HttpMethod.Get, Reports, headers: Authorization(ApiHost.Basic(TestWorld.Oakland, key)))).Status);
        }

        private async Task RestoreAsync()
        {
            var backup = await world.Archive.ListAsync(BackupArchive.Leas, Cancellation).LastAsync(Cancellation);
            var report = await world.Restore.RunAsync(new RestoreRequest(backup, IsApplied: true, new HashSet<Core.LeaId>()), progress: null, Cancellation);
            diagnostics.Add("report of a restore", $"{report} {string.Join(' ', report.Failures)}");
        }
    }
}
