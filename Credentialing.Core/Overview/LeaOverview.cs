using System.Globalization;
using Azure.Data.Tables;
using Credentialing.Core.Audit;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Notices;
using Credentialing.Core.Reminders;
using Credentialing.Core.Storage;

namespace Credentialing.Core.Overview;

/// <summary>
/// What the statewide overview shows of one LEA. It contains only facts that change by a write: the state of the credentials follows from
/// them and the time (<see cref="StateAt"/>). Immutable.
/// </summary>
/// <param name="LeaId">The LEA.</param>
/// <param name="Name">Its name; a text with its CDS code if the name is unknown.</param>
public sealed record LeaOverview(LeaId LeaId, string Name)
{
    /// <summary>The partition of the overview's rows. The row key is the CDS code.</summary>
    internal const string Partition = "leas";

    private const string NoticeSentEvent = "notice-sent";
    private const string NoticeRefusedEvent = "notice-refused";
    private const char Separator = '\n'; // no address contains it

    /// <summary>
    /// For how long the audit event of a notice counts as a last email. Credentials end after 365 days, so that each LEA with valid
    /// credentials had an email since. The limit bounds the rows that a check reads.
    /// </summary>
    private static readonly TimeSpan EventAge = TimeSpan.FromDays(400);

    /// <summary>The generation of the credentials; null if there are none, or their row cannot be read.</summary>
    public int? Generation { get; init; }

    /// <summary>When the credentials were generated; null like <see cref="Generation"/>.</summary>
    public DateTimeOffset? GeneratedAt { get; init; }

    /// <summary>The name of the coordinator who generated them; null like <see cref="Generation"/>.</summary>
    public string? GeneratedBy { get; init; }

    /// <summary>When they expire or expired; null like <see cref="Generation"/>.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When they were revoked; null if they were not.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>The last date on which a client used a key of the last two generations; null if none did.</summary>
    public DateOnly? LastUsedOn { get; init; }

    /// <summary>The client of that use.</summary>
    public string? LastUsedBy { get; init; }

    /// <summary>The last email; null if there was none.</summary>
    public LastEmail? LastEmail { get; init; }

    /// <summary>The LEA's coordinators.</summary>
    public IReadOnlyList<Coordinator> Coordinators { get; init; } = [];

    /// <summary>Why some of its rows cannot be read, in one sentence; null if all can.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether the state is unknown, because the row of the credentials cannot be read.</summary>
    public bool HasUnknownState { get; init; }

    /// <summary>
    /// OData filter of the rows that <see cref="Of"/> needs: no audit events but those of the last notices, and neither shares nor superseded
    /// keys nor the announcement.
    /// </summary>
    internal static string RowFilter(DateTimeOffset now)
    {
        var oldest = (DateTimeOffset.MaxValue.Ticks - (now - EventAge).UtcTicks).ToString("D19", CultureInfo.InvariantCulture);
        return $"(RowKey ne '{LeaPartition.AnnouncementRow}' and {LeaPartition.StartsNotWith(LeaPartition.EventRowPrefix)} and {LeaPartition.StartsNotWith(LeaPartition.ShareRowPrefix)} and {LeaPartition.StartsNotWith(LeaPartition.SupersededRowPrefix)})"
            + $" or (RowKey ge '{LeaPartition.EventRowPrefix}' and RowKey lt '{LeaPartition.EventRowPrefix}{oldest}' and (Kind eq '{NoticeSentEvent}' or Kind eq '{NoticeRefusedEvent}'))";
    }

