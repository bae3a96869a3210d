using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Audit;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Leas;

/// <summary>The result of a request to save an LEA.</summary>
public enum SaveOutcome
{
    /// <summary>
    /// Nothing was changed, because other requests saved the same LEA at the same time. If the maximum number of coordinators is
    /// replaced, all but the last one may have been saved. A retry completes it.
    /// </summary>
    Conflict,

    /// <summary>The LEA was stored like this already.</summary>
    Unchanged,

    /// <summary>The LEA was saved.</summary>
    Saved,

    /// <summary>The LEA was saved, and its coordinators are to be notified.</summary>
    SavedWithNotice,
}

/// <summary>The stored LEAs and coordinators, which TOMS updates. Thread safe.</summary>
public sealed class LeaRegister(CredentialingStorage storage, TimeProvider time)
{
    private const string Name = nameof(Name);
    private const string Email = nameof(Email);
    private const string LanguageColumn = nameof(Coordinator.Language);
    private const int Attempts = 8;

    /// <summary>The limit of Table Storage for an entity-group transaction.</summary>
    private const int MaxSteps = 100;

    /// <summary>The maximum delay before the first retry of a conflict. It grows linearly with the retries.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);

    private static readonly string Filter = $"{LeaPartition.Is(LeaPartition.LeaRow)} or {LeaPartition.StartsWith(LeaPartition.CoordinatorRowPrefix)}";

    private static readonly string FilterForChange = $"{Filter} or {LeaPartition.Is(LeaPartition.CredentialRow)}";

    private readonly ExpirationIndex expirations = new(storage);

    /// <summary>Returns the LEA with its coordinators; null if TOMS never reported it. One round trip.</summary>
    public async Task<Lea?> FindAsync(LeaId leaId, CancellationToken cancellationToken) =>
        Read(leaId, await RowsAsync(leaId, cancellationToken));

    /// <summary>
    /// Replaces the stored LEA and its coordinators, in one transaction with an audit event. Writes nothing if nothing has changed.
    /// If a coordinator was added or removed, or has another address, the transaction also inserts a notice for all of them, the
    /// former ones included. Retries conflicts, after random delays (jitter).
    /// </summary>
    /// <param name="lea">The new values.</param>
    /// <param name="savedBy">Who sent them, for the audit event.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>
    /// <see cref="SaveOutcome.Conflict"/> if all retries ended in conflicts with other requests that save the same LEA. Nothing was
    /// changed then.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// There are more than <see cref="Lea.MaxCoordinators"/> coordinators, or one has an invalid id.
    /// </exception>
    public async Task<SaveOutcome> SaveAsync(Lea lea, string savedBy, CancellationToken cancellationToken)
    {
        if (lea.Coordinators.Count > Lea.MaxCoordinators || !lea.Coordinators.All(c => Coordinator.IsValidId(c.Id)))
            throw new ArgumentException("Too many coordinators, or a coordinator with an invalid id.", nameof(lea));

        Lea? part = null;
        var mayHaveNotice = false;
        for (var attempt = 1; ; attempt++)
        {
            var (rows, hasCredentials) = await RowsForChangeAsync(lea.Id, cancellationToken);
            var held = Read(lea.Id, rows);
            // In a later attempt: an earlier one has saved it, and its response was lost.
            if (Same(held, lea))
                return mayHaveNotice ? SaveOutcome.SavedWithNotice : attempt > 1 ? SaveOutcome.Saved : SaveOutcome.Unchanged;
            var now = time.GetUtcNow();
            // Not again after the first of two transactions, whose response may have been lost.
            var hasNotice = CoordinatorsHaveChanged(held, lea) && !(part is not null && Same(held, part));
            var changes = Changes(lea, held, rows, savedBy, now, hasNotice);
            // Only if the maximum number of coordinators is replaced: the last one is added by a second transaction.
            var isPart = changes.Count > MaxSteps;
            if (isPart)
            {
                part = lea with { Coordinators = [.. lea.Coordinators.SkipLast(1)] };
                changes = Changes(part, held, rows, savedBy, now, hasNotice);
            }

            mayHaveNotice |= hasNotice;
            try
            {
                // The announcement contains the name, and the daily run may not read the LEA any more.
                if (hasNotice || (hasCredentials && held?.Name != lea.Name))
                    await expirations.AddForChangeAsync(lea.Id, now, mayRest: false, cancellationToken);
                await storage.Leas.SubmitTransactionAsync(changes, cancellationToken);
                if (!isPart)
                    return mayHaveNotice ? SaveOutcome.SavedWithNotice : SaveOutcome.Saved;
                continue;
            }
            // Conflict: another request saved the same LEA (every transaction writes the LEA's own row).
            catch (RequestFailedException failure) when (failure.Status is 404 or 409 or 412)
            {
                if (attempt == Attempts)
                    return SaveOutcome.Conflict;
            }

            await Task.Delay(RetryDelay * (attempt * Random.Shared.NextDouble()), time, cancellationToken);
        }
    }

    private Task<IReadOnlyList<TableEntity>> RowsAsync(LeaId leaId, CancellationToken cancellationToken) =>
        LeaPartition.ListAsync(storage, leaId, Filter, cancellationToken);

