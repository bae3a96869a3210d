using System.Globalization;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Core.Backups;
using Credentialing.Core.Credentials;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Leas;
using Credentialing.Core.Notices;
using Credentialing.Core.Recovery;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Model;

/// <summary>
/// Performs a history on real services and storage, and on the model. Where a response was lost, the model keeps all states that are possible
/// until the rows that are stored decide.
/// </summary>
internal sealed class Simulation(History history, EmptyStorage.Slot slot, Coverage coverage) : IAsyncDisposable
{
    private const int Instances = 3;

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SlowTime = TimeSpan.FromMinutes(6);
    private static readonly LeaId Lea = TestWorld.Oakland;

    private readonly TestWorld root = TestWorld.Create(slot.Account, history.Start);
    private readonly TestWorld?[] instances = new TestWorld?[Instances];
    private readonly List<TestWorld> created = [];
    private readonly Clients clients = new();
    private readonly List<Execution> executions = [];
    private readonly List<Backup> backups = [];
    private readonly Dictionary<int, int> opened = [];
    private readonly Dictionary<string, NoticeExpectation> notices = new(StringComparer.Ordinal);

    private ModelState state = ModelState.Empty;
    private Observation observation = Observation.Empty;
    private IReadOnlyCollection<TableEntity> index = [];
    private int maxGeneration;
    private bool mayRepeatEmails;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => root.Clock.GetUtcNow();

