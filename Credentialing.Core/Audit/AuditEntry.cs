using Azure.Data.Tables;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Audit;

/// <summary>One event of an LEA's audit trail, as it was read. Immutable.</summary>
/// <param name="Id">The id, unique within the LEA. Ids sort newest first.</param>
/// <param name="At">When it happened.</param>
/// <param name="Kind">What happened. Newer releases may add kinds. <see cref="UnreadableKind"/> if the row cannot be read.</param>
/// <param name="Source">
/// Who or what caused it: <see cref="Person"/>, <see cref="Toms"/>, <see cref="DailyRun"/>, <see cref="Notices"/> or
/// <see cref="Vendor"/>. Null if the row cannot be read.
/// </param>
/// <param name="ById">The id of the person, in TOMS; null if the source is not one.</param>
/// <param name="ByName">The name of the person; null if the source is not one.</param>
/// <param name="Generation">The generation that was created or that the event is about; null if it is not about a credential.</param>
/// <param name="Detail">Further information, in English; null if there is none.</param>
/// <param name="PreviousUntil">Until when the previous key works; null if it does not.</param>
/// <param name="Details">The details of this kind of event.</param>
public sealed record AuditEntry(
    string Id,
    DateTimeOffset At,
    string Kind,
    string? Source,
    string? ById,
    string? ByName,
    int? Generation,
    string? Detail,
    DateTimeOffset? PreviousUntil,
    AuditDetails Details)
{
    /// <summary>The kind of an event whose row is corrupt, or was written by a newer release. Its time is that of the row key.</summary>
    public const string UnreadableKind = "unreadable";

    /// <summary>A source: a person, or a service with a name.</summary>
    public const string Person = "person";

    /// <summary>A source: TOMS, which reported data of the LEA.</summary>
    public const string Toms = "toms";

    /// <summary>A source: the daily run.</summary>
    public const string DailyRun = AuditEvent.ByDailyRunId;

    /// <summary>A source: the sending of emails that notify coordinators of a change.</summary>
    public const string Notices = AuditEvent.ByNoticesId;

    /// <summary>A source: a vendor that opened a link. It is not authenticated.</summary>
    public const string Vendor = AuditEvent.ByVendorId;

    /// <exception cref="UnreadableRowException">The row is corrupt, or a newer release wrote it.</exception>
    internal static AuditEntry Read(string id, TableEntity row)
    {
        LeaPartition.Known(row);
        var byId = row.Required<string>(nameof(AuditEvent.ById));
        var byName = row.Optional<string>(nameof(AuditEvent.ByName));
        var source = (byName, byId) switch
        {
            (not null, _) => Person,
            (_, DailyRun or Notices or Vendor) => byId,
            _ => Toms,
        };
        return new(
            id,
            row.Required<DateTimeOffset>(nameof(AuditEvent.At)),
            row.Required<string>(nameof(AuditEvent.Kind)),
            source,
            source is Person ? byId : null,
            byName,
            row.OptionalValue<int>(nameof(AuditEvent.Generation)),
            row.Optional<string>(nameof(AuditEvent.Detail)) is { Length: > 0 } detail ? detail : null,
            row.OptionalValue<DateTimeOffset>(nameof(AuditEvent.PreviousUntil)),
            AuditDetails.Read(row));
    }

    internal static AuditEntry Unreadable(string id, DateTimeOffset at) =>
        new(id, at, UnreadableKind, Source: null, ById: null, ByName: null, Generation: null, Detail: null, PreviousUntil: null, new());
}

/// <summary>A page of an LEA's audit trail.</summary>
/// <param name="Entries">The events, newest first.</param>
/// <param name="Next">The id of the last event, after which the next page begins; null if there are no more.</param>
public sealed record AuditPage(IReadOnlyList<AuditEntry> Entries, string? Next);
