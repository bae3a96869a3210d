using System.Diagnostics.Metrics;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Credentialing.Core;
using Credentialing.Core.Announcements;
using Credentialing.Core.Audit;
using Credentialing.Core.Backups;
using Credentialing.Core.Credentials;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Disclosures;
using Credentialing.Core.Leaks;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Notices;
using Credentialing.Core.Overview;
using Credentialing.Core.Recovery;
using Credentialing.Core.Rotation;
using Credentialing.Core.ScoreReports;
using Credentialing.Core.Secrets;
using Credentialing.Core.Shares;
using Credentialing.Core.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Credentialing.Tests.Support;

/// <summary>The Core services of one app instance, with an empty storage account, an in-memory vault and a fake clock.</summary>
public sealed class TestWorld : IAsyncDisposable
{
    public static readonly LeaId Oakland = LeaId.Parse("01612590000000");
    public static readonly LeaId Berkeley = LeaId.Parse("01611430000000");
    public static readonly LeaId Fresno = LeaId.Parse("10621660000000");
    public static readonly Coordinator Rosa = new("rosa", "Rosa Delgado", "rosa@lea.example");
    public static readonly Coordinator Luis = new("luis", "Luis Ortega", "luis@lea.example");

    private readonly ServiceProvider services;

    private TestWorld(
        StorageAccount account, MemoryVault vault, FakeTimeProvider clock, MailService mail, MyTomsSite myToms, CapturedLogs? logs = null, Action<DailyRunOptions>? configure = null, int? retentionYears = null,
        ISecretVault? otherVault = null)
    {
        Account = account;
        Vault = vault;
        Clock = clock;
        Mail = mail;
        MyToms = myToms;
        ExternalCalls = new ExternalCalls(clock);
        Traffic = new StorageTraffic(ExternalCalls);
        var tables = new TableClientOptions();
        tables.AddPolicy(Traffic, HttpPipelinePosition.PerRetry);
        tables.Retry.Delay = TimeSpan.FromMilliseconds(1);
        var blobs = new BlobClientOptions();
        blobs.AddPolicy(Traffic, HttpPipelinePosition.PerRetry);
        blobs.Retry.Delay = TimeSpan.FromMilliseconds(1);
        Tables = account.Tables(tables);
        Blobs = account.Blobs(blobs);
        services = new ServiceCollection()
            .AddLogging(logging => logs?.Attach(logging))
            .AddSingleton(Tables)
            .AddSingleton(Blobs)
            .AddSingleton(new BackupStore(Blobs))
            .AddSingleton(otherVault ?? vault)
            .AddSingleton<TimeProvider>(ExternalCalls.Clock)
            .AddSingleton(mail.From(ExternalCalls))
            .AddSingleton(new LeaCalendar(Pacific.Zone))
            .AddSingleton(new CredentialingScreen(new Uri("https://toms.example/credentialing")))
            .AddSingleton(new ServiceAddresses(new Uri("https://toms.example/api/v1")))
            .AddCredentialingCore()
            .Configure<DailyRunOptions>(options => configure?.Invoke(options))
            .Configure<DisclosureOptions>(options => options.RetentionYears = retentionYears ?? options.RetentionYears)
            .Configure<MailOptions>(options => options.RetryDelay = TimeSpan.Zero)
            .Configure<MyTomsOptions>(options => (options.BaseUrl, options.ApiKey, options.RetryDelay) = (new Uri("https://mytoms.example"), "the key", TimeSpan.Zero))
            .AddHttpClient(Core.Announcements.MyToms.Client).ConfigurePrimaryHttpMessageHandler(() => myToms.From(ExternalCalls)).Services
            .BuildServiceProvider(validateScopes: true);
    }

    public StorageAccount Account { get; }

    public MemoryVault Vault { get; }

    public FakeTimeProvider Clock { get; }

    /// <summary>The external services of this app instance, with fault injection.</summary>
    public ExternalCalls ExternalCalls { get; }

    /// <summary>The storage requests of this instance.</summary>
    public StorageTraffic Traffic { get; }

    public MailService Mail { get; }

    public MyTomsSite MyToms { get; }

