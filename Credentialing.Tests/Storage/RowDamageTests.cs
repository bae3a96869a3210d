using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Credentials;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Leaks;
using Credentialing.Core.Leas;
using Credentialing.Core.Shares;
using Credentialing.Core.Storage;
using Credentialing.Tests.Support;
using CsCheck;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.Storage;

/// <summary>Rows with damaged columns: every operation succeeds or reports the LEA, and other LEAs are not affected.</summary>
[Kind(TestKind.Storage)]
public sealed class RowDamageTests(AzuriteFixture azurite)
{
    private const int Iterations = 80;

    /// <summary>Columns of Oakland's rows, as row key and column.</summary>
    private static readonly (string RowKey, string Column)[] Columns =
    [
        .. ((string[])["Username", "Generation", "Verifier", "PepperVersion", "GeneratedAt", "GeneratedBy", "GeneratedByName", "GeneratedByEmail", "ExpiresAt",
            "AuthorizedAt", "AuthorizedBy", "AuthorizedByName", "AuthorizedByEmail", "AuthorizedWording", "LastUsedOn", "PreviousGeneration", "PreviousVerifier",
            "PreviousPepperVersion", "PreviousGeneratedAt", "PreviousExpiresAt", "RevokedAt", "RevokedBy", "RevokedByName", "RevokedByEmail", "RevocationReason",
            "SchemaVersion"]).Select(column => ("credential", column)),
        ("use:000001:unknown", "LastUsedOn"), ("use:000001:unknown", "SchemaVersion"),
        .. ((string[])["Verifier", "PepperVersion", "GeneratedAt", "SupersededAt", "SchemaVersion"]).Select(column => ("superseded:000001", column)),
        ("lea", "Name"), ("coordinator:rosa", "Name"), ("coordinator:rosa", "Email"), ("coordinator:rosa", "Language"), ("announcement", "Content"), ("announcement", "PostingUntil"),
        .. ((string[])["ClaimedBy", "ClaimedUntil", "SentAt", "Rejected", "Deferred"]).Select(column => ("reminder:000001:14", column)),
        .. ((string[])["Generation", "Vendor", "CreatedAt", "CreatedBy", "CreatedByName", "ExpiresAt", "OpenedAt", "OpenedBy", "Ciphertext", "SchemaVersion"])
            .Select(column => ("share:", column)),
        .. ((string[])["Kind", "At", "ById", "ByName", "Generation", "Detail", "PreviousUntil", "Former", "ClaimedBy", "ClaimedUntil", "SentAt", "Rejected", "Deferred"])
            .Select(column => ("notice:", column)),
    ];

    /// <summary>Values of every column type, with the extremes of Table Storage; null removes the column.</summary>
    private static readonly object?[] Values =
    [
        null, "", "rubbish", 0, -1, int.MaxValue, 1L, true, 1.5, Guid.Empty, Array.Empty<byte>(), new byte[5],
        new DateTimeOffset(1601, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero),
    ];

    [Fact]
    public Task Every_operation_succeeds_or_reports_the_LEA_of_a_damaged_column() =>
        Gen.Select(Gen.Int[0, Columns.Length - 1], Gen.Int[0, Values.Length - 1]).SampleAsync(
            (column, value) => CheckAsync(world => DamageAsync(world, Columns[column].RowKey, Columns[column].Column, Values[value])), iter: Iterations, threads: 1);

    [Theory]
    [InlineData("reminder:1:14")]
    [InlineData("reminder:000001:014")]
    [InlineData("reminder:")]
    [InlineData("reminder:000001:14:2")]
    [InlineData("coordinator:")]
    [InlineData("use:")]
    [InlineData("use:1:Aeries")]
    [InlineData("use:000001:a:b")]
    [InlineData("notice:")]
    [InlineData("share:")]
    [InlineData("share:1")]
    [InlineData("superseded:")]
    [InlineData("superseded:1")]
    [InlineData("superseded:000000")]
    public Task Every_operation_succeeds_or_reports_the_LEA_of_an_unexpected_row_key(string rowKey) =>
        CheckAsync(world => world.Storage.Leas.UpsertEntityAsync(new TableEntity(TestWorld.Oakland.Value, rowKey), TableUpdateMode.Merge));

