using System.Globalization;
using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Core.Announcements;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Reminders;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Model;

/// <summary>An invariant does not hold.</summary>
internal sealed class InvariantViolation(string invariant, string what) : Exception($"{invariant}: {what}")
{
    internal string Invariant => invariant;
}

/// <summary>What must always hold, whatever the faults and the order.</summary>
internal static class Invariants
{
    internal const string AuditTrailIsComplete = nameof(AuditTrailIsCompleteAndInOrder);

    private static readonly string[] WithNotice = ["credential-generated", "credential-regenerated", "credential-revoked", "previous-key-ended", "lea-saved"];

    /// <summary>An operation on an instance without a fault succeeds.</summary>
    internal static void NothingFailsWithoutFault(IEnumerable<Execution> executions)
    {
        foreach (var execution in executions.Where(execution => execution.Failure is not null))
        {
            Check(execution.HasFault, $"{execution.Act} failed: {execution.Failure}");
            Check(execution.Outcome is Outcome.Lost, $"{execution.Act} failed after the client had a response: {execution.Failure}");
        }
    }

    /// <summary>An operator who repeats an operation without a fault completes it.</summary>
    internal static void NothingFailsWithoutFault(Execution execution, bool isRepeated) => Check(!isRepeated, $"{execution.Act} failed again, without a fault");

    /// <summary>No more keys authenticate than the current one and, during an overlap, the previous one.</summary>
    internal static void AtMostTheAllowedGenerationsAuthenticate(IReadOnlyCollection<int> authenticated, ModelState state, DateTimeOffset now)
    {
        var allowed = state.Credential is not { IsRevoked: false } credential || now >= credential.ExpiresAt ? 0 : credential.Previous is { } previous && now < previous.Until ? 2 : 1;
        Check(authenticated.Count <= allowed, FormattableString.Invariant($"{authenticated.Count} generations authenticate, and {allowed} may"));
    }

    /// <summary>What a client was told is what the operations have done, in some order, and a key works until it is superseded, ended, revoked or expired.</summary>
    internal static void ResponsesAreTrue(bool isTrue, string what) => Check(isTrue, what);

    /// <summary>Each change has exactly one event, there is no other event, and the newest comes first.</summary>
    internal static void AuditTrailIsCompleteAndInOrder(Observation observation, Observation before, DateTimeOffset began, DateTimeOffset ended, bool isRestored)
    {
        var events = observation.Events.ToList();
        for (var index = 1; index < events.Count; index++)
            Check(At(events[index]) <= At(events[index - 1]), $"{events[index].GetString("Kind")} comes after an older event");
        if (isRestored)
            return;
        var known = before.Events.Select(row => row.RowKey).ToHashSet(StringComparer.Ordinal);
        foreach (var added in events.Where(row => !known.Contains(row.RowKey)))
            Check(At(added) >= began && At(added) <= ended, $"{added.GetString("Kind")} says {At(added):O}, but happened from {began:O} to {ended:O}");
        var present = events.Select(row => row.RowKey).ToHashSet(StringComparer.Ordinal);
        Check(known.IsSubsetOf(present), "an event has disappeared");
    }

    internal static void AuditTrailIsCompleteAndInOrder(string? whyNot) => Check(whyNot is null, whyNot);

    /// <summary>The daily run finds each LEA whose credentials are valid or have expired.</summary>
    internal static void IndexNeverLacksLiveCredential(ModelState state, IReadOnlyCollection<TableEntity> index, DateTimeOffset now)
    {
        if (state.Credential is not { IsRevoked: false } credential)
            return;
        var date = credential.ExpiresAt.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        Check(
            index.Any(row => row.RowKey != "downloads" && (row.PartitionKey == date || (row.PartitionKey == "expired" && now >= credential.ExpiresAt))),
            $"no entry for {date}, only {string.Join(", ", index.Select(row => $"{row.PartitionKey} {row.RowKey}"))}");
    }

