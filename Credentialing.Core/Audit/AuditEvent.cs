using System.Globalization;
using System.Security.Cryptography;
using Azure.Data.Tables;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Audit;

/// <summary>
/// One event of an LEA's audit trail: who did what, and when. It is written in the same transaction as the change that it records,
/// so that neither exists without the other. It never contains a secret.
/// </summary>
/// <param name="LeaId">The LEA.</param>
/// <param name="At">When it happened.</param>
/// <param name="Kind">What happened, such as <c>credential-generated</c>.</param>
/// <param name="ById">Who did it: an id known to TOMS, or <see cref="ByDailyRunId"/>.</param>
/// <param name="ByName">The name of that person, if known.</param>
/// <param name="Generation">The generation that was created or that the event is about; null if it is not about a credential.</param>
/// <param name="Detail">Further information for readers of the audit trail.</param>
internal sealed record AuditEvent(
    LeaId LeaId, DateTimeOffset At, string Kind, string ById, string? ByName, int? Generation, string? Detail = null)
{
    private const string ByDailyRunId = "daily-run";

    internal static AuditEvent CredentialGenerated(LeaId leaId, DateTimeOffset at, string byId, string byName, int generation) =>
        new(leaId, at, generation == 1 ? "credential-generated" : "credential-regenerated", byId, byName, generation);

    internal static AuditEvent LeaSaved(LeaId leaId, DateTimeOffset at, string by) =>
        new(leaId, at, "lea-saved", by, ByName: null, Generation: null);

    internal static AuditEvent ByDailyRun(LeaId leaId, DateTimeOffset at, string kind, int generation, string detail) =>
        new(leaId, at, kind, ByDailyRunId, ByName: null, generation, detail);

    /// <summary>
    /// Transaction step: inserts the event. Row keys sort newest first. The random suffix keeps events of the same tick (100 ns)
    /// unique.
    /// </summary>
    internal TableTransactionAction ToAction()
    {
        var inverted = (DateTimeOffset.MaxValue.Ticks - At.UtcTicks).ToString("D19", CultureInfo.InvariantCulture);
        var row = LeaPartition.Entity(
            LeaId, $"{LeaPartition.EventRowPrefix}{inverted}:{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        row[nameof(Kind)] = Kind;
        row[nameof(At)] = At;
        row[nameof(ById)] = ById;
        row[nameof(ByName)] = ByName;
        row[nameof(Generation)] = Generation;
        row[nameof(Detail)] = Detail;
        return new(TableTransactionActionType.Add, row);
    }
}
