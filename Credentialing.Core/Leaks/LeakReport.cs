using Credentialing.Core.Credentials;

namespace Credentialing.Core.Leaks;

/// <summary>The result of a search for the owners of secret keys.</summary>
/// <param name="Leaks">One for each reported key, in the same order.</param>
/// <param name="Unreadable">
/// Why rows of these LEAs could not be read, by CDS code. An <see cref="LeakMatch.Unknown"/> key may be one of theirs. Empty if no row was
/// unreadable before all keys were found.
/// </param>
/// <param name="UncheckedKeys">
/// The number of stored keys that could not be compared, because the version of their pepper is not enabled. None of them works.
/// </param>
public sealed record LeakReport(IReadOnlyList<Leak> Leaks, IReadOnlyDictionary<string, string> Unreadable, int UncheckedKeys);

/// <summary>What a reported secret key is, without the key itself.</summary>
/// <param name="Match">Which key of the LEA it was before <see cref="Action"/>.</param>
public sealed record Leak(LeakMatch Match)
{
    /// <summary>The LEA; null for an unknown key.</summary>
    public LeaId? LeaId { get; init; }

    /// <summary>The name of the LEA; null if it is not known.</summary>
    public string? LeaName { get; init; }

    /// <summary>The generation of the key; null for an unknown key.</summary>
    public int? Generation { get; init; }

    /// <summary>When the key was generated; null for an unknown key.</summary>
    public DateTimeOffset? GeneratedAt { get; init; }

    /// <summary>When the next generation was generated; null for a current or an unknown key.</summary>
    public DateTimeOffset? SupersededAt { get; init; }

    /// <summary>Whether the key works now, after <see cref="Action"/>.</summary>
    public bool IsUsable { get; init; }

    /// <summary>What was done.</summary>
    public LeakAction Action { get; init; }

    /// <summary>The change that was made; null if there was none. Its follow-up is left to the caller.</summary>
    public ChangeOutcome.Changed? Change { get; init; }
}