    /// <summary>Builds it from an LEA's rows. A row that cannot be read is a <see cref="Problem"/>. Null if there is no such LEA.</summary>
    internal static LeaOverview? Of(LeaId leaId, IReadOnlyList<TableEntity> rows)
    {
        if (!rows.Any(row => row.RowKey is LeaPartition.LeaRow or LeaPartition.CredentialRow))
            return null;

        string? problem = null;
        var lea = Read(() => LeaRegister.Read(leaId, [.. rows.Where(row => row.RowKey is LeaPartition.LeaRow || Is(row, LeaPartition.CoordinatorRowPrefix)).Select(LeaPartition.Known)]));
        var own = rows.SingleOrDefault(row => row.RowKey is LeaPartition.CredentialRow);
        var stored = own is null ? null : Read(() => CredentialTable.Read(leaId, LeaPartition.Known(own)));
        var credential = stored?.Credential;
        var uses = rows.Where(row => Is(row, LeaPartition.UseRowPrefix)).Select(row => Read(() => KeyUse.Read(LeaPartition.Known(row)))).OfType<KeyUse>();
        var lastUse = (stored?.EarlierUse is { } earlier ? uses.Append(earlier) : uses)
            .OrderByDescending(use => use.LastUsedOn).ThenByDescending(use => use.Generation).ThenBy(use => use.Client.ToString(), StringComparer.Ordinal).FirstOrDefault();
        var hasRecipient = lea?.Coordinators.Any(coordinator => coordinator.Email is not null) is true || credential?.GeneratedBy.Email is not null;
        return new(leaId, Lea.NameOf(lea, leaId))
        {
            Generation = credential?.Generation,
            GeneratedAt = credential?.GeneratedAt,
            GeneratedBy = credential?.GeneratedBy.Name,
            ExpiresAt = credential?.ExpiresAt,
            RevokedAt = credential?.Revocation?.At,
            LastUsedOn = lastUse?.LastUsedOn,
            LastUsedBy = lastUse?.Client.ToString(),
            LastEmail = LatestOf(rows.Select(row => Read(() => EmailOf(row)))),
            Coordinators = lea?.Coordinators ?? [],
            HasUnknownState = own is not null && credential is null,
            Problem = problem,
        };

        T? Read<T>(Func<T?> read)
            where T : class
        {
            try
            {
                return read();
            }
            catch (UnreadableRowException failure)
            {
                problem ??= failure.Reason;
                return null;
            }
        }

        Dated? EmailOf(TableEntity row)
        {
            if (ReminderClaim.IsRow(row))
            {
                var (_, milestone, claim) = ReminderClaim.Read(LeaPartition.Known(row));
                return new(claim.SentAt ?? claim.ClaimedUntil, LastEmail.Of(claim, milestone.Days, hasRecipient));
            }

            if (Is(row, LeaPartition.NoticeRowPrefix))
            {
                var notice = Notice.Read(leaId, LeaPartition.Known(row));
                return new(notice.Claim.SentAt ?? notice.At, LastEmail.Of(notice.Claim, milestone: null, hasRecipient));
            }

            return Is(row, LeaPartition.EventRowPrefix) ? SentNotice(LeaPartition.Known(row)) : null;
        }
    }

    /// <summary>
    /// Returns the state of the credentials and the days remaining (<see cref="CredentialStatus.DaysRemaining"/>) at
    /// <paramref name="now"/>. The state is null if it is unknown.
    /// </summary>
    public (CredentialState? State, int? DaysRemaining) StateAt(DateTimeOffset now, LeaCalendar calendar) =>
        ExpiresAt is { } expiresAt ? CredentialStatus.StateOf(expiresAt, isRevoked: RevokedAt is not null, calendar, now)
        : HasUnknownState ? (null, null)
        : (CredentialState.None, null);

    /// <exception cref="UnreadableRowException">The row is corrupt, or a newer release wrote it.</exception>
    internal static LeaOverview Read(LeaId leaId, TableEntity row) => WhyUnreadable(row) is { } why ? throw why : new(leaId, row.Required<string>(nameof(Name)))
    {
        Generation = row.OptionalValue<int>(nameof(Generation)),
        GeneratedAt = row.OptionalValue<DateTimeOffset>(nameof(GeneratedAt)),
        GeneratedBy = row.Optional<string>(nameof(GeneratedBy)),
        ExpiresAt = row.OptionalValue<DateTimeOffset>(nameof(ExpiresAt)),
        RevokedAt = row.OptionalValue<DateTimeOffset>(nameof(RevokedAt)),
        LastUsedOn = row.Optional<string>(nameof(KeyUse.LastUsedOn)) is null ? null : KeyUse.ReadDate(row),
        LastUsedBy = row.Optional<string>(nameof(LastUsedBy)),
        LastEmail = ReadEmail(row),
        Coordinators = Coordinator.ListFromText(row, nameof(Coordinators)),
        Problem = row.Optional<string>(nameof(Problem)),
        HasUnknownState = row.OptionalValue<bool>(nameof(HasUnknownState)) is true,
    };

