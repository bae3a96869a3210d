using System.Globalization;
using System.Net;
using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Leas;
using Credentialing.Core.Shares;
using Credentialing.Core.Storage;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.Storage;

/// <summary>
/// Rows written by other releases. A test names a row by the beginning of its row key, or "index entry" for the expiration index row.
/// </summary>
[Kind(TestKind.Storage)]
public sealed class RowVersionTests(AzuriteFixture azurite)
{
    private const string IndexEntry = "index entry";
    private const string Version = "SchemaVersion";

    /// <summary>Newer than every version that this release knows.</summary>
    private const int NewerVersion = 3;

    private static readonly Lea Oakland = new(TestWorld.Oakland, "Oakland Unified", [TestWorld.Luis, TestWorld.Rosa]);
    private static readonly string[] Kinds = ["announcement", "coordinator", "credential", "event", "lea", "reminder", "superseded", "use"];

    public static TheoryData<string> Rows => ["credential", "lea", "coordinator:rosa", "reminder:000001:14", "announcement", "event:", "superseded:000001", "use:000001:unknown", IndexEntry];

    [Fact]
    public async Task Every_row_written_in_a_year_has_its_schema_version()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var kinds = new HashSet<string>(StringComparer.Ordinal);
        await SaveAsync(world, Oakland);
        await CheckVersionsAsync();
        await world.MustGenerateAsync(TestWorld.Oakland);
        await CheckVersionsAsync();
        var key = await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        await AuthenticateAsync();
        await SaveAsync(world, Oakland with { Name = "Oakland", Coordinators = [TestWorld.Rosa] });
        await CheckVersionsAsync();
        world.Vault.Rotate(Core.Secrets.SecretRing.CredentialPepper);
        foreach (var days in (int[])[351, 7, 4, 2, 1, 1])
        {
            world.Clock.Advance(TimeSpan.FromDays(days));
            await RunAsync(world);
            await CheckVersionsAsync();
            if (days == 351)
                await AuthenticateAsync();
        }

