using Azure;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Overview;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.Overview;

/// <summary>The read model of the statewide overview: refreshes, the check, and what can go wrong between them.</summary>
[Kind(TestKind.Storage)]
public sealed class OverviewServiceTests(AzuriteFixture azurite)
{
    private static readonly Lea Oakland = new(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa, TestWorld.Luis with { Email = null }]);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_refreshed_LEA_has_its_credentials_coordinators_last_use_and_last_email()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.SaveAsync(Oakland);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        await world.AuthenticateAsync(TestWorld.Oakland, key, ClientName.Of("SEIS"));
        world.Clock.Advance(TimeSpan.FromDays(10));
        await world.AuthenticateAsync(TestWorld.Oakland, key, ClientName.Of("Aeries"));

        await world.Overview.RefreshAsync(TestWorld.Oakland);

        var lea = await SingleAsync(world);
        Assert.Equal((TestWorld.Oakland, "Oakland Unified", 1, "Rosa Delgado"), (lea.LeaId, lea.Name, lea.Generation, lea.GeneratedBy));
        Assert.Equal(Oakland.Coordinators.OrderBy(coordinator => coordinator.Id), lea.Coordinators);
        Assert.Equal((new DateOnly(2026, 12, 3), "Aeries"), (lea.LastUsedOn!.Value, lea.LastUsedBy));
        Assert.Null(lea.LastEmail);
        Assert.Equal((CredentialState.Active, 355), StateOf(world, lea));

        world.Clock.Advance(TimeSpan.FromDays(341)); // without a write
        Assert.Equal((CredentialState.Expiring, 14), StateOf(world, await SingleAsync(world)));
        await RunAsync(world);
        var sentAt = world.Clock.GetUtcNow();
        world.Clock.Advance(TimeSpan.FromDays(14));
        await world.Overview.RefreshAsync(TestWorld.Oakland);
        lea = await SingleAsync(world);
        Assert.Equal((CredentialState.Expired, 0), StateOf(world, lea));
        Assert.Equivalent(new LastEmail(14, sentAt, EmailResult.Sent, []), lea.LastEmail);

        await world.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Rosa, "It was disclosed.", seenGeneration: 1, Cancellation);
        await world.Overview.RefreshAsync(TestWorld.Oakland);
        Assert.Equal((CredentialState.Revoked, (int?)null), StateOf(world, await SingleAsync(world)));
    }

    [Fact]
    public async Task The_last_email_names_refused_addresses_also_of_a_notice_whose_row_is_deleted()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.SaveAsync(Oakland with { Coordinators = [TestWorld.Rosa, TestWorld.Luis] });
        world.Mail.RejectedAddresses.Add("luis@lea.example");
        await world.MustGenerateAsync(TestWorld.Oakland); // notifies Luis

        await world.Overview.RefreshAsync(TestWorld.Oakland);

        var email = (await SingleAsync(world)).LastEmail!;
        Assert.Equal((null, EmailResult.Refused, world.Clock.GetUtcNow()), (email.Milestone, email.Result, email.At!.Value));
        Assert.Equal(["luis@lea.example"], email.Refused);

        world.Clock.Advance(TimeSpan.FromDays(351));
        await RunAsync(world);
        await world.Overview.RefreshAsync(TestWorld.Oakland);
        email = (await SingleAsync(world)).LastEmail!;
        Assert.Equal((14, EmailResult.PartlyRefused, "luis@lea.example"), (email.Milestone, email.Result, Assert.Single(email.Refused)));
    }

    [Fact]
    public async Task A_reminder_without_a_recipient_is_the_last_email()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.GenerateAsync(TestWorld.Oakland, by: TestWorld.Rosa with { Email = null });
        world.Clock.Advance(TimeSpan.FromDays(351));
        await RunAsync(world);
        await world.Overview.RefreshAsync(TestWorld.Oakland);
        Assert.Equal((14, EmailResult.NoRecipient), ((await SingleAsync(world)).LastEmail!.Milestone, (await SingleAsync(world)).LastEmail!.Result));
    }

    /// <summary>The slower refresh has read the LEA before the change, and writes after the refresh of the change.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_older_reading_of_an_LEA_never_replaces_a_newer_one(bool hasRow)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        if (hasRow)
            await world.Overview.RefreshAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        await using var slower = world.AnotherInstance();
        slower.Traffic.IncludesRefreshes = true;
        var isChanged = false;
        slower.Traffic.InjectFault = _ =>
        {
            if (!isChanged && !slower.Traffic.Requests.Last().StartsWith("GET", StringComparison.Ordinal))
            {
                isChanged = true;
                Task.Run(async () =>
                {
                    await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 2);
                    await world.Overview.RefreshAsync(TestWorld.Oakland);
                }, Cancellation).GetAwaiter().GetResult();
            }

            return Fault.None;
        };

        await slower.Overview.RefreshAsync(TestWorld.Oakland);

        Assert.True(isChanged);
        Assert.Equal(3, (await SingleAsync(world)).Generation);
    }

    [Theory]
    [InlineData(Fault.ConnectionFailed)]
    [InlineData(Fault.ResponseLost)]
    [InlineData(Fault.Throttled)]
    [InlineData(Fault.Conflict)]
    [InlineData(Fault.UnexpectedException)]
    public async Task A_refresh_never_throws_and_the_check_repairs_what_it_has_not_written(Fault fault)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Traffic.IncludesRefreshes = true;
        for (var failing = 1; failing <= 3; failing++)
        {
            world.Traffic.Reset();
            world.Traffic.InjectFault = request => request >= failing ? fault : Fault.None;
            await world.Overview.RefreshAsync(TestWorld.Oakland);
        }

        world.Traffic.InjectFault = null;
        await world.Overview.CheckAsync(Cancellation);
        Assert.Equal(1, (await SingleAsync(world)).Generation);
        Assert.Equal(0, (await world.Overview.CheckAsync(Cancellation)).Refreshed);
    }

    [Fact]
    public async Task The_check_repairs_missing_outdated_and_superfluous_rows_and_reads_each_table_once()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        LeaId[] leas = [TestWorld.Berkeley, TestWorld.Oakland, TestWorld.Fresno];
        foreach (var lea in leas)
            await world.MustGenerateAsync(lea);
        Assert.Null(await world.Overview.CheckedAtAsync(Cancellation));

        Assert.Equal(new OverviewCheck(3, Refreshed: 3, Failed: 0, Unreadable: 0), await world.Overview.CheckAsync(Cancellation));
        Assert.Equal(leas, await world.Overview.ReadAllAsync(Cancellation).Select(lea => lea.LeaId).ToListAsync(Cancellation));
        Assert.Equal(world.Clock.GetUtcNow(), await world.Overview.CheckedAtAsync(Cancellation));

        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1); // its refresh is lost, as in a crash
        await world.Storage.Overview.DeleteEntityAsync("leas", TestWorld.Berkeley.Value, ETag.All, Cancellation);
        foreach (var superfluous in (string[])["00000000000000", "99999999999999"])
            await world.Storage.Overview.AddEntityAsync(new TableEntity("leas", superfluous) { ["Name"] = "No LEA" }, Cancellation);
        await SetColumnAsync(world.Storage.Overview, "leas", TestWorld.Fresno.Value, "Name", 5);
        Assert.Equal(5, (await world.Overview.CheckAsync(Cancellation)).Refreshed);
        Assert.Equal([1, 2, 1], await world.Overview.ReadAllAsync(Cancellation).Select(lea => lea.Generation!.Value).ToListAsync(Cancellation));

        world.Traffic.IncludesRefreshes = true;
        world.Traffic.Reset();
        Assert.Equal(0, (await world.Overview.CheckAsync(Cancellation)).Refreshed);
        Assert.Equal(3, world.Traffic.Requests.Count); // one page of each table, and the time of the check
    }

    [Fact]
    public async Task A_lost_table_is_rebuilt_by_the_check()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.Overview.CheckAsync(Cancellation);
        await world.Storage.Overview.DeleteAsync(Cancellation);
        await world.Overview.RefreshAsync(TestWorld.Oakland); // does not throw
        await world.Storage.CreateMissingAsync(Cancellation);
        await world.Overview.CheckAsync(Cancellation);
        Assert.Equal(TestWorld.Oakland, (await SingleAsync(world)).LeaId);
    }

    [Fact]
    public async Task Rows_that_cannot_be_read_are_a_problem_of_their_LEA_and_do_not_stop_the_others()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.SaveAsync(Oakland);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        await SetColumnAsync(world.Storage.Leas, TestWorld.Oakland.Value, "credential", "SchemaVersion", 99);
        await world.Storage.Leas.AddEntityAsync(new TableEntity("not an LEA", "lea"), Cancellation);
        using var logs = new CapturedLogs();
        await using var instance = world.AnotherInstance(logs);

        Assert.Equal(new OverviewCheck(2, Refreshed: 2, Failed: 0, Unreadable: 2), await instance.Overview.CheckAsync(Cancellation));

        var leas = await world.Overview.ReadAllAsync(Cancellation).ToListAsync(Cancellation);
        Assert.Equal((null, "A newer release has written its rows.", "Oakland Unified"), (StateOf(world, leas[1]).State, leas[1].Problem, leas[1].Name));
        Assert.Equal((CredentialState.Active, null), (StateOf(world, leas[0]).State, leas[0].Problem));
        Assert.Equal(2, logs.Lines.Count(line => line.Contains("cannot be read. ", StringComparison.Ordinal)));
        Assert.Contains(logs.Lines, line => line.Contains("rows of LEA not an LEA cannot be read. Its partition key is not a CDS code.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_row_of_a_newer_release_is_shown_as_a_problem_and_not_overwritten_and_the_check_fails()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.Overview.CheckAsync(Cancellation);
        var checkedAt = await world.Overview.CheckedAtAsync(Cancellation);
        await SetColumnAsync(world.Storage.Overview, "leas", TestWorld.Oakland.Value, "SchemaVersion", 2);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        world.Clock.Advance(TimeSpan.FromDays(1));

        await world.Overview.RefreshAsync(TestWorld.Oakland);
        Assert.Equal("A newer release has written its rows.", (await SingleAsync(world)).Problem);
        using var logs = new CapturedLogs();
        await using var instance = world.AnotherInstance(logs);
        var failure = await Assert.ThrowsAsync<OverviewCheckFailedException>(() => instance.Overview.CheckAsync(Cancellation));
        Assert.Equal("1 LEAs could not be refreshed in the overview.", failure.Message);
        Assert.Contains(logs.Lines, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("Check of the overview finished: 1 LEAs, 0 refreshed, 1 not refreshed", StringComparison.Ordinal));
        Assert.Equal(checkedAt, await world.Overview.CheckedAtAsync(Cancellation));
        Assert.Equal(1, (await world.RowsAsync("Overview")).Single(row => row.PartitionKey == "leas")["Generation"]);
    }

    /// <summary>A check reads only the audit events of the last 400 days, in which an LEA with valid credentials had an email.</summary>
    [Fact]
    public async Task A_notice_of_more_than_400_days_ago_is_not_the_last_email()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.SaveAsync(Oakland with { Coordinators = [TestWorld.Rosa, TestWorld.Luis] });
        await world.MustGenerateAsync(TestWorld.Oakland); // notifies Luis
        var sentAt = world.Clock.GetUtcNow();

        world.Clock.Advance(TimeSpan.FromDays(399));
        await world.Overview.RefreshAsync(TestWorld.Oakland);
        Assert.Equal(sentAt, (await SingleAsync(world)).LastEmail!.At);

        world.Clock.Advance(TimeSpan.FromDays(2));
        await world.Overview.RefreshAsync(TestWorld.Oakland);
        Assert.Null((await SingleAsync(world)).LastEmail);
    }

    [Theory]
    [InlineData(4, 1, "done")]
    [InlineData(5, 0, "failed")]
    public async Task A_refresh_has_five_attempts_if_the_row_changes_concurrently(int conflicts, int rows, string outcome)
    {
        using var logs = new CapturedLogs();
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await using var instance = world.AnotherInstance(logs);
        using var refreshes = Metrics.Collect<long>(instance.Meters, "credentialing.overview.refreshes");
        instance.Traffic.IncludesRefreshes = true;
        var writes = 0;
        instance.Traffic.InjectFault = _ => instance.Traffic.Requests.Last().StartsWith("POST", StringComparison.Ordinal) && ++writes <= conflicts ? Fault.Conflict : Fault.None;

        await instance.Overview.RefreshAsync(TestWorld.Oakland);

        Assert.Equal(rows, await world.Overview.ReadAllAsync(Cancellation).CountAsync(Cancellation));
        Assert.Equal([$"1 outcome={outcome}"], Metrics.Sums(refreshes));
        Assert.Equal(rows == 0, logs.Lines.Any(line => line.Contains("could not be refreshed in the overview: it was changed concurrently 5 times.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_refresh_that_fails_logs_the_reason()
    {
        using var logs = new CapturedLogs();
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var instance = world.AnotherInstance(logs);
        instance.Traffic.IncludesRefreshes = true;
        instance.Traffic.InjectFault = _ => Fault.UnexpectedException;

        await instance.Overview.RefreshAsync(TestWorld.Oakland);

        Assert.Single(instance.Traffic.Requests);
        Assert.Contains(logs.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains("could not be refreshed in the overview: InvalidOperationException", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_row_that_another_refresh_has_deleted_is_inserted_again()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.Overview.RefreshAsync(TestWorld.Oakland);
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        await using var instance = world.AnotherInstance();
        instance.Traffic.IncludesRefreshes = true;
        instance.Traffic.InjectFault = _ =>
        {
            if (instance.Traffic.Requests.Last().StartsWith("PUT", StringComparison.Ordinal))
                Task.Run(() => world.Storage.Overview.DeleteEntityAsync("leas", TestWorld.Oakland.Value, ETag.All, Cancellation), Cancellation).GetAwaiter().GetResult();
            return Fault.None;
        };

        await instance.Overview.RefreshAsync(TestWorld.Oakland);

        Assert.Equal(2, (await SingleAsync(world)).Generation);
    }

    [Fact]
    public async Task Rows_without_an_LEA_do_not_count_and_have_no_row_of_the_overview()
    {
        using var logs = new CapturedLogs();
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.Storage.Leas.AddEntityAsync(new TableEntity(TestWorld.Oakland.Value, "coordinator:rosa") { ["Name"] = "Rosa" }, Cancellation);
        await using var instance = world.AnotherInstance(logs);

        Assert.Equal(new OverviewCheck(0, Refreshed: 0, Failed: 0, Unreadable: 0), await instance.Overview.CheckAsync(Cancellation));
        Assert.Contains(logs.Lines, line => line.StartsWith("Information", StringComparison.Ordinal) && line.Contains("Check of the overview finished: 0 LEAs, 0 refreshed", StringComparison.Ordinal));

        await world.Storage.Overview.AddEntityAsync(new TableEntity("leas", TestWorld.Oakland.Value) { ["Name"] = "No LEA" }, Cancellation);
        Assert.Equal(new OverviewCheck(0, Refreshed: 1, Failed: 0, Unreadable: 0), await instance.Overview.CheckAsync(Cancellation));
        Assert.Empty(await world.Overview.ReadAllAsync(Cancellation).ToListAsync(Cancellation));
    }

    private static async Task<LeaOverview> SingleAsync(TestWorld world) =>
        Assert.Single(await world.Overview.ReadAllAsync(Cancellation).ToListAsync(Cancellation));

    private static (CredentialState? State, int? DaysRemaining) StateOf(TestWorld world, LeaOverview lea) => lea.StateAt(world.Clock.GetUtcNow(), world.Calendar);

    private static async Task SetColumnAsync(TableClient table, string partitionKey, string rowKey, string column, object value) =>
        await table.UpdateEntityAsync(new TableEntity(partitionKey, rowKey) { [column] = value }, ETag.All, TableUpdateMode.Merge, Cancellation);
}