    internal async Task RunAsync()
    {
        await BeginAsync();
        for (var number = 0; number < history.Steps.Count; number++)
        {
            try
            {
                root.Clock.Advance(Tick);
                await StepAsync(history.Steps[number]);
            }
            catch (InvariantViolation violation)
            {
                throw new InvariantViolation(violation.Invariant, string.Create(CultureInfo.InvariantCulture, $"in step {number + 1}, {violation.Message[(violation.Invariant.Length + 2)..]}"));
            }
        }

        await FinishAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var instance in created)
            await instance.DisposeAsync();
        await root.DisposeAsync();
    }

    private async Task BeginAsync()
    {
        var world = Instance(0);
        if (history.Beginning.Roster > 0)
        {
            await world.Register.SaveAsync(new Lea(Lea, Observation.NameOf(0), Rosters.Of(history.Beginning.Roster)), "toms", Cancellation);
            (state, _) = state.Save(0, history.Beginning.Roster);
        }

        if (history.Beginning.Age is { } age)
        {
            var execution = new Execution(0, new Act(0, new Generate(0, IsStale: false, ByLuis: false, FollowsUp: false), null));
            await new Performer(Lea, clients).PerformAsync(world, execution);
            (state, _) = state.Generate(0, seen: null, keptDays: 0, Now);
            await ObserveAsync(Now, isRestored: false);
            root.Clock.Advance(TimeSpan.FromDays(age));
        }
        else
        {
            await ObserveAsync(Now, isRestored: false);
        }

        Expect(Observation.Empty);
        if (history.Beginning.IsBackedUp)
        {
            var backup = Prepare(new Act(0, new BackUp(), null));
            await new Performer(Lea, clients).PerformAsync(world, backup);
            NoteBackups([backup], state);
        }

        coverage.Add("requests", world.Traffic.Requests.Count);
    }

    private async Task StepAsync(Step step)
    {
        switch (step)
        {
            case Passes(var pause):
                root.Clock.Advance(After(pause));
                coverage.Add("pause");
                break;
            case Does { Acts: [{ Operation: LoseAndRestore restore } act] }:
                await RestoreAsync(act, restore);
                break;
            case Does { Acts: [{ Operation: RestoreIndex } act] }:
                await RestoreIndexAsync(act);
                break;
            case Does does:
                await DoAsync(does);
                break;
        }
    }

    private TimeSpan After(Pause pause)
    {
        var until = pause switch
        {
            Pause.ToLastTickOfOverlap => state.Credential?.Previous?.Until.AddTicks(-1),
            Pause.ToEndOfOverlap => state.Credential?.Previous?.Until,
            Pause.ToLastTickOfKey => state.Credential?.ExpiresAt.AddTicks(-1),
            Pause.ToExpiry => state.Credential?.ExpiresAt,
            Pause.To14DaysBeforeExpiry => state.Credential?.ExpiresAt.AddDays(-14),
            Pause.To7DaysBeforeExpiry => state.Credential?.ExpiresAt.AddDays(-7),
            Pause.To3DaysBeforeExpiry => state.Credential?.ExpiresAt.AddDays(-3),
            Pause.To1DayBeforeExpiry => state.Credential?.ExpiresAt.AddDays(-1),
            _ => null,
        };
        if (until is { } target)
            return target - Tick > Now ? target - Tick - Now : TimeSpan.Zero; // each step begins a tick later
        return pause switch
        {
            Pause.OneMinute => TimeSpan.FromMinutes(1),
            Pause.SixMinutes => TimeSpan.FromMinutes(6),
            Pause.SixteenMinutes => TimeSpan.FromMinutes(16),
            Pause.HalfAnHour => TimeSpan.FromMinutes(31),
            Pause.TwoHours => TimeSpan.FromHours(2),
            Pause.OneDay => TimeSpan.FromDays(1),
            Pause.TwoDays => TimeSpan.FromDays(2),
            Pause.FourDays => TimeSpan.FromDays(4),
            Pause.EightDays => TimeSpan.FromDays(8),
            Pause.FifteenDays => TimeSpan.FromDays(15),
            _ => TimeSpan.Zero,
        };
    }

    private async Task DoAsync(Does does)
    {
        var began = Now;
        var isGroup = does.Acts.Count > 1;
        List<Execution> now = [.. does.Acts.Select((act, number) => Prepare(act with { Instance = isGroup ? number : act.Instance }))];
        mayRepeatEmails |= does.SlowTurn > 0;
        coverage.Add(isGroup ? "steps of several actors" : "steps of one actor");
        var switches = await PerformAsync(now, does.Turns, does.SlowTurn, execution => new Performer(Lea, clients).PerformAsync(execution.World!, execution));
        coverage.Add("switches", switches);
        await CheckAsync(now, began);
    }

    /// <summary>Checks what was told and what is stored, after operations that were in progress at the same time.</summary>
    private async Task CheckAsync(IReadOnlyList<Execution> now, DateTimeOffset began)
    {
        Invariants.NothingFailsWithoutFault(now);
        var before = (State: state, Observation: observation);
        foreach (var late in before.Observation.Of("notice:").Where(row => now.Any(execution => execution.HasFault) && Now - row.GetDateTimeOffset("At") >= NoticeService.MaxDeferral))
            notices[late.RowKey["notice:".Length..]] = notices[late.RowKey["notice:".Length..]] with { Recipients = null }; // the service gives up after a failure
        if (now.Any(execution => IsWritten(execution.World!)))
            await ObserveAsync(began, isRestored: false, now.Any(execution => execution.World!.Traffic.Requests.Any(request => request.Contains("/Expirations", StringComparison.Ordinal))));
        var times = Times(began, before.Observation);
        var explained = Orders(now).SelectMany(order => Explain(order, times)).ToList();
        Invariants.ResponsesAreTrue(explained.Count > 0, $"no order of the operations explains the responses: {string.Join("; ", now.Select(execution => $"{execution.Act} {execution.Outcome}"))}. The state was {before.State.Credential}.");
        foreach (var share in now.Where(execution => execution is { Operation: OpenShare, Outcome: Outcome.Done, Share: not null }))
            opened[share.Share!.Value] = opened.GetValueOrDefault(share.Share.Value) + 1;
        Invariants.AShareOpensAtMostOnce(opened);
        var credentials = Matching(explained, observation.WhyOtherCredentials, out var why);
        Invariants.ResponsesAreTrue(credentials.Count > 0, $"the stored credentials are others: {why}");
        var leas = Matching(credentials, observation.WhyOtherLea, out why);
        Invariants.ResponsesAreTrue(leas.Count > 0, $"the stored LEA is another: {why}");
        var events = Matching(leas, observation.WhyOtherEvents, out why);
        Invariants.AuditTrailIsCompleteAndInOrder(events.Count > 0 ? null : why);
        var shares = Matching(events, observation.WhyOtherShares, out why);
        Invariants.ResponsesAreTrue(shares.Count > 0, $"the stored shares are others: {why}");
        state = shares[0];
        maxGeneration = Math.Max(maxGeneration, state.Generation ?? 0);
        Expect(before.Observation);
        Invariants.IndexNeverLacksLiveCredential(state, index, Now);
        NoteBackups(now, before.State);
    }

    private Execution Prepare(Act act)
    {
        var execution = new Execution(executions.Count + 1, act) { World = Instance(act.Instance), At = Now };
        executions.Add(execution);
        int? older = state.Generation switch { null => 1, 1 => null, var current => current - 1 };
        execution.Seen = act.Operation is Generate { IsStale: true } or EndOverlap { IsStale: true } or Revoke { IsStale: true } or CreateShare { IsStale: true } ? older : state.Generation;
        if (act.Operation is Revoke)
            execution.Seen ??= 0;
        execution.Share = act.Operation switch
        {
            OpenShare(var selected) => Clients.Select(clients.Shares, selected)?.Number,
            CancelShare(var selected) => Clients.Select(clients.Shares, selected)?.Number,
            _ => null,
        };
        return execution;
    }

    /// <summary>Performs operations with their faults. Replaces the instances that have crashed. Returns how often another instance had its turn.</summary>
    private async Task<int> PerformAsync(IReadOnlyList<Execution> now, IReadOnlyList<int> turns, int slowTurn, Func<Execution, Task> perform)
    {
        if (now.Count(execution => execution.Operation is BackUp) > 1)
        {
            foreach (var backup in now.Where(execution => execution.Operation is BackUp))
                backup.HasFault = true; // two backups of the same second have the same name, and the second one fails if a row has changed
        }

        foreach (var execution in now)
        {
            execution.World!.Traffic.Reset();
            execution.World.ExternalCalls.InjectFault = _ =>
            {
                var fault = execution.Act.Fault?.At(++execution.Calls) ?? Fault.None;
                if (fault is not Fault.None && !execution.HasFault)
                {
                    execution.HasFault = mayRepeatEmails = true;
                    coverage.Add($"fault {fault}");
                    coverage.Add($"fault in {execution.Operation.GetType().Name}");
                }

                return fault;
            };
        }

        using var scheduler = new CallScheduler(root.Clock);
        await scheduler.RunAsync(
            [.. now.Select(execution => (execution.World!.ExternalCalls, (Func<Task>)(() => RecordAsync(execution))))],
            turns,
            turn =>
            {
                if (turn != slowTurn)
                    return;
                root.Clock.Advance(SlowTime);
                coverage.Add("slow turns");
                foreach (var execution in now.Where(execution => execution.Operation is RunDaily))
                    execution.HasFault = true; // what it has claimed times out
            });
        foreach (var execution in now)
        {
            execution.World!.ExternalCalls.InjectFault = null;
            coverage.Add("calls", execution.Calls);
            coverage.Add("requests", execution.World.Traffic.Requests.Count);
            coverage.Add($"{execution.Operation.GetType().Name} {execution.Outcome}");
            if (execution.Operation is Download or DownloadByLink)
                slot.HasDisclosures = true;
            if (execution.World.ExternalCalls.Crashed.IsCompleted)
                instances[execution.Act.Instance] = null;
        }

        return scheduler.Switches;

        async Task RecordAsync(Execution execution)
        {
            try
            {
                await perform(execution);
            }
            catch (Exception failure)
            {
                execution.Failure = failure;
            }
        }
    }

    private TestWorld Instance(int number)
    {
        if (instances[number] is { } running)
            return running;
        created.Add(root.AnotherInstance());
        return instances[number] = created[^1];
    }

    private static bool IsWritten(TestWorld world) =>
        world.Traffic.Requests.Any(request => !request.StartsWith("GET", StringComparison.Ordinal) && !request.Contains("/backups/", StringComparison.Ordinal));

    private async Task ObserveAsync(DateTimeOffset began, bool isRestored, bool isIndexWritten = true)
    {
        var before = observation;
        observation = await Observation.ReadAsync(slot.Leas, Lea);
        coverage.Add("observations");
        if (isIndexWritten)
        {
            index = await slot.Expirations.QueryAsync<TableEntity>(cancellationToken: Cancellation).ToListAsync(Cancellation);
            coverage.Add("observations");
        }

        Invariants.AuditTrailIsCompleteAndInOrder(observation, before, began, Now, isRestored);
    }

    /// <summary>The moments at which an operation may have taken effect: the clock can advance while operations wait.</summary>
    private IReadOnlyList<DateTimeOffset> Times(DateTimeOffset began, Observation before)
    {
        if (began == Now)
            return [began];
        var known = before.Events.Select(row => row.RowKey).ToHashSet(StringComparer.Ordinal);
        return [.. observation.Events.Where(row => !known.Contains(row.RowKey)).Select(row => row.GetDateTimeOffset("At")!.Value).Append(began).Append(Now).Distinct()];
    }

    private static IEnumerable<IReadOnlyList<Execution>> Orders(IReadOnlyList<Execution> now) => now.Count <= 1
        ? [now]
        : now.SelectMany((first, number) => Orders([.. now.Where((_, other) => other != number)]).Select(rest => (IReadOnlyList<Execution>)[first, .. rest]));

    private IEnumerable<ModelState> Explain(IReadOnlyList<Execution> order, IReadOnlyList<DateTimeOffset> times) =>
        order.Aggregate((IEnumerable<ModelState>)[state], (states, execution) => states.SelectMany(before => times.SelectMany(at => execution.After(before, at))).ToList());

    private static List<ModelState> Matching(IReadOnlyList<ModelState> states, Func<ModelState, string?> whyNot, out string? why)
    {
        why = whyNot(states[0]);
        return [.. states.Where(possible => whyNot(possible) is null)];
    }

    /// <summary>Notes who must get the notices of the new events.</summary>
    private void Expect(Observation observed)
    {
        var known = observed.Events.Select(row => row.RowKey).ToHashSet(StringComparer.Ordinal);
        var added = observation.Events.Where(row => !known.Contains(row.RowKey)).ToList();
        var isSaved = added.Exists(row => row.GetString("Kind") == "lea-saved");
        if (isSaved)
        {
            foreach (var (key, notice) in notices.ToList())
                notices[key] = notice with { Recipients = null };
        }

        foreach (var row in added.Where(row => !notices.ContainsKey(row.RowKey["event:".Length..]) && Invariants.HasNotice(row)))
        {
            string[]? recipients = isSaved ? null : [.. Rosters.Of(state.Roster).Where(coordinator => coordinator.Id != row.GetString("ById")).Select(coordinator => coordinator.Email!)];
            notices[row.RowKey["event:".Length..]] = new NoticeExpectation(row.GetString("Kind"), recipients);
        }
    }

    private void NoteBackups(IReadOnlyList<Execution> now, ModelState before)
    {
        foreach (var execution in now.Where(execution => execution is { Operation: BackUp, Outcome: Outcome.Done }))
            backups.Add(new Backup(execution.BackupName!, execution.BackupStart, now.Count == 1 ? [state] : [before, state], now.Count == 1 ? observation.Rows.Select(row => row.RowKey).ToHashSet(StringComparer.Ordinal) : null, executions.Count - now.Count));
    }

    private async Task RestoreAsync(Act act, LoseAndRestore restore)
    {
        if (backups.Count == 0)
            return;
        var backup = backups[^(1 + (restore.Backup % backups.Count))];
        var (began, before) = (Now, state);
        await LoseAsync(restore.Loss);
        // Also what failed in the hour before the backup: it was logged before it was made.
        var since = executions.Where((execution, number) => number >= backup.Executions || (execution.Outcome is Outcome.Lost or Outcome.Conflict && execution.At >= backup.StartedAt.AddHours(-1))).ToList();
        // A change that could not be logged is known to the operator from the log of the app.
        var isUnlogged = since.Exists(execution => execution is { Operation: Revoke or EndOverlap, HasFault: true, Act.Fault.IsCrash: false });
        var request = new RestoreRequest(backup.Name, IsApplied: true, isUnlogged ? new HashSet<LeaId> { Lea } : []);
        RestoreReport? report = null;
        await RepeatAsync(act, async world =>
        {
            report = await world.Restore.RunAsync(request, progress: null, Cancellation);
            return report.Failures.Count == 0;
        });
        foreach (var (number, secret) in clients.Keys)
            Invariants.ARestoreRevivesNothingAndLosesNothing(!await WorksAsync(Instance(0), secret) || before.Works(number, Now), FormattableString.Invariant($"key {number} works again"));
        await ObserveAsync(began, isRestored: true);
        coverage.Add("restores");
        coverage.Add("restores that revoke", report!.Revoked.Count);
        if (backup.RowKeys is { } keys)
        {
            var present = observation.Rows.Select(row => row.RowKey).ToHashSet(StringComparer.Ordinal);
            var missing = keys.Where(key => !present.Contains(key) && !key.StartsWith("share:", StringComparison.Ordinal) && !key.StartsWith("coordinator:", StringComparison.Ordinal)).ToList();
            Invariants.ARestoreRevivesNothingAndLosesNothing(missing.Count == 0 || restore.Loss is Loss.Register or Loss.Credential, $"rows of the backup are missing: {string.Join(", ", missing)}");
        }

        var possible = backup.States.SelectMany(saved => Restoration.After(before, saved, restore.Loss, since, isUnlogged, observation)).ToList();
        var restored = Matching(possible, observed => observation.WhyOtherCredentials(observed) ?? observation.WhyOtherLea(observed) ?? observation.WhyOtherEvents(observed) ?? observation.WhyOtherShares(observed), out var why);
        Invariants.ARestoreRevivesNothingAndLosesNothing(restored.Count > 0, $"before: {before.Credential}, in the backup: {backup.States[0].Credential}; {why}");
        state = restored[0];
        foreach (var (key, notice) in notices.ToList())
            notices[key] = notice with { Recipients = null };
        Expect(Observation.Empty);
        maxGeneration = Math.Max(maxGeneration, state.Generation ?? 0);
        mayRepeatEmails = true;
        Invariants.IndexNeverLacksLiveCredential(state, index, Now);
    }

    private async Task LoseAsync(Loss loss)
    {
        if (loss is Loss.Table or Loss.BothTables)
            await EmptyStorage.Slot.RecreateAsync(slot.Leas);
        if (loss is Loss.BothTables)
            await EmptyStorage.Slot.RecreateAsync(slot.Expirations);
        foreach (var row in observation.Rows)
        {
            if ((loss is Loss.Credential && row.RowKey == "credential") || (loss is Loss.Register && (row.RowKey == "lea" || row.RowKey.StartsWith("coordinator:", StringComparison.Ordinal))))
                await slot.Leas.DeleteEntityAsync(row, cancellationToken: Cancellation);
        }
    }

    private async Task RestoreIndexAsync(Act act)
    {
        var began = Now;
        await EmptyStorage.Slot.RecreateAsync(slot.Expirations);
        await RepeatAsync(act, async world =>
        {
            await world.Expirations.RestoreAsync(Cancellation);
            return true;
        });
        await ObserveAsync(began, isRestored: false);
        coverage.Add("restores of the index");
        Invariants.IndexNeverLacksLiveCredential(state, index, Now);
    }

    /// <summary>Performs an operator's operation, and repeats it without a fault if it has failed.</summary>
    private async Task RepeatAsync(Act act, Func<TestWorld, Task<bool>> operation)
    {
        for (var isRepeated = false; ; isRepeated = true)
        {
            var execution = Prepare(isRepeated ? act with { Fault = null } : act);
            await PerformAsync([execution], [], slowTurn: 0, async running =>
            {
                if (await operation(running.World!))
                    running.Outcome = Outcome.Done;
            });
            Invariants.NothingFailsWithoutFault([execution]);
            if (execution.Outcome is Outcome.Done)
                return;
            Invariants.NothingFailsWithoutFault(execution, isRepeated);
        }
    }

    private static async Task<bool> WorksAsync(TestWorld world, string secret) => await world.AuthenticateAsync(Lea, secret) is AuthenticationOutcome.Authenticated;

    /// <summary>A new instance, without faults, completes what is left. Then everything must be as the model says.</summary>
    private async Task FinishAsync()
    {
        root.Clock.Advance(Tick);
        created.Add(root.AnotherInstance());
        var last = created[^1];
        var authenticated = new List<int>();
        foreach (var (number, secret) in clients.Keys)
        {
            var works = await WorksAsync(last, secret);
            if (works)
                authenticated.Add(number);
            Invariants.ResponsesAreTrue(works == state.Works(number, Now), FormattableString.Invariant($"at the end, key {number} {(works ? "works" : "does not work")}"));
        }

        Invariants.AtMostTheAllowedGenerationsAuthenticate(authenticated, state, Now);
        for (var run = 0; run < 5; run++)
        {
            var before = (State: state, Observation: observation, Began: Now);
            DailyRunSummary? summary = null;
            var execution = new Execution(executions.Count + 1, new Act(0, new RunDaily(), null)) { World = last };
            await PerformAsync([execution], [], slowTurn: 0, async running =>
            {
                summary = await running.World!.Run.RunAsync(Cancellation);
                running.Outcome = Outcome.Done;
            });
            await CheckAsync([execution], before.Began);
            if (run >= 1 && summary is { Sent: 0, Posted: 0, Removed: 0, Notices: 0 })
                break;
            if (run < 4)
                root.Clock.Advance(TimeSpan.FromDays(run == 0 ? 2 : 1));
        }

        var now = Now;
        Invariants.NoOrphanSurvives(observation, state, index, last.Calendar, now);
        Invariants.AnnouncementIsRight(Lea, root.MyToms, observation, last.Calendar, now);
        Invariants.EachNoticeIsSentOnce(Lea, root.Mail, notices, observation);
        var status = CredentialStatus.Of(observation.Credential is { } row ? CredentialTable.Read(Lea, row).Credential : null, last.Calendar, now);
        Invariants.EachReminderIsSentOnce(
            Lea, root.Mail, state, maxGeneration + executions.Count(execution => execution.Operation is Generate), status.DaysRemaining, status.State is CredentialState.Expiring, RecipientsIfUnchanged());
        Invariants.NoEmailIsRepeatedWithoutReason(root.Mail, mayRepeatEmails);
        coverage.Add("reminders", root.Mail.Delivered.Count);
        coverage.Add("notices", root.Mail.Notices.Count);
        coverage.Add("announcements", root.MyToms.Requests.Count);
        if (slot.HasDisclosures)
        {
            var rows = await slot.Disclosures.QueryAsync<TableEntity>(cancellationToken: Cancellation).ToListAsync(Cancellation);
            Invariants.EachDownloadHasItsDisclosure(executions.Where(execution => execution.Operation is Download or DownloadByLink), rows);
            coverage.Add("disclosures", rows.Count(disclosure => disclosure.RowKey.StartsWith("student:", StringComparison.Ordinal)));
        }

        foreach (var backup in backups)
        {
            var manifest = await last.Archive.OpenAsync(BackupArchive.Leas, backup.Name, Cancellation);
            var keys = await last.Archive.ReadAsync(manifest, Cancellation).Select(saved => saved.RowKey).ToHashSetAsync(StringComparer.Ordinal, Cancellation);
            Invariants.BackupsReadBack(backup.RowKeys is null || keys.SetEquals(backup.RowKeys), "a backup does not contain the rows that there were");
        }

        coverage.Add("requests", last.Traffic.Requests.Count);
    }

    /// <summary>The addresses to which a reminder goes; null if the coordinators have changed.</summary>
    private IReadOnlyCollection<string>? RecipientsIfUnchanged() => executions.Exists(execution => execution.Operation is SaveLea or LoseAndRestore)
        ? null
        : Rosters.Of(state.Roster).Count == 0 ? null : [.. Rosters.Of(state.Roster).Select(coordinator => coordinator.Email!)];
}

/// <summary>A backup that succeeded.</summary>
/// <param name="Name">Its name.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="States">What it may contain.</param>
/// <param name="RowKeys">The row keys that it contains; null if rows were changed at the same time.</param>
/// <param name="Executions">The number of operations before its end.</param>
internal sealed record Backup(string Name, DateTimeOffset StartedAt, IReadOnlyList<ModelState> States, IReadOnlySet<string>? RowKeys, int Executions);
