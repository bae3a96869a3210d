using Credentialing.Core.Credentials;
using Credentialing.Core.ScoreReports;

namespace Credentialing.Core.Disclosures;

/// <summary>The record that a report was downloaded. Immutable. Source of the obligation: FERPA, 34 CFR 99.32.</summary>
/// <param name="LeaId">The student's LEA.</param>
/// <param name="Ssid">The student.</param>
/// <param name="ReportId">The report: <see cref="ScoreReport.Id"/>.</param>
/// <param name="Generation">The generation of the secret key that the vendor used.</param>
/// <param name="Client">The vendor's program.</param>
/// <param name="ByLink">Whether the file was requested with a temporary link, which the program had obtained.</param>
/// <param name="IsWhole">
/// Whether the whole file was requested; false for a range of it. The ranges of one download are one disclosure:
/// <see cref="DisclosureLog.DownloadTime"/>.
/// </param>
/// <param name="At">When the first byte was about to be sent.</param>
public sealed record Disclosure(
    LeaId LeaId, Ssid Ssid, string ReportId, int Generation, ClientName Client, bool ByLink, bool IsWhole, DateTimeOffset At)
{
    /// <summary>Whether two disclosures can be parts of the same download.</summary>
    internal bool IsOfSameDownload(Disclosure other) =>
        (LeaId, Ssid, ReportId, Generation, Client, ByLink) == (other.LeaId, other.Ssid, other.ReportId, other.Generation, other.Client, other.ByLink);

    /// <summary>A fixed text without the student, so that accidental logging does not reveal one.</summary>
    public override string ToString() => nameof(Disclosure);
}

/// <summary>Which disclosures of an LEA to return.</summary>
/// <param name="Ssid">Those of one student; null for all.</param>
/// <param name="Client">Those to one client; null for all.</param>
/// <param name="From">Not before this instant; null for no limit.</param>
/// <param name="Before">Before this instant; null for no limit.</param>
public sealed record DisclosureFilter(Ssid? Ssid, ClientName? Client, DateTimeOffset? From, DateTimeOffset? Before)
{
    /// <inheritdoc cref="Disclosure.ToString"/>
    public override string ToString() => nameof(DisclosureFilter);
}

/// <summary>A page of disclosures.</summary>
/// <param name="Disclosures">The disclosures, newest first.</param>
/// <param name="Next">Where the next page begins; null if this is the last one.</param>
public sealed record DisclosurePage(IReadOnlyList<Disclosure> Disclosures, string? Next);

/// <summary>The number of disclosures of an LEA, by month and client.</summary>
/// <param name="Months">Months without disclosures are absent. Newest month first, then by client.</param>
/// <param name="AsOf">Disclosures before this instant are counted.</param>
public sealed record DisclosureSummary(IReadOnlyList<MonthCount> Months, DateTimeOffset AsOf);

/// <summary>The number of disclosures in a month.</summary>
/// <param name="Month">The first day of the month, in the LEA's time zone.</param>
/// <param name="Client">The client.</param>
/// <param name="Count">The number of disclosures to the client.</param>
public sealed record MonthCount(DateOnly Month, ClientName Client, int Count);
