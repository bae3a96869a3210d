using Azure;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leaks;
using Credentialing.Core.Leas;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Leaks;

[Kind(TestKind.Storage)]
public sealed class LeakServiceTests(AzuriteFixture azurite)
{
    private const string Reason = "It was found in a repository.";

    private static readonly Coordinator Toms = new("toms", "TOMS", null);

    [Fact]
    public async Task ReportAsync_recognises_each_generation_of_a_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.Register.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", []), "test", TestContext.Current.CancellationToken);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        await world.MustGenerateAsync(TestWorld.Fresno);
        var keys = new List<string>();
        var times = new List<DateTimeOffset>();
        for (var generation = 1; generation <= 4; generation++)
        {
            keys.Add(await RegenerateAsync(world, seen: generation - 1, days: generation == 4 ? 7 : 0));
            times.Add(world.Clock.GetUtcNow());
            world.Clock.Advance(TimeSpan.FromDays(2));
        }

        world.Vault.Rotate(SecretRing.CredentialPepper);
        for (var index = 0; index < 4; index++)
        {
            var leak = await FindAsync(world, keys[index]);
            Assert.Equal(
                (index switch { 3 => LeakMatch.Current, 2 => LeakMatch.Previous, _ => LeakMatch.Superseded }, TestWorld.Oakland, "Oakland Unified", index + 1, index >= 2, LeakAction.None),
                (leak.Match, leak.LeaId, leak.LeaName, leak.Generation, leak.IsUsable, leak.Action));
            Assert.Equal((times[index], index == 3 ? null : times[index + 1]), (leak.GeneratedAt, leak.SupersededAt));
        }

