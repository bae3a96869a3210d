using System.Globalization;
using Azure.Data.Tables;
using Credentialing.Benchmarks.Measuring;
using Credentialing.Benchmarks.Reporting;
using Credentialing.Benchmarks.Sides;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Disclosures;
using Credentialing.Core.Overview;
using Credentialing.Core.ScoreReports;
using Credentialing.Core.Storage;
using Credentialing.DevHost;
using Credentialing.Tests.Performance;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Benchmarks.Sections;

/// <summary>The statewide overview of 20,000 LEAs, and the log of 20,000 downloads of one LEA, over Azurite.</summary>
internal sealed class Overviews : ISection
{
    private const int Leas = 20_000;
    private const int Downloads = 20_000;
    private const int DownloadsOfStudent = 50;
    private const int StepsOfTransaction = 100;

    private static readonly Ssid Student = Ssid.Parse("9016125901");

    public string Name => "overviews";

    public async Task RunAsync(Report report)
    {
        await using var azurite = await Azurite.StartAsync(dataFolder: null, [OurServer.Account], CancellationToken.None);
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddMeasuredApp(new ConfigurationManager(), options => azurite.Tables(OurServer.Account, options), options => azurite.Blobs(OurServer.Account, options), fromMemory: false)
            .BuildServiceProvider();
        var storage = services.GetRequiredService<CredentialingStorage>();
        await storage.CreateMissingAsync(CancellationToken.None);
        await StoreLeasAsync(storage);
        await StoreDownloadsAsync(storage);

        var overview = services.GetRequiredService<OverviewService>();
        var log = services.GetRequiredService<DisclosureLog>();
        var month = new DateOnly(2026, 11, 1);
        var figures = await Comparison.RunAsync(
            Side.InProcess($"overview: the first page, {OverviewService.PageSize:N0} LEAs", 1, _ => overview.ReadPageAsync(after: null, CancellationToken.None)),
            Side.InProcess($"overview: all {Leas:N0} LEAs", 1, async _ => await overview.ReadAllAsync(CancellationToken.None).CountAsync()),
            Side.InProcess("downloads: the first page of a student", 1, _ => ReadPageAsync(log, Student)),
            Side.InProcess("downloads: the first page of all", 1, _ => ReadPageAsync(log, student: null)),
            Side.InProcess("downloads: summary of a month", 1, _ => log.SummarizeAsync(MeasuredApp.Oakland, month, month, CancellationToken.None)),
            Side.InProcess($"downloads: all {Downloads:N0}, as for CSV", 1, async _ => await log.ReadAllAsync(MeasuredApp.Oakland, Filter(student: null), CancellationToken.None).CountAsync()));
        report.Section("Statewide overview and log of downloads");
        report.Paragraph(string.Create(CultureInfo.InvariantCulture, $"Over Azurite, with {Leas:N0} LEAs, and {Downloads:N0} downloads of one LEA. The time is mostly that of the emulator."));
        report.Table(["Read", "CPU ms", "Allocated", "Time"], figures.Select(side => (IReadOnlyList<string>)
            [side.Name, Format.Number(side.CpuMicroseconds / 1000), Format.Bytes(side.AllocatedBytes), Format.Duration(TimeSpan.FromMicroseconds(side.ElapsedMicroseconds))]));
    }

    private static Task<DisclosurePage> ReadPageAsync(DisclosureLog log, Ssid? student) => log.ReadPageAsync(MeasuredApp.Oakland, Filter(student), after: null, CancellationToken.None);

    private static DisclosureFilter Filter(Ssid? student) => new(student, Client: null, From: null, Before: null);

    private static async Task StoreLeasAsync(CredentialingStorage storage)
    {
        var rows = Enumerable.Range(0, Leas).Select(number => new LeaOverview(LeaId.Parse(number.ToString("D14", CultureInfo.InvariantCulture)), $"LEA {number}")
        {
            Generation = 1,
            GeneratedAt = DateTimeOffset.UnixEpoch,
            GeneratedBy = "Rosa Delgado",
            ExpiresAt = DateTimeOffset.UnixEpoch + Credential.Lifetime,
            Coordinators = [new("rosa", "Rosa Delgado", "rosa@lea.example"), new("luis", "Luis Ortega", "luis@lea.example")],
        }.Write());
        foreach (var part in rows.Chunk(StepsOfTransaction))
            await storage.Overview.SubmitTransactionAsync(part.Select(row => new TableTransactionAction(TableTransactionActionType.Add, row)));
    }

    private static async Task StoreDownloadsAsync(CredentialingStorage storage)
    {
        var first = new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
        var downloads = Enumerable.Range(0, Downloads).Select(number => new Disclosure(
            MeasuredApp.Oakland,
            number % (Downloads / DownloadsOfStudent) == 0 ? Student : Ssid.Parse((1_000_000_000 + number).ToString(CultureInfo.InvariantCulture)),
            "2026-ssr-en.pdf",
            Generation: 1,
            ClientName.Of("Aeries"),
            ByLink: false,
            IsWhole: true,
            first.AddSeconds(number)));
        foreach (var part in downloads.Chunk(StepsOfTransaction / 2))
            await storage.Disclosures.SubmitTransactionAsync(part.SelectMany(download => DisclosureTable.Insert(download, DisclosureTable.KeyOf(download))));
    }
}
