namespace Credentialing.Core.Recovery;

/// <summary>What a restore has done, or would do.</summary>
/// <param name="StartedAt">When the export of the backup began. Later changes are lost.</param>
/// <param name="Rows">The number of rows in the backup.</param>
/// <param name="Inserted">The number of rows that were missing in the table, and of those that record a revocation.</param>
/// <param name="Credentials">The number of credentials among them, also of those that come back revoked.</param>
/// <param name="Revoked">The LEAs whose credentials come back revoked, because they were changed after the backup. Call them.</param>
/// <param name="Lost">The LEAs that generated their first credentials after the backup, which has none. Call them.</param>
/// <param name="Failures">The LEAs that were not restored completely, with the reason.</param>
/// <param name="PepperVersions">The versions of the pepper that restored keys need, with the number of keys. They must be enabled in the vault.</param>
/// <param name="Indexed">The number of credentials of the backup that have an entry in the expiration index; null for a preview.</param>
public sealed record RestoreReport(
    DateTimeOffset StartedAt,
    long Rows,
    long Inserted,
    int Credentials,
    IReadOnlyList<AffectedLea> Revoked,
    IReadOnlyList<AffectedLea> Lost,
    IReadOnlyDictionary<string, string> Failures,
    IReadOnlyDictionary<string, int> PepperVersions,
    int? Indexed);

/// <summary>An LEA whose coordinators must generate new credentials.</summary>
/// <param name="LeaId">The LEA.</param>
/// <param name="Name">Its name; null if the backup does not contain it.</param>
public sealed record AffectedLea(LeaId LeaId, string? Name);
