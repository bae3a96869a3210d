using Azure;
using Azure.Data.Tables;
using Credentialing.Core.Credentials;
using Credentialing.Core.Shares;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.Shares;

[Kind(TestKind.Storage)]
public sealed class ShareServiceTests(AzuriteFixture azurite)
{
    private const string Ciphertext = "AQID";

    [Fact]
    public async Task Creating_takes_three_round_trips_opening_and_canceling_two_and_a_list_one()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var (first, second) = (await CreateAsync(world), await CreateAsync(world));
        foreach (var (expected, operation) in ((int, Func<Task>)[])[
            (3, () => CreateAsync(world)),
            (1, () => ListAsync(world)),
            (2, () => OpenAsync(world, first)),
            (1, () => OpenAsync(world, first)),
            (2, () => CancelAsync(world, second)),
            (1, () => CancelAsync(world, second))])
        {
            world.Traffic.Reset();
            await operation();
            Assert.Equal(expected, world.Traffic.Requests.Count);
        }
    }

    /// <summary>Loses one response of storage. The client retries the request, and conflicts with its own first attempt.</summary>
    [Theory]
    [InlineData("create", 1), InlineData("create", 2), InlineData("create", 3)]
    [InlineData("open", 1), InlineData("open", 2)]
    [InlineData("cancel", 1), InlineData("cancel", 2)]
    public async Task A_lost_response_does_not_hide_the_success_of_an_operation(string operation, int request)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var id = await CreateAsync(world);
        var before = (await world.AuditEventsAsync(TestWorld.Oakland)).Count;
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number == request ? Fault.ResponseLost : Fault.None;

        if (operation == "create")
            await CreateAsync(world);
        else if (operation == "open")
            Assert.Equal(Ciphertext, await OpenAsync(world, id));
        else
            Assert.Null(await CancelAsync(world, id));

        Assert.True(world.Traffic.Requests.Count > request);
        Assert.Equal(before + 1, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
        var left = (await ListAsync(world)).Select(share => share.OpenedAt is not null);
        Assert.Equal(operation switch { "create" => [false, false], "open" => [true], _ => [] }, left);
    }

    /// <summary>The rows are read once more before the operation fails.</summary>
    [Theory]
    [InlineData("create", 3, 16)]
    [InlineData("open", 2, 11)]
    [InlineData("cancel", 2, 11)]
    public async Task An_operation_fails_after_5_conflicts_and_changes_nothing(string operation, int requestsPerAttempt, int requests)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var id = await CreateAsync(world);
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number % requestsPerAttempt == 0 ? Fault.Conflict : Fault.None;

        await Assert.ThrowsAsync<TimeoutException>(() => PerformAsync(world, operation, id));

        Assert.Equal(requests, world.Traffic.Requests.Count);
        world.Traffic.InjectFault = null;
        Assert.Equal(id, Assert.Single(await ListAsync(world)).Id);
        Assert.Equal(Ciphertext, await OpenAsync(world, id));
    }

    [Theory]
    [InlineData("create", 3)]
    [InlineData("open", 2)]
    [InlineData("cancel", 2)]
    public async Task An_operation_is_repeated_after_a_conflict(string operation, int request)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var id = await CreateAsync(world);
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number == request ? Fault.Conflict : Fault.None;

        await PerformAsync(world, operation, id);

        var left = (await ListAsync(world)).Select(share => share.OpenedAt is not null);
        Assert.Equal(operation switch { "create" => [false, false], "open" => [true], _ => [] }, left);
    }

    [Fact]
    public async Task A_generation_has_at_most_50_shares()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        for (var share = 1; share <= Share.MaxShares; share++)
            await CreateAsync(world);

        Assert.IsType<ShareOutcome.TooMany>(await TryCreateAsync(world, TimeSpan.FromHours(1)));
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        await CreateAsync(world);
    }

    [Fact]
    public async Task A_share_ends_after_its_lifetime_and_at_the_latest_when_the_credentials_expire()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var expiry = world.Clock.GetUtcNow() + Credential.Lifetime;
        world.Clock.Advance(Credential.Lifetime - TimeSpan.FromDays(1));

        foreach (var lifetime in (TimeSpan[])[TimeSpan.FromHours(23), Share.MaxLifetime])
        {
            var share = Assert.IsType<ShareOutcome.Created>(await TryCreateAsync(world, lifetime)).Share;
            Assert.Equal(lifetime < TimeSpan.FromDays(1) ? world.Clock.GetUtcNow() + lifetime : expiry, share.ExpiresAt);
        }
    }

    [Fact]
    public async Task A_lifetime_and_a_ciphertext_out_of_range_are_refused()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var longest = new string('A', Share.MaxCiphertextLength);
        foreach (var (lifetime, ciphertext) in ((TimeSpan, string)[])[(TimeSpan.Zero, Ciphertext), (Share.MaxLifetime + TimeSpan.FromTicks(1), Ciphertext), (Share.MaxLifetime, longest + "A")])
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => TryCreateAsync(world, lifetime, ciphertext));

        Assert.IsType<ShareOutcome.Created>(await TryCreateAsync(world, Share.MaxLifetime, longest));
        Assert.IsType<ShareOutcome.Created>(await TryCreateAsync(world, TimeSpan.FromTicks(1)));
    }

    [Fact]
    public async Task Shares_are_counted_by_what_happens_to_them_and_logged_without_their_id()
    {
        using var logs = new CapturedLogs();
        await using var first = await TestWorld.CreateAsync(azurite);
        await using var world = first.AnotherInstance(logs);
        using var counted = Metrics.Collect<long>(world.Meters, "credentialing.shares");
        await world.MustGenerateAsync(TestWorld.Oakland);
        var shares = new[] { await CreateAsync(world), await CreateAsync(world), await CreateAsync(world), await CreateAsync(world) };
        await OpenAsync(world, shares[0]);
        await CancelAsync(world, shares[1]);
        world.Clock.Advance(TimeSpan.FromHours(2));
        await RunAsync(world);

        Assert.Equal(["1 outcome=canceled", "4 outcome=created", "2 outcome=expired", "1 outcome=opened"], Metrics.Sums(counted));
        Assert.Equal(4, logs.Lines.Count(line => line.Contains("created a share, generation 1", StringComparison.Ordinal)));
        Assert.Single(logs.Lines, line => line.Contains("a share was opened", StringComparison.Ordinal));
        Assert.DoesNotContain(logs.Lines, line => shares.Any(id => line.Contains($"{id}".Split('-')[1], StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_ended_share_that_another_request_has_changed_is_left_to_the_next_run()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        using var counted = Metrics.Collect<long>(world.Meters, "credentialing.shares");
        await world.MustGenerateAsync(TestWorld.Oakland);
        var id = await CreateAsync(world);
        var read = await ListAsync(world);
        await OpenAsync(world, id);
        world.Clock.Advance(TimeSpan.FromHours(2));

        Assert.False(await world.Shares.DeleteEndedAsync(read, credential: null));

        Assert.Equal(["1 outcome=created", "1 outcome=opened"], Metrics.Sums(counted));
        Assert.True(await world.Shares.DeleteEndedAsync(await ListAsync(world), credential: null));
        Assert.Empty(await ListAsync(world));
    }

    [Fact]
    public async Task Shares_of_the_same_time_are_always_listed_in_the_same_order()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        for (var share = 0; share < 3; share++)
            await CreateAsync(world);
        world.Clock.Advance(TimeSpan.FromSeconds(1));
        var newest = await CreateAsync(world);

        var listed = (await ListAsync(world)).Select(share => share.Id).ToList();

        Assert.Equal(newest, listed[0]);
        Assert.Equal(listed[1..].Select(id => $"{id}").Order(StringComparer.Ordinal), listed[1..].Select(id => $"{id}"));
    }

    /// <summary>A backup does not contain the ciphertext.</summary>
    [Fact]
    public async Task A_share_that_was_restored_without_its_ciphertext_opens_nothing_and_is_deleted()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var id = await CreateAsync(world);
        var row = Assert.Single(await world.RowsAsync("Leas"), row => row.RowKey.StartsWith("share:", StringComparison.Ordinal));
        row.Remove("Ciphertext");
        await world.Storage.Leas.UpdateEntityAsync(row, ETag.All, TableUpdateMode.Replace, TestContext.Current.CancellationToken);

        Assert.Null(await OpenAsync(world, id));
        Assert.Empty(await ListAsync(world));
        await RunAsync(world);
        Assert.DoesNotContain(await world.RowsAsync("Leas"), row => row.RowKey.StartsWith("share:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_share_that_was_never_opened_is_deleted_also_if_the_index_was_lost_and_restored()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await CreateAsync(world);
        await foreach (var entry in world.Storage.Expirations.QueryAsync<TableEntity>(cancellationToken: TestContext.Current.CancellationToken))
            await world.Storage.Expirations.DeleteEntityAsync(entry, cancellationToken: TestContext.Current.CancellationToken);

        await world.Expirations.RestoreAsync(TestContext.Current.CancellationToken);

        world.Clock.Advance(TimeSpan.FromHours(2));
        await RunAsync(world);
        Assert.DoesNotContain(await world.RowsAsync("Leas"), row => row.RowKey.StartsWith("share:", StringComparison.Ordinal));
    }

    private static Task PerformAsync(TestWorld world, string operation, ShareId id) =>
        operation is "create" ? CreateAsync(world) : operation is "open" ? OpenAsync(world, id) : CancelAsync(world, id);

    private static async Task<ShareId> CreateAsync(TestWorld world) =>
        Assert.IsType<ShareOutcome.Created>(await TryCreateAsync(world, TimeSpan.FromHours(1))).Share.Id;

    private static Task<ShareOutcome> TryCreateAsync(TestWorld world, TimeSpan lifetime, string ciphertext = Ciphertext) => world.Shares.CreateAsync(
        TestWorld.Oakland, TestWorld.Rosa, "Aeries", ciphertext, lifetime, seenGeneration: null, TestContext.Current.CancellationToken);

    private static Task<IReadOnlyList<Share>> ListAsync(TestWorld world) => world.Shares.ListAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);

    private static Task<string?> OpenAsync(TestWorld world, ShareId id) => world.Shares.OpenAsync(id, TestContext.Current.CancellationToken);

    private static Task<DateTimeOffset?> CancelAsync(TestWorld world, ShareId id) => world.Shares.CancelAsync(id, TestWorld.Rosa, TestContext.Current.CancellationToken);
}
