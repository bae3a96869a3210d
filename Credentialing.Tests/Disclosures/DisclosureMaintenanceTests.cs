using Azure.Data.Tables;
using Credentialing.Core.Credentials;
using Credentialing.Core.DailyRun;
using Credentialing.Core.Disclosures;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.Disclosures;

/// <summary>The daily run counts the downloads of days that have ended, and deletes those whose retention time is over.</summary>
[Kind(TestKind.Storage)]
public sealed class DisclosureMaintenanceTests(AzuriteFixture azurite)
{
    private static readonly DateOnly November = new(2026, 11, 1);

    public static TheoryData<Fault> Faults => [.. Enum.GetValues<Fault>().Except([Fault.None, Fault.Crash, Fault.CrashAfter])];

    [Fact]
    public async Task Each_download_is_counted_once_and_a_day_only_after_its_end()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await Downloads.RecordAsync(world, TestWorld.Oakland);
        await RunAsync(world); // the day has not ended
        Assert.Empty(await RowsAsync(world, "month:"));
        for (var day = 0; day < 3; day++)
        {
            world.Clock.Advance(TimeSpan.FromDays(1));
            await Downloads.RecordAsync(world, TestWorld.Oakland);
            await Downloads.RecordAsync(world, TestWorld.Oakland, client: "Paradigm");
            await RunAsync(world);
            await RunAsync(world);
        }

        world.Clock.Advance(TimeSpan.FromDays(1));
        await Task.WhenAll(RunAsync(world), RunAsync(world.AnotherInstance()));

        Assert.Equal([("month:2026-11:Aeries", 4), ("month:2026-11:Paradigm", 3)], (await RowsAsync(world, "month:")).Select(row => (row.RowKey, row.GetInt32("Count")!.Value)));
        Assert.DoesNotContain(await world.RowsAsync("Disclosures"), row => row.PartitionKey == "uncounted");
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task After_a_fault_in_any_request_the_next_run_has_counted_and_deleted_everything_once(Fault fault)
    {
        for (var failing = 1; ; failing++)
        {
            await using var world = await TestWorld.CreateAsync(azurite);
            await Downloads.RecordAsync(world, TestWorld.Oakland);
            world.Clock.Advance(TimeSpan.FromDays(1));
            await RunAsync(world);
            world.Clock.Advance(TimeSpan.FromDays((366 * 7) - 2));
            await Downloads.RecordAsync(world, TestWorld.Oakland);
            world.Clock.Advance(TimeSpan.FromDays(2));
            var broken = world.AnotherInstance();
            broken.Traffic.InjectFault = number => number == failing ? fault : Fault.None;

            await Record.ExceptionAsync(() => RunAsync(broken));
            await RunAsync(world);

            Assert.Equal([1, 1], (await RowsAsync(world, "month:")).Select(row => row.GetInt32("Count")!.Value));
            Assert.Single(await RowsAsync(world, "student:"));
            Assert.Single(await RowsAsync(world, "time:"));
            Assert.Equal(["retained"], (await world.RowsAsync("Disclosures")).Where(row => row.PartitionKey.Length != 14).Select(row => row.PartitionKey));
            if (broken.Traffic.Requests.Count < failing)
                break;
        }
    }

    [Fact]
    public async Task Downloads_are_deleted_after_seven_years_in_batches_and_their_counts_stay()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        for (var number = 0; number < 120; number++)
            await Downloads.RecordAsync(world, TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(1));
        await Downloads.RecordAsync(world, TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(world);

        world.Clock.SetUtcNow(new DateTimeOffset(2033, 11, 23, 20, 0, 0, TimeSpan.Zero));
        await RunAsync(world);
        Assert.Equal(121, (await RowsAsync(world, "time:")).Count);
        world.Clock.Advance(TimeSpan.FromDays(1));
        world.Traffic.Reset();
        await RunAsync(world);

        Assert.Single(await RowsAsync(world, "student:"));
        Assert.Single(await RowsAsync(world, "time:"));
        Assert.Equal(3, world.Traffic.Requests.Count(request => request.Contains("$batch", StringComparison.Ordinal))); // 50 + 50 + 20
        var summary = await world.Disclosures.SummarizeAsync(TestWorld.Oakland, November, November, TestContext.Current.CancellationToken);
        Assert.Equal(121, Assert.Single(summary.Months).Count);
    }

    /// <summary>The date of the next deletion is in the index, so a run reads nothing else until then.</summary>
    [Fact]
    public async Task A_run_costs_one_request_until_downloads_are_to_be_counted_or_deleted()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await Downloads.RecordAsync(world, TestWorld.Oakland);
        await Downloads.RecordAsync(world, TestWorld.Berkeley);
        Assert.Equal(1, await RequestsOfRunAsync(world)); // the day has not ended
        Assert.Equal(["2026-11-24"], await IndexedDatesAsync(world));
        world.Clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(world);
        Assert.Equal(["2033-11-24"], await IndexedDatesAsync(world));

