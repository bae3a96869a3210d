using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Storage;
using Microsoft.Extensions.Logging;

namespace Credentialing.Core.Audit;

/// <summary>
/// Reads the audit trails of LEAs. A row that cannot be read is an entry of the kind <see cref="AuditEntry.UnreadableKind"/>, so that it
/// does not hide the others. Thread safe.
/// </summary>
public sealed partial class AuditTrail(CredentialingStorage storage, ILogger<AuditTrail> logger)
{
    /// <summary>The maximum number of events of a page.</summary>
    public const int PageSize = 100;

    /// <summary>Whether a text can be the id of an event.</summary>
    public static bool IsValidId(string id) => IdPattern().IsMatch(id);

    /// <summary>
    /// Reads a page, newest events first. One round trip. Pages have no gaps and no repetitions while new events are added, because those
    /// come before the first page.
    /// </summary>
    /// <param name="leaId">The LEA.</param>
    /// <param name="after">The page begins after the event with this id; null for the first page.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="ArgumentException"><paramref name="after"/> cannot be an id.</exception>
    public async Task<AuditPage> ReadPageAsync(LeaId leaId, string? after, CancellationToken cancellationToken)
    {
        await foreach (var page in PagesAsync(leaId, after, PageSize, cancellationToken))
        {
            var entries = Entries(page).ToList();
            if (page.ContinuationToken is null)
                return new(entries, null);
            if (entries.Count > 0) // Table Storage may return an empty page before the last one
                return new(entries, entries[^1].Id);
        }

        return new([], null);
    }

    /// <summary>Reads all events, newest first. One round trip for each 1,000 events.</summary>
    public async IAsyncEnumerable<AuditEntry> ReadAllAsync(LeaId leaId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in PagesAsync(leaId, after: null, CredentialingStorage.MaxPageSize, cancellationToken))
        {
            foreach (var entry in Entries(page))
                yield return entry;
        }
    }

    private IAsyncEnumerable<Page<TableEntity>> PagesAsync(LeaId leaId, string? after, int size, CancellationToken cancellationToken)
    {
        if (after is not null && !IsValidId(after))
            throw new ArgumentException("Not an id of an event.", nameof(after));
        var rows = LeaPartition.StartsWith(LeaPartition.EventRowPrefix);
        return storage.Leas
            .QueryAsync<TableEntity>(
                $"PartitionKey eq '{leaId}' and {(after is null ? rows : $"{rows} and RowKey gt '{LeaPartition.EventRowPrefix}{after}'")}",
                size,
                cancellationToken: cancellationToken)
            .AsPages();
    }

    private IEnumerable<AuditEntry> Entries(Page<TableEntity> page)
    {
        foreach (var row in page.Values)
        {
            var id = row.RowKey[LeaPartition.EventRowPrefix.Length..];
            if (!IsValidId(id))
                continue; // no release writes such a row
            AuditEntry entry;
            try
            {
                entry = AuditEntry.Read(id, row);
            }
            catch (UnreadableRowException failure)
            {
                LogUnreadable(failure);
                entry = AuditEntry.Unreadable(id, InvertedTime.Read(id));
            }

            yield return entry;
        }
    }

    [GeneratedRegex(@"\A[0-2][0-9]{18}:[0-9a-f]{8}\z")]
    private static partial Regex IdPattern();

    [LoggerMessage(EventId = 27, Level = LogLevel.Warning, Message = "An event of an audit trail cannot be read. It is shown as unreadable.")]
    private partial void LogUnreadable(Exception failure);
}
