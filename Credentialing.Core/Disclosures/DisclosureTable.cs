using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Credentialing.Core.Credentials;
using Credentialing.Core.ScoreReports;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Disclosures;

/// <summary>
/// Layout of the <c>Disclosures</c> table. One partition per LEA (PartitionKey = CDS code):
/// <list type="bullet">
/// <item><c>student:{ssid}:{inverted ticks}:{n}</c> and <c>time:{inverted ticks}:{n}</c>: the same disclosure twice, written in one
/// transaction, so that it is found by student and by time.</item>
/// <item><c>month:{yyyy-MM}:{client}</c>: a number of disclosures.</item>
/// <item><c>counted</c>: the last day that the numbers include.</item>
/// </list>
/// Two partitions for the daily run (RowKey = <c>{yyyy-MM-dd}:{cds}</c>, a day with disclosures of an LEA): <c>uncounted</c>, written before
/// the first disclosure of the day, and <c>retained</c>, for days that were counted and whose disclosures are not yet deleted.
/// </summary>
internal static class DisclosureTable
{
    internal const string CountedRow = "counted";
    internal const string Through = nameof(Through);
    internal const string Count = nameof(Count);
    internal const string RetainedPartition = "retained";
    internal const string UncountedPartition = "uncounted";

    private const string TimePrefix = "time:";
    private const string MonthPrefix = "month:";

    /// <summary>The prefix of the row keys of a student's disclosures, or of all disclosures of the LEA.</summary>
    internal static string PrefixOf(Ssid? ssid) => ssid is { } student ? $"student:{student}:" : TimePrefix;

    /// <summary>
    /// Returns the end of the row keys of a disclosure. For a whole file, it is unique. For a range, it is the same for all ranges of the
    /// download in the same minute, so that only one of several parallel requests can insert the rows.
    /// </summary>
    internal static string KeyOf(Disclosure disclosure)
    {
        if (disclosure.IsWhole)
            return $"{InvertedTime.Of(disclosure.At)}:{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
        var download = string.Create(CultureInfo.InvariantCulture, $"{disclosure.ReportId}\n{disclosure.Generation}\n{disclosure.Client}\n{disclosure.ByLink}\n{disclosure.Ssid}");
        return $"{InvertedTime.Of(KeyTimeOfRange(disclosure.At))}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(download)).AsSpan(0, 8))}";
    }

    /// <summary>Returns the time in the row key of a range: the beginning of the minute.</summary>
    internal static DateTimeOffset KeyTimeOfRange(DateTimeOffset at) => at.AddTicks(-(at.UtcTicks % TimeSpan.TicksPerMinute));

    /// <summary>Returns the end of the row keys of the disclosure in a row.</summary>
    internal static string KeyOf(TableEntity row) => string.Join(':', row.RowKey.Split(':')[^2..]);

    /// <summary>The transaction that inserts both rows of a disclosure.</summary>
    internal static IEnumerable<TableTransactionAction> Insert(Disclosure disclosure, string key)
    {
        foreach (var prefix in (string[])[PrefixOf(disclosure.Ssid), TimePrefix])
        {
            var row = SchemaVersion.NewRow(disclosure.LeaId.Value, prefix + key);
            row[nameof(Disclosure.Ssid)] = disclosure.Ssid.Value;
            row[nameof(Disclosure.ReportId)] = disclosure.ReportId;
            row[nameof(Disclosure.Generation)] = disclosure.Generation;
            row[nameof(Disclosure.Client)] = disclosure.Client.ToString();
            row[nameof(Disclosure.ByLink)] = disclosure.ByLink;
            row[nameof(Disclosure.IsWhole)] = disclosure.IsWhole;
            row[nameof(Disclosure.At)] = disclosure.At;
            yield return new(TableTransactionActionType.Add, row);
        }
    }

    /// <summary>The transaction steps that delete both rows of a disclosure.</summary>
    internal static IEnumerable<TableTransactionAction> Delete(TableEntity row) =>
        from prefix in (string[])[PrefixOf(Ssid.Parse(row.Required<string>(nameof(Disclosure.Ssid)))), TimePrefix]
        select new TableTransactionAction(TableTransactionActionType.Delete, new TableEntity(row.PartitionKey, prefix + KeyOf(row)), ETag.All);

    /// <summary>The transaction steps that insert both rows of a disclosure from a row of a backup, unless they exist.</summary>
    internal static IEnumerable<TableTransactionAction> Restore(TableEntity row) =>
        from prefix in (string[])[PrefixOf(Ssid.Parse(row.Required<string>(nameof(Disclosure.Ssid)))), TimePrefix]
        select new TableTransactionAction(TableTransactionActionType.UpsertMerge, new TableEntity(row) { RowKey = prefix + KeyOf(row) });

