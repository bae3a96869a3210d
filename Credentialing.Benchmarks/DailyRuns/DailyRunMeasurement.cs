using System.Diagnostics;
using System.Net;
using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Credentialing.Benchmarks.Measuring;
using Credentialing.Core;
using Credentialing.Core.Announcements;
using Credentialing.Core.Backups;
using Credentialing.Core.Credentials;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Secrets;
using Credentialing.Functions.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Benchmarks.DailyRuns;

/// <summary>What is due in a measured run.</summary>
internal enum DailyRunCase
{
    /// <summary>Nothing is due.</summary>
    NothingDue,

    /// <summary>The credentials of one LEA in thirty expire in 14 days: an email and an announcement each.</summary>
    OneInThirtyDue,

    /// <summary>The credentials of one LEA in ten expired long ago, and the run has moved their index entries.</summary>
    OneInTenExpired,

    /// <summary>The credentials of one LEA in ten expired long ago, and the run moves their index entries: the first run after an upgrade.</summary>
    OneInTenMoved,
}

/// <summary>The figures of one run.</summary>
/// <param name="Case">What was due.</param>
/// <param name="Leas">The number of LEAs of the system.</param>
/// <param name="Mail">The latency of the mail service.</param>
/// <param name="Processed">The number of LEAs that the run processed.</param>
/// <param name="Emails">The number of emails sent.</param>
/// <param name="Announcements">The number of announcements posted.</param>
/// <param name="StorageRequests">The number of requests to Table Storage.</param>
/// <param name="Elapsed">The duration of the run, with real latencies.</param>
/// <param name="Cpu">CPU time, with that of the computed responses.</param>
/// <param name="PeakLiveBytes">The largest managed heap after a collection, without its free parts, sampled.</param>
/// <param name="PeakCommittedBytes">The largest memory that the garbage collector had committed, sampled.</param>
/// <param name="PeakWorkingSet">The largest working set of the process, sampled: it contains that of earlier runs in the process.</param>
internal sealed record DailyRunFigures(
    DailyRunCase Case, int Leas, TimeSpan Mail, int Processed, int Emails, int Announcements, long StorageRequests, TimeSpan Elapsed, TimeSpan Cpu, long PeakLiveBytes, long PeakCommittedBytes, long PeakWorkingSet);

/// <summary>
/// Measures the daily run over <see cref="ComputedTables"/>, with a mail service and a MyTOMS that only wait. For figures of the working
/// set, measure each case in a process of its own.
/// </summary>
internal static class DailyRunMeasurement
{
    private const int DueInThirty = 30;
    private const int ExpiredInTen = 10;

    private static readonly TimeSpan StorageLatency = TimeSpan.FromMilliseconds(8);
    private static readonly TimeSpan MyTomsLatency = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs once.</summary>
    /// <param name="what">What is due.</param>
    /// <param name="leas">The number of LEAs of the system.</param>
    /// <param name="mail">The latency of the mail service.</param>
    /// <param name="parallelism">See <see cref="DailyRunOptions.Parallelism"/>; null for the default.</param>
    internal static async Task<DailyRunFigures> RunAsync(DailyRunCase what, int leas, TimeSpan mail, int? parallelism = null)
    {
        var calendar = new LeaCalendar(TimeZoneInfo.FindSystemTimeZoneById("America/Los_Angeles"));
        var screen = new CredentialingScreen(new Uri("https://toms.example/credentialing"));
        var (indexed, days) = what switch
        {
            DailyRunCase.OneInThirtyDue => (leas / DueInThirty, CredentialStatus.ExpiringDays),
            DailyRunCase.OneInTenMoved => (leas / ExpiredInTen, -400),
            _ => (0, 0), // the entries of LEAs with nothing left to do are in a partition that the run does not read
        };
        var tables = new ComputedTables(indexed, TimeProvider.System.GetUtcNow().AddDays(days), StorageLatency, calendar, screen);
        var sender = new WaitingSender(mail);
        await using var services = Services(tables, sender, calendar, screen, parallelism);
        var run = services.GetRequiredService<DailyRunService>();
        GC.Collect();
        var (began, before) = (Stopwatch.GetTimestamp(), Usage.OfThisProcess());
        using var done = new CancellationTokenSource();
        var sampling = SampleAsync(done.Token);
        var summary = await run.RunAsync(CancellationToken.None);
        var (elapsed, used) = (Stopwatch.GetElapsedTime(began), Usage.OfThisProcess() - before);
        await done.CancelAsync();
        var (live, committed, workingSet) = await sampling;
        return new(what, leas, mail, summary.Leas, summary.Sent, summary.Posted, tables.Requests, elapsed, used.Cpu, live, committed, workingSet);
    }

