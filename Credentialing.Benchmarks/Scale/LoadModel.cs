using Credentialing.Core.DailyRun;

namespace Credentialing.Benchmarks.Scale;

/// <summary>
/// The load of a population on a release day, on which each vendor downloads all reports of all students, and on the busiest day of the
/// daily run. All assumptions are constants here. docs/performance.md explains them.
/// </summary>
internal sealed record LoadModel(Population Population)
{
    /// <summary>Vendors of an LEA: a student information system and one more.</summary>
    internal const int Vendors = 2;

    /// <summary>Reports of a student in a year: score report, Lexile and Quantile measures.</summary>
    internal const int Reports = 2;

    /// <summary>Size of a report, in bytes.</summary>
    internal const double ReportBytes = 100_000;

    /// <summary>The time in which a release is downloaded, in seconds.</summary>
    internal const double Window = 8 * 3_600;

    /// <summary>The highest rate in this time, divided by the mean.</summary>
    internal const double PeakFactor = 3;

    /// <summary>A client renews its token 30 seconds before it expires.</summary>
    internal const double TokenRenewal = 870;

    // Mean durations of requests, in seconds: round trips of 8 ms to storage, and the transfer of a file to the client.
    internal const double TokenTime = 0.015;
    internal const double ListTime = 0.025;
    internal const double DownloadTime = 0.120;

    // The daily run: latencies of storage, mail and MyTOMS, in seconds.
    internal const double StorageLatency = 0.008;
    internal const double MailLatency = 0.150;

    /// <summary>The part of all LEAs that get a reminder on the busiest day: half of them in 20 working days, four reminders each.</summary>
    internal const double DueOnBusiestDay = 0.5 / 20 * 4;

    /// <summary>Spans per second of an instance: five traces, as the exporter samples, of five spans each.</summary>
    private const double SpansPerSecond = 5 * 5;

    /// <summary>Vault requests of an instance at its start: two secrets, each one list and two versions.</summary>
    private const double VaultRequestsAtStart = 2 * 3;

    /// <summary>Ordinary days have 2 % of the requests of a release day.</summary>
    private const double ReleaseDaysInMonth = 1 + (29 * 0.02);

    /// <summary>How much of an instance's concurrency is in use on average.</summary>
    private const double Utilization = 0.5;

    private const double SecondsInMonth = 30 * 86_400;
    private const double InstanceGigabytes = 2;
    private static readonly DailyRunOptions Run = new();

    internal double Clients => Population.Leas * Vendors;

    internal double TokensInDay => Clients * Window / TokenRenewal;

    internal double ListsInDay => Population.Students * Vendors;

    internal double DownloadsInDay => ListsInDay * Reports;

    internal double RequestsInDay => TokensInDay + ListsInDay + DownloadsInDay;

    internal double RequestsPerSecond => Peak(RequestsInDay);

    /// <summary>Token 1, list 1, download 2 (credential, record).</summary>
    internal double TableRequestsPerSecond => Peak(TokensInDay + ListsInDay + (2 * DownloadsInDay));

    /// <summary>List 1, download 1.</summary>
    internal double BlobRequestsPerSecond => Peak(ListsInDay + DownloadsInDay);

    /// <summary>The partition of the largest LEA in <c>Disclosures</c>: two entities per download.</summary>
    internal double EntitiesOfLargestLea => Peak(2.0 * Population.LargestLea * Vendors * Reports);

    internal double Concurrency => Peak((TokensInDay * TokenTime) + (ListsInDay * ListTime) + (DownloadsInDay * DownloadTime));

    internal double Instances => Math.Ceiling(Concurrency / Limits.HttpConcurrency);

    internal double BitsPerSecond => Peak(DownloadsInDay * ReportBytes * 8);

    internal double VaultRequestsInTenSeconds => Instances * VaultRequestsAtStart;

    internal double TelemetryItemsPerSecond => Instances * SpansPerSecond;

    internal double DueLeas => Population.Leas * DueOnBusiestDay;