        Assert.Equal(Kinds, kinds.Order(StringComparer.Ordinal));
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 2);
        await RunAsync(world);
        await CheckVersionsAsync();
        await ShareAsync(world);
        Assert.Equal(1, Assert.Single(await RowsAsync(world, "share:"))[Version]);

        async Task AuthenticateAsync()
        {
            Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
            await CheckVersionsAsync();
        }

        async Task CheckVersionsAsync()
        {
            var rows = await world.RowsAsync("Leas");
            kinds.UnionWith(rows.Select(row => row.RowKey.Split(':')[0]));
            Assert.All(rows.Concat(await world.RowsAsync("Expirations")), row => Assert.Equal(row.ContainsKey("MayRest") ? (int?)null : 1, row.GetInt32(Version))); // an entry for a change has none
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_row_without_a_schema_version_is_read_as_version_1(string row)
    {
        await using var world = await ExpiringWorldAsync();
        var key = await world.MustGenerateAsync(TestWorld.Berkeley);
        var (status, lea, announcement) = (await StatusAsync(world), await FindAsync(world), await AnnouncementAsync(world));

        foreach (var entity in await RowsAsync(world, row))
        {
            Assert.True(entity.Remove(Version));
            await Table(world, row).UpdateEntityAsync(entity, entity.ETag, TableUpdateMode.Replace, TestContext.Current.CancellationToken);
        }

        Assert.Equal(status.Credential!.Generation, (await StatusAsync(world)).Credential!.Generation);
        Assert.Equal(status.Notice, (await StatusAsync(world)).Notice);
        Assert.Equal(lea!.Coordinators, (await FindAsync(world))!.Coordinators);
        Assert.Equal(announcement, await AnnouncementAsync(world));
        Assert.Equal((1, 1), (await RunAsync(world) is var run ? run.Sent : 0, run.Posted)); // 7 days before expiry
        Assert.True((await RunAsync(world)) is { Sent: 0, Posted: 0 });
        if (row is "credential")
            Assert.All(await RowsAsync(world, row), entity => Assert.False(entity.ContainsKey(Version))); // the run does not write this row, so it adds no version
        await SaveAsync(world, Oakland with { Coordinators = [TestWorld.Luis] });
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        Assert.Equal(1, (await RunAsync(world)).Removed);
        Assert.Empty(await RowsAsync(world, "coordinator:rosa"));
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Berkeley, key));
    }

    [Fact]
    public async Task An_upgraded_verifier_changes_no_other_column_of_the_credential_and_a_recorded_use_none()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        var before = Assert.Single(await RowsAsync(world, "credential"));
        Assert.True(before.Remove(Version));
        before["AddedByANewerRelease"] = 1;
        await world.Storage.Leas.UpdateEntityAsync(before, before.ETag, TableUpdateMode.Replace, TestContext.Current.CancellationToken);

        await world.AuthenticateAsync(TestWorld.Oakland, key);
        var afterUse = Assert.Single(await RowsAsync(world, "credential"));
        Assert.Single(await RowsAsync(world, "use:"));
        Assert.Equal(Columns(before, "odata.etag", "Timestamp"), Columns(afterUse, "odata.etag", "Timestamp"));

        world.Vault.Rotate(Core.Secrets.SecretRing.CredentialPepper);
        world.Clock.Advance(Core.Secrets.SecretRing.RefreshInterval);
        await world.AuthenticateAsync(TestWorld.Oakland, key);
        var afterUpgrade = Assert.Single(await RowsAsync(world, "credential"));
        Assert.NotEqual(before["PepperVersion"], afterUpgrade["PepperVersion"]);
        string[] changed = ["odata.etag", "Timestamp", "Verifier", "PepperVersion"];
        Assert.Equal(Columns(before, changed), Columns(afterUpgrade, changed));
    }

    [Theory]
    [InlineData("credential", "status authenticate bearer announcement run generate restore leak end revoke list share open")]
    [InlineData("lea", "find save announcement run")]
    [InlineData("coordinator:rosa", "find save announcement run")]
    [InlineData("reminder:000001:14", "run")]
    [InlineData("announcement", "run")]
    [InlineData("notice:", "run")]
    [InlineData("share:", "run list share open cancel")]
    [InlineData("superseded:", "leak")]
    [InlineData("event:", "")] // the history shows it as unreadable
    [InlineData("use:000002:unknown", "")] // the status does not contain it
    [InlineData(IndexEntry, "run")]
    public async Task Every_operation_that_reads_a_row_of_a_newer_release_throws_and_does_not_change_it(string row, string refusedBy)
    {
        await using var world = await ExpiringWorldAsync();
        var key = await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        world.Clock.Advance(TimeSpan.FromDays(351));
        await RunAsync(world);
        world.Clock.Advance(TimeSpan.FromDays(7));
        var current = (await StatusAsync(world)).Credential!;
        var token = (await world.Tokens.IssueAsync(current.CurrentKey, TestContext.Current.CancellationToken)).Value;
        await world.AuthenticateAsync(TestWorld.Oakland, key);
        var share = Assert.IsType<ShareOutcome.Created>(await ShareAsync(world)).Share.Id;
        await MakeNewerAsync(world, row);
        var before = await RowContentsAsync(world, row);
        Assert.NotEmpty(before);

        var refused = new List<string>();
        await TryAsync("status", () => StatusAsync(world));
        await TryAsync("find", () => FindAsync(world));
        await TryAsync("save", () => SaveAsync(world, Oakland with { Name = "Another name", Coordinators = [TestWorld.Luis] }));
        await TryAsync("authenticate", () => world.AuthenticateAsync(TestWorld.Oakland, key));
        await TryAsync("bearer", () => world.Vendors.AuthenticateAsync(token, TestContext.Current.CancellationToken));
        await TryAsync("announcement", () => AnnouncementAsync(world));
        await TryAsync("run", () => RunAsync(world));
        if ((await world.Expirations.RestoreAsync(TestContext.Current.CancellationToken)).Unreadable.Count > 0)
            refused.Add("restore");
        if ((await world.Leaks.ReportAsync([SecretKey.Generate()], "toms", stopping: null, TestContext.Current.CancellationToken)).Unreadable.Count > 0)
            refused.Add("leak");
        await TryAsync("list", () => world.Shares.ListAsync(TestWorld.Oakland, TestContext.Current.CancellationToken));
        await TryAsync("share", () => ShareAsync(world));
        await TryAsync("open", () => world.Shares.OpenAsync(share, TestContext.Current.CancellationToken));
        await TryAsync("cancel", () => world.Shares.CancelAsync(share, TestWorld.Rosa, TestContext.Current.CancellationToken));
        await TryAsync("end", () => world.Credentials.EndPreviousKeyAsync(TestWorld.Oakland, TestWorld.Rosa, 2, TestContext.Current.CancellationToken));
        await TryAsync("revoke", () => world.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Rosa, "It was disclosed.", 2, TestContext.Current.CancellationToken));
        await TryAsync("generate", () => world.GenerateAsync(TestWorld.Oakland, seenGeneration: 2));
        await TryAsync("run", () => RunAsync(world)); // again, after the generation

        Assert.Equal(refusedBy.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), refused.Distinct().Order());
        Assert.Superset(before.ToHashSet(), (await RowContentsAsync(world, row)).ToHashSet());

        async Task TryAsync(string what, Func<Task> operation)
        {
            switch (await Record.ExceptionAsync(operation))
            {
                case null:
                    break;
                case DailyRunFailedException failed:
                    Assert.Contains("schema version", Assert.Single(failed.Summary.Failures).What, StringComparison.Ordinal);
                    refused.Add(what);
                    break;
                case var thrown:
                    AssertMessage(Assert.IsType<UnreadableRowException>(thrown).Message, row);
                    refused.Add(what);
                    break;
            }
        }
    }

    [Theory]
    [InlineData("credential")]
    [InlineData("coordinator:rosa")]
    [InlineData("reminder:000001:14")]
    [InlineData("notice:")]
    [InlineData("announcement")]
    [InlineData(IndexEntry)]
    public async Task A_row_of_a_newer_release_fails_only_its_own_LEA_and_the_run_reports_it(string row)
    {
        await using var world = await ExpiringWorldAsync(TestWorld.Berkeley);
        await MakeNewerAsync(world, row);
        using var logs = new CapturedLogs();
        await using var instance = world.AnotherInstance(logs);

        var failed = await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(instance));

        var failure = Assert.Single(failed.Summary.Failures);
        Assert.Equal(row is IndexEntry ? "Expirations" : TestWorld.Oakland.Value, failure.Where);
        Assert.Contains("schema version", failure.What, StringComparison.Ordinal);
        AssertMessage(logs.Lines.First(line => line.Contains("schema version", StringComparison.Ordinal)), row);
        Assert.Equal((1, 1), (failed.Summary.Sent, failed.Summary.Posted)); // Berkeley's
    }

    [Theory]
    [InlineData("credential")]
    [InlineData("lea")]
    [InlineData("coordinator:rosa")]
    [InlineData("reminder:000001:14")]
    [InlineData("notice:")]
    [InlineData("announcement")]
    public async Task The_preview_lists_a_row_of_a_newer_release_as_a_failure_and_still_lists_other_LEAs(string row)
    {
        await using var world = await ExpiringWorldAsync(TestWorld.Berkeley);
        await MakeNewerAsync(world, row);

        var preview = await world.Run.PreviewAsync(world.Clock.GetUtcNow(), TestContext.Current.CancellationToken);

        Assert.Equal(TestWorld.Berkeley, Assert.Single(preview.Plans).LeaId);
        Assert.Equal("01612590000000: A newer release has written its rows.", $"{Assert.Single(preview.Failures)}");
    }

    [Fact]
    public async Task The_preview_lists_an_index_entry_of_a_newer_release_as_a_failure_and_still_lists_LEAs()
    {
        await using var world = await ExpiringWorldAsync(TestWorld.Berkeley);
        await MakeNewerAsync(world, IndexEntry);

        var (plans, failures) = await world.Run.PreviewAsync(world.Clock.GetUtcNow(), TestContext.Current.CancellationToken);

        Assert.Equal(TestWorld.Berkeley, Assert.Single(plans).LeaId);
        var failure = Assert.Single(failures);
        Assert.Equal("Expirations", failure.Where);
        AssertMessage(failure.What, IndexEntry);
    }

    /// <summary>The row has a known version when it is read. A newer release rewrites it before the first write request is sent.</summary>
    [Theory]
    [InlineData("generate", "credential", true)]
    [InlineData("authenticate", "credential", false)] // the key is valid; only the last use is not recorded
    [InlineData("save", "lea", true)]
    [InlineData("save", "coordinator:rosa", true)]
    [InlineData("save", "coordinator:luis", true)]
    [InlineData("run", "credential", true)]
    [InlineData("run", "announcement", true)]
    [InlineData("run", "reminder:000001:07", true)]
    [InlineData("run", IndexEntry, false)] // the run keeps the entry; the next run decides
    [InlineData("run after regenerating", "announcement", true)]
    public async Task A_row_that_a_newer_release_rewrites_during_an_operation_is_not_overwritten(string operation, string row, bool refused)
    {
        await using var world = await ExpiringWorldAsync();
        if (operation is "run after regenerating")
            await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        var key = await world.MustGenerateAsync(TestWorld.Berkeley);
        if (row is IndexEntry)
            await world.Storage.Expirations.AddEntityAsync(new TableEntity("2027-11-20", TestWorld.Oakland.Value), TestContext.Current.CancellationToken);
        string[]? newer = null;
        var lea = operation is "authenticate" ? TestWorld.Berkeley : TestWorld.Oakland;
        world.Traffic.Reset();
        world.Traffic.InjectFault = _ =>
        {
            if (newer is null && world.Traffic.Requests.Any(request => !request.StartsWith("GET ", StringComparison.Ordinal)))
            {
                newer = [];
                newer = Task.Run(async () =>
                {
                    await using var other = world.AnotherInstance();
                    await MakeNewerAsync(other, row, lea);
                    return await RowContentsAsync(other, row, lea);
                }).GetAwaiter().GetResult();
            }

            return Fault.None;
        };

        var thrown = await Record.ExceptionAsync(() => operation switch
        {
            "generate" => world.GenerateAsync(TestWorld.Oakland, seenGeneration: 1),
            "authenticate" => world.AuthenticateAsync(TestWorld.Berkeley, key),
            "save" => world.Clock.AdvanceUntilAsync(SaveAsync(world, Oakland with { Name = "Another name", Coordinators = [TestWorld.Rosa] })),
            _ => RunWithClockAsync(world),
        });

        world.Traffic.InjectFault = null;
        Assert.NotEmpty(newer!);
        Assert.Equal(newer, await RowContentsAsync(world, row, lea));
        Assert.Equal(refused, thrown is UnreadableRowException or DailyRunFailedException);
        Assert.Equal(refused, thrown is not null);
    }

    [Fact]
    public async Task A_generation_on_the_same_day_does_not_change_an_index_entry_of_a_newer_release()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await MakeNewerAsync(world, IndexEntry);
        var before = await RowContentsAsync(world, IndexEntry);
        world.Traffic.Reset();

        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);

        Assert.Equal(4, world.Traffic.Requests.Count);
        Assert.Equal(before, await RowContentsAsync(world, IndexEntry));
    }

    [Theory]
    [InlineData(0)]
    [InlineData("two")]
    [InlineData(1L)]
    public async Task An_invalid_schema_version_throws(object version)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await MakeNewerAsync(world, "credential", version: version);
        await Assert.ThrowsAsync<UnreadableRowException>(() => StatusAsync(world));
    }

    [Fact]
    public async Task SaveAsync_throws_for_a_coordinator_row_of_a_newer_release_without_an_LEA_row()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.Storage.Leas.AddEntityAsync(new TableEntity(TestWorld.Oakland.Value, "coordinator:rosa") { [Version] = NewerVersion }, TestContext.Current.CancellationToken);
        var before = await RowContentsAsync(world, "coordinator:");
        await Assert.ThrowsAsync<UnreadableRowException>(() => SaveAsync(world, Oakland));
        Assert.Equal(before, await RowContentsAsync(world, ""));
    }

    [Fact]
    public async Task A_row_of_a_newer_release_returns_500_without_details_and_authenticates_no_vendor()
    {
        await using var world = await ExpiringWorldAsync();
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        await MakeNewerAsync(world, "credential");
        await MakeNewerAsync(world, "coordinator:");
        using var grant = new FormUrlEncodedContent([new("grant_type", "client_credentials")]);

        foreach (var response in (ApiResponse[])[
            await host.SendAsync(HttpMethod.Get, "leas/01612590000000/credentials", "rosa"),
            await host.GenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 2),
            await host.SendAsync(HttpMethod.Get, "leas/01612590000000/announcements", "rosa"),
            await host.SendAsync(HttpMethod.Get, "leas/01612590000000", "toms"),
            await host.SendAsync(HttpMethod.Put, "leas/01612590000000", "toms", TestHost.Json("""{"name":"Another name","coordinators":[]}""")),
            await host.SendAsync(HttpMethod.Post, "credentials/validate", "toms", TestHost.Json($$"""{"username":"sis-01612590000000","secretKey":"{{key}}"}""")),
            await host.SendAsync(HttpMethod.Post, "v1/token", content: grant, headers: ["Authorization", TestHost.Basic(TestWorld.Oakland, key)]),
            await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential"),
            await host.AsVendorAsync(TestWorld.Oakland, key, "v1/students/9016125901/score-reports")])
        {
            Assert.Equal((HttpStatusCode.InternalServerError, "unexpected"), (response.Status, response.ProblemType));
            Assert.DoesNotContain("version", response.Text, StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>The message contains the table, the kind of row, both versions and the remedy, but no personal data.</summary>
    private static void AssertMessage(string message, string row)
    {
        var newestKnown = row is "credential" ? 2 : 1; // a revoked credential
        Assert.Contains(
            $"Row {(row is IndexEntry ? "expiration" : row.Split(':')[0])} of LEA 01612590000000 has schema version {NewerVersion}; this release knows versions up to {newestKnown}.",
            message,
            StringComparison.Ordinal);
        Assert.Contains("deploy that release again", message, StringComparison.Ordinal);
        Assert.DoesNotContain("rosa", message, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Credentials of Oakland and the other LEAs: announcement posted, first reminder sent, 7 days before expiry.</summary>
    private async Task<TestWorld> ExpiringWorldAsync(params LeaId[] others)
    {
        var world = await TestWorld.CreateAsync(azurite);
        await SaveAsync(world, Oakland);
        foreach (var lea in (LeaId[])[TestWorld.Oakland, .. others])
            await world.MustGenerateAsync(lea);
        world.Clock.Advance(TimeSpan.FromDays(351));
        await RunAsync(world);
        world.Clock.Advance(TimeSpan.FromDays(7));
        return world;
    }

    /// <summary>Rewrites a row as a newer release would. Adds the row if it does not exist.</summary>
    private static async Task MakeNewerAsync(TestWorld world, string row, LeaId? lea = null, object? version = null)
    {
        var keys = (await RowsAsync(world, row, lea)).Select(entity => new TableEntity(entity.PartitionKey, entity.RowKey)).ToList();
        if (keys.Count == 0)
            keys.Add(new TableEntity((lea ?? TestWorld.Oakland).Value, row));
        foreach (var newer in keys)
        {
            newer[Version] = version ?? NewerVersion;
            newer["Added"] = "a column of a newer release";
            await Table(world, row).UpsertEntityAsync(newer, TableUpdateMode.Merge, TestContext.Current.CancellationToken);
        }
    }

    private static TableClient Table(TestWorld world, string row) => row is IndexEntry ? world.Storage.Expirations : world.Storage.Leas;

    private static async Task<IReadOnlyList<TableEntity>> RowsAsync(TestWorld world, string row, LeaId? lea = null)
    {
        var id = (lea ?? TestWorld.Oakland).Value;
        return row is IndexEntry
            ? [.. (await world.RowsAsync("Expirations")).Where(entity => entity.RowKey == id)]
            : [.. (await world.RowsAsync("Leas")).Where(entity => entity.PartitionKey == id && entity.RowKey.StartsWith(row, StringComparison.Ordinal))];
    }

    /// <summary>Returns the rows with all columns but timestamp and ETag: an index entry that is added again gets new ones.</summary>
    private static async Task<string[]> RowContentsAsync(TestWorld world, string row, LeaId? lea = null) =>
        [.. (await RowsAsync(world, row, lea)).Select(entity => string.Join('\n', Columns(entity, "odata.etag", "Timestamp")))];

    private static IEnumerable<string> Columns(TableEntity row, params string[] without) =>
        row.Where(column => !without.Contains(column.Key))
            .Select(column => $"{column.Key}={(column.Value is byte[] bytes ? Convert.ToHexString(bytes) : Convert.ToString(column.Value, CultureInfo.InvariantCulture))}")
            .Order(StringComparer.Ordinal);

    private static Task<CredentialStatus> StatusAsync(TestWorld world) =>
        world.Credentials.StatusAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);

    private static Task<Lea?> FindAsync(TestWorld world) => world.Register.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);

    private static Task<Core.Announcements.Announcement?> AnnouncementAsync(TestWorld world) =>
        world.Announcements.FindAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);

    private static Task<ShareOutcome> ShareAsync(TestWorld world) => world.Shares.CreateAsync(
        TestWorld.Oakland, TestWorld.Rosa, "Aeries", "AQID", TimeSpan.FromHours(1), seenGeneration: null, TestContext.Current.CancellationToken);

    private static Task SaveAsync(TestWorld world, Lea lea) => world.SaveAsync(lea);
}
