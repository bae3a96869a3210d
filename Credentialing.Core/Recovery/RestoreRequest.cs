namespace Credentialing.Core.Recovery;

/// <summary>What to restore.</summary>
/// <param name="Backup">The name of the backup, such as <c>2026-11-27T160000Z</c>.</param>
/// <param name="IsApplied">Whether to insert the rows. If not, the report says what would be done.</param>
/// <param name="ChangedLeas">
/// LEAs whose credentials were changed after the backup, and whose change is not in the log of key changes. Their credentials come back
/// revoked.
/// </param>
public sealed record RestoreRequest(string Backup, bool IsApplied, IReadOnlySet<LeaId> ChangedLeas);