    /// <summary>One query and one transaction, then the email and its mark; MyTOMS is slower than neither and runs at the same time.</summary>
    internal TimeSpan RunWith(int parallelism) => TimeSpan.FromSeconds(DueLeas * ((3 * StorageLatency) + MailLatency) / parallelism);

    internal TimeSpan RunTime => RunWith(Run.Parallelism);

    internal static int Parallelism => Run.Parallelism;

    /// <summary>The storage accounts that hold the load.</summary>
    internal double StorageAccounts => Math.Ceiling(Math.Max(
        TableRequestsPerSecond / Limits.TableAccount, (TableRequestsPerSecond + BlobRequestsPerSecond) / Limits.StorageAccount));

    /// <summary>The load as a part of each limit, in the order of the report.</summary>
    internal IReadOnlyList<(string Limit, double Part)> Parts =>
    [
        ("emails of the busiest day: 100 per hour (default)", DueLeas / Limits.EmailsPerHour),
        ("emails of the busiest day: 3,000 per hour (requested)", DueLeas / Limits.EmailsPerHourRequested),
        ("Table Storage: 20,000 requests/s per account", TableRequestsPerSecond / Limits.TableAccount),
        ("storage account: 40,000 requests/s", (TableRequestsPerSecond + BlobRequestsPerSecond) / Limits.StorageAccount),
        ("Table Storage: 2,000 entities/s per partition, largest LEA", EntitiesOfLargestLea / Limits.TablePartition),
        ("storage account: 200 Gbit/s sent", BitsPerSecond / Limits.StorageEgress),
        ("250 instances of one core per region", Instances / Limits.Instances),
        ("daily run: 20 minutes", RunTime / Run.TimeLimit),
        ("Application Insights: 32,000 items/s", TelemetryItemsPerSecond / Limits.TelemetryItems),
        ("vault: 4,000 requests in 10 s, all instances start at once", VaultRequestsInTenSeconds / Limits.Vault),
    ];

    /// <summary>What a month with one release costs, in US dollars.</summary>
    internal IReadOnlyList<(string Item, double Dollars)> Costs
    {
        get
        {
            var busySeconds = ReleaseDaysInMonth * ((TokensInDay * TokenTime) + (ListsInDay * ListTime) + (DownloadsInDay * DownloadTime)) / Limits.HttpConcurrency / Utilization;
            var (lists, downloads) = (ReleaseDaysInMonth * ListsInDay, ReleaseDaysInMonth * DownloadsInDay);
            var gigabytesOfYear = (double)Population.Students * Reports * ReportBytes / 1e9;
            return
            [
                ("instances (GB-seconds, executions, one always ready)",
                    (busySeconds * InstanceGigabytes * Prices.GigabyteSecond) + (ReleaseDaysInMonth * RequestsInDay * Prices.Execution) + (SecondsInMonth * InstanceGigabytes * Prices.AlwaysReady)),
                ("tables: reads", (lists + downloads) * Prices.TableRead),
                ("tables: records of downloads", downloads * Prices.TableTransaction),
                ("tables: seven years of records (two rows of 500 bytes)", DownloadsInDay * ReleaseDaysInMonth * 2 * 500 / 1e9 * 7 * Prices.TableGigabyte),
                ("blobs: lists", lists * Prices.BlobList),
                ("blobs: reads", downloads * Prices.BlobRead),
                ("blobs: five years of reports, half a year hot", gigabytesOfYear * ((0.5 * Prices.BlobGigabyteHot) + (4.5 * Prices.BlobGigabyteCool))),
                ("bytes sent to vendors", downloads * ReportBytes / 1e9 * Prices.Egress),
                ("emails (two recipients)", Population.Leas * 0.5 * 4 * 2 * Prices.Email),
                ("logs (1 KB per span)", busySeconds * SpansPerSecond * 1_000 / 1e9 * Prices.LogGigabyte),
            ];
        }
    }

    /// <summary>What it costs if each vendor lists each student each night: one table read and one list of blobs.</summary>
    internal double CostOfNightlyLists => 30 * ListsInDay * (Prices.BlobList + Prices.TableRead + Prices.Execution);

    private static double Peak(double inDay) => inDay / Window * PeakFactor;
}