    /// <summary>Each notice of a change reaches each of its recipients once, as far as the mail service can tell, and nothing else is sent.</summary>
    internal static void EachNoticeIsSentOnce(LeaId leaId, MailService mail, IReadOnlyDictionary<string, NoticeExpectation> expected, Observation final)
    {
        var delivered = mail.Notices.Select(send => send.Email).DistinctBy(email => email.OperationId).ToList();
        var left = delivered.Select(email => email.OperationId).ToHashSet();
        foreach (var (key, notice) in expected)
        {
            Guid[] ids = [.. from language in (string[])["en", "es"] from suffix in (string[])["", ":former"] select OperationId.Of($"{leaId}:notice:{key}:{language}{suffix}")];
            left.ExceptWith(ids);
            var addresses = delivered.Where(email => ids.Contains(email.OperationId)).SelectMany(email => email.To).CountBy(to => to.Address).ToDictionary(StringComparer.Ordinal);
            Check(addresses.Values.All(count => count == 1), $"the notice of {notice.Kind} was sent twice to {string.Join(", ", addresses.Where(address => address.Value > 1).Select(address => address.Key))}");
            if (notice.Recipients is { } recipients && final.Events.Any(row => row.RowKey == $"event:{key}"))
                Check(addresses.Keys.ToHashSet().SetEquals(recipients), $"the notice of {notice.Kind} was sent to {string.Join(", ", addresses.Keys)}, not to {string.Join(", ", recipients)}");
        }

        Check(left.Count == 0, "a notice was sent of what did not happen");
    }

    internal static bool HasNotice(TableEntity row) => WithNotice.Contains(row.GetString("Kind"));

    /// <summary>Each reminder reaches each of its recipients once, as far as the mail service can tell, and the one that is due was sent.</summary>
    internal static void EachReminderIsSentOnce(LeaId leaId, MailService mail, ModelState state, int maxGeneration, int? daysRemaining, bool isExpiring, IReadOnlyCollection<string>? recipients)
    {
        var delivered = mail.Delivered.ToList();
        var due = isExpiring && daysRemaining is { } days ? Milestone.Reached(days) : null;
        List<Guid> left = [.. delivered.Select(email => email.OperationId)];
        var hasDue = false;
        for (var generation = 1; generation <= maxGeneration; generation++)
        {
            foreach (var milestone in Milestone.All)
            {
                Guid[] ids = [Id(""), Id(":es")];
                left.RemoveAll(ids.Contains);
                var addresses = delivered.Where(email => ids.Contains(email.OperationId)).SelectMany(email => email.To).CountBy(to => to.Address).ToDictionary(StringComparer.Ordinal);
                Check(addresses.Values.All(count => count == 1), FormattableString.Invariant($"the reminder of {milestone.Days} days was sent twice"));
                if (generation != state.Generation || due is not { } reached || milestone.Days > reached.Days || addresses.Count == 0)
                    continue;
                hasDue = true;
                if (recipients is not null)
                    Check(recipients.All(addresses.ContainsKey), FormattableString.Invariant($"the reminder of {milestone.Days} days was sent to {string.Join(", ", addresses.Keys)}, not to {string.Join(", ", recipients)}"));

                Guid Id(string suffix) => OperationId.Of(FormattableString.Invariant($"reminder:{leaId}:{generation}:{milestone.Days}{suffix}"));
            }
        }

        Check(left.Count == 0, "a reminder was sent of nothing that exists");
        Check(due is null || hasDue, FormattableString.Invariant($"no reminder of {due?.Days} days, with {daysRemaining} remaining"));
    }

    /// <summary>Without faults and slow instances, no email is sent twice, also by concurrent runs.</summary>
    internal static void NoEmailIsRepeatedWithoutReason(MailService mail, bool hasReason) => Check(
        hasReason || mail.Sends.Concat(mail.Notices).CountBy(send => send.Email.OperationId).All(sends => sends.Value == 1), "an email was sent twice without a fault");

    /// <summary>A download that succeeded has one record, one that was refused has none, and one whose response was lost has at most one.</summary>
    internal static void EachDownloadHasItsDisclosure(IEnumerable<Execution> downloads, IReadOnlyCollection<TableEntity> rows)
    {
        foreach (var prefix in (string[])["student:", "time:"])
        {
            var counts = rows.Where(row => row.RowKey.StartsWith(prefix, StringComparison.Ordinal)).CountBy(row => row.GetString("Client")).ToDictionary(StringComparer.Ordinal);
            foreach (var download in downloads)
            {
                counts.Remove($"{Performer.ClientOf(download.Number)}", out var count);
                Check(
                    download.Outcome switch { Outcome.Done => count == 1, Outcome.Refused => count == 0, _ => count <= 1 },
                    FormattableString.Invariant($"download {download.Number} has {count} records, and its client was told {download.Outcome}"));
            }

            Check(counts.Count == 0, "there is a record without a download");
        }
    }

