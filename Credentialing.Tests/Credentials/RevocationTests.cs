using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Storage;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.Credentials;

[Kind(TestKind.Storage)]
public sealed class RevocationTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task RevokeAsync_takes_three_round_trips_and_one_when_repeated()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Traffic.Reset();
        Assert.IsType<ChangeOutcome.Changed>(await RevokeAsync(world));
        Assert.Equal(3, world.Traffic.Requests.Count);
        world.Traffic.Reset();
        Assert.IsType<ChangeOutcome.Unchanged>(await RevokeAsync(world));
        Assert.Single(world.Traffic.Requests);
    }

    /// <summary>A revocation is urgent. The log of key changes matters only if an older backup is restored.</summary>
    [Fact]
    public async Task A_revocation_that_the_log_of_key_changes_does_not_have_is_made_and_reported()
    {
        using var logs = new CapturedLogs();
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var instance = world.AnotherInstance(logs);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        await world.BackupContainer.DeleteAsync(cancellationToken: TestContext.Current.CancellationToken);

        Assert.IsType<ChangeOutcome.Changed>(await RevokeAsync(instance));

        Assert.IsType<AuthenticationOutcome.Revoked>(await world.AuthenticateAsync(TestWorld.Oakland, key));
        Assert.Single(logs.Lines, line => line.Contains(
            "Error Credentialing.Core.Credentials.CredentialService LEA 01612590000000: the change Revoked of generation 1 could not be added to the log of key changes: ",
            StringComparison.Ordinal));
    }

    [Fact]
    public async Task Expired_credentials_can_be_revoked()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(Credential.Lifetime);
        Assert.IsType<ChangeOutcome.Changed>(await RevokeAsync(world));
        var status = await StatusAsync(world);
        Assert.Equal((CredentialState.Revoked, null), (status.State, status.DaysRemaining));
        Assert.IsType<AuthenticationOutcome.Revoked>(await world.AuthenticateAsync(TestWorld.Oakland, key));
    }

    /// <summary>An older release accepts only version 1.</summary>
    [Fact]
    public async Task Only_the_row_of_revoked_credentials_has_schema_version_2()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await RegenerateAsync(world, seen: 1, days: 7);
        Assert.Equal(1, (await RowAsync(world))["SchemaVersion"]);
        await RevokeAsync(world, generation: 2);
        Assert.Equal(2, (await RowAsync(world))["SchemaVersion"]);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 2);
        Assert.Equal(1, (await RowAsync(world))["SchemaVersion"]);
    }

    [Fact]
    public async Task The_index_of_revoked_credentials_is_restored_and_the_preview_sends_them_no_reminder()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        await RevokeAsync(world);
        foreach (var row in await world.RowsAsync("Expirations"))
            await world.Storage.Expirations.DeleteEntityAsync(row, ETag.All, TestContext.Current.CancellationToken);

        var (indexed, unreadable) = await world.Expirations.RestoreAsync(TestContext.Current.CancellationToken);

        Assert.Equal((2, 0), (indexed, unreadable.Count));
        world.Clock.Advance(TimeSpan.FromDays(351));
        var preview = await world.Run.PreviewAsync(world.Clock.GetUtcNow(), TestContext.Current.CancellationToken);
        Assert.Empty(preview.Failures);
        Assert.Contains(preview.Plans, plan => plan.LeaId == TestWorld.Berkeley);
        Assert.DoesNotContain(preview.Plans, plan => plan.LeaId == TestWorld.Oakland && plan.Reminder is not null);
        await RunAsync(world);
        Assert.Equal([TestWorld.Berkeley.Value], world.MyToms.Shown.Keys);
        Assert.Single(world.Mail.Delivered);
    }

    [Fact]
    public async Task The_next_daily_run_removes_the_announcement_that_MyTOMS_could_not_remove_at_the_revocation()
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await RunAsync(world);
        Assert.Single(world.MyToms.Shown);
        var before = Assert.IsType<ChangeOutcome.Changed>(await RevokeAsync(world)).Before;
        world.ExternalCalls.InjectFault = called => called is ExternalService.MyToms ? Fault.Unavailable : Fault.None;
        await RunAllAsync(world.Clock, [world], instance => instance.Announcements.TryWithdrawAsync(before));
        Assert.Single(world.MyToms.Shown);

        world.ExternalCalls.InjectFault = null;
        world.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, (await RunWithClockAsync(world)).Removed);
        Assert.Empty(world.MyToms.Shown);
    }

    /// <summary>One damaged column at a time, with each kind of value.</summary>
    [Fact]
    public async Task A_damaged_column_of_revoked_credentials_never_makes_a_key_or_a_token_work()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var oldKey = await world.MustGenerateAsync(TestWorld.Oakland);
        var key = await RegenerateAsync(world, seen: 1, days: 7);
        var token = (await world.Tokens.IssueAsync((await StatusAsync(world)).Credential!.CurrentKey, TestContext.Current.CancellationToken)).Value;
        await RevokeAsync(world, generation: 2);
        var revoked = await RowAsync(world);
        foreach (var column in revoked.Keys.Except(["PartitionKey", "RowKey", "Timestamp", "odata.etag"]).ToList())
        {
            foreach (var value in (object?[])[null, 1, "", world.Clock.GetUtcNow()])
            {
                var damaged = new TableEntity(revoked) { [column] = value };
                await world.Storage.Leas.UpdateEntityAsync(damaged, ETag.All, TableUpdateMode.Replace, TestContext.Current.CancellationToken);
                await AssertRefusedAsync(() => world.AuthenticateAsync(TestWorld.Oakland, key));
                await AssertRefusedAsync(() => world.AuthenticateAsync(TestWorld.Oakland, oldKey));
                await AssertRefusedAsync(() => world.Vendors.AuthenticateAsync(token, TestContext.Current.CancellationToken));
            }
        }

        static async Task AssertRefusedAsync(Func<Task<AuthenticationOutcome>> authenticate)
        {
            AuthenticationOutcome? outcome = null;
            if (await Record.ExceptionAsync(async () => outcome = await authenticate()) is { } thrown)
                Assert.IsType<UnreadableRowException>(thrown);
            else
                Assert.False(outcome is AuthenticationOutcome.Authenticated);
        }
    }

    /// <summary>Loses one response of storage. The client retries the request.</summary>
    [Theory]
    [InlineData("revoke", 1), InlineData("revoke", 2), InlineData("revoke", 3), InlineData("revoke", 4)]
    [InlineData("end", 1), InlineData("end", 2), InlineData("end", 3), InlineData("end", 4)]
    [InlineData("generate", 1), InlineData("generate", 2), InlineData("generate", 3), InlineData("generate", 4), InlineData("generate", 5)]
    public async Task A_lost_response_does_not_hide_the_success_of_a_change(string change, int request)
    {
        await using var world = await OverlappingWorldAsync();
        var before = (await world.AuditEventsAsync(TestWorld.Oakland)).Count;
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number == request ? Fault.ResponseLost : Fault.None;

        Assert.True(await ChangeAsync(world, change));

        Assert.True(world.Traffic.Requests.Count > request);
        Assert.Equal(before + 1, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
    }

    /// <summary>Another instance updates the row before each attempt, such as with the first use of a day.</summary>
    [Theory]
    [InlineData("revoke", 4), InlineData("end", 4), InlineData("generate", 4)]
    [InlineData("revoke", 5), InlineData("end", 5), InlineData("generate", 5)]
    public async Task A_change_succeeds_after_four_concurrent_updates_and_gives_up_after_five(string change, int updates)
    {
        await using var world = await OverlappingWorldAsync();
        var before = (await world.AuditEventsAsync(TestWorld.Oakland)).Count;
        var otherInstance = world.Account.Tables().GetTableClient("Leas");
        var attempts = 0;
        world.Traffic.Observe = request =>
        {
            if (request.EndsWith("$batch", StringComparison.Ordinal) && ++attempts <= updates)
                otherInstance.UpdateEntity(new TableEntity(TestWorld.Oakland.Value, "credential"), ETag.All, TableUpdateMode.Merge, TestContext.Current.CancellationToken);
        };

        if (updates < 5)
            Assert.True(await ChangeAsync(world, change));
        else
            await Assert.ThrowsAsync<TimeoutException>(() => ChangeAsync(world, change));

        Assert.Equal(5, attempts);
        Assert.Equal(updates < 5 ? before + 1 : before, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
    }

    /// <summary>Interrupts each change at each of its requests, before and after the request takes effect.</summary>
    [Theory]
    [InlineData("revoke", 4), InlineData("end", 4), InlineData("generate", 5)]
    public async Task A_crash_during_a_change_leaves_it_made_or_not_made_with_its_audit_event_and_its_notice(string change, int requests)
    {
        for (var request = 1; request <= requests; request++)
        {
            foreach (var fault in (Fault[])[Fault.ConnectionFailed, Fault.ResponseLost])
            {
                await using var world = await OverlappingWorldAsync();
                await using var otherInstance = world.AnotherInstance();
                var before = (await StatusAsync(otherInstance)).Credential!;
                var events = (await world.AuditEventsAsync(TestWorld.Oakland)).Count;
                world.Traffic.Reset();
                var crashedAt = request;
                // A crashed process sends nothing more: all later requests and retries fail.
                world.Traffic.InjectFault = number => number < crashedAt ? Fault.None : number == crashedAt ? fault : Fault.ConnectionFailed;

                Assert.NotNull(await Record.ExceptionAsync(() => ChangeAsync(world, change)));

                var after = (await StatusAsync(otherInstance)).Credential!;
                var isMade = request == requests && fault is Fault.ResponseLost;
                Assert.Equal(isMade, (before.Generation, before.PreviousKey?.Generation, before.Revocation) != (after.Generation, after.PreviousKey?.Generation, after.Revocation));
                Assert.Equal(isMade ? events + 1 : events, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
                Assert.Equal(isMade ? 1 : 0, (await world.RowsAsync("Leas")).Count(row => row.RowKey.StartsWith("notice:", StringComparison.Ordinal)));
                if (!isMade)
                    Assert.True(await ChangeAsync(otherInstance, change));
                await otherInstance.MustGenerateAsync(TestWorld.Oakland, (await StatusAsync(otherInstance)).Credential!.Generation);
            }
        }
    }

    /// <summary>Generation 2 of an LEA with two coordinators, during an overlap with generation 1.</summary>
    private async Task<TestWorld> OverlappingWorldAsync()
    {
        var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await RegenerateAsync(world, seen: 1, days: 7);
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa, TestWorld.Luis]));
        foreach (var row in (await world.RowsAsync("Leas")).Where(row => row.RowKey.StartsWith("notice:", StringComparison.Ordinal)))
            await world.Storage.Leas.DeleteEntityAsync(row, ETag.All, TestContext.Current.CancellationToken);
        return world;
    }

    /// <summary>Makes a change of generation 2. Returns whether it was made by this call.</summary>
    private static async Task<bool> ChangeAsync(TestWorld world, string change) => change switch
    {
        "revoke" => await RevokeAsync(world, generation: 2) is ChangeOutcome.Changed,
        "end" => await world.Credentials.EndPreviousKeyAsync(TestWorld.Oakland, TestWorld.Luis, 2, TestContext.Current.CancellationToken) is ChangeOutcome.Changed,
        _ => await RegenerateAsync(world, seen: 2, days: 7) is not null,
    };

    private static Task<ChangeOutcome> RevokeAsync(TestWorld world, int generation = 1) =>
        world.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Luis, "It was disclosed.", generation, TestContext.Current.CancellationToken);

    private static async Task<string> RegenerateAsync(TestWorld world, int seen, int days) =>
        Assert.IsType<GenerationOutcome.Generated>(await world.Credentials.GenerateAsync(
            TestWorld.Oakland, TestWorld.Rosa, ReleaseWording.Current, seen, days, TestContext.Current.CancellationToken)).SecretKey.Reveal();

    private static async Task<TableEntity> RowAsync(TestWorld world) => Assert.Single(await world.RowsAsync("Leas"), row => row.RowKey == "credential");

    private static Task<CredentialStatus> StatusAsync(TestWorld world) => world.Credentials.StatusAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);
}