    /// <summary>Returns the rows of the LEA and its coordinators, and whether there are credentials. Does not read these.</summary>
    private async Task<(IReadOnlyList<TableEntity> Rows, bool HasCredentials)> RowsForChangeAsync(LeaId leaId, CancellationToken cancellationToken)
    {
        var rows = await LeaPartition.ListUncheckedAsync(storage, leaId, FilterForChange, cancellationToken);
        return ([.. rows.Where(row => row.RowKey != LeaPartition.CredentialRow).Select(LeaPartition.Known)], rows.Any(row => row.RowKey == LeaPartition.CredentialRow));
    }

    /// <summary>Builds the LEA from rows of its partition. Ignores rows of other kinds. Returns null without an LEA row.</summary>
    internal static Lea? Read(LeaId leaId, IReadOnlyList<TableEntity> rows) =>
        rows.SingleOrDefault(row => row.RowKey == LeaPartition.LeaRow) is { } own
            ? new Lea(leaId, own.Required<string>(Name), [.. rows.Where(IsCoordinator).Select(ReadCoordinator)])
            : null;

    private static bool IsCoordinator(TableEntity row) =>
        row.RowKey.StartsWith(LeaPartition.CoordinatorRowPrefix, StringComparison.Ordinal);

    private static Coordinator ReadCoordinator(TableEntity row) =>
        new(row.RowKey[LeaPartition.CoordinatorRowPrefix.Length..], row.Required<string>(Name), row.Optional<string>(Email), ReadLanguage(row));

    /// <summary>A row without the column is of a coordinator whose language is English.</summary>
    private static Language ReadLanguage(TableEntity row) =>
        LanguageTag.Parse(row.Optional<string>(LanguageColumn) ?? LanguageTag.English) ?? throw UnreadableRowException.Corrupt(row, $"has no valid {LanguageColumn}");

    private static bool Same(Lea? held, Lea lea) =>
        held is not null && held.Name == lea.Name && held.Coordinators.ToHashSet().SetEquals(lea.Coordinators);

    /// <summary>Whether coordinators are to be notified: there were some, and ids or addresses have changed.</summary>
    private static bool CoordinatorsHaveChanged(Lea? held, Lea lea) =>
        held is { Coordinators.Count: > 0 } && !held.Coordinators.Select(Identity).ToHashSet().SetEquals(lea.Coordinators.Select(Identity));

    private static (string Id, string? Email) Identity(Coordinator coordinator) => (coordinator.Id, coordinator.Email?.ToUpperInvariant());

    private static AuditDetails Differences(Lea? held, Lea lea)
    {
        var before = (held?.Coordinators ?? []).ToDictionary(coordinator => coordinator.Id, StringComparer.Ordinal);
        var after = lea.Coordinators.Select(coordinator => coordinator.Id).ToHashSet(StringComparer.Ordinal);
        return new()
        {
            Name = held?.Name == lea.Name ? null : lea.Name,
            Added = [.. lea.Coordinators.Where(coordinator => !before.ContainsKey(coordinator.Id)).Select(NameAndId)],
            Removed = [.. before.Values.Where(coordinator => !after.Contains(coordinator.Id)).Select(NameAndId)],
            Changed = [.. lea.Coordinators.Where(coordinator => before.TryGetValue(coordinator.Id, out var earlier) && earlier != coordinator).Select(NameAndId)],
        };

        static string NameAndId(Coordinator coordinator) => $"{coordinator.Name} ({coordinator.Id})";
    }

    private static List<TableTransactionAction> Changes(Lea lea, Lea? held, IReadOnlyList<TableEntity> rows, string savedBy, DateTimeOffset at, bool hasNotice)
    {
        var auditEvent = AuditEvent.LeaSaved(lea.Id, at, savedBy, Differences(held, lea));
        var leaRow = LeaPartition.Entity(lea.Id, LeaPartition.LeaRow);
        leaRow[Name] = lea.Name;
        var changes = new List<TableTransactionAction>
        {
            LeaPartition.Put(leaRow, Held(LeaPartition.LeaRow)),
            auditEvent.ToAction(),
        };
        if (hasNotice)
        {
            var addresses = lea.Coordinators.Select(coordinator => coordinator.Email).ToHashSet(StringComparer.OrdinalIgnoreCase);
            changes.Add(auditEvent.ToNotice(Coordinator.ListToText([.. held!.Coordinators.Where(coordinator => !addresses.Contains(coordinator.Email))])));
        }

        var keep = lea.Coordinators.ToDictionary(c => LeaPartition.CoordinatorRowPrefix + c.Id, StringComparer.Ordinal);
        changes.AddRange(rows.Where(row => IsCoordinator(row) && !keep.ContainsKey(row.RowKey))
            .Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row, row.ETag)));
        foreach (var (rowKey, coordinator) in keep)
        {
            var row = LeaPartition.Entity(lea.Id, rowKey);
            row[Name] = coordinator.Name;
            row[Email] = coordinator.Email;
            row[LanguageColumn] = coordinator.Language is Language.English ? null : LanguageTag.Of(coordinator.Language);
            changes.Add(LeaPartition.Put(row, Held(rowKey)));
        }

        return changes;

        ETag? Held(string rowKey) => rows.SingleOrDefault(row => row.RowKey == rowKey)?.ETag;
    }
}
