using System.Net;
using System.Net.Http.Headers;
using Azure.Data.Tables;
using Credentialing.Tests.Announcements;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Published;

/// <summary>The published app with missing or invalid settings, with unavailable storage, and at shutdown.</summary>
[Kind(TestKind.Process)]
public sealed class PublishedAppFaultTests
{
    /// <summary>In bytes. More than the combined buffers of Kestrel, proxy and sockets.</summary>
    private const int LargeReport = 64 * 1024 * 1024;

    private readonly PublishedApp app;

    public PublishedAppFaultTests(PublishedApp app)
    {
        PublishedApp.SkipUnlessSupported();
        this.app = app;
    }

    [Fact]
    public async Task Without_storage_the_app_is_live_and_responds_503()
    {
        await using var services = await ExternalServices.StartAsync();
        await using var host = await FunctionsHost.StartAsync(app, services);
        await services.Azurite.DisposeAsync();
        var responses = await Task.WhenAll(
            host.SendAsync(HttpMethod.Get, $"leas/{TestWorld.Oakland}/credentials", "rosa"),
            host.GenerateAsync("rosa", TestWorld.Oakland),
            host.SendAsync(HttpMethod.Get, "health/ready"));

        Assert.All(responses, response => Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable"), (response.Status, response.ProblemType)));
        Assert.Equal(HttpStatusCode.OK, (await host.SendAsync(HttpMethod.Get, "health")).Status);
    }

    [Fact]
    public async Task A_download_completes_after_SIGTERM()
    {
        await using var services = await ExternalServices.StartAsync();
        await using var host = await FunctionsHost.StartAsync(app, services);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await services.Storage.ScoreReports.GetBlobClient($"{TestWorld.Oakland}/9016125901/2026/ssr-en.pdf")
            .UploadAsync(BinaryData.FromBytes(new byte[LargeReport]), TestContext.Current.CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, "v1/students/9016125901/score-reports/2026-ssr-en.pdf");
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(ApiHost.Basic(TestWorld.Oakland, key));

        using var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var content = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var length = await content.ReadAsync(new byte[1], TestContext.Current.CancellationToken);
        host.Terminate();
        var buffer = new byte[81920];
        for (int read; (read = await content.ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0;)
            length += read;

        Assert.Equal(LargeReport, length);
        Assert.Equal(0, await host.ExitCodeAsync());
    }

    [Fact]
    public async Task After_a_kill_under_load_each_download_of_which_content_arrived_has_its_record()
    {
        const int Clients = 6;
        await using var services = await ExternalServices.StartAsync();
        await using var host = await FunctionsHost.StartAsync(app, services);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await services.Storage.ScoreReports.GetBlobClient($"{TestWorld.Oakland}/9016125901/2026/ssr-en.pdf")
            .UploadAsync(BinaryData.FromString("%PDF-1.7"), TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = host.Client.BaseAddress };
        client.DefaultRequestHeaders.Authorization = AuthenticationHeaderValue.Parse(ApiHost.Basic(TestWorld.Oakland, key));
        using var killed = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var (downloaded, isUnderLoad) = (0, new TaskCompletionSource());

        var downloads = Enumerable.Range(0, Clients).Select(_ => DownloadAsync()).ToList();
        await Task.WhenAny(isUnderLoad.Task, Task.WhenAll(downloads)).WaitAsync(TestContext.Current.CancellationToken);
        await host.KillAsync();
        await killed.CancelAsync();
        await Task.WhenAll(downloads);

        var records = await services.Storage.Disclosures
            .QueryAsync<TableEntity>(row => row.RowKey.CompareTo("time:") >= 0 && row.RowKey.CompareTo("time;") < 0, cancellationToken: TestContext.Current.CancellationToken)
            .CountAsync(TestContext.Current.CancellationToken);
        Assert.InRange(downloaded, 50, int.MaxValue);
        Assert.InRange(records, downloaded, downloaded + Clients); // a client has one request in progress

        async Task DownloadAsync()
        {
            try
            {
                while (await client.GetStringAsync(new Uri("v1/students/9016125901/score-reports/2026-ssr-en.pdf", UriKind.Relative), killed.Token) == "%PDF-1.7")
                {
                    if (Interlocked.Increment(ref downloaded) == 50)
                        isUnderLoad.SetResult();
                }
            }
            catch (Exception ended) when (ended is HttpRequestException or OperationCanceledException)
            {
                // The app was killed.
            }
        }
    }

    [Fact]
    public async Task Every_missing_setting_is_reported_at_startup()
    {
        string[] required =
        [
            "ReminderSchedule", "OverviewSchedule", "BackupSchedule", "Credentialing__ScreenUrl", "Credentialing__VendorBaseUrl", "Credentialing__Azure__TableEndpoint", "Credentialing__Azure__BlobEndpoint",
            "Credentialing__Azure__BackupEndpoint",
            "Credentialing__Azure__VaultUri", "Credentialing__Mail__From", "Credentialing__Mail__Smtp__Host", "Credentialing__MyToms__BaseUrl",
            "Credentialing__Toms__Authority", "Credentialing__Toms__Audience",
        ];
        var errors = await FailToStartAsync([]);
        Assert.All(required, setting => Assert.Contains($"{setting}: ", errors, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_invalid_setting_is_reported_at_startup_without_its_value()
    {
        const string Wrong = "never-repeated";
        string[] settings =
        [
            "ReminderSchedule", "OverviewSchedule", "BackupSchedule", "APPLICATIONINSIGHTS_CONNECTION_STRING", "AZURE_CLIENT_ID", "Credentialing__ScreenUrl", "Credentialing__VendorBaseUrl", "Credentialing__TimeZone",
            "Credentialing__Azure__TableEndpoint", "Credentialing__Azure__BlobEndpoint", "Credentialing__Azure__BackupEndpoint", "Credentialing__Azure__VaultUri", "Credentialing__Azure__CommunicationEndpoint",
            "Credentialing__Mail__From", "Credentialing__Mail__Smtp__Port", "Credentialing__Mail__Smtp__Security", "Credentialing__MyToms__BaseUrl",
            "Credentialing__Toms__Authority", "Credentialing__DailyRun__Parallelism", "Credentialing__DailyRun__TimeLimit", "Credentialing__Disclosures__RetentionYears",
        ];
        var errors = await FailToStartAsync(settings.ToDictionary(setting => setting, _ => Wrong));
        Assert.All(settings, setting => Assert.Contains($"{setting}: ", errors, StringComparison.Ordinal));
        Assert.DoesNotContain(Wrong, errors, StringComparison.Ordinal);
    }

    /// <summary>The worker and its host are between the client and the function, so this is tested with both.</summary>
    [Fact]
    public async Task A_regeneration_returns_the_secret_key_while_MyTOMS_does_not_respond()
    {
        await using var services = await ExternalServices.StartAsync();
        await using var host = await FunctionsHost.StartAsync(app, services);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        TableEntity row = await services.Storage.Leas.GetEntityAsync<TableEntity>(TestWorld.Oakland.Value, "credential", cancellationToken: TestContext.Current.CancellationToken);
        row["ExpiresAt"] = TimeProvider.System.GetUtcNow().AddDays(1); // MyTOMS may have an announcement
        await services.Storage.Leas.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace, TestContext.Current.CancellationToken);
        var removal = new TaskCompletionSource();
        services.MyToms.Add(async context =>
        {
            await Record.ExceptionAsync(() => MyTomsServer.HangAsync(context));
            removal.SetResult();
        });

        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);

        var request = await services.MyToms.NextRequestAsync();
        Assert.Equal(("DELETE", false), (request.Method, removal.Task.IsCompleted));
        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);
    }

    /// <summary>Starts the app with settings with which it must fail. Returns its standard error output.</summary>
    private async Task<string> FailToStartAsync(Dictionary<string, string> settings)
    {
        var ended = await ProcessResult.RunAsync(await app.CommandAsync(new Uri("http://127.0.0.1:9"), settings));
        Assert.NotEqual(0, ended.ExitCode);
        return ended.Errors;
    }
}