    public TableServiceClient Tables { get; }

    public BlobServiceClient Blobs { get; }

    public CredentialingStorage Storage => Get<CredentialingStorage>();

    public CredentialService Credentials => Get<CredentialService>();

    public VendorAuthenticator Vendors => Get<VendorAuthenticator>();

    public VendorTokens Tokens => Get<VendorTokens>();

    public LeaRegister Register => Get<LeaRegister>();

    public ScoreReportStore Reports => Get<ScoreReportStore>();

    public DisclosureLog Disclosures => Get<DisclosureLog>();

    public AuditTrail Audit => Get<AuditTrail>();

    public DailyRunService Run => Get<DailyRunService>();

    public ShareService Shares => Get<ShareService>();

    public LeakService Leaks => Get<LeakService>();

    public NoticeService Notices => Get<NoticeService>();

    public AnnouncementService Announcements => Get<AnnouncementService>();

    public OverviewService Overview => Get<OverviewService>();

    public ExpirationRestoration Expirations => Get<ExpirationRestoration>();

    public BackupService Backups => Get<BackupService>();

    public DisclosureBackup DisclosureBackup => Get<DisclosureBackup>();

    public BackupArchive Archive => Get<BackupArchive>();

    public BlobContainerClient BackupContainer => Get<BackupStore>().Container;

    public RestoreService Restore => Get<RestoreService>();

    public SecretRotationService Rotation => Get<SecretRotationService>();

    public LeaCalendar Calendar => Get<LeaCalendar>();

    public IMeterFactory Meters => Get<IMeterFactory>();

    /// <summary>Creates the tables and the container. The clock starts at noon in California on 23 November 2026.</summary>
    public static Task<TestWorld> CreateAsync(AzuriteFixture azurite) => CreateAsync(azurite, new DateTimeOffset(2026, 11, 23, 20, 0, 0, TimeSpan.Zero));

    /// <summary>Creates the tables and the container. The clock starts at the given instant.</summary>
    public static Task<TestWorld> CreateAsync(AzuriteFixture azurite, DateTimeOffset now) => CreateAsync(azurite.NewAccount(), now);

    /// <summary>Creates the tables and the container in a storage account. The clock starts at the given instant.</summary>
    public static async Task<TestWorld> CreateAsync(StorageAccount account, DateTimeOffset now)
    {
        var world = Create(account, now);
        await world.Storage.CreateMissingAsync(TestContext.Current.CancellationToken);
        await world.Get<BackupStore>().CreateMissingAsync(TestContext.Current.CancellationToken);
        world.Traffic.Reset();
        return world;
    }

    /// <summary>A world on a storage account that has the tables and the containers. The clock starts at the given instant.</summary>
    public static TestWorld Create(StorageAccount account, DateTimeOffset now)
    {
        var clock = new FakeTimeProvider(now);
        return new TestWorld(account, new MemoryVault(clock), clock, new MailService(clock), new MyTomsSite(clock));
    }

    /// <summary>A world in which Oakland's credentials expire in 14 days and no daily run has taken place.</summary>
    public static async Task<TestWorld> CreateExpiringAsync(AzuriteFixture azurite)
    {
        var world = await CreateAsync(azurite);
        await world.MustGenerateAsync(Oakland);
        world.Clock.Advance(TimeSpan.FromDays(351));
        world.Traffic.Reset();
        return world;
    }

    /// <summary>Another app instance with the same storage, vault, clock, mail service and MyTOMS, but separate caches.</summary>
    public TestWorld AnotherInstance(CapturedLogs? logs = null) => new(Account, Vault, Clock, Mail, MyToms, logs);

    /// <summary>Another app instance, with different daily run options.</summary>
    public TestWorld AnotherInstance(Action<DailyRunOptions> configure) => new(Account, Vault, Clock, Mail, MyToms, configure: configure);

    /// <summary>Another app instance, with a different vault.</summary>
    public TestWorld AnotherInstance(ISecretVault vault) => new(Account, Vault, Clock, Mail, MyToms, otherVault: vault);

    /// <summary>Another app instance, with a different retention time of downloads.</summary>
    public TestWorld AnotherInstance(int retentionYears) => new(Account, Vault, Clock, Mail, MyToms, retentionYears: retentionYears);

