using System.Globalization;
using Azure.Data.Tables;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Published;

/// <summary>
/// The published app is killed at random moments under mixed load, and started again. The clients record the responses; afterwards,
/// nothing that was acknowledged is missing, and nothing has happened twice.
/// </summary>
[Kind(TestKind.Process)]
public sealed class KillTests
{
    /// <summary>
    /// The minimum duration of the load in seconds, for each number of instances. <c>CREDENTIALING_KILL_SECONDS</c> overrides it;
    /// <c>CREDENTIALING_KILL_SEED</c> sets the seed, which is random by default.
    /// </summary>
    private static readonly int Seconds = IntegerSetting("CREDENTIALING_KILL_SECONDS", 0);

    private static readonly int Seed = IntegerSetting("CREDENTIALING_KILL_SEED", Random.Shared.Next(1_000_000));

    /// <summary>The load lasts until this many kills, even if the minimum duration is over.</summary>
    private const int MinKills = 2;

    /// <summary>Whether there is time for a few requests only, as in CI.</summary>
    private static readonly bool IsShort = Seconds < 30;

    private readonly PublishedApp app;
    private readonly ITestOutputHelper output;

    public KillTests(PublishedApp app, ITestOutputHelper output)
    {
        PublishedApp.SkipUnlessSupported();
        (this.app, this.output) = (app, output);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Nothing_acknowledged_is_lost_or_repeated_when_instances_are_killed_under_load(int instances)
    {
        output.WriteLine($"Seed {Seed}, {instances} instances, {Seconds} seconds.");
        await using var services = await ExternalServices.StartAsync();
        await using var killed = new KilledApp(app, services);
        var record = new LoadRecord();
        using var clients = new LoadClients(services, killed, record, Seed, leas: IsShort ? 1 : 3);
        var random = new Random(Seed);
        var isEnough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = await killed.StartAsync(NextLifetime());
        await clients.PrepareAsync();
        var began = TimeProvider.System.GetTimestamp();
        var load = clients.RunAsync();
        await Task.WhenAll(Enumerable.Range(0, instances).Select(index => KillAgainAndAgainAsync(index == 0 ? first : null)));
        await killed.StopAsync();
        await load;

        await EndLeasesAsync(services);
        await using var host = await FunctionsHost.StartAsync(app, services);
        foreach (var timer in (string[])["SendExpiryReminders", "CheckOverview", "BackUp"])
        {
            var result = await host.FireTimerAsync(timer);
            if (result.Status is not StatusResult.Types.Status.Success)
                record.Violations.Enqueue($"recovery: {timer}: {result.Exception?.Message}");
        }

        var invariants = new LoadInvariants(services, host, record, killed.Kills);
        await invariants.CheckAsync(clients.SharedLeas);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{killed.Kills.Count} kills, {record.Requests} requests, {record.Acknowledged} acknowledged changes, {record.UnknownOutcomes} unknown outcomes; {record.Uses.Count} uses of keys, {record.Downloads.Count} downloads, {invariants.Emails} emails, {invariants.ResentEmails} sent again."));
        Assert.True(record.Violations.IsEmpty, $"Seed {Seed}: violations:\n{record.Describe()}");
        // The load must have covered each of these.
        Assert.InRange(killed.Kills.Count, MinKills, int.MaxValue);
        Assert.InRange(record.UnknownOutcomes, 1, long.MaxValue);
        Assert.All(IsShort ? [ChangeKind.Generate, ChangeKind.Save] : Enum.GetValues<ChangeKind>(), kind => Assert.True(record.Changes.Any(change => change.Kind == kind && change.Told is Told.Done), $"No {kind} was acknowledged."));

        int NextLifetime() => random.Next(60, 200);

        async Task KillAgainAndAgainAsync(KilledApp.Instance? running)
        {
            while (!isEnough.Task.IsCompleted)
            {
                running ??= await killed.StartAsync(NextLifetime());
                await Task.WhenAny(running.Due, isEnough.Task, load).WaitAsync(Cancellation);
                if (killed.Kills.Count >= MinKills - 1 && TimeProvider.System.GetElapsedTime(began).TotalSeconds >= Seconds)
                {
                    clients.Stop();
                    isEnough.TrySetResult();
                }

                await killed.KillAsync(running);
                running = null;
                await LoadInvariants.CheckIndexAsync(services, record);
            }
        }
    }

    /// <summary>Ends the leases of the instances that were killed, which last for five minutes. The app uses the system clock.</summary>
    private static async Task EndLeasesAsync(ExternalServices services)
    {
        foreach (var column in (string[])["ClaimedUntil", "PostingUntil"])
        {
            var now = TimeProvider.System.GetUtcNow();
            var held = await services.Storage.Leas.QueryAsync<TableEntity>($"{column} gt datetime'{now:O}'", cancellationToken: Cancellation).ToListAsync(Cancellation);
            foreach (var row in held)
                await services.Storage.Leas.UpdateEntityAsync(new TableEntity(row.PartitionKey, row.RowKey) { [column] = now }, row.ETag, TableUpdateMode.Merge, Cancellation);
        }
    }

    private static int IntegerSetting(string name, int defaultValue) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : defaultValue;
}
