using System.Globalization;
using System.Security.Cryptography;
using Azure.Data.Tables;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Audit;

/// <summary>
/// One line of an LEA's audit trail: who did what, and when. It is written in the same transaction as what it tells of,
/// so that neither is ever there without the other, and it never holds a secret.
/// </summary>
/// <param name="LeaId">Whose trail it belongs to.</param>
/// <param name="At">When it happened.</param>
/// <param name="Kind">What happened, such as <c>credential-generated</c>.</param>
/// <param name="ById">Who did it: an id that TOMS knows, or <see cref="ByDailyRunId"/>.</param>
/// <param name="ByName">The name of who did it, where it is known.</param>
/// <param name="Generation">The generation that came of it, or that it is about, where it is about a credential.</param>
/// <param name="Detail">What else there is to know, for somebody who reads it.</param>
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
    /// The step of a transaction that writes it. Row keys sort newest first; the random tail tells events of the same
    /// 100 nanoseconds apart.
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