    [Theory]
    [InlineData("Kind", "another kind")]
    [InlineData("Kind", null)]
    [InlineData("At", "yesterday")]
    [InlineData("Former", "luis")]
    [InlineData("Former", "luis\tfr\tluis@lea.example\tLuis Ortega")]
    [InlineData("Former", "luis\ten\tluis@lea.example\tLuis Ortega\n")]
    [InlineData("ClaimedUntil", "never")]
    public async Task A_damaged_notice_is_reported_and_affects_neither_keys_nor_credentials_nor_other_LEAs(string column, string? value)
    {
        await CheckAsync(world => DamageAsync(world, "notice:", column, value));

        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        await AddNoticeAsync(world);
        await DamageAsync(world, "notice:", column, value);
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
        Assert.Equal(1, (await StatusAsync(world)).Credential!.Generation);
        await world.Storage.Expirations.AddEntityAsync(new TableEntity("2026-11-23", TestWorld.Oakland.Value), TestContext.Current.CancellationToken);
        var failed = await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(world));
        Assert.Equal(TestWorld.Oakland.Value, Assert.Single(failed.Summary.Failures).Where);
        var (_, failures) = await world.Run.PreviewAsync(world.Clock.GetUtcNow(), TestContext.Current.CancellationToken);
        Assert.All(failures, failure => Assert.Equal(TestWorld.Oakland.Value, failure.Where));
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
    }

    [Theory]
    [InlineData("ForChange")]
    [InlineData("MayRest")]
    public async Task An_index_entry_with_a_damaged_column_is_read_and_affects_no_LEA(string column)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Berkeley);
        world.Clock.Advance(TimeSpan.FromDays(358));
        await world.Storage.Expirations.UpsertEntityAsync(new TableEntity("2027-11-23", TestWorld.Berkeley.Value) { [column] = "rubbish" }, cancellationToken: TestContext.Current.CancellationToken);

        var preview = await world.Run.PreviewAsync(world.Clock.GetUtcNow(), TestContext.Current.CancellationToken);

        Assert.Empty(preview.Failures);
        Assert.Equal(TestWorld.Berkeley, Assert.Single(preview.Plans).LeaId);
        Assert.Equal(1, (await RunWithClockAsync(world)).Posted);
    }

    private async Task CheckAsync(Func<TestWorld, Task> damage)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.Register.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa]), "test", TestContext.Current.CancellationToken);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        var otherKey = await world.MustGenerateAsync(TestWorld.Berkeley);
        world.Clock.Advance(TimeSpan.FromDays(351));
        await RunAsync(world);
        await world.AuthenticateAsync(TestWorld.Oakland, key);
        var token = (await world.Tokens.IssueAsync((await StatusAsync(world)).Credential!.CurrentKey, TestContext.Current.CancellationToken)).Value;
        world.Clock.Advance(TimeSpan.FromDays(7));
        await AddNoticeAsync(world);
        await AddSupersededKeyAsync(world);
        var share = await ShareAsync(world);
        await damage(world);

        var preview = await world.Run.PreviewAsync(world.Clock.GetUtcNow(), TestContext.Current.CancellationToken);
        Assert.Contains(preview.Plans, plan => plan.LeaId == TestWorld.Berkeley);
        Assert.All(preview.Failures, failure => Assert.Equal(TestWorld.Oakland.Value, failure.Where));
        await TryAsync(() => StatusAsync(world));
        await TryAsync(() => world.AuthenticateAsync(TestWorld.Oakland, key));
        await TryAsync(() => world.Vendors.AuthenticateAsync(token, TestContext.Current.CancellationToken));
        await TryAsync(() => world.Credentials.EndPreviousKeyAsync(TestWorld.Oakland, TestWorld.Rosa, seenGeneration: null, TestContext.Current.CancellationToken));
        await world.Notices.TrySendAsync(TestWorld.Oakland);
        await TryAsync(() => world.Shares.ListAsync(TestWorld.Oakland, TestContext.Current.CancellationToken));
        await TryAsync(() => world.Shares.CreateAsync(TestWorld.Oakland, TestWorld.Rosa, "Aeries", "AQID", TimeSpan.FromHours(1), seenGeneration: null, TestContext.Current.CancellationToken));
        await TryAsync(() => world.Shares.OpenAsync(share, TestContext.Current.CancellationToken));
        await TryAsync(() => world.Shares.CancelAsync(share, TestWorld.Rosa, TestContext.Current.CancellationToken));
        await TryAsync(() => world.Announcements.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken));
        await TryAsync(() => world.Register.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken));
        var (indexed, unreadable) = await world.Expirations.RestoreAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, indexed + unreadable.Count);
        Assert.All(unreadable.Keys, lea => Assert.Equal(TestWorld.Oakland.Value, lea));
        await TryAsync(() => ReportAsync(key));
        var search = await ReportAsync(SecretKey.Generate().Reveal());
        Assert.All(search.Unreadable.Keys, lea => Assert.Equal(TestWorld.Oakland.Value, lea));
        Assert.Equal(TestWorld.Berkeley, (await ReportAsync(otherKey)).Leaks[0].LeaId);
        if (await Record.ExceptionAsync(() => RunWithClockAsync(world)) is { } thrown)
            Assert.All(Assert.IsType<DailyRunFailedException>(thrown).Summary.Failures, failure => Assert.Equal(TestWorld.Oakland.Value, failure.Where));
        Assert.Equal(7, world.MyToms.Shown[TestWorld.Berkeley.Value].DaysRemaining);
        await TryAsync(() => world.Register.SaveAsync(new Lea(TestWorld.Oakland, "Another name", [TestWorld.Luis]), "test", TestContext.Current.CancellationToken));
        await TryAsync(() => world.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Rosa, "It was disclosed.", seenGeneration: 1, TestContext.Current.CancellationToken));
        await TryAsync(() => world.GenerateAsync(TestWorld.Oakland, seenGeneration: 1));

        Task<LeakReport> ReportAsync(string text) => world.Leaks.ReportAsync(
            [SecretKey.TryParse(text, out var parsed) ? parsed : throw new ArgumentException("Not a key.", nameof(text))], "toms", stopping: null, TestContext.Current.CancellationToken);
    }

    private static async Task DamageAsync(TestWorld world, string rowKey, string column, object? value)
    {
        var row = Assert.Single(await world.RowsAsync("Leas"), row => row.PartitionKey == TestWorld.Oakland.Value && row.RowKey.StartsWith(rowKey, StringComparison.Ordinal));
        row[column] = value;
        await world.Storage.Leas.UpdateEntityAsync(row, ETag.All, TableUpdateMode.Replace, TestContext.Current.CancellationToken);
    }

    /// <summary>Adds a pending notice: TOMS has replaced Luis by Rosa.</summary>
    private static Task AddNoticeAsync(TestWorld world) => world.Storage.Leas.AddEntityAsync(
        new TableEntity(TestWorld.Oakland.Value, "notice:1")
        {
            ["Kind"] = "lea-saved",
            ["At"] = world.Clock.GetUtcNow(),
            ["ById"] = "toms",
            ["Former"] = "luis\ten\tluis@lea.example\tLuis Ortega",
        },
        TestContext.Current.CancellationToken);

    /// <summary>Adds the row of a superseded key, as it is after the credentials were restored from a backup.</summary>
    private static Task AddSupersededKeyAsync(TestWorld world) => world.Storage.Leas.AddEntityAsync(
        new TableEntity(TestWorld.Oakland.Value, "superseded:000001")
        {
            ["Verifier"] = new byte[32],
            ["PepperVersion"] = "version1",
            ["GeneratedAt"] = world.Clock.GetUtcNow(),
            ["SupersededAt"] = world.Clock.GetUtcNow(),
        },
        TestContext.Current.CancellationToken);

    private static async Task<ShareId> ShareAsync(TestWorld world) => Assert.IsType<ShareOutcome.Created>(await world.Shares.CreateAsync(
        TestWorld.Oakland, TestWorld.Rosa, "Aeries", "AQID", TimeSpan.FromHours(1), seenGeneration: null, TestContext.Current.CancellationToken)).Share.Id;

    private static async Task TryAsync(Func<Task> operation) => Assert.True(await Record.ExceptionAsync(operation) is null or UnreadableRowException);

    private static Task<CredentialStatus> StatusAsync(TestWorld world) => world.Credentials.StatusAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);
}
