using Azure;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Core.Backups;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leaks;
using Credentialing.Core.Leas;
using Credentialing.Core.Recovery;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.Recovery;

[Kind(TestKind.Storage)]
public sealed class RestoreTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_a_restore_of_a_deleted_table_everything_is_as_it_was()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await PopulateAsync(world);
        var before = await world.RowsAsync("Leas");
        await world.Backups.BackUpAsync(Cancellation);
        await LoseAsync(world, "Leas", "Expirations");

        var report = await RestoreAsync(world);

        Assert.Equal((before.Count, before.Count, 2, 2), (report.Rows, report.Inserted, report.Credentials, report.Indexed));
        Assert.Empty(report.Revoked);
        Assert.Empty(report.Lost);
        Assert.Empty(report.Failures);
        Assert.Equal([("version1", 2)], report.PepperVersions.Select(version => (version.Key, version.Value)));
        Assert.Equal(before.Select(row => row.Describe()), (await world.RowsAsync("Leas")).Select(row => row.Describe()));
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
        world.Clock.Advance(TimeSpan.FromDays(351));
        Assert.Equal(2, (await RunAsync(world)).Posted);
    }

    [Fact]
    public async Task A_preview_inserts_nothing_and_reports_what_the_restore_then_does()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await PopulateAsync(world);
        await world.Backups.BackUpAsync(Cancellation);
        await world.MustGenerateAsync(TestWorld.Berkeley, seenGeneration: 1);
        await LoseAsync(world, "Leas");

        var preview = await RestoreAsync(world, isApplied: false);

        Assert.Empty(await world.RowsAsync("Leas"));
        Assert.Null(preview.Indexed);
        var report = await RestoreAsync(world);
        Assert.Equal((preview.Rows, preview.Inserted, preview.Credentials), (report.Rows, report.Inserted, report.Credentials));
        Assert.Equal([new AffectedLea(TestWorld.Berkeley, "Berkeley Unified")], preview.Revoked);
        Assert.Equal(preview.Revoked, report.Revoked);
    }

    [Fact]
    public async Task A_superseded_key_comes_back_revoked_and_the_coordinators_are_told_to_regenerate()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var superseded = await PopulateAsync(world);
        await world.Backups.BackUpAsync(Cancellation);
        world.Clock.Advance(TimeSpan.FromHours(20));
        var lost = await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 2);
        await LoseAsync(world, "Leas");

        var report = await RestoreAsync(world);

        Assert.Equal([new AffectedLea(TestWorld.Oakland, "Oakland Unified")], report.Revoked);
        Assert.IsNotType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, superseded));
        Assert.IsNotType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, lost));
        var credential = (await world.Credentials.StatusAsync(TestWorld.Oakland, Cancellation)).Credential!;
        Assert.Equal((3, "restore", "Restored from the backup of 2026-11-23 20:00 UTC. The credentials were changed after it."), (credential.Generation, credential.Revocation?.By.Id, credential.Revocation?.Reason));
        Assert.Equal("credential-revoked", (await world.AuditEventsAsync(TestWorld.Oakland))[0]["Kind"]);
        Assert.True(SecretKey.TryParse(superseded, out var reported));
        Assert.Equal(LeakMatch.Superseded, Assert.Single((await world.Leaks.ReportAsync([reported!], "toms", stopping: null, Cancellation)).Leaks).Match);
        // The next daily run sends the notice of the revocation.
        world.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, (await RunAsync(world)).Notices);
        // A token of the lost generation 3 must not become valid.
        var next = await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 3);
        Assert.Equal(4, Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, next)).Key.Generation);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_key_that_was_revoked_after_the_backup_comes_back_revoked(bool isLogLost)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await PopulateAsync(world);
        await world.Backups.BackUpAsync(Cancellation);
        // A revocation does not wait for the log.
        var attempts = 0;
        world.Traffic.Reset();
        world.Traffic.InjectFault = _ => isLogLost && world.Traffic.Requests.Last().Contains("/changes/", StringComparison.Ordinal) && ++attempts > 0 ? Fault.ConnectionFailed : Fault.None;
        Assert.IsType<ChangeOutcome.Changed>(await world.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Rosa, "Lost", seenGeneration: 2, Cancellation));
        world.Traffic.InjectFault = null;
        Assert.Equal(isLogLost, attempts > 1);
        await LoseAsync(world, "Leas");

        var report = await RestoreAsync(world, changedLeas: isLogLost ? [TestWorld.Oakland] : []);

        Assert.Equal([TestWorld.Oakland], report.Revoked.Select(lea => lea.LeaId));
        Assert.IsType<AuthenticationOutcome.Revoked>(await world.AuthenticateAsync(TestWorld.Oakland, key));
    }

    [Fact]
    public async Task A_previous_key_that_was_ended_after_the_backup_does_not_work_and_the_current_one_does()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var previous = await PopulateAsync(world);
        var current = Assert.IsType<GenerationOutcome.Generated>(await world.Credentials.GenerateAsync(
            TestWorld.Oakland, TestWorld.Rosa, ReleaseWording.Current, seenGeneration: 2, keepPreviousForDays: 7, Cancellation)).SecretKey.Reveal();
        await world.Backups.BackUpAsync(Cancellation);
        await world.Credentials.EndPreviousKeyAsync(TestWorld.Oakland, TestWorld.Rosa, seenGeneration: 3, Cancellation);
        await LoseAsync(world, "Leas");

        Assert.Empty((await RestoreAsync(world)).Revoked);

        Assert.IsNotType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, previous));
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, current));
    }

    [Fact]
    public async Task Changes_before_the_backup_revoke_nothing()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await PopulateAsync(world);
        await world.Credentials.RevokeAsync(TestWorld.Berkeley, TestWorld.Rosa, "Lost", seenGeneration: 1, Cancellation);
        world.Clock.Advance(TimeSpan.FromMinutes(1));
        await world.Backups.BackUpAsync(Cancellation);
        await LoseAsync(world, "Leas");

        Assert.Empty((await RestoreAsync(world)).Revoked);

        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
        Assert.Equal("Lost", (await world.Credentials.StatusAsync(TestWorld.Berkeley, Cancellation)).Credential!.Revocation!.Reason);
    }

    [Fact]
    public async Task An_LEA_that_generated_its_first_credentials_after_the_backup_is_listed()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await PopulateAsync(world);
        await world.SaveAsync(new Lea(TestWorld.Fresno, "Fresno Unified", []));
        await world.Backups.BackUpAsync(Cancellation);
        await world.MustGenerateAsync(TestWorld.Fresno);
        Assert.Empty((await RestoreAsync(world, isApplied: false)).Lost);
        await LoseAsync(world, "Leas");

        Assert.Equal([new AffectedLea(TestWorld.Fresno, "Fresno Unified")], (await RestoreAsync(world)).Lost);
    }

    [Fact]
    public async Task A_restore_into_a_table_in_use_changes_and_deletes_nothing()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await PopulateAsync(world);
        await world.Backups.BackUpAsync(Cancellation);
        await LoseAsync(world, "Leas");
        // Before the restore, TOMS saves the LEA without Luis, and its coordinator generates new credentials.
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified School District", [TestWorld.Rosa]));
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        var before = await world.RowsAsync("Leas");

        var report = await RestoreAsync(world);

        Assert.Empty(report.Revoked);
        var after = (await world.RowsAsync("Leas")).Select(row => row.Describe()).ToHashSet();
        Assert.Superset(before.Select(row => row.Describe()).ToHashSet(), after);
        Assert.Equal([TestWorld.Rosa.Id], (await world.Register.FindAsync(TestWorld.Oakland, Cancellation))!.Coordinators.Select(coordinator => coordinator.Id));
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
        Assert.Equal("Berkeley Unified", (await world.Register.FindAsync(TestWorld.Berkeley, Cancellation))!.Name);
    }

    [Fact]
    public async Task A_link_that_was_not_opened_does_not_come_back_and_an_opened_one_does()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await PopulateAsync(world);
        foreach (var vendor in (string[])["Aeries", "Infinite Campus"])
            await world.Shares.CreateAsync(TestWorld.Oakland, TestWorld.Rosa, vendor, "the ciphertext", TimeSpan.FromDays(1), seenGeneration: 2, Cancellation);
        var shares = await world.Shares.ListAsync(TestWorld.Oakland, Cancellation);
        var opened = shares.Single(share => share.Vendor == "Aeries");
        Assert.NotNull(await world.Shares.OpenAsync(opened.Id, Cancellation));
        await world.Backups.BackUpAsync(Cancellation);
        await LoseAsync(world, "Leas");

        await RestoreAsync(world);

        Assert.Equal(["Aeries"], (await world.Shares.ListAsync(TestWorld.Oakland, Cancellation)).Select(share => share.Vendor));
        Assert.All(shares, share => Assert.Null(world.Shares.OpenAsync(share.Id, Cancellation).GetAwaiter().GetResult()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_announcement_that_was_posted_after_the_backup_is_removed_when_the_credentials_are_revoked_or_come_back_revoked(bool isRevokedBefore)
    {
        await using var world = await TestWorld.CreateExpiringAsync(azurite);
        await world.Backups.BackUpAsync(Cancellation);
        world.Clock.Advance(TimeSpan.FromHours(2));
        await RunAsync(world);
        if (isRevokedBefore)
            await RevokeAsync();
        await LoseAsync(world, "Leas");
        await RestoreAsync(world);
        if (!isRevokedBefore)
            await RevokeAsync();
        Assert.Single(world.MyToms.Shown);

        await RunAsync(world);

        Assert.Empty(world.MyToms.Shown);
        Assert.DoesNotContain(await world.RowsAsync("Leas"), row => row.RowKey == "announcement");

        Task RevokeAsync() => world.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Rosa, "Lost", seenGeneration: 1, Cancellation);
    }

    /// <summary>These credentials have no other entry in the index that is due: they expire in a year, and there is nobody to notify.</summary>
    [Fact]
    public async Task The_next_run_removes_the_announcement_that_credentials_revoked_before_the_backup_may_have()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Rosa, "Lost", seenGeneration: 1, Cancellation);
        await world.Backups.BackUpAsync(Cancellation);
        await LoseAsync(world, "Leas");
        await RestoreAsync(world);
        Assert.Contains(await world.RowsAsync("Leas"), row => row.RowKey == "announcement");

        await RunAsync(world);

        Assert.DoesNotContain(await world.RowsAsync("Leas"), row => row.RowKey == "announcement");
    }

    /// <summary>Interrupts the restore at each of its requests, before and after the request takes effect.</summary>
    [Fact]
    public async Task A_repetition_completes_a_restore_that_was_interrupted_and_a_further_one_inserts_nothing()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await PopulateAsync(world);
        await world.Backups.BackUpAsync(Cancellation);
        await world.MustGenerateAsync(TestWorld.Berkeley, seenGeneration: 1);
        await LoseAsync(world, "Leas", "Expirations");
        world.Traffic.Reset();
        var expected = await RestoreAsync(world);
        var (requests, rows) = (world.Traffic.Requests.Count, (await world.RowsAsync("Leas")).Count);
        Assert.Equal(0, (await RestoreAsync(world)).Inserted);

        foreach (var fault in (Fault[])[Fault.ConnectionFailed, Fault.ResponseLost])
        {
            for (var request = 1; request <= requests; request++)
            {
                await LoseAsync(world, "Leas", "Expirations");
                world.Traffic.Reset();
                var crashedAt = request;
                world.Traffic.InjectFault = number => number < crashedAt ? Fault.None : number == crashedAt ? fault : Fault.ConnectionFailed;
                await Record.ExceptionAsync(() => RestoreAsync(world));
                world.Traffic.InjectFault = null;

                var repeated = await RestoreAsync(world);

                Assert.Empty(repeated.Failures);
                Assert.Equal(rows, (await world.RowsAsync("Leas")).Count);
                Assert.Equal(expected.Indexed, repeated.Indexed);
                Assert.NotNull((await world.Credentials.StatusAsync(TestWorld.Berkeley, Cancellation)).Credential!.Revocation);
            }
        }
    }

    [Fact]
    public async Task An_LEA_with_a_corrupt_row_is_listed_and_comes_back_as_it_was()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await PopulateAsync(world);
        TableEntity corrupt = await world.Storage.Leas.GetEntityAsync<TableEntity>(TestWorld.Oakland.Value, "credential", cancellationToken: Cancellation);
        corrupt["Generation"] = "two";
        await world.Storage.Leas.UpdateEntityAsync(corrupt, ETag.All, TableUpdateMode.Replace, Cancellation);
        await world.Storage.Leas.AddEntityAsync(new TableEntity("1", "credential"), Cancellation);
        var before = await world.RowsAsync("Leas");
        await world.Backups.BackUpAsync(Cancellation);
        await LoseAsync(world, "Leas");
        world.Clock.Advance(TimeSpan.FromHours(2)); // the log of key changes contains the generation in the last hour before the backup

        var report = await RestoreAsync(world);

        Assert.Equal(["01612590000000", "1"], report.Failures.Keys);
        Assert.Equal(before.Count - 2, (await world.RowsAsync("Leas")).Count);
        Assert.IsNotType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, "tsk_"));
    }

    [Fact]
    public async Task An_LEA_that_a_backup_has_in_several_places_is_listed_once()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        TableEntity[] rows = [new("1", "credential"), new(TestWorld.Oakland.Value, "event:1"), new("1", "lea")];
        await world.Archive.WriteAsync(BackupArchive.Leas, rows.ToAsyncEnumerable(), new HashSet<string>(), Cancellation);

        var report = await RestoreAsync(world);

        Assert.Equal(["1"], report.Failures.Keys);
        Assert.Equal(["event:1"], (await world.RowsAsync("Leas")).Select(row => row.RowKey));
    }

    [Fact]
    public async Task A_generation_fails_and_changes_nothing_if_it_cannot_be_logged()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await PopulateAsync(world);
        var before = await world.RowsAsync("Leas");
        await world.BackupContainer.DeleteAsync(cancellationToken: Cancellation);

        await Assert.ThrowsAsync<RequestFailedException>(() => world.GenerateAsync(TestWorld.Oakland, seenGeneration: 2));

        Assert.Equal(before.Select(row => row.Describe()), (await world.RowsAsync("Leas")).Select(row => row.Describe()));
    }

    [Fact]
    public async Task A_restore_refuses_a_log_of_key_changes_that_it_cannot_read()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await PopulateAsync(world);
        await world.Backups.BackUpAsync(Cancellation);
        await world.BackupContainer.UploadBlobAsync("changes/2026-11-24/000000_01612590000000", BinaryData.Empty, Cancellation);

        await Assert.ThrowsAsync<InvalidDataException>(() => RestoreAsync(world));
    }

    /// <summary>Oakland with two coordinators and generation 2, and Berkeley with generation 1. Returns Oakland's key.</summary>
    private static async Task<string> PopulateAsync(TestWorld world)
    {
        await world.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa, TestWorld.Luis]));
        await world.SaveAsync(new Lea(TestWorld.Berkeley, "Berkeley Unified", [TestWorld.Luis]));
        await world.MustGenerateAsync(TestWorld.Berkeley);
        await world.MustGenerateAsync(TestWorld.Oakland);
        return await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
    }

    private static async Task LoseAsync(TestWorld world, params string[] tables)
    {
        foreach (var table in tables)
            await world.Account.Tables().GetTableClient(table).DeleteAsync(Cancellation);
        foreach (var table in tables)
            await world.Account.Tables().GetTableClient(table).CreateAsync(Cancellation);
    }

    private static async Task<RestoreReport> RestoreAsync(TestWorld world, bool isApplied = true, params LeaId[] changedLeas)
    {
        var backup = await world.Archive.ListAsync(BackupArchive.Leas, Cancellation).LastAsync(Cancellation);
        return await world.Restore.RunAsync(new RestoreRequest(backup, isApplied, changedLeas.ToHashSet()), progress: null, Cancellation);
    }
}