    /// <summary>Generates credentials. Then does what the app does after the response, and the daily run on the next day.</summary>
    public async Task<GenerationOutcome> GenerateAsync(LeaId leaId, int? seenGeneration = null, Coordinator? by = null)
    {
        var entries = Account.HasCoordinators ? await IndexDatesAsync(leaId) : [];
        var outcome = await Credentials.GenerateAsync(leaId, by ?? Rosa, ReleaseWording.Current, seenGeneration, keepPreviousForDays: 0, TestContext.Current.CancellationToken);
        if (Account.HasCoordinators)
            await FollowUpAsync(leaId, entries);
        return outcome;
    }

    /// <summary>Saves an LEA as TOMS does. Then does what the app does after the response, and the daily run on the next day.</summary>
    public async Task SaveAsync(Lea lea)
    {
        var entries = await IndexDatesAsync(lea.Id);
        Assert.NotEqual(SaveOutcome.Conflict, await Register.SaveAsync(lea, "toms", TestContext.Current.CancellationToken));
        Account.HasCoordinators |= lea.Coordinators.Count > 0;
        await FollowUpAsync(lea.Id, entries);
    }

    /// <summary>Generates credentials and returns the secret key. Fails if the outcome is not Generated.</summary>
    public async Task<string> MustGenerateAsync(LeaId leaId, int? seenGeneration = null) =>
        Assert.IsType<GenerationOutcome.Generated>(await GenerateAsync(leaId, seenGeneration)).SecretKey.Reveal();

    public async Task<AuthenticationOutcome> AuthenticateAsync(LeaId leaId, string secretKey, ClientName client = default) =>
        await Vendors.AuthenticateAsync(new Username(leaId).ToString(), secretKey, client, TestContext.Current.CancellationToken);

    /// <summary>Returns every row of a table, with all columns.</summary>
    public Task<IReadOnlyList<TableEntity>> RowsAsync(string table) => FilterAsync(table, filter: null);

    /// <summary>Returns the audit events of an LEA, newest first.</summary>
    public async Task<IReadOnlyList<TableEntity>> AuditEventsAsync(LeaId leaId) =>
        [.. (await RowsAsync("Leas")).Where(row => row.PartitionKey == leaId.Value && row.RowKey.StartsWith("event:", StringComparison.Ordinal))];

    /// <summary>Does nothing for a crashed instance: its pending calls never end, so disposal would never complete.</summary>
    public ValueTask DisposeAsync() => ExternalCalls.Crashed.IsCompleted ? ValueTask.CompletedTask : services.DisposeAsync();

    /// <summary>
    /// Sends the notices of a change, if there are any, and deletes the index entry that was added for it. Not if the run needs it to find an
    /// LEA whose credentials had expired.
    /// </summary>
    private async Task FollowUpAsync(LeaId leaId, HashSet<string> datesBefore)
    {
        if (await FilterAsync("Leas", $"PartitionKey eq '{leaId}' and RowKey ge 'notice:' and RowKey lt 'notice;'") is not { Count: > 0 })
            return;
        await Notices.TrySendAsync(leaId);
        foreach (var entry in (await FilterAsync("Expirations", $"RowKey eq '{leaId}' and ForChange eq true")).Where(row => !datesBefore.Contains(row.PartitionKey) && row.GetBoolean("MayRest") is not true))
            await Account.Tables().GetTableClient("Expirations").DeleteEntityAsync(entry, cancellationToken: TestContext.Current.CancellationToken);
    }

    private async Task<HashSet<string>> IndexDatesAsync(LeaId leaId) =>
        [.. (await FilterAsync("Expirations", $"RowKey eq '{leaId}'")).Select(row => row.PartitionKey)];

    /// <summary>Returns rows of a table without counting the requests.</summary>
    private async Task<IReadOnlyList<TableEntity>> FilterAsync(string table, string? filter) =>
        await Account.Tables().GetTableClient(table).QueryAsync<TableEntity>(filter, cancellationToken: TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);

    private T Get<T>()
        where T : notnull => services.GetRequiredService<T>();
}