        world.Clock.SetUtcNow(new DateTimeOffset(2033, 11, 23, 20, 0, 0, TimeSpan.Zero));
        Assert.Equal(1, await RequestsOfRunAsync(world));
        Assert.Equal(2, (await RowsAsync(world, "time:")).Count);
        world.Clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(world);
        Assert.Empty(await RowsAsync(world, "time:"));
        Assert.Empty(await IndexedDatesAsync(world));
        Assert.Equal(1, await RequestsOfRunAsync(world));
    }

    /// <summary>The run next maintains the downloads at the date of the next deletion, after a day with downloads, or after a restore.</summary>
    [Theory]
    [InlineData(9, 2033, 1, "2035-11-24")]
    [InlineData(5, 2031, 0, null)]
    public async Task A_changed_retention_time_is_used_when_the_run_next_maintains_the_downloads(int years, int year, int kept, string? next)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await Downloads.RecordAsync(world, TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(world);
        await using var changed = world.AnotherInstance(retentionYears: years);
        world.Clock.SetUtcNow(new DateTimeOffset(year, 11, 24, 20, 0, 0, TimeSpan.Zero));
        if (year < 2033)
            await world.Expirations.RestoreAsync(TestContext.Current.CancellationToken);

        await RunAsync(changed);

        Assert.Equal(kept, (await RowsAsync(world, "time:")).Count);
        Assert.Equal(next is null ? ["2033-11-24"] : [next], await IndexedDatesAsync(world));
    }

    [Fact]
    public async Task After_a_restore_the_next_run_counts_the_downloads_whose_index_entry_is_lost()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await Downloads.RecordAsync(world, TestWorld.Oakland);
        await world.Storage.Expirations.DeleteAsync(TestContext.Current.CancellationToken);
        await world.Storage.CreateMissingAsync(TestContext.Current.CancellationToken);
        world.Clock.Advance(TimeSpan.FromDays(1));
        await world.Expirations.RestoreAsync(TestContext.Current.CancellationToken);

        await RunAsync(world);

        Assert.Single(await RowsAsync(world, "month:"));
        Assert.Equal(["2033-11-24"], await IndexedDatesAsync(world));
    }

    [Fact]
    public async Task Clients_beyond_a_limit_are_counted_together()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        for (var number = 0; number < 95; number++)
            await Downloads.RecordAsync(world, TestWorld.Oakland, client: $"client {number}");
        world.Clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(world);

        var months = (await world.Disclosures.SummarizeAsync(TestWorld.Oakland, November, November, TestContext.Current.CancellationToken)).Months;
        Assert.Equal((91, 95, 5), (months.Count, months.Sum(month => month.Count), months.Single(month => month.Client.ToString() == "other").Count));
    }

    [Fact]
    public async Task A_row_that_cannot_be_read_fails_only_its_LEA_and_the_failure_is_reported()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await Downloads.RecordAsync(world, TestWorld.Oakland);
        await Downloads.RecordAsync(world, TestWorld.Berkeley);
        var row = (await RowsAsync(world, "time:")).Single(row => row.PartitionKey == TestWorld.Berkeley.Value);
        await world.Storage.Disclosures.UpdateEntityAsync(
            new TableEntity(row.PartitionKey, row.RowKey) { ["Client"] = 5 }, Azure.ETag.All, TableUpdateMode.Merge, TestContext.Current.CancellationToken);
        world.Clock.Advance(TimeSpan.FromDays(1));

        var failed = await Assert.ThrowsAsync<DailyRunFailedException>(() => RunAsync(world));

        var failure = Assert.Single(failed.Summary.Failures);
        Assert.Equal(TestWorld.Berkeley.Value, failure.Where);
        Assert.StartsWith("Its downloads could not be counted.", failure.What, StringComparison.Ordinal);
        Assert.Equal(TestWorld.Oakland.Value, Assert.Single(await RowsAsync(world, "month:")).PartitionKey);
    }

    /// <summary>Version 2 is that of a newer release.</summary>
    [Theory]
    [InlineData("student:", "SchemaVersion", 2)]
    [InlineData("student:", "At", "yesterday")]
    [InlineData("time:", "SchemaVersion", 2)]
    [InlineData("time:", "Ssid", "1")]
    [InlineData("time:", "Generation", "1")]
    [InlineData("month:", "SchemaVersion", 2)]
    [InlineData("month:", "Count", "1")]
    [InlineData("counted", "SchemaVersion", 2)]
    [InlineData("counted", "Through", "today")]
    [InlineData("2026-11-24:", "SchemaVersion", 2)]
    public async Task A_damaged_or_newer_row_is_reported_or_ignored_stays_as_it_is_and_stops_no_download(string rowKey, string column, object value)
    {
        await using var downloads = await Downloads.CreateAsync(azurite);
        var world = downloads.World;
        await Downloads.RecordAsync(world, TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(world);
        Assert.All(await world.RowsAsync("Disclosures"), row => Assert.Equal(1, row["SchemaVersion"]));
        await downloads.GetAsync(Downloads.Report, "Range", "bytes=4-");
        foreach (var row in await RowsAsync(world, rowKey))
        {
            row[column] = value;
            await world.Storage.Disclosures.UpdateEntityAsync(row, Azure.ETag.All, TableUpdateMode.Replace, TestContext.Current.CancellationToken);
        }

        var damaged = await DamagedAsync();
        Assert.NotEmpty(damaged);
        Assert.Equal("456789", (await downloads.GetAsync(Downloads.Report, "Range", "bytes=4-")).Text);
        foreach (var path in (string[])["", "?ssid=9016125901", "/summary"])
            Assert.Contains((int)(await downloads.Host.SendAsync(HttpMethod.Get, Downloads.List + path, "rosa")).Status, (int[])[200, 500]);
        world.Clock.Advance(TimeSpan.FromDays(1));
        if (await Record.ExceptionAsync(() => RunAsync(world)) is { } thrown)
            Assert.All(Assert.IsType<DailyRunFailedException>(thrown).Summary.Failures, failure => Assert.Equal(TestWorld.Oakland.Value, failure.Where));
        Assert.Equal(damaged, await DamagedAsync());

        async Task<IReadOnlyList<string>> DamagedAsync() =>
            [.. (await RowsAsync(world, rowKey)).Where(row => Equals(row[column], value)).Select(row => row.RowKey)];
    }

    [Fact]
    public async Task The_summary_and_a_page_of_one_client_read_at_most_5_000_downloads()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await Downloads.RecordAsync(world, TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(world);
        var template = (await RowsAsync(world, "time:")).Single();
        var today = world.Calendar.StartOf(new DateOnly(2026, 11, 24));
        await AddAsync(Enumerable.Range(0, 5_000));

        var summary = await SummarizeAsync();
        Assert.Equal((5_001, world.Clock.GetUtcNow()), (Assert.Single(summary.Months).Count, summary.AsOf));

        await AddAsync([5_000]);
        world.Traffic.Reset();
        summary = await SummarizeAsync(); // leaves out the days that the run has not counted, and says so
        Assert.Equal((1, today), (Assert.Single(summary.Months).Count, summary.AsOf));
        Assert.InRange(world.Traffic.Requests.Count, 1, 7);

        world.Traffic.Reset();
        var first = await ReadAsync("SEIS", after: null);
        Assert.Equal(5, world.Traffic.Requests.Count);
        Assert.Empty(first.Disclosures);
        var second = await ReadAsync("SEIS", first.Next!);
        Assert.Empty(second.Disclosures);
        Assert.Null(second.Next);

        Task<DisclosureSummary> SummarizeAsync() => world.Disclosures.SummarizeAsync(TestWorld.Oakland, November, November, TestContext.Current.CancellationToken);

        Task<DisclosurePage> ReadAsync(string client, string? after) => world.Disclosures.ReadPageAsync(
            TestWorld.Oakland, new DisclosureFilter(Ssid: null, ClientName.Of(client), From: null, Before: null), after, TestContext.Current.CancellationToken);

        async Task AddAsync(IEnumerable<int> numbers)
        {
            foreach (var chunk in numbers.Chunk(100))
            {
                await world.Account.Tables().GetTableClient("Disclosures").SubmitTransactionAsync(
                    chunk.Select(number => new TableTransactionAction(TableTransactionActionType.Add, new TableEntity(template)
                    {
                        RowKey = $"time:{DateTimeOffset.MaxValue.Ticks - today.UtcTicks - number:D19}:{number:x16}",
                        ["At"] = today.AddTicks(number),
                    })),
                    TestContext.Current.CancellationToken);
            }
        }
    }

    private static async Task<int> RequestsOfRunAsync(TestWorld world)
    {
        world.Traffic.Reset();
        await RunAsync(world);
        return world.Traffic.Requests.Count;
    }

    private static async Task<IEnumerable<string>> IndexedDatesAsync(TestWorld world) =>
        (await world.RowsAsync("Expirations")).Where(row => row.RowKey == "downloads").Select(row => row.PartitionKey);

    private static async Task<IReadOnlyList<TableEntity>> RowsAsync(TestWorld world, string prefix) =>
        [.. (await world.RowsAsync("Disclosures")).Where(row => row.RowKey.StartsWith(prefix, StringComparison.Ordinal))];
}