        world.Clock.Advance(TimeSpan.FromDays(5));
        Assert.Equal((LeakMatch.Superseded, false), await StateAsync(world, keys[2]));
        await RevokeAsync(world, generation: 4);
        Assert.Equal((LeakMatch.Current, false), await StateAsync(world, keys[3]));
        await RegenerateAsync(world, seen: 4, days: 7);
        Assert.Equal((LeakMatch.Superseded, false), await StateAsync(world, keys[3]));
    }

    [Fact]
    public async Task ReportAsync_recognises_a_key_in_another_spelling_and_an_expired_one()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        Assert.Equal((LeakMatch.Current, true), await StateAsync(world, key.ToLowerInvariant().Replace('0', 'o').Replace('1', 'l')));
        world.Clock.Advance(Credential.Lifetime);
        Assert.Equal((LeakMatch.Current, false), await StateAsync(world, key));
    }

    /// <summary>A regeneration is still three round trips: see the tests of <see cref="CredentialService"/>.</summary>
    [Fact]
    public async Task ReportAsync_scans_the_table_once_for_all_keys_and_reads_each_LEA_that_was_found()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        string[] known = [await world.MustGenerateAsync(TestWorld.Oakland), await world.MustGenerateAsync(TestWorld.Berkeley), await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1)];
        using var counted = Metrics.Collect<long>(world.Meters, "credentialing.leaks");
        world.Traffic.Reset();

        var report = await ReportAsync(world, [.. known, SecretKey.Generate().Reveal(), SecretKey.Generate().Reveal()]);

        Assert.Equal([LeakMatch.Superseded, LeakMatch.Current, LeakMatch.Current, LeakMatch.Unknown, LeakMatch.Unknown], report.Leaks.Select(leak => leak.Match));
        Assert.Equal(1 + known.Length, world.Traffic.Requests.Count);
        Assert.Equal(
            ["current toms", "current toms", "superseded toms", "unknown toms", "unknown toms"],
            counted.GetMeasurementSnapshot().Select(measurement => $"{measurement.Tags["match"]} {measurement.Tags["by"]}").Order());
        Assert.Equal(new Leak(LeakMatch.Unknown), report.Leaks[3]);
        world.Traffic.Reset();
        Assert.Empty((await ReportAsync(world, [])).Leaks);
        Assert.Empty(world.Traffic.Requests);
    }

    [Fact]
    public async Task ReportAsync_stops_a_current_or_a_previous_key_once_and_changes_nothing_else()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        string[] keys = [await world.MustGenerateAsync(TestWorld.Oakland), await RegenerateAsync(world, seen: 1, days: 0), await RegenerateAsync(world, seen: 2, days: 7)];
        var events = (await world.AuditEventsAsync(TestWorld.Oakland)).Count;

        world.Clock.Advance(TimeSpan.FromMinutes(1)); // the events are in order of time
        Assert.Null((await StopAsync(world, keys[0])).Change);
        Assert.Null((await StopAsync(world, SecretKey.Generate().Reveal())).Change);
        Assert.Equal(events, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);

        var previous = await StopAsync(world, keys[1]);
        Assert.Equal((LeakMatch.Previous, LeakAction.PreviousKeyEnded, false), (previous.Match, previous.Action, previous.IsUsable));
        Assert.IsType<AuthenticationOutcome.Refused>(await world.AuthenticateAsync(TestWorld.Oakland, keys[1]));
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, keys[2]));
        Assert.Equal(LeakAction.None, (await StopAsync(world, keys[1])).Action);

        world.Clock.Advance(TimeSpan.FromMinutes(1));
        var current = await StopAsync(world, keys[2]);
        Assert.Equal((LeakMatch.Current, LeakAction.CredentialRevoked, false), (current.Match, current.Action, current.IsUsable));
        Assert.IsType<AuthenticationOutcome.Revoked>(await world.AuthenticateAsync(TestWorld.Oakland, keys[2]));
        var repeated = await StopAsync(world, keys[2]);
        Assert.Equal((LeakMatch.Current, LeakAction.None, false), (repeated.Match, repeated.Action, repeated.IsUsable));

        var added = (await world.AuditEventsAsync(TestWorld.Oakland)).SkipLast(events);
        Assert.Equal(
            [("credential-revoked", 3, "toms", Reason), ("previous-key-ended", 2, "toms", Reason)],
            added.Select(row => (row.GetString("Kind"), row.GetInt32("Generation")!.Value, row.GetString("ById"), row.GetString("Detail"))));
    }

    /// <summary>The scan, the LEA's rows, the rows to change, the index entry of the notice, the log of key changes, and the transaction.</summary>
    [Theory]
    [InlineData(LeakMatch.Current)]
    [InlineData(LeakMatch.Previous)]
    public async Task A_fault_of_storage_at_any_request_leaves_the_key_to_be_stopped_by_a_retry(LeakMatch match)
    {
        const int Requests = 6;
        for (var request = 1; request <= Requests; request++)
        {
            // The client retries a lost response and the service a conflict. A crashed process sends nothing more.
            foreach (var (fault, isLasting) in ((Fault, bool)[])[(Fault.ResponseLost, false), (Fault.Conflict, false), (Fault.ConnectionFailed, true), (Fault.ResponseLost, true)])
            {
                await using var world = await TestWorld.CreateAsync(azurite);
                string[] keys = [await world.MustGenerateAsync(TestWorld.Oakland), await RegenerateAsync(world, seen: 1, days: 7)];
                await world.Register.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa]), "test", TestContext.Current.CancellationToken);
                var events = (await world.AuditEventsAsync(TestWorld.Oakland)).Count;
                var key = keys[match is LeakMatch.Current ? 1 : 0];
                var failing = request;
                world.Traffic.Reset();
                world.Traffic.InjectFault = number =>
                    number == failing ? fault : isLasting && number > failing ? Fault.ConnectionFailed : Fault.None;

                var thrown = await Record.ExceptionAsync(() => StopAsync(world, key));

                world.Traffic.InjectFault = null;
                // Only a transaction can conflict. The log of key changes may fail.
                var isLog = world.Traffic.Requests.ElementAt(request - 1).Contains("/changes/", StringComparison.Ordinal);
                Assert.True((isLasting || (fault is Fault.Conflict && request < Requests && !isLog)) == thrown is not null, $"{request} {fault} {isLasting} {thrown}");
                var repeated = await StopAsync(world, key);
                var isStoppedBefore = thrown is null || (request == Requests && fault is Fault.ResponseLost);
                Assert.Equal(isStoppedBefore, repeated.Action is LeakAction.None);
                Assert.False(repeated.IsUsable);
                Assert.Equal(events + 1, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
                Assert.Single(await world.RowsAsync("Leas"), row => row.RowKey.StartsWith("notice:", StringComparison.Ordinal));
                Assert.IsNotType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
            }
        }
    }

    /// <summary>The coordinator regenerates before a request: the scan, the read of the LEA, or the read of the rows to change.</summary>
    [Theory]
    [InlineData(1, 0, LeakMatch.Superseded)]
    [InlineData(2, 0, LeakMatch.Superseded)]
    [InlineData(3, 0, LeakMatch.Superseded)]
    [InlineData(1, 7, LeakMatch.Previous)]
    [InlineData(2, 7, LeakMatch.Previous)]
    [InlineData(3, 7, LeakMatch.Previous)]
    [InlineData(4, 7, LeakMatch.Previous)]
    public async Task A_key_that_is_superseded_during_the_search_is_stopped_as_what_it_is_then(int request, int days, LeakMatch match)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var otherInstance = world.AnotherInstance();
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        string? newKey = null;
        world.Traffic.Reset();
        world.Traffic.InjectFault = number =>
        {
            if (number == request && newKey is null)
                newKey = Task.Run(() => RegenerateAsync(otherInstance, seen: 1, days)).GetAwaiter().GetResult();
            return Fault.None;
        };

        var leak = await StopAsync(world, key);

        Assert.Equal((match, match is LeakMatch.Previous ? LeakAction.PreviousKeyEnded : LeakAction.None, false), (leak.Match, leak.Action, leak.IsUsable));
        Assert.IsType<AuthenticationOutcome.Refused>(await world.AuthenticateAsync(TestWorld.Oakland, key));
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, newKey!));
    }

    [Theory]
    [InlineData("credential", "Verifier", "text", "Its rows are corrupt.")]
    [InlineData("credential", "SchemaVersion", 99, "A newer release has written its rows.")]
    [InlineData("superseded:000001", "SupersededAt", "text", "Its rows are corrupt.")]
    [InlineData("superseded:000001", "SchemaVersion", 99, "A newer release has written its rows.")]
    public async Task A_row_that_cannot_be_read_is_reported_and_other_keys_are_still_found(string rowKey, string column, object value, string why)
    {
        using var logs = new CapturedLogs();
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        await world.MustGenerateAsync(TestWorld.Berkeley, seenGeneration: 1);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        await MergeAsync(world, TestWorld.Berkeley, rowKey, column, value);
        await using var instance = world.AnotherInstance(logs);

        var report = await ReportAsync(instance, [key, SecretKey.Generate().Reveal()]);

        Assert.Equal([LeakMatch.Current, LeakMatch.Unknown], report.Leaks.Select(leak => leak.Match));
        Assert.Equal((TestWorld.Berkeley.Value, why), (Assert.Single(report.Unreadable).Key, report.Unreadable[TestWorld.Berkeley.Value]));
        Assert.Contains(logs.Lines, line => line.Contains($"Row {rowKey.Split(':')[0]} of LEA {TestWorld.Berkeley}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_superseded_key_is_recognised_and_a_previous_one_is_stopped_although_another_row_of_the_LEA_cannot_be_read()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        string[] keys = [await world.MustGenerateAsync(TestWorld.Oakland), await RegenerateAsync(world, seen: 1, days: 0), await RegenerateAsync(world, seen: 2, days: 7)];
        await MergeAsync(world, TestWorld.Oakland, "superseded:000002", "GeneratedAt", "text");
        await world.Storage.Leas.AddEntityAsync(new TableEntity(TestWorld.Oakland.Value, "lea") { ["Name"] = 1 }, TestContext.Current.CancellationToken);
        Assert.Equal(LeakAction.PreviousKeyEnded, (await StopAsync(world, keys[1])).Action);

        await MergeAsync(world, TestWorld.Oakland, "credential", "Verifier", "text");
        var report = await ReportAsync(world, [keys[0]], (Toms, Reason));
        Assert.Equal((LeakMatch.Superseded, false, null), (report.Leaks[0].Match, report.Leaks[0].IsUsable, report.Leaks[0].LeaName));
        Assert.Equal([TestWorld.Oakland.Value], report.Unreadable.Keys);
    }

    [Fact]
    public async Task A_failure_to_stop_one_key_does_not_prevent_that_the_others_are_stopped()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        string[] keys = [await world.MustGenerateAsync(TestWorld.Berkeley), await world.MustGenerateAsync(TestWorld.Oakland)];
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number == 2 ? Fault.UnexpectedException : Fault.None; // the read of Berkeley's rows

        await Assert.ThrowsAsync<InvalidOperationException>(() => ReportAsync(world, keys, (Toms, Reason)));

        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Berkeley, keys[0]));
        Assert.IsType<AuthenticationOutcome.Revoked>(await world.AuthenticateAsync(TestWorld.Oakland, keys[1]));
    }

    /// <summary>That release wrote no <c>superseded:</c> row. The columns of the previous key stay after its overlap.</summary>
    [Fact]
    public async Task A_previous_key_of_a_release_that_kept_no_superseded_keys_is_recognised_after_its_overlap()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        await RegenerateAsync(world, seen: 1, days: 7);
        await world.Storage.Leas.DeleteEntityAsync(TestWorld.Oakland.Value, "superseded:000001", ETag.All, TestContext.Current.CancellationToken);
        var now = world.Clock.GetUtcNow();
        Assert.Equal((LeakMatch.Previous, true), await StateAsync(world, key));
        world.Clock.Advance(TimeSpan.FromDays(7));

        var leak = await FindAsync(world, key);

        Assert.Equal((LeakMatch.Superseded, 1, now, false), (leak.Match, leak.Generation, leak.SupersededAt, leak.IsUsable));
    }

    [Fact]
    public async Task Stored_keys_whose_pepper_is_disabled_are_counted()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var oldKey = await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        await world.MustGenerateAsync(TestWorld.Berkeley, seenGeneration: 1);
        world.Vault.Rotate(SecretRing.CredentialPepper);
        world.Clock.Advance(SecretRing.RefreshInterval);
        await using var instance = world.AnotherInstance();
        var key = Assert.IsType<GenerationOutcome.Generated>(await instance.GenerateAsync(TestWorld.Oakland, seenGeneration: 1)).SecretKey.Reveal();
        Assert.Equal(0, (await ReportAsync(instance, [SecretKey.Generate().Reveal()])).UncheckedKeys);
        world.Vault.Disable(SecretRing.CredentialPepper, "version1");
        await using var later = world.AnotherInstance();
        var calls = world.Vault.Calls;

        var report = await ReportAsync(later, [oldKey, key]);

        Assert.Equal([LeakMatch.Unknown, LeakMatch.Current], report.Leaks.Select(leak => leak.Match));
        Assert.Equal((3, 0), (report.UncheckedKeys, report.Unreadable.Count));
        Assert.InRange(world.Vault.Calls - calls, 1, 4); // not one for each row
    }

    [Fact]
    public async Task A_cancelled_search_stops_at_its_next_request()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        using var cancellation = new CancellationTokenSource();
        world.Traffic.Reset();
        world.Traffic.InjectFault = number =>
        {
            if (number == 2)
                cancellation.Cancel();
            return Fault.None;
        };
        Assert.True(SecretKey.TryParse(key, out var parsed));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => world.Leaks.ReportAsync([parsed], "toms", (Toms, Reason), cancellation.Token));

        Assert.Equal(2, world.Traffic.Requests.Count);
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
    }

    /// <summary>A transaction of a regeneration with the maximum of steps: notice, moved use, and more old uses than are deleted.</summary>
    [Fact]
    public async Task A_regeneration_keeps_the_superseded_key_in_a_transaction_of_at_most_100_steps()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        await world.Register.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Luis]), "test", TestContext.Current.CancellationToken);
        await MergeAsync(world, TestWorld.Oakland, "credential", "LastUsedOn", "2026-11-20");
        await world.Storage.Leas.SubmitTransactionAsync(
            Enumerable.Range(0, 100).Select(number => new TableTransactionAction(
                TableTransactionActionType.Add, new KeyUse(ClientName.Of($"client {number}"), 1, new DateOnly(2026, 11, 22)).Write(TestWorld.Oakland))),
            TestContext.Current.CancellationToken);
        var before = await CountAsync("use:");

        await RegenerateAsync(world, seen: 2, days: 7);

        Assert.Equal(before - 90 + 1, await CountAsync("use:")); // one was moved
        Assert.Equal((2, 1), (await CountAsync("superseded:"), await CountAsync("notice:")));
        Assert.All((await world.RowsAsync("Leas")).Where(row => row.RowKey.StartsWith("superseded:", StringComparison.Ordinal)), row => Assert.Equal(
            ["GeneratedAt", "PepperVersion", "SchemaVersion", "SupersededAt", "Verifier"], row.Keys.Except(["PartitionKey", "RowKey", "Timestamp", "odata.etag"]).Order()));

        async Task<int> CountAsync(string prefix) => (await world.RowsAsync("Leas")).Count(row => row.RowKey.StartsWith(prefix, StringComparison.Ordinal));
    }

    private static Task<LeakReport> ReportAsync(TestWorld world, IReadOnlyList<string> keys, (Coordinator, string)? stopping = null) => world.Leaks.ReportAsync(
        [.. keys.Select(text => SecretKey.TryParse(text, out var key) ? key : throw new ArgumentException("Not a key.", nameof(keys)))], "toms", stopping, TestContext.Current.CancellationToken);

    private static async Task<Leak> FindAsync(TestWorld world, string key) => Assert.Single((await ReportAsync(world, [key])).Leaks);

    private static async Task<Leak> StopAsync(TestWorld world, string key) => Assert.Single((await ReportAsync(world, [key], (Toms, Reason))).Leaks);

    private static async Task<(LeakMatch, bool)> StateAsync(TestWorld world, string key) => await FindAsync(world, key) is var leak ? (leak.Match, leak.IsUsable) : default;

    private static Task RevokeAsync(TestWorld world, int generation) =>
        world.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Luis, "It was disclosed.", generation, TestContext.Current.CancellationToken);

    private static async Task<string> RegenerateAsync(TestWorld world, int seen, int days) =>
        Assert.IsType<GenerationOutcome.Generated>(await world.Credentials.GenerateAsync(
            TestWorld.Oakland, TestWorld.Rosa, ReleaseWording.Current, seen == 0 ? null : seen, days, TestContext.Current.CancellationToken)).SecretKey.Reveal();

    private static Task MergeAsync(TestWorld world, LeaId lea, string rowKey, string column, object value) => world.Storage.Leas.UpdateEntityAsync(
        new TableEntity(lea.Value, rowKey) { [column] = value }, ETag.All, TableUpdateMode.Merge, TestContext.Current.CancellationToken);
}
