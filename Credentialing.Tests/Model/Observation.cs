using Azure.Data.Tables;
using Credentialing.Core;

namespace Credentialing.Tests.Model;

/// <summary>The rows of the LEA, as stored at one moment.</summary>
internal sealed record Observation(IReadOnlyList<TableEntity> Rows)
{
    /// <summary>The kinds of events that the model predicts. The others are about emails and announcements.</summary>
    private static readonly HashSet<string> Changes = new(StringComparer.Ordinal)
    {
        "credential-generated", "credential-regenerated", "credential-revoked", "previous-key-ended", "lea-saved", "share-created", "share-opened", "share-canceled", "share-expired",
    };

    internal static readonly Observation Empty = new([]);

    internal TableEntity? Credential => Rows.FirstOrDefault(row => row.RowKey == "credential");

    internal TableEntity? Lea => Rows.FirstOrDefault(row => row.RowKey == "lea");

    /// <summary>All audit events, in the order of the table: newest first.</summary>
    internal IEnumerable<TableEntity> Events => Of("event:");

    internal IEnumerable<ModelEvent> ChangeEvents => Events.Where(row => Changes.Contains(row.GetString("Kind"))).Select(ToModel);

    internal IEnumerable<TableEntity> Of(string prefix) => Rows.Where(row => row.RowKey.StartsWith(prefix, StringComparison.Ordinal));

    internal static bool IsChange(string kind) => Changes.Contains(kind);

    internal static ModelEvent ToModel(TableEntity row) => new(row.GetString("Kind"), row.GetInt32("Generation"), row.GetString("Vendor"));

    internal static async Task<Observation> ReadAsync(TableClient leas, LeaId leaId) =>
        new(await leas.QueryAsync<TableEntity>($"PartitionKey eq '{leaId}'", cancellationToken: TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken));

    /// <summary>Why the stored credentials are not those of a state of the model; null if they are.</summary>
    internal string? WhyOtherCredentials(ModelState state)
    {
        if (Credential is not { } row || state.Credential is not { } expected)
            return (Credential is null) == (state.Credential is null) ? null : Credential is null ? "there are none" : "there are some";
        if (row.GetInt32("Generation") != expected.Generation)
            return FormattableString.Invariant($"the generation is {row.GetInt32("Generation")}, not {expected.Generation}");
        if (row.ContainsKey("RevokedAt") != expected.IsRevoked)
            return expected.IsRevoked ? "they are not revoked" : "they are revoked";
        if (row.GetDateTimeOffset("ExpiresAt") != expected.ExpiresAt)
            return FormattableString.Invariant($"they expire at {row.GetDateTimeOffset("ExpiresAt"):u}, not at {expected.ExpiresAt:u}");
        (int?, DateTimeOffset?) previous = (row.GetInt32("PreviousGeneration"), row.GetDateTimeOffset("PreviousExpiresAt"));
        return previous == (expected.Previous?.Generation, expected.Previous?.Until) ? null : FormattableString.Invariant($"the previous key is {previous}, not {expected.Previous}");
    }

    /// <summary>Why the stored shares are not those of a state of the model; null if they are.</summary>
    internal string? WhyOtherShares(ModelState state)
    {
        var stored = Of("share:").ToDictionary(row => row.GetString("Vendor"), row => row.ContainsKey("OpenedAt"), StringComparer.Ordinal);
        var expected = state.Shares.ToDictionary(share => ModelState.VendorOf(share.Key), share => share.Value.IsOpened, StringComparer.Ordinal);
        return stored.Count == expected.Count && stored.All(share => expected.TryGetValue(share.Key, out var isOpened) && isOpened == share.Value)
            ? null
            : $"stored are {Describe(stored)}, not {Describe(expected)}";

        static string Describe(Dictionary<string, bool> shares) => shares.Count == 0 ? "none" : string.Join(", ", shares.Select(share => share.Key + (share.Value ? " (opened)" : "")));
    }

    /// <summary>Why the stored LEA is not that of a state of the model; null if it is.</summary>
    internal string? WhyOtherLea(ModelState state)
    {
        var name = Lea?.GetString("Name");
        if (name != (state.Name is { } expected ? NameOf(expected) : null))
            return $"its name is {name}";
        var ids = Of("coordinator:").Select(row => row.RowKey["coordinator:".Length..]);
        return ids.ToHashSet().SetEquals(Rosters.Of(state.Roster).Select(coordinator => coordinator.Id)) ? null : $"its coordinators are {string.Join(", ", ids)}";
    }

    /// <summary>Why the stored audit events of changes are not those of a state of the model; null if they are.</summary>
    internal string? WhyOtherEvents(ModelState state) => WhyOtherEvents(ChangeEvents, state);

    internal static string? WhyOtherEvents(IEnumerable<ModelEvent> found, ModelState state)
    {
        var counts = found.CountBy(item => item).ToDictionary();
        foreach (var (expected, count) in state.Events.CountBy(item => item))
        {
            if (counts.GetValueOrDefault(expected) != count)
                return $"there are {counts.GetValueOrDefault(expected)} of {expected}, not {count}";
            counts.Remove(expected);
        }

        return counts.Count == 0 ? null : $"there is {counts.First().Key}";
    }

    internal static string NameOf(int name) => FormattableString.Invariant($"LEA {name}");
}
