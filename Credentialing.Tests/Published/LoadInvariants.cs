using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Core.Mail;
using MimeKit;

namespace Credentialing.Tests.Published;

/// <summary>
/// Compares the responses that the clients got with what the app and its services have after the recovery: by HTTP, the inboxes and MyTOMS, and
/// by the tables where HTTP does not show it.
/// </summary>
internal sealed class LoadInvariants(ExternalServices services, FunctionsHost host, LoadRecord record, IReadOnlyList<DateTimeOffset> kills)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The number of emails that were sent again, with the same operation id, after a kill.</summary>
    internal int ResentEmails { get; private set; }

    /// <summary>The number of distinct emails.</summary>
    internal int Emails { get; private set; }

    /// <summary>Each live credential has its entry in the index, at any time. Also while an instance is being killed.</summary>
    internal static async Task CheckIndexAsync(ExternalServices services, LoadRecord record)
    {
        var credentials = await services.Storage.Leas.QueryAsync<TableEntity>("RowKey eq 'credential'", cancellationToken: Cancellation).ToListAsync(Cancellation);
        var entries = await services.Storage.Expirations.QueryAsync<TableEntity>(cancellationToken: Cancellation).Select(row => (row.PartitionKey, row.RowKey)).ToHashSetAsync(cancellationToken: Cancellation);
        foreach (var row in credentials.Where(row => !row.ContainsKey("RevokedAt") && !entries.Contains((DateOf(row.GetDateTimeOffset("ExpiresAt")!.Value), row.PartitionKey))))
            record.Violations.Enqueue($"index: generation {row["Generation"]} of {row.PartitionKey} has no entry");
    }

    /// <summary>Checks all invariants after a daily run, while nothing else uses the app.</summary>
    internal async Task CheckAsync(IEnumerable<LeaId> sharedLeas)
    {
        await CheckIndexAsync(services, record);
        var rows = (await services.Storage.Leas.QueryAsync<TableEntity>(cancellationToken: Cancellation).ToListAsync(Cancellation)).ToLookup(row => row.PartitionKey);
        var operations = new List<Guid>();
        var claimed = new HashSet<Guid>();
        var shared = sharedLeas.ToHashSet();
        foreach (var leaId in shared)
        {
            var history = await ReadHistoryAsync(leaId);
            CheckAuditTrail(history);
            CheckUses(history);
            await CheckKeysAsync(history);
            await CheckSharesAsync(history);
            await CheckDownloadsAsync(leaId);
            await CheckLeaAsync(history);
            CheckNoOrphans(history, [.. rows[leaId.Value]]);
            operations.AddRange(ExpectedEmails(history));
            claimed.UnionWith(rows[leaId.Value].Where(row => row.RowKey.StartsWith("reminder:", StringComparison.Ordinal)).Select(row => ReminderOperation(leaId, row.RowKey)));
        }

        CheckEmails(operations, claimed);
        await CheckFirstCredentialsAsync(shared, rows);
        await CheckOverviewAsync();
    }

    private static string DateOf(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private void Check(bool condition, string violation)
    {
        if (!condition)
            record.Violations.Enqueue(violation);
    }

    private IEnumerable<Change> ChangesOf(LeaId leaId, ChangeKind kind) => record.Changes.Where(change => change.LeaId == leaId && change.Kind == kind);

    private async Task<History> ReadHistoryAsync(LeaId leaId)
    {
        var events = new List<Event>();
        for (string? after = null; ;)
        {
            var page = (await host.SendAsync(HttpMethod.Get, $"leas/{leaId}/events{(after is null ? "" : $"?after={after}")}", "toms")).Json;
            events.AddRange(page.GetProperty("events").EnumerateArray().Select(Event.Of));
            after = page.GetProperty("next").GetString();
            if (after is null)
                break;
        }

        var status = (await host.SendAsync(HttpMethod.Get, $"leas/{leaId}/credentials", "toms")).Json;
        events.Reverse();
        return new History(leaId, events, status);
    }

    /// <summary>Each acknowledged change is in the audit trail once and in order, and nothing that nobody requested.</summary>
    private void CheckAuditTrail(History history)
    {
        var leaId = history.LeaId;
        Check(history.Events.Zip(history.Events.Skip(1)).All(pair => pair.First.At <= pair.Second.At), $"audit: the events of {leaId} are not in order");
        var generated = history.Events.Where(item => item.Kind is "credential-generated" or "credential-regenerated").ToList();
        Check(generated.Select(item => item.Generation).SequenceEqual(Enumerable.Range(1, generated.Count).Select(number => (int?)number)), $"audit: generations of {leaId}: {string.Join(' ', generated.Select(item => item.Generation))}");
        var generations = ChangesOf(leaId, ChangeKind.Generate).ToLookup(change => change.Seen + 1);
        foreach (var item in generated)
            CheckCause(item, generations[item.Generation!.Value].Where(change => change.By == item.By));
        foreach (var change in generations.SelectMany(group => group).Where(change => change.Told is Told.Done))
            Check(generated.Count(item => item.Generation == change.Seen + 1 && change.Includes(item.At)) == 1, $"audit: not once: {change}");

        var revocations = ChangesOf(leaId, ChangeKind.Revoke).ToLookup(change => change.Seen);
        foreach (var item in history.Events.Where(item => item.Kind is "credential-revoked"))
            CheckCause(item, revocations[item.Generation!.Value].Where(change => change.Text == item.Detail));
        foreach (var group in revocations.Where(group => group.Any(change => change.Told is Told.Done)))
            Check(history.Events.Count(item => item.Kind is "credential-revoked" && item.Generation == group.Key) == 1, $"audit: the revocation of generation {group.Key} of {leaId} is not there once");

        var ends = ChangesOf(leaId, ChangeKind.EndPrevious).ToLookup(change => change.Seen - 1);
        foreach (var item in history.Events.Where(item => item.Kind is "previous-key-ended"))
        {
            CheckCause(item, ends[item.Generation!.Value].Where(change => change.By == item.By));
            Check(history.Events.Count(other => other.Kind == item.Kind && other.Generation == item.Generation) == 1, $"audit: the overlap of generation {item.Generation} of {leaId} has ended twice");
        }

        CheckByText(history, ChangeKind.Save, "lea-saved", item => item.Name);
        CheckByText(history, ChangeKind.CreateShare, "share-created", item => item.Vendor);
    }

    /// <summary>Changes with a unique text: each acknowledged one has one event, a refused one has none.</summary>
    private void CheckByText(History history, ChangeKind kind, string eventKind, Func<Event, string?> textOf)
    {
        var events = history.Events.Where(item => item.Kind == eventKind).ToLookup(textOf);
        var changes = ChangesOf(history.LeaId, kind).ToDictionary(change => change.Text);
        foreach (var change in changes.Values)
        {
            var found = events[change.Text].ToList();
            Check(found.Count <= 1 && (found.Count == 1 || change.Told is not Told.Done) && (found.Count == 0 || change.Told is not Told.Refused), $"audit: {found.Count} events: {change}");
            Check(found.TrueForAll(item => change.Includes(item.At)), $"audit: an event at another time: {change}");
        }

        Check(events.All(group => changes.ContainsKey(group.Key!)), $"audit: {eventKind} without a request");
    }

    private void CheckCause(Event item, IEnumerable<Change> candidates) =>
        Check(candidates.Any(change => change.Told is not Told.Refused && change.Includes(item.At)), $"audit: nobody requested {item}");

    /// <summary>
    /// What a client was told 201 for works until it is superseded, ended or revoked, and not after that. The audit trail has the time before
    /// the change was made, and the client the time after it.
    /// </summary>
    private void CheckUses(History history)
    {
        var acknowledged = ChangesOf(history.LeaId, ChangeKind.Generate).Where(change => change.Told is Told.Done).ToDictionary(change => change.Seen + 1, change => change.EndedAt);
        var ends = new Dictionary<int, (DateTimeOffset Before, DateTimeOffset After)>();
        foreach (var generation in history.Events.Select(item => item.Generation).OfType<int>().Distinct())
            ends[generation] = (history.EndOf(generation), KnownEndOf(history, generation, acknowledged));
        foreach (var use in record.Uses.Where(use => use.LeaId == history.LeaId && use.Told is not Told.Unknown))
        {
            var (before, after) = ends[use.Generation];
            if (use.EndedAt < before)
                Check(use.Told is Told.Done, $"key: refused before its end at {before:HH:mm:ss.ffffff}: {use}");
            if (use.BeganAt > after)
                Check(use.Told is Told.Refused, $"key: accepted after its end, which was known at {after:HH:mm:ss.ffffff}: {use}");
        }
    }

    /// <summary>When a client knew that a generation does not work any more.</summary>
    private DateTimeOffset KnownEndOf(History history, int generation, Dictionary<int, DateTimeOffset> acknowledged)
    {
        var known = new List<DateTimeOffset>();
        if (acknowledged.TryGetValue(generation + 1, out var superseded) && !history.KeepsPrevious(generation + 1))
            known.Add(superseded);
        if (acknowledged.TryGetValue(generation + 2, out superseded))
            known.Add(superseded);
        known.AddRange(record.Changes
            .Where(change => change.LeaId == history.LeaId && change.Told is Told.Done)
            .Where(change => change.Kind is ChangeKind.Revoke ? change.Seen == generation || change.Seen == generation + 1 : change.Kind is ChangeKind.EndPrevious && change.Seen == generation + 1)
            .Select(change => change.EndedAt));
        return known.Count == 0 ? DateTimeOffset.MaxValue : known.Min();
    }

    /// <summary>Of all keys that clients have, exactly the current one and the previous one of an overlap work.</summary>
    private async Task CheckKeysAsync(History history)
    {
        var works = 0;
        foreach (var (_, generation) in record.Keys.Keys.Where(known => known.LeaId == history.LeaId).OrderByDescending(known => known.Generation).Take(20))
        {
            var status = (await host.AsVendorAsync(history.LeaId, record.Keys[(history.LeaId, generation)], "v1/credential")).Status;
            Check((status is HttpStatusCode.OK) == (history.EndOf(generation) == DateTimeOffset.MaxValue), $"key: generation {generation} of {history.LeaId}, after the recovery: {status}");
            works += status is HttpStatusCode.OK ? 1 : 0;
        }

        Check(works <= 2, $"key: {works} keys of {history.LeaId} work");
        Check((history.Status.GetProperty("generation").Deserialize<int?>() ?? 0) == history.Generation, $"key: the status of {history.LeaId} has another generation than its history");
    }

    /// <summary>A share is opened at most once; one that was created can be opened, unless it was canceled or its key has ended.</summary>
    private async Task CheckSharesAsync(History history)
    {
        var opens = ChangesOf(history.LeaId, ChangeKind.OpenShare).ToLookup(change => change.Text);
        var cancels = ChangesOf(history.LeaId, ChangeKind.CancelShare).ToLookup(change => change.Text);
        foreach (var share in record.Shares.Where(share => share.LeaId == history.LeaId))
        {
            var opened = opens[share.Vendor].Count(open => open.Told is Told.Done);
            Check(opened <= 1, $"share: {share.Vendor} was opened {opened} times");
            var events = history.Events.Where(item => item.Vendor == share.Vendor).Select(item => item.Kind).ToList();
            Check(events.Count(kind => kind is "share-opened") <= 1 && (opened == 0 || events.Contains("share-opened")), $"share: {share.Vendor}: {string.Join(' ', events)}");
            Check(!(events.Contains("share-opened") && events.Contains("share-canceled")), $"share: {share.Vendor} was opened and canceled");
            var end = history.EndOfCurrent(share.Generation);
            foreach (var refused in opens[share.Vendor].Where(open => open.Told is Told.Refused))
            {
                var isExplained = refused.EndedAt >= end
                    || opens[share.Vendor].Any(other => other != refused && other.Told is not Told.Refused && other.BeganAt < refused.EndedAt)
                    || cancels[share.Vendor].Any(cancel => cancel.Told is not Told.Refused && cancel.BeganAt < refused.EndedAt);
                Check(isExplained, $"share: gone without a reason: {refused}");
            }

            if (end < DateTimeOffset.MaxValue || opens[share.Vendor].Any(open => open.Told is not Told.Refused) || cancels[share.Vendor].Any(cancel => cancel.Told is not Told.Refused))
                continue;
            var last = await host.SendAsync(HttpMethod.Post, $"shares/{share.Id}/opening");
            Check(last.Status is HttpStatusCode.OK && last.Json.GetProperty("ciphertext").GetString() == share.Ciphertext, $"share: {share.Vendor} cannot be opened after the recovery: {last.Status}");
        }
    }

    /// <summary>Each download whose content arrived has its record, and each record is of a download that was requested.</summary>
    private async Task CheckDownloadsAsync(LeaId leaId)
    {
        var file = (await host.SendAsync(HttpMethod.Get, $"leas/{leaId}/disclosures", "toms", headers: ["Accept", "text/csv"])).Text;
        var records = file.TrimEnd().Split("\r\n").Skip(1).Select(Disclosure.Of).ToList();
        var downloads = record.Downloads.Where(download => download.LeaId == leaId && download.Told is not Told.Refused).ToLookup(download => download.Client);
        foreach (var (client, found) in records.GroupBy(item => item.Client).Select(group => (group.Key, group.ToList())))
        {
            foreach (var item in found)
                Check(downloads[client].Any(download => item.IsOf(download)), $"disclosure: nobody requested {item}");
        }

        foreach (var download in downloads.SelectMany(group => group))
        {
            var count = records.Count(item => item.IsOf(download));
            Check(count == 1 || (count == 0 && download.Told is Told.Unknown), $"disclosure: {count} records of {download}");
        }
    }

    private async Task CheckLeaAsync(History history)
    {
        var lea = (await host.SendAsync(HttpMethod.Get, $"leas/{history.LeaId}", "toms")).Json;
        Check(lea.GetProperty("name").GetString() == history.Events.Last(item => item.Kind is "lea-saved").Name, $"lea: {history.LeaId} has another name than its history");
    }

    /// <summary>After a daily run there is no unsent notice, no share that has ended, and on MyTOMS exactly the announcement that is due.</summary>
    private void CheckNoOrphans(History history, IReadOnlyList<TableEntity> rows)
    {
        var isExpiring = history.Status.GetProperty("state").GetString() is "expiring";
        Check(!rows.Any(row => row.RowKey.StartsWith("notice:", StringComparison.Ordinal)), $"orphan: unsent notices of {history.LeaId}");
        foreach (var share in rows.Where(row => row.RowKey.StartsWith("share:", StringComparison.Ordinal)))
            Check(history.EndOfCurrent(share.GetInt32("Generation")!.Value) == DateTimeOffset.MaxValue, $"orphan: share {share["Vendor"]} of {history.LeaId} has ended");
        Check(rows.Any(row => row.RowKey is "announcement") == isExpiring, $"orphan: announcement of {history.LeaId}, whose credentials are {(isExpiring ? "" : "not ")}expiring");
        var last = services.MyToms.Requests.LastOrDefault(request => request.Path.EndsWith(history.LeaId.Value, StringComparison.Ordinal))?.Method;
        Check(isExpiring ? last is "PUT" : last is null or "DELETE", $"orphan: the last request to MyTOMS for {history.LeaId} is {last}");
        if (isExpiring)
            Check(history.Events.Any(item => item.Kind is "reminder-sent" && item.Generation == history.Generation), $"email: no reminder of generation {history.Generation} of {history.LeaId}");
    }

    /// <summary>The operation ids of the emails about an LEA, from its audit trail. No coordinator is saved twice, so former ones stay former.</summary>
    private IEnumerable<Guid> ExpectedEmails(History history)
    {
        foreach (var item in history.Events)
        {
            if (item.IsNotified)
                yield return OperationId.Of($"{history.LeaId}:notice:{item.Id}:en");
            if (item.Removed > 0)
                yield return OperationId.Of($"{history.LeaId}:notice:{item.Id}:en:former");
            if (item.Kind is "reminder-sent")
                yield return ReminderOperation(history.LeaId, string.Create(CultureInfo.InvariantCulture, $"reminder:{item.Generation}:{item.Milestone}"));
        }

        var sent = history.Events.Where(item => item.Kind is "notice-sent").Select(item => (item.About, item.Generation)).Order();
        var due = history.Events.Where(item => item.IsNotified).Select(item => (About: (string?)item.Kind, item.Generation)).Order();
        Check(sent.SequenceEqual(due), $"email: the notices of {history.LeaId} are not recorded once each");
    }

    /// <summary>Returns the operation id of the reminder with this row key: <c>reminder:{generation}:{milestone}</c>.</summary>
    private static Guid ReminderOperation(LeaId leaId, string rowKey)
    {
        var numbers = rowKey.Split(':')[1..].Select(number => int.Parse(number, CultureInfo.InvariantCulture));
        return OperationId.Of($"reminder:{leaId}:{string.Join(':', numbers)}");
    }

    /// <summary>
    /// Each email arrived exactly once by its operation id: no id is missing, and only an instance that was killed in between can have
    /// caused a second message with the same id. A reminder that was sent by an instance that was killed then, and whose credentials were
    /// superseded before the next run, has no event, but its claim.
    /// </summary>
    private void CheckEmails(List<Guid> expected, HashSet<Guid> claimed)
    {
        var received = services.Smtp.Received.Select(item => (Id: OperationOf(item.Message), item.At)).ToLookup(item => item.Id, item => item.At);
        foreach (var id in expected)
            Check(received.Contains(id), $"email: {id} was not sent");
        Check(expected.Distinct().Count() == expected.Count, "email: two events have the same operation id");
        foreach (var unknown in received.Select(group => group.Key).Except(expected).Except(claimed))
            Check(false, $"email: {unknown} is about nothing in an audit trail");
        foreach (var times in received.Select(group => group.Order().ToList()))
        {
            foreach (var (first, second) in times.Zip(times.Skip(1)))
            {
                Check(kills.Any(kill => first <= kill && kill <= second), $"email: the same one at {first:HH:mm:ss.ffffff} and {second:HH:mm:ss.ffffff}, without a kill between them");
                ResentEmails++;
            }
        }

        Emails = received.Count;
    }

    private static Guid OperationOf(string text)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        using var message = MimeMessage.Load(content, Cancellation);
        return Guid.Parse(message.MessageId!.Split('@')[0]);
    }

    /// <summary>The LEAs that were used by one client only: their first credentials work if the client got them.</summary>
    private async Task CheckFirstCredentialsAsync(HashSet<LeaId> shared, ILookup<string, TableEntity> rows)
    {
        var changes = record.Changes.Where(change => change.Kind is ChangeKind.Generate && !shared.Contains(change.LeaId)).ToList();
        await Parallel.ForEachAsync(changes, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancellation }, async (change, _) =>
        {
            var stored = rows[change.LeaId.Value].ToList();
            var events = stored.Count(row => row.RowKey.StartsWith("event:", StringComparison.Ordinal));
            var credentials = stored.Count(row => row.RowKey is "credential");
            Check(events == credentials && (credentials == 1 || change.Told is Told.Unknown), $"audit: {credentials} credentials and {events} events: {change}");
            if (change.Told is Told.Done)
                Check((await host.AsVendorAsync(change.LeaId, record.Keys[(change.LeaId, 1)], "v1/credential")).Status is HttpStatusCode.OK, $"key: the first one does not work: {change}");
        });
        var refused = record.Uses.Where(use => !shared.Contains(use.LeaId) && use.Told is Told.Refused).ToList();
        Check(refused.Count == 0, $"key: refused at its first use: {string.Join("; ", refused)}");
    }

    /// <summary>After its check, the overview agrees with the status of each LEA.</summary>
    private async Task CheckOverviewAsync()
    {
        for (string? after = null; ;)
        {
            var page = (await host.SendAsync(HttpMethod.Get, $"leas{(after is null ? "" : $"?after={after}")}", "toms")).Json;
            await Parallel.ForEachAsync(page.GetProperty("leas").EnumerateArray().Select(lea => lea), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancellation }, async (lea, _) =>
            {
                var id = lea.GetProperty("leaId").GetString();
                var status = (await host.SendAsync(HttpMethod.Get, $"leas/{id}/credentials", "toms")).Json;
                Check(status.GetProperty("state").GetString() == lea.GetProperty("state").GetString() && status.GetProperty("generation").GetRawText() == lea.GetProperty("generation").GetRawText(), $"overview: {id} differs");
            });
            after = page.GetProperty("next").GetString();
            if (after is null)
                return;
        }
    }

    /// <summary>The history of an LEA, oldest event first, and its status.</summary>
    private sealed record History(LeaId LeaId, IReadOnlyList<Event> Events, JsonElement Status)
    {
        internal int Generation => Events.Max(item => item.Kind is "credential-generated" or "credential-regenerated" ? item.Generation : 0) ?? 0;

        /// <summary>Whether the generation before this one was kept.</summary>
        internal bool KeepsPrevious(int generation) => Find(generation, "credential-regenerated")?.PreviousUntil is not null;

        /// <summary>The earliest time at which a generation may have stopped being the current one.</summary>
        internal DateTimeOffset EndOfCurrent(int generation) => Earliest(Find(generation + 1, "credential-regenerated"), Find(generation, "credential-revoked"));

        /// <summary>The earliest time at which the key of a generation may have stopped working. No overlap ends by itself during the test.</summary>
        internal DateTimeOffset EndOf(int generation) => KeepsPrevious(generation + 1)
            ? Earliest(Find(generation, "previous-key-ended"), Find(generation + 2, "credential-regenerated"), Find(generation, "credential-revoked"), Find(generation + 1, "credential-revoked"))
            : EndOfCurrent(generation);

        private Event? Find(int generation, string kind) => Events.FirstOrDefault(item => item.Generation == generation && item.Kind == kind);

        private static DateTimeOffset Earliest(params IEnumerable<Event?> events) => events.Min(item => item?.At) ?? DateTimeOffset.MaxValue;
    }

    /// <summary>An event of an audit trail.</summary>
    private sealed record Event(
        string Id, DateTimeOffset At, string Kind, string? By, int? Generation, string? Detail, DateTimeOffset? PreviousUntil, string? Vendor, string? Name, string? About, int? Milestone, int Added, int Removed)
    {
        /// <summary>Whether the other coordinators get an email about it.</summary>
        internal bool IsNotified => Kind is "credential-generated" or "credential-regenerated" or "credential-revoked" or "previous-key-ended" || (Kind is "lea-saved" && Added + Removed > 0 && !IsFirst);

        /// <summary>Whether it has registered the LEA, which had no coordinators before.</summary>
        private bool IsFirst => Added > 1;

        internal static Event Of(JsonElement json)
        {
            var details = json.GetProperty("details");
            return new(
                json.GetProperty("id").GetString()!,
                json.GetProperty("at").GetDateTimeOffset(),
                json.GetProperty("kind").GetString()!,
                json.GetProperty("by").GetProperty("id").GetString(),
                json.GetProperty("generation").Deserialize<int?>(),
                json.GetProperty("detail").GetString(),
                json.GetProperty("previousUntil").Deserialize<DateTimeOffset?>(),
                details.GetProperty("vendor").GetString(),
                details.GetProperty("name").GetString(),
                details.GetProperty("about").GetString(),
                details.GetProperty("milestone").Deserialize<int?>(),
                details.GetProperty("added").GetArrayLength(),
                details.GetProperty("removed").GetArrayLength());
        }
    }

    /// <summary>A record of a download.</summary>
    private sealed record Disclosure(string Ssid, DateTimeOffset At, string Client, int Generation, bool ByLink)
    {
        internal static Disclosure Of(string line)
        {
            var columns = line.Split(',');
            return new(columns[0], DateTimeOffset.Parse(columns[2], CultureInfo.InvariantCulture), columns[4], int.Parse(columns[5], CultureInfo.InvariantCulture), bool.Parse(columns[7]));
        }

        internal bool IsOf(Download download) =>
            (Client, Ssid, Generation, ByLink) == (download.Client, download.Ssid, download.Generation, download.ByLink) && download.Includes(At);
    }
}
