namespace Credentialing.Core.Backups;

/// <summary>A change of an LEA's credentials after which a key does not work any more.</summary>
/// <param name="LeaId">The LEA.</param>
/// <param name="Generation">The current generation after the change.</param>
/// <param name="Kind">What happens.</param>
/// <param name="At">When it began.</param>
internal readonly record struct KeyChange(LeaId LeaId, int Generation, KeyChangeKind Kind, DateTimeOffset At);

/// <summary>The kinds of changes. Their names are part of blob names.</summary>
internal enum KeyChangeKind
{
    /// <summary>The generation is generated, and supersedes all earlier ones.</summary>
    Generated,

    /// <summary>The generation is revoked, with all earlier ones.</summary>
    Revoked,

    /// <summary>The overlap of the generation before ends.</summary>
    PreviousKeyEnded,
}