    /// <summary>After the daily run, nothing is left that belongs to nothing.</summary>
    internal static void NoOrphanSurvives(Observation observation, ModelState state, IReadOnlyCollection<TableEntity> index, LeaCalendar calendar, DateTimeOffset now)
    {
        Check(!observation.Of("notice:").Any(), "a notice is still to be sent");
        Check(observation.Of("share:").All(row => row.ContainsKey("OpenedAt") || row.GetDateTimeOffset("ExpiresAt") > now), "a share that has expired still exists");
        Check(observation.Of("share:").All(row => !row.ContainsKey("OpenedAt") || !row.ContainsKey("Ciphertext")), "the ciphertext of an opened share still exists");
        Check(observation.Of("share:").All(row => state.Credential is { IsRevoked: false } credential && credential.Generation == row.GetInt32("Generation")), "a share of a key that does not work still exists");
        var through = calendar.LocalDate(now).AddDays(15).ToString("O", CultureInfo.InvariantCulture);
        var date = state.Credential is { IsRevoked: false } live ? live.ExpiresAt.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : null;
        foreach (var entry in index.Where(row => row.RowKey != "downloads" && string.CompareOrdinal(row.PartitionKey, through) <= 0))
            Check(entry.PartitionKey == date || observation.Of("share:").Any(row => !row.ContainsKey("OpenedAt")), $"the index has an entry of {entry.PartitionKey}, which belongs to nothing");
    }

    /// <summary>MyTOMS shows exactly the announcement that the LEA should have.</summary>
    internal static void AnnouncementIsRight(LeaId leaId, MyTomsSite myToms, Observation observation, LeaCalendar calendar, DateTimeOffset now)
    {
        var credential = observation.Credential is { } row ? CredentialTable.Read(leaId, row).Credential : null;
        var name = observation.Lea?.GetString("Name") is { } known ? known : Lea.NameOf(null, leaId);
        var expected = Announcement.Of(leaId, name, CredentialStatus.Of(credential, calendar, now), calendar, new CredentialingScreen(new Uri("https://toms.example/credentialing")));
        var shown = myToms.Shown.GetValueOrDefault(leaId.Value);
        Check(shown?.Text == expected?.Text, $"MyTOMS shows \"{shown?.Title}\", not \"{expected?.Title}\"");
        Check(observation.Rows.Any(other => other.RowKey == "announcement") == expected is not null, $"there is {(expected is null ? "a" : "no")} row of an announcement");
    }

    /// <summary>Of all requests to open a share, one gets the ciphertext.</summary>
    internal static void AShareOpensAtMostOnce(IReadOnlyDictionary<int, int> opened)
    {
        foreach (var (share, times) in opened)
            Check(times <= 1, FormattableString.Invariant($"share {share} was opened {times} times"));
    }

    /// <summary>A key that did not work does not work after a restore, and all that the backup has is there.</summary>
    internal static void ARestoreRevivesNothingAndLosesNothing(bool holds, string what) => Check(holds, what);

    /// <summary>A backup that succeeded can be read, and contains what there was.</summary>
    internal static void BackupsReadBack(bool holds, string what) => Check(holds, what);

    internal static void Check(bool holds, string? what, [CallerMemberName] string invariant = "")
    {
        if (!holds)
            throw new InvariantViolation(invariant, what!);
    }

    private static DateTimeOffset At(TableEntity row) => row.GetDateTimeOffset("At")!.Value;
}

/// <summary>Who must get the notice of an event.</summary>
/// <param name="Kind">The kind of the event.</param>
/// <param name="Recipients">The addresses; null if they depend on when the notice was sent, because the coordinators have changed since.</param>
internal sealed record NoticeExpectation(string Kind, IReadOnlyCollection<string>? Recipients);