    private static ServiceProvider Services(ComputedTables tables, WaitingSender sender, LeaCalendar calendar, CredentialingScreen screen, int? parallelism)
    {
        var options = new TableClientOptions();
        AzureRegistration.ForStorage(options);
        options.Transport = tables;
        var account = new Uri("https://account.table.example");
        return new ServiceCollection()
            .AddLogging()
            .AddSingleton(new TableServiceClient(account, new AzureSasCredential("sig=unused"), options))
            .AddSingleton(new BlobServiceClient(account))
            .AddSingleton(new BackupStore(new BlobServiceClient(account)))
            .AddSingleton<ISecretVault, NoVault>()
            .AddSingleton<IEmailSender>(sender)
            .AddSingleton(calendar)
            .AddSingleton(screen)
            .AddSingleton(new ServiceAddresses(new Uri("https://toms.example/api/v1")))
            .AddCredentialingCore()
            .Configure<DailyRunOptions>(run => run.Parallelism = parallelism ?? run.Parallelism)
            .Configure<MyTomsOptions>(myToms => (myToms.BaseUrl, myToms.ApiKey) = (new Uri("https://mytoms.example"), "unused"))
            .AddHttpClient(MyToms.Client).ConfigurePrimaryHttpMessageHandler(() => new WaitingHandler(MyTomsLatency)).Services
            .BuildServiceProvider();
    }

    /// <summary>Returns the largest heap after a collection, the largest committed memory and the largest working set, until it is canceled.</summary>
    private static async Task<(long Live, long Committed, long WorkingSet)> SampleAsync(CancellationToken cancellationToken)
    {
        var (live, committed, workingSet) = (0L, 0L, 0L);
        using var timer = new PeriodicTimer(SampleInterval);
        do
        {
            var heap = GC.GetGCMemoryInfo(GCKind.Any);
            live = Math.Max(live, heap.HeapSizeBytes - heap.FragmentedBytes);
            committed = Math.Max(committed, heap.TotalCommittedBytes);
            workingSet = Math.Max(workingSet, Environment.WorkingSet);
            await timer.WaitForNextTickAsync(cancellationToken).AsTask().ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        while (!cancellationToken.IsCancellationRequested);
        return (live, committed, workingSet);
    }

    private sealed class WaitingSender(TimeSpan latency) : IEmailSender
    {
        public async Task<EmailOutcome> SendAsync(Email email, CancellationToken cancellationToken)
        {
            await Task.Delay(latency, cancellationToken);
            return new EmailOutcome.Accepted([], []);
        }
    }

    private sealed class WaitingHandler(TimeSpan latency) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(latency, cancellationToken);
            return new HttpResponseMessage(HttpStatusCode.NoContent);
        }
    }

    /// <summary>The run needs no secret.</summary>
    private sealed class NoVault : ISecretVault
    {
        public Task<IReadOnlyList<ListedVersion>> ListVersionsAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<SecretVersion> GetAsync(string name, string version, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<string> CreateVersionAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task DisableVersionAsync(string name, string version, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
