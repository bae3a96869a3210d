using Azure.Storage.Blobs.Models;
using Credentialing.Core;
using Credentialing.Core.Backups;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Overview;
using Credentialing.Core.ScoreReports;
using Credentialing.Core.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.DevHost;

/// <summary>An LEA of the sample data.</summary>
/// <param name="Id">The real CDS code.</param>
/// <param name="Name">The real name.</param>
/// <param name="CredentialAgeDays">The age of the credentials in days; null if the LEA has none.</param>
/// <param name="Students">The students. All are fictitious.</param>
internal sealed record SampleLea(LeaId Id, string Name, int? CredentialAgeDays, IReadOnlyList<SampleStudent> Students);

/// <summary>A student of the sample data.</summary>
internal sealed record SampleStudent(Ssid Ssid, string Name);

/// <summary>
/// Realistic sample data: real California LEAs with credentials in every state, fictitious people, and reports of several years in
/// two languages.
/// </summary>
internal sealed class World(
    CredentialingStorage storage,
    BackupStore backups,
    LeaRegister register,
    OverviewService overview,
    TimeProvider time,
    IServiceProvider services)
{
    private const int ParallelUploads = 8;

    private static readonly int[] Years = [2024, 2025, 2026];
    private static readonly string[] Types = ["ssr", "lexile-quantile"];
    private static readonly string[] Languages = ["en", "es"];

    internal static IReadOnlyList<SampleLea> Leas { get; } =
    [
        Lea("01612590000000", "Oakland Unified", null, "Amaya Torres", "Jonah Whitfield", "Linh Pham"),
        Lea("01611430000000", "Berkeley Unified", null, "Devon Achebe", "Marisol Vega", "Priya Raman"),
        Lea("01612590130617", "Oakland Military Institute, College Preparatory Academy", 40, "Caleb Osei", "Ximena Duarte"),
        Lea("10621660000000", "Fresno Unified", 120, "Gurpreet Gill", "Hannah Lund", "Mateo Salinas"),
        Lea("37683380000000", "San Diego Unified", 300, "Isabel Cruz", "Noah Bergstrom"),
        Lea("19647250000000", "Long Beach Unified", 356, "Sopheap Chan", "Tyrell Banks", "Valentina Reyes"),
        Lea("38684780000000", "San Francisco Unified", 380, "Emi Sato", "Owen Gallagher", "Wei Zhang"),
    ];

    internal static IReadOnlyList<Persona> Personas { get; } =
    [
        new("rosa", "Rosa Delgado", [Leas[0].Id]),
        new("luis", "Luis Ortega", [Leas[0].Id, Leas[2].Id]),
        new("bea", "Bea Lindqvist", [Leas[1].Id]),
        new("mei", "Mei Nakamura", [Leas[3].Id]),
        new("sam", "Sam Okafor", [Leas[4].Id]),
        new("dana", "Dana Whitehorse", [Leas[5].Id]),
        new("grace", "Grace Kim", [Leas[6].Id]),
        new("nora", "Nora Castellanos", [Leas[3].Id, Leas[4].Id, Leas[5].Id, Leas[6].Id], Language.Spanish),
        new("toms", "TOMS", []),
    ];

    /// <summary>Creates the missing sample data and keeps existing data. Idempotent: a run completes the work of a killed run.</summary>
    internal async Task CreateMissingAsync(CancellationToken cancellationToken)
    {
        await storage.CreateMissingAsync(cancellationToken);
        await backups.CreateMissingAsync(cancellationToken);
        foreach (var lea in Leas)
        {
            // Before the coordinators are registered: they need no notice of a generation in the past.
            if (lea.CredentialAgeDays is { } days)
                await GenerateAsync(lea, TimeSpan.FromDays(days), cancellationToken);
            if (await register.FindAsync(lea.Id, cancellationToken) is null)
                await register.SaveAsync(new Lea(lea.Id, lea.Name, [.. CoordinatorsOf(lea)]), "devhost", cancellationToken);
        }

        await UploadMissingAsync(cancellationToken);
        await overview.CheckAsync(cancellationToken);
    }

    /// <summary>Generates credentials with a past date, if the LEA has none. The key is discarded.</summary>
    private Task<GenerationOutcome> GenerateAsync(SampleLea lea, TimeSpan age, CancellationToken cancellationToken) =>
        ActivatorUtilities.CreateInstance<CredentialService>(services, new PastTime(time.GetUtcNow() - age))
            .GenerateAsync(lea.Id, CoordinatorsOf(lea).First(), ReleaseWording.Current, seenGeneration: null, keepPreviousForDays: 0, cancellationToken);

    private async Task UploadMissingAsync(CancellationToken cancellationToken)
    {
        var existing = await storage.ScoreReports.GetBlobsAsync(cancellationToken: cancellationToken)
            .Select(blob => blob.Name).ToHashSetAsync(StringComparer.Ordinal, cancellationToken: cancellationToken);
        var reports =
            from lea in Leas
            from student in lea.Students
            from year in Years
            from type in Types
            from language in Languages
            select (lea, student, report: new ScoreReport(student.Ssid, year, type, language, "pdf"));
        await Parallel.ForEachAsync(
            reports.Where(item => !existing.Contains(item.report.BlobName(item.lea.Id))),
            new ParallelOptions { MaxDegreeOfParallelism = ParallelUploads, CancellationToken = cancellationToken },
            async (item, token) =>
            {
                var (lea, student, report) = item;
                var file = storage.ScoreReports.GetBlobClient(report.BlobName(lea.Id));
                var options = new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = report.MediaType } };
                await file.UploadAsync(BinaryData.FromBytes(SampleReport.Create(lea.Name, student.Name, report)), options, token);
            });
    }

    private static IEnumerable<Coordinator> CoordinatorsOf(SampleLea lea) =>
        Personas.Where(persona => persona.Leas.Contains(lea.Id)).Select(persona => new Coordinator(persona.Id, persona.Name, persona.Email, persona.Language));

    private static SampleLea Lea(string id, string name, int? credentialAgeDays, params string[] students) =>
        new(LeaId.Parse(id), name, credentialAgeDays, [.. students.Select((student, index) => new SampleStudent(SsidOf(id, index), student))]);

    /// <summary>A unique SSID of ten digits: a 9, eight digits of the CDS code that identify the LEA, and the student's number.</summary>
    private static Ssid SsidOf(string cds, int index) => Ssid.Parse($"9{cds[..7]}{cds[^1]}{index + 1}");

    private sealed class PastTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