    /// <exception cref="UnreadableRowException">The row is corrupt, or a newer release wrote it.</exception>
    internal static Disclosure Read(LeaId leaId, TableEntity row) => new(
        leaId,
        Ssid.TryParse(LeaPartition.Known(row).Required<string>(nameof(Disclosure.Ssid)), out var ssid) ? ssid : throw UnreadableRowException.Corrupt(row, "has no valid Ssid"),
        row.Required<string>(nameof(Disclosure.ReportId)),
        row.Required<int>(nameof(Disclosure.Generation)),
        ClientName.Of(row.Required<string>(nameof(Disclosure.Client))),
        row.Required<bool>(nameof(Disclosure.ByLink)),
        row.Required<bool>(nameof(Disclosure.IsWhole)),
        row.Required<DateTimeOffset>(nameof(Disclosure.At)));

    /// <summary>Returns the filter of the rows of an LEA that match, except for the client.</summary>
    /// <param name="leaId">The LEA.</param>
    /// <param name="filter">The student and the time.</param>
    /// <param name="after">Only rows after the one with this key; null for all.</param>
    internal static string FilterOf(LeaId leaId, DisclosureFilter filter, string? after)
    {
        var prefix = PrefixOf(filter.Ssid);
        var earliest = filter.From is { } from ? prefix + InvertedTime.Of(from.AddTicks(-1)) : $"{prefix[..^1]};"; // the character after ":"
        var latest = filter.Before is { } before ? prefix + InvertedTime.Of(before.AddTicks(-1)) : prefix;
        var rest = after is null ? "" : $" and RowKey gt '{prefix}{after}'";
        return $"PartitionKey eq '{leaId}' and RowKey ge '{latest}' and RowKey lt '{earliest}'{rest}";
    }

    /// <summary>Returns the filter of the <c>counted</c> row, and of the counts of the months from one to another.</summary>
    internal static string CountsOf(LeaId leaId, DateOnly fromMonth, DateOnly toMonth) =>
        $"PartitionKey eq '{leaId}' and (RowKey eq '{CountedRow}' or (RowKey ge '{MonthRow(fromMonth)}' and RowKey lt '{MonthRow(toMonth.AddMonths(1))}'))";

    /// <summary>Returns the row key of the count of a month and a client; without a client, the beginning of it.</summary>
    internal static string MonthRow(DateOnly month, ClientName? client = null) =>
        $"{MonthPrefix}{month.ToString("yyyy-MM", CultureInfo.InvariantCulture)}:{client}";

    /// <exception cref="UnreadableRowException">The row is corrupt, or a newer release wrote it.</exception>
    internal static MonthCount ReadCount(TableEntity row) =>
        LeaPartition.Known(row).RowKey.Split(':') is [_, var month, var client] &&
        DateOnly.TryParseExact(month, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.None, out var first)
            ? new MonthCount(first, ClientName.Of(client), row.Required<int>(Count))
            : throw UnreadableRowException.Corrupt(row, "has no valid row key");

    /// <summary>Returns the last day that the counts include; null if nothing was counted.</summary>
    /// <exception cref="UnreadableRowException">The row is corrupt, or a newer release wrote it.</exception>
    internal static DateOnly? ReadThrough(TableEntity? counted) =>
        counted is null ? null
        : DateOnly.TryParseExact(LeaPartition.Known(counted).Required<string>(Through), "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var through) ? through
        : throw UnreadableRowException.Corrupt(counted, $"has no valid {Through}");

    /// <summary>Adds a day of an LEA to one of the two partitions for the daily run, if it is not there. Idempotent. One round trip.</summary>
    internal static async Task AddDayAsync(CredentialingStorage storage, string partition, DateOnly day, LeaId leaId, CancellationToken cancellationToken)
    {
        try
        {
            await storage.Disclosures.AddEntityAsync(SchemaVersion.NewRow(partition, DayRow(day, leaId)), cancellationToken);
        }
        catch (RequestFailedException failure) when (failure.ErrorCode == TableErrorCode.EntityAlreadyExists)
        {
            // Do not replace it: a newer release may have written it, and this row was not read.
        }
    }

    /// <summary>Returns the row key of a day of an LEA in <see cref="UncountedPartition"/> and <see cref="RetainedPartition"/>. Without an LEA, the beginning of it.</summary>
    internal static string DayRow(DateOnly day, LeaId? leaId = null) => $"{day.ToString("O", CultureInfo.InvariantCulture)}:{leaId}";
}
