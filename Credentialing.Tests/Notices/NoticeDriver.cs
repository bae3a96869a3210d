using Azure.Data.Tables;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;
using static Credentialing.Tests.DailyRun.DailyRunDriver;

namespace Credentialing.Tests.Notices;

/// <summary>Makes changes without sending their notices, and finds what is left of them.</summary>
internal static class NoticeDriver
{
    internal static readonly Coordinator Ana = new("ana", "Ana Núñez", "ana@lea.example", Language.Spanish);

    /// <summary>Oakland, or another LEA, with Rosa, Luis (English) and Ana (Spanish).</summary>
    internal static Lea LeaWithThree(LeaId? leaId = null) => new(leaId ?? TestWorld.Oakland, "Oakland Unified", [Ana, TestWorld.Luis, TestWorld.Rosa]);

    /// <summary>Oakland with three coordinators, and credentials that Rosa generated. All notices have been sent.</summary>
    internal static async Task<TestWorld> CreateAsync(AzuriteFixture azurite)
    {
        var world = await TestWorld.CreateAsync(azurite);
        await PrepareAsync(world, TestWorld.Oakland);
        world.Traffic.Reset();
        return world;
    }

    internal static async Task PrepareAsync(TestWorld world, LeaId leaId)
    {
        await world.SaveAsync(LeaWithThree(leaId));
        await world.MustGenerateAsync(leaId);
    }

    /// <summary>Rosa regenerates. The notice stays pending.</summary>
    internal static async Task RegenerateAsync(TestWorld world, LeaId? leaId = null, int keepPreviousForDays = 0) =>
        Assert.IsType<GenerationOutcome.Generated>(await world.Credentials.GenerateAsync(
            leaId ?? TestWorld.Oakland, TestWorld.Rosa, ReleaseWording.Current, seenGeneration: 1, keepPreviousForDays, TestContext.Current.CancellationToken));

    /// <summary>Daily runs on the next three days. The last one must succeed.</summary>
    internal static async Task RunThreeDaysAsync(TestWorld world)
    {
        foreach (var isLast in (bool[])[false, false, true])
        {
            world.Clock.Advance(TimeSpan.FromDays(1));
            if (await Record.ExceptionAsync(() => RunWithClockAsync(world)) is { } failure && isLast)
                throw failure;
        }
    }

    internal static async Task<IReadOnlyList<TableEntity>> PendingAsync(TestWorld world, LeaId? leaId = null) =>
        [.. (await world.RowsAsync("Leas")).Where(row => row.PartitionKey == (leaId ?? TestWorld.Oakland).Value && row.RowKey.StartsWith("notice:", StringComparison.Ordinal))];

    /// <summary>The dates of the index entries that a daily run reads, which are not those of credentials that expire then.</summary>
    internal static async Task<IReadOnlyList<string>> DueEntriesAsync(TestWorld world, LeaId? leaId = null)
    {
        var last = world.Clock.GetUtcNow().AddDays(15).ToString("yyyy-MM-dd", null);
        return [.. (await world.RowsAsync("Expirations"))
            .Where(row => row.RowKey == (leaId ?? TestWorld.Oakland).Value && string.CompareOrdinal(row.PartitionKey, last) <= 0).Select(row => row.PartitionKey)];
    }

    /// <summary>The addresses that got a notice. The mail service delivers the first send of each operation id.</summary>
    internal static IEnumerable<string> Delivered(TestWorld world, int skip = 0) => world.Mail.Notices.Skip(skip).Select(send => send.Email)
        .DistinctBy(email => email.OperationId).SelectMany(email => email.To.Select(to => to.Address)).Order(StringComparer.Ordinal);
}
