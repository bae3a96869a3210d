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
/// <param name="ById">Who did it: an id known to TOMS, <see cref="ByDailyRunId"/>, <see cref="ByNoticesId"/> or <see cref="ByVendorId"/>.</param>
/// <param name="ByName">The name of that person, if known.</param>
/// <param name="Generation">The generation that was created or that the event is about; null if it is not about a credential.</param>
/// <param name="Detail">Further information for readers of the table, in English. Of a revocation: the reason.</param>
/// <param name="PreviousUntil">Until when the previous key works; null if it does not.</param>
internal sealed record AuditEvent(
    LeaId LeaId, DateTimeOffset At, string Kind, string ById, string? ByName, int? Generation, string? Detail = null, DateTimeOffset? PreviousUntil = null)
{
    internal const string Generated = "credential-generated";
    internal const string Regenerated = "credential-regenerated";
    internal const string Revoked = "credential-revoked";
    internal const string PreviousEnded = "previous-key-ended";
    internal const string Saved = "lea-saved";
    internal const string AnnouncementPosted = "announcement-posted";
    internal const string AnnouncementRemoved = "announcement-removed";
    internal const string ShareCreated = "share-created";
    internal const string ShareOpened = "share-opened";
    internal const string ShareCanceled = "share-canceled";
    internal const string ShareExpired = "share-expired";

    /// <summary>The column of a notice with the coordinators that the event removed.</summary>
    internal const string FormerColumn = "Former";

    /// <summary>The daily run.</summary>
    internal const string ByDailyRunId = "daily-run";

    /// <summary>The sending of emails that notify coordinators of a change.</summary>
    internal const string ByNoticesId = "notices";

    /// <summary>A client that opened a share. It is not authenticated.</summary>
    internal const string ByVendorId = "vendor";

    /// <summary>The details by column. The emails of <see cref="ToNotice"/> do not need them.</summary>
    internal AuditDetails Details { get; init; } = new();

    /// <summary>
    /// The end of the row key, which sorts newest first. The random suffix keeps events of the same tick (100 ns) unique. An event
    /// keeps its key when its transaction is retried.
    /// </summary>
    private readonly string key = $"{InvertedTime.Of(At)}:{RandomNumberGenerator.GetHexString(8, lowercase: true)}";

    internal static AuditEvent CredentialGenerated(LeaId leaId, DateTimeOffset at, string byId, string byName, int generation, string wording, DateTimeOffset? previousUntil) =>
        new(leaId, at, generation == 1 ? Generated : Regenerated, byId, byName, generation, PreviousUntil: previousUntil) { Details = new() { Wording = wording } };

    internal static AuditEvent PreviousKeyEnded(LeaId leaId, DateTimeOffset at, string byId, string byName, int generation, string? reason) =>
        new(leaId, at, PreviousEnded, byId, byName, generation, reason);

    internal static AuditEvent CredentialRevoked(LeaId leaId, DateTimeOffset at, string byId, string byName, int generation, string reason) =>
        new(leaId, at, Revoked, byId, byName, generation, reason);

    internal static AuditEvent LeaSaved(LeaId leaId, DateTimeOffset at, string by, AuditDetails changes) =>
        new(leaId, at, Saved, by, ByName: null, Generation: null) { Details = changes };

    /// <param name="leaId">The LEA.</param>
    /// <param name="at">When it happened.</param>
    /// <param name="kind">What happened to the notice.</param>
    /// <param name="about">The kind of the event that the notice is about.</param>
    /// <param name="generation">The generation of that event.</param>
    /// <param name="result">The addresses, by the response of the mail service.</param>
    internal static AuditEvent AboutNotice(LeaId leaId, DateTimeOffset at, string kind, string about, int? generation, AuditDetails result) =>
        new(leaId, at, kind, ByNoticesId, ByName: null, generation, $"About {about}.{result.Addresses()}") { Details = result with { About = about } };

    /// <param name="leaId">The LEA.</param>
    /// <param name="at">When it happened.</param>
    /// <param name="kind">What happened to the share.</param>
    /// <param name="byId">The coordinator who did it; null for the one who opened the link, or the daily run.</param>
    /// <param name="byName">The name of the coordinator.</param>
    /// <param name="generation">The generation of the shared key.</param>
    /// <param name="vendor">For whom the share is.</param>
    internal static AuditEvent AboutShare(LeaId leaId, DateTimeOffset at, string kind, string? byId, string? byName, int generation, string vendor) =>
        new(leaId, at, kind, byId ?? (kind == ShareOpened ? ByVendorId : ByDailyRunId), byName, generation, $"For {vendor}.") { Details = new() { Vendor = vendor } };

    internal static AuditEvent ByDailyRun(LeaId leaId, DateTimeOffset at, string kind, int? generation, string detail, AuditDetails details) =>
        new(leaId, at, kind, ByDailyRunId, ByName: null, generation, detail) { Details = details };

    /// <summary>Transaction step: inserts the event.</summary>
    internal TableTransactionAction ToAction()
    {
        var row = Row(LeaPartition.EventRowPrefix);
        Details.Write(row);
        return new(TableTransactionActionType.Add, row);
    }

    /// <summary>
    /// Transaction step: inserts the outbox row of the email that notifies the LEA's other coordinators of this event. It has the
    /// columns of the event.
    /// </summary>
    /// <param name="former">The coordinators that the event removed, as text (<c>Coordinator.ListToText</c>); null or empty if there are none.</param>
    internal TableTransactionAction ToNotice(string? former = null)
    {
        var row = Row(LeaPartition.NoticeRowPrefix);
        row[FormerColumn] = former;
        return new(TableTransactionActionType.Add, row);
    }

    private TableEntity Row(string prefix)
    {
        var row = LeaPartition.Entity(LeaId, prefix + key);
        row[nameof(Kind)] = Kind;
        row[nameof(At)] = At;
        row[nameof(ById)] = ById;
        row[nameof(ByName)] = ByName;
        row[nameof(Generation)] = Generation;
        row[nameof(Detail)] = Detail;
        row[nameof(PreviousUntil)] = PreviousUntil;
        return row;
    }
}
