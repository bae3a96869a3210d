using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.IO.Compression;
using System.Reflection;
using System.Text;
using Azure.Core;
using Azure.Monitor.OpenTelemetry.Exporter;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Shares;
using Credentialing.Core.Telemetry;
using Credentialing.DevHost;
using Credentialing.Functions.Hosting;
using Credentialing.Tests.Infrastructure;
using Credentialing.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry.Trace;
using static Credentialing.Tests.DailyRun.DailyRunDriver;
using static Credentialing.Tests.Support.Metrics;

namespace Credentialing.Tests.Telemetry;

[Kind(TestKind.Storage)]
public sealed class TelemetryTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Credentials_are_counted_as_first_or_regenerated()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        using var counted = Collect<long>(world.Meters, "credentialing.credentials.generated");

        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 2);
        await world.GenerateAsync(TestWorld.Oakland, seenGeneration: 1); // a conflict

        Assert.Equal(["1 kind=first", "2 kind=regenerated"], Sums(counted));
    }

    [Fact]
    public async Task Authentications_are_counted_by_credential_type_and_outcome()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        using var content = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", "sis-01612590000000"), new("client_secret", key)]);
        var token = (await host.SendAsync(HttpMethod.Post, "v1/token", content: content)).Json.GetProperty("access_token").GetString();
        using var counted = Collect<long>(host.Meters, "credentialing.authentications");

        await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential");
        await host.AsVendorAsync(TestWorld.Berkeley, key, "v1/credential");
        await host.AsVendorAsync(TestWorld.Oakland, "invalid", "v1/credential");
        await host.SendAsync(HttpMethod.Get, "v1/credential", headers: ["Authorization", $"Bearer {token}"]);
        await host.SendAsync(HttpMethod.Get, "v1/credential", headers: ["Authorization", "Bearer invalid"]);
        world.Clock.Advance(TimeSpan.FromDays(365));
        await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential");

        Assert.Equal(
            ["1 by=key outcome=accepted", "1 by=key outcome=expired", "2 by=key outcome=refused", "1 by=token outcome=accepted", "1 by=token outcome=refused"],
            Sums(counted));
    }

    [Fact]
    public async Task A_run_records_its_duration_its_actions_and_the_days_to_expiry_of_each_LEA()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        using var reminders = Collect<long>(world.Meters, "credentialing.reminders");
        using var announcements = Collect<long>(world.Meters, "credentialing.announcements");
        using var durations = Collect<double>(world.Meters, "credentialing.run.duration");
        using var days = Collect<int>(world.Meters, "credentialing.days_to_expiry");

        await RunAsync(world);
        world.Clock.Advance(TimeSpan.FromDays(7));
        await world.MustGenerateAsync(TestWorld.Berkeley); // not due
        await RunAsync(world);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        await RunAsync(world);

        Assert.Equal(["1 milestone=14 outcome=sent", "1 milestone=7 outcome=sent"], Sums(reminders));
        Assert.Equal(["2 action=post outcome=done", "1 action=remove outcome=done"], Sums(announcements));
        Assert.Equal([14, 7, 365], days.GetMeasurementSnapshot().Select(measurement => measurement.Value)); // the last value comes from the outdated index row
        Assert.Equal(["outcome=finished", "outcome=finished", "outcome=finished"], durations.GetMeasurementSnapshot().Select(Tags));
    }

    [Fact]
    public async Task A_failed_run_records_its_outcome_and_that_of_each_reminder_and_announcement()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await world.Register.SaveAsync(new Lea(TestWorld.Fresno, "Fresno Unified", []), "test", TestContext.Current.CancellationToken);
        await world.GenerateAsync(TestWorld.Fresno, by: new Coordinator("ana", "Ana", null));
        world.Clock.Advance(TimeSpan.FromDays(13));
        using var reminders = Collect<long>(world.Meters, "credentialing.reminders");
        using var announcements = Collect<long>(world.Meters, "credentialing.announcements");
        using var durations = Collect<double>(world.Meters, "credentialing.run.duration");

        world.ExternalCalls.InjectFault = called => called is ExternalService.Storage ? Fault.None : Fault.Unavailable;
        await Record.ExceptionAsync(() => RunAsync(world));
        world.ExternalCalls.InjectFault = null;
        world.Mail.RejectedAddresses.Add("rosa@lea.example");
        world.Clock.Advance(TimeSpan.FromMinutes(10));
        await Record.ExceptionAsync(() => RunAsync(world));
        world.Clock.Advance(TimeSpan.FromDays(340)); // Fresno: 12 days left; Oakland: expired
        await RunAsync(world);

        Assert.Equal(["1 milestone=1 outcome=failed", "1 milestone=1 outcome=rejected", "1 milestone=14 outcome=without_recipient"], Sums(reminders));
        Assert.Equal(["1 action=post outcome=failed", "3 action=post outcome=done"], Sums(announcements).OrderDescending().Reverse());
        Assert.Equal(["outcome=failed", "outcome=finished", "outcome=finished"], durations.GetMeasurementSnapshot().Select(Tags));
    }

    /// <summary>The real exporter sends spans, metrics and logs to a test server instead of Azure Monitor.</summary>
    [Fact]
    public async Task Azure_Monitor_gets_all_telemetry_without_personal_data_and_secrets()
    {
        await using var ingestion = await IngestionServer.StartAsync();
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.Storage.ScoreReports.GetBlobClient("01612590000000/9016125901/2026/ssr-en.pdf")
            .UploadAsync(BinaryData.FromString("%PDF-"), TestContext.Current.CancellationToken);
        string key, token;
        await using (var host = await TestHost.StartAsync(world, builder =>
        {
            builder.Configuration[TelemetryRegistration.ConnectionSetting] = ingestion.ConnectionString;
            builder.Services.PostConfigure<AzureMonitorExporterOptions>(exporter => (exporter.TracesPerSecond, exporter.SamplingRatio) = (null, 1)); // no sampling
        }))
        {
            using var lea = TestHost.Json("""{"name":"Oakland Unified","coordinators":[{"id":"rosa","name":"Rosa Delgado","email":"rosa@lea.example"}]}""");
            await host.SendAsync(HttpMethod.Put, "leas/01612590000000", "toms", lea);
            key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
            using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", "sis-01612590000000"), new("client_secret", key)]);
            token = (await host.SendAsync(HttpMethod.Post, "v1/token", content: form)).Json.GetProperty("access_token").GetString()!;
            await host.AsVendorAsync(TestWorld.Oakland, key, "v1/students/9016125901/score-reports");
            await host.SendAsync(HttpMethod.Get, "v1/students/9016125901/score-reports/2026-ssr-en.pdf", headers: ["Authorization", $"Bearer {token}"]);
            await host.AsVendorAsync(TestWorld.Berkeley, key, "v1/credential");
            foreach (var format in (string[])["application/json", "text/csv"])
                await host.SendAsync(HttpMethod.Get, "leas/01612590000000/disclosures?ssid=9016125901", "rosa", headers: ["Accept", format]);
            using var leak = TestHost.Json($$"""{"secretKey":"{{key}}"}""");
            await host.SendAsync(HttpMethod.Post, "credentials/leaks", "toms", leak);
            world.Traffic.InjectFault = _ => Fault.ConnectionFailed;
            await host.AsVendorAsync(TestWorld.Oakland, key, "v1/students/9016125901/score-reports");
            await host.SendAsync(HttpMethod.Get, "leas/01612590000000/disclosures?ssid=9016125901", "rosa");
            world.Traffic.InjectFault = null;
            world.Clock.Advance(TimeSpan.FromDays(351));
            using var runs = Collect<double>(host.Meters, "credentialing.run.duration");
            await host.SendAsync(HttpMethod.Post, "/admin/functions/SendExpiryReminders");
            await runs.WaitForMeasurementsAsync(1, TestContext.Current.CancellationToken);
        }

        var sent = string.Join('\n', ingestion.Received);
        Assert.All(
            (string[])["credentialing.credentials.generated", "credentialing.authentications", "credentialing.disclosures", "credentialing.leaks", "credentialing.reminders", "credentialing.run.duration"],
            metric => Assert.Contains($"\"name\":\"{metric}\"", sent, StringComparison.Ordinal));
        Assert.All(
            (string[])["authenticate vendor", "generate credentials", "find leaked keys", "daily run", "process LEA"],
            span => Assert.Contains($"\"name\":\"{span}\"", sent, StringComparison.Ordinal));
        Assert.Contains("\"type\":\"Http\"", sent, StringComparison.Ordinal); // the storage requests
        Assert.Contains("Vendor credentials for LEA 01611430000000 were refused", sent, StringComparison.Ordinal);
        Assert.Contains("\"Function\":\"ListScoreReports\"", sent, StringComparison.Ordinal);
        Assert.All(
            (string[])["9016125901", "rosa", "Rosa", "Delgado", "lea.example", key, key[4..56], token],
            personal => Assert.DoesNotContain(personal, sent, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void The_list_of_metrics_and_the_operations_guide_match_the_instruments()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var instruments = new List<string>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => Note(instrument) };
        listener.Start();
        _ = new CredentialingTelemetry(meters);

        Assert.Equal(AppMetrics.Tags.Keys.Order(), instruments.Order());
        var guide = File.ReadAllText(Path.Combine(ProjectFolder.Root, "docs/operations.md"));
        Assert.All(AppMetrics.Tags, metric =>
        {
            var row = Assert.Single(guide.Split('\n'), line => line.StartsWith($"| `{metric.Key}` |", StringComparison.Ordinal));
            Assert.All(metric.Value, tag => Assert.Contains($"`{tag}`", row, StringComparison.Ordinal));
        });

        void Note(Instrument instrument)
        {
            if (instrument.Meter.Scope == meters)
                instruments.Add(instrument.Name);
        }
    }

    /// <summary>
    /// Event ids are exported with the logs. Generated ids have ten digits, which the workspace transformation would treat as an SSID.
    /// </summary>
    [Fact]
    public void Every_log_message_has_a_unique_small_event_id()
    {
        var ids =
            (from type in typeof(CredentialingTelemetry).Assembly.GetTypes().Concat(typeof(TelemetryRegistration).Assembly.GetTypes())
             where type.Namespace is { } space && !space.StartsWith("Credentialing.DevHost", StringComparison.Ordinal)
             from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
             let message = method.GetCustomAttribute<LoggerMessageAttribute>()
             where message is not null
             select message.EventId).ToList();
        Assert.Distinct(ids);
        Assert.All(ids, id => Assert.InRange(id, 1, 99));
    }

    [Theory]
    [InlineData("url.full")]
    [InlineData("url.path")]
    [InlineData("url.query")]
    [InlineData("http.url")]
    [InlineData("http.target")]
    public void URL_tags_are_removed_from_spans_and_other_tags_are_kept(string address)
    {
        using var services = Services();
        services.GetRequiredService<TracerProvider>();
        using var source = new ActivitySource("System.Net.Http");
        using var span = source.StartActivity("GET")!;
        span.SetTag(address, "/api/v1/students/9016125901/score-reports").SetTag("server.address", "storage.example");
        span.Stop();
        Assert.Equal((null, "storage.example"), (span.GetTagItem(address), span.GetTagItem("server.address")));
    }

    [Fact]
    public void The_exporter_uses_the_credential_of_the_app_exports_all_logs_and_disables_live_metrics()
    {
        var token = new AccessToken("token", DateTimeOffset.MaxValue);
        using var services = Services(collection => collection.AddSingleton<TokenCredential>(_ => DelegatedTokenCredential.Create((_, _) => token)));
        var exporter = services.GetRequiredService<IOptions<AzureMonitorExporterOptions>>().Value;
        Assert.Equal((token, false, false), (exporter.Credential.GetToken(default, TestContext.Current.CancellationToken), exporter.EnableTraceBasedLogsSampler, exporter.EnableLiveMetrics));
    }

    [Fact]
    public void The_exporter_uses_no_credential_if_the_app_has_none()
    {
        using var services = Services();
        Assert.Null(services.GetRequiredService<IOptions<AzureMonitorExporterOptions>>().Value.Credential);
    }

    [Theory]
    [InlineData("Microsoft.AspNetCore.Hosting.Diagnostics")]
    [InlineData("System.Net.Http.HttpClient.MyToms.LogicalHandler")]
    public void Categories_that_log_request_URLs_log_only_warnings(string category)
    {
        using var logs = new CapturedLogs();
        using var services = Services(collection => collection.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(logs)));
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(category);
        Assert.Equal((false, true), (logger.IsEnabled(LogLevel.Information), logger.IsEnabled(LogLevel.Warning)));
    }

    [Fact]
    public async Task Spans_have_the_operation_name_and_the_LEA_if_known()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == CredentialingTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var test = new Activity("test").Start(); // other tests' spans belong to other traces

        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        var accepted = Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
        await world.Vendors.AuthenticateAsync((await world.Tokens.IssueAsync(accepted.Key, TestContext.Current.CancellationToken)).Value, TestContext.Current.CancellationToken);
        world.Clock.Advance(TimeSpan.FromDays(351));
        await RunAsync(world);
        await world.Overview.CheckAsync(TestContext.Current.CancellationToken);
        await world.Backups.BackUpAsync(TestContext.Current.CancellationToken);
        await world.Rotation.RunAsync(TestContext.Current.CancellationToken);
        await world.Leaks.ReportAsync([], "toms", stopping: null, TestContext.Current.CancellationToken);
        await world.Shares.OpenAsync(ShareId.New(TestWorld.Oakland), TestContext.Current.CancellationToken);

        Assert.Equal(
            [
                "generate credentials 01612590000000", "authenticate vendor ", "authenticate vendor ", "process LEA 01612590000000", "daily run ",
                "check overview ", "back up ", "rotate secrets ", "find leaked keys ", "open share 01612590000000",
            ],
            spans.Where(span => span.TraceId == test.TraceId).Select(span => $"{span.OperationName} {span.GetTagItem("credentialing.lea")}"));
    }

    [Fact]
    public async Task A_run_that_waits_counts_delayed_reminders_and_records_its_duration_in_seconds()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        using var reminders = Collect<long>(world.Meters, "credentialing.reminders");
        using var durations = Collect<double>(world.Meters, "credentialing.run.duration");
        var busy = true;
        world.ExternalCalls.InjectFault = called =>
        {
            if (called is not ExternalService.Mail || !busy)
                return Fault.None;
            busy = false;
            return Fault.Throttled;
        };

        var run = await RunWithClockAsync(world);

        Assert.Equal(["1 milestone=14 outcome=delayed", "1 milestone=14 outcome=sent"], Sums(reminders));
        var duration = Assert.Single(durations.GetMeasurementSnapshot()).Value;
        Assert.Equal(run.Elapsed.TotalSeconds, duration);
        Assert.InRange(duration, 60, 120); // Retry-After is one minute
        Assert.Equal([1.0, 5, 15, 60, 120, 300, 600, 1200], ((Histogram<double>)durations.Instrument!).Advice!.HistogramBucketBoundaries!);
    }

    [Fact]
    public async Task A_failed_removal_of_an_announcement_is_counted_as_a_removal()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await RunAsync(world);
        var superseded = Assert.IsType<GenerationOutcome.Generated>(await world.GenerateAsync(TestWorld.Oakland, seenGeneration: 1)).Superseded!;
        using var announcements = Collect<long>(world.Meters, "credentialing.announcements");

        world.ExternalCalls.InjectFault = called => called is ExternalService.MyToms ? Fault.Unavailable : Fault.None;
        await world.Announcements.TryWithdrawAsync(superseded);
        await Record.ExceptionAsync(() => RunAsync(world));
        world.ExternalCalls.InjectFault = null;
        world.Clock.Advance(TimeSpan.FromMinutes(10));
        await RunAsync(world);

        Assert.Equal(["1 action=remove outcome=delayed", "1 action=remove outcome=done", "1 action=remove outcome=failed"], Sums(announcements));
    }

    [Fact]
    public async Task A_removal_that_the_run_repeats_is_counted_once()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await RunAsync(world);
        using var announcements = Collect<long>(world.Meters, "credentialing.announcements");
        var superseded = Assert.IsType<GenerationOutcome.Generated>(await world.GenerateAsync(TestWorld.Oakland, seenGeneration: 1)).Superseded!;
        await world.Announcements.TryWithdrawAsync(superseded);
        await RunAsync(world);
        Assert.Equal(["1 action=remove outcome=done"], Sums(announcements));
    }

    [Fact]
    public async Task An_LEA_with_expired_credentials_has_0_days_to_expiry()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        using var days = Collect<int>(world.Meters, "credentialing.days_to_expiry");
        world.Clock.Advance(TimeSpan.FromDays(30));
        await RunAsync(world);
        Assert.Equal([0], days.GetMeasurementSnapshot().Select(measurement => measurement.Value));
        Assert.Equal([0, 1, 3, 7, 14], ((Histogram<int>)days.Instrument!).Advice!.HistogramBucketBoundaries!);
    }

    [Fact]
    public async Task A_vendor_with_expired_credentials_is_logged_by_LEA()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(365));
        using var logs = new CapturedLogs();
        await using var instance = world.AnotherInstance(logs);
        await instance.AuthenticateAsync(TestWorld.Oakland, key);
        Assert.Single(logs.Lines, line => line.StartsWith("Warning Credentialing.Core.Credentials.VendorAuthenticator Vendor credentials for LEA 01612590000000 were refused: they have expired.", StringComparison.Ordinal));
    }

    private static ServiceProvider Services(Action<IServiceCollection>? add = null)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(TelemetryRegistration.ConnectionSetting, $"InstrumentationKey={Guid.Empty};IngestionEndpoint=http://127.0.0.1:9/")]).Build();
        var services = new ServiceCollection();
        add?.Invoke(services);
        services.AddTelemetry(configuration);
        return services.BuildServiceProvider();
    }

    /// <summary>A fake ingestion endpoint of Azure Monitor.</summary>
    private sealed class IngestionServer : IAsyncDisposable
    {
        private readonly WebApplication app;
        private readonly ConcurrentQueue<string> received = new();

        private IngestionServer()
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
            app = builder.Build();
            app.Run(ReceiveAsync);
        }

        public IEnumerable<string> Received => received;

        public string ConnectionString => $"InstrumentationKey={Guid.NewGuid()};IngestionEndpoint={app.Urls.Single()}/";

        public static async Task<IngestionServer> StartAsync()
        {
            var ingestion = new IngestionServer();
            await ingestion.app.StartAsync(TestContext.Current.CancellationToken);
            return ingestion;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private async Task ReceiveAsync(HttpContext context)
        {
            await using var body = context.Request.Headers.ContentEncoding == "gzip" ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body;
            using var reader = new StreamReader(body, Encoding.UTF8);
            var text = await reader.ReadToEndAsync(context.RequestAborted);
            received.Enqueue(text);
            var items = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
            await context.Response.WriteAsync($$"""{"itemsReceived":{{items}},"itemsAccepted":{{items}},"errors":[]}""");
        }
    }
}