    /// <summary>The exception to throw if a newer release wrote the row of the overview, else null.</summary>
    internal static UnreadableRowException? WhyUnreadable(TableEntity row) => SchemaVersion.WhyUnreadable(row, "overview", row.RowKey);

    /// <summary>An LEA whose row of the overview cannot be read.</summary>
    internal static LeaOverview Unreadable(LeaId leaId, UnreadableRowException why) => new(leaId, Lea.NameOf(null, leaId)) { Problem = why.Reason, HasUnknownState = true };

    /// <summary>The row to insert or replace.</summary>
    internal TableEntity Write()
    {
        var row = SchemaVersion.NewRow(Partition, LeaId.Value);
        row[nameof(Name)] = Name;
        row[nameof(Generation)] = Generation;
        row[nameof(GeneratedAt)] = GeneratedAt;
        row[nameof(GeneratedBy)] = GeneratedBy;
        row[nameof(ExpiresAt)] = ExpiresAt;
        row[nameof(RevokedAt)] = RevokedAt;
        row[nameof(LastUsedOn)] = LastUsedOn?.ToString("O", CultureInfo.InvariantCulture);
        row[nameof(LastUsedBy)] = LastUsedBy;
        row[nameof(EmailResult)] = LastEmail?.Result.ToString();
        row[EmailMilestone] = LastEmail?.Milestone;
        row[EmailAt] = LastEmail?.At;
        row[EmailRefused] = LastEmail is { Refused.Count: > 0 } ? string.Join(Separator, LastEmail.Refused) : null;
        row[nameof(Coordinators)] = Coordinators.Count == 0 ? null : Coordinator.ListToText(Coordinators);
        row[nameof(Problem)] = Problem;
        row[nameof(HasUnknownState)] = HasUnknownState ? true : null;
        return row;
    }

    /// <summary>Whether a stored row has the columns of <paramref name="written"/>. Columns that a newer release added do not count.</summary>
    internal static bool IsSame(TableEntity stored, TableEntity written) =>
        written.All(column => stored.TryGetValue(column.Key, out var value) ? Equals(value, column.Value) : column.Value is null);

    private const string EmailMilestone = nameof(EmailMilestone);
    private const string EmailAt = nameof(EmailAt);
    private const string EmailRefused = nameof(EmailRefused);

    private static LastEmail? ReadEmail(TableEntity row)
    {
        if (row.Optional<string>(nameof(EmailResult)) is not { } text)
            return null;
        if (!Enum.TryParse<EmailResult>(text, out var result) || !Enum.IsDefined(result))
            throw UnreadableRowException.Corrupt(row, $"has no valid {nameof(EmailResult)}");
        return new(row.OptionalValue<int>(EmailMilestone), row.OptionalValue<DateTimeOffset>(EmailAt), result, row.Optional<string>(EmailRefused)?.Split(Separator) ?? []);
    }

    private static bool Is(TableEntity row, string prefix) => row.RowKey.StartsWith(prefix, StringComparison.Ordinal);

    private static LastEmail? LatestOf(IEnumerable<Dated?> emails) => emails.OfType<Dated>().MaxBy(email => email.At)?.Email;

    /// <summary>
    /// The notice of an audit event: its outbox row is deleted once it is sent. Releases before the columns of the addresses wrote them
    /// only into a text.
    /// </summary>
    private static Dated SentNotice(TableEntity row)
    {
        var details = AuditDetails.Read(row);
        string[] refused = [.. details.Rejected, .. details.GivenUp];
        var at = row.Required<DateTimeOffset>(nameof(AuditEvent.At));
        var result =
            row.Required<string>(nameof(AuditEvent.Kind)) is NoticeRefusedEvent ? EmailResult.Refused
            : details.Deferred.Count > 0 ? EmailResult.Deferred
            : refused.Length > 0 ? EmailResult.PartlyRefused
            : EmailResult.Sent;
        return new(at, new(Milestone: null, at, result, refused));
    }

    private sealed record Dated(DateTimeOffset At, LastEmail Email);
}
