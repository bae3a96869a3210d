using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;
using Credentialing.Core.Storage;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Credentials;

public sealed class CredentialServiceTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Generated_credentials_last_365_days_to_the_second_and_then_no_longer()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        var status = await StatusAsync(world);
        Assert.Equal(world.Clock.GetUtcNow(), status.Credential!.GeneratedAt);
        Assert.Equal(TimeSpan.FromDays(365), status.Credential.ExpiresAt - status.Credential.GeneratedAt);
        Assert.Equal((CredentialState.Active, 365, 1), (status.State, status.DaysRemaining, status.Credential.Generation));

        world.Clock.Advance(TimeSpan.FromDays(365) - TimeSpan.FromTicks(1));
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));

        world.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.IsType<AuthenticationOutcome.Expired>(await world.AuthenticateAsync(TestWorld.Oakland, key));
        Assert.Equal(CredentialState.Expired, (await StatusAsync(world)).State);
    }

    [Fact]
    public async Task The_row_says_who_generated_who_authorized_and_under_which_wording()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.GenerateAsync(TestWorld.Oakland, by: TestWorld.Luis);

        var credential = (await StatusAsync(world)).Credential!;

        Assert.Equal(TestWorld.Luis, credential.GeneratedBy);
        Assert.Equal(new ReleaseAuthorization(TestWorld.Luis, world.Clock.GetUtcNow(), ReleaseWording.Current.Version), credential.Authorization);
        var line = Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland));
        Assert.Equal(("credential-generated", "luis", "Luis Ortega", 1), (line["Kind"], line["ById"], line["ByName"], line["Generation"]));
    }

    [Fact]
    public async Task Regenerating_ends_the_old_key_at_once_and_the_username_stays()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var elsewhere = world.AnotherInstance();
        var old = await world.MustGenerateAsync(TestWorld.Oakland);
        Assert.IsType<AuthenticationOutcome.Authenticated>(await elsewhere.AuthenticateAsync(TestWorld.Oakland, old));

        world.Clock.Advance(TimeSpan.FromTicks(1));
        var renewed = await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);

        Assert.IsType<AuthenticationOutcome.Refused>(await elsewhere.AuthenticateAsync(TestWorld.Oakland, old));
        Assert.IsType<AuthenticationOutcome.Authenticated>(await elsewhere.AuthenticateAsync(TestWorld.Oakland, renewed));
        Assert.Equal(["credential-regenerated", "credential-generated"], (await world.AuditEventsAsync(TestWorld.Oakland)).Select(line => line["Kind"]));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Whoever_has_not_seen_the_current_generation_is_told_whose_it_is_and_changes_nothing(int? seen)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        var before = await EverythingAsync(world);

        var conflict = Assert.IsType<GenerationOutcome.Conflict>(await world.GenerateAsync(TestWorld.Oakland, seen, TestWorld.Luis));

        Assert.Equal(TestWorld.Rosa, conflict.Current!.GeneratedBy);
        Assert.Equal(before, await EverythingAsync(world));
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
    }

    [Fact]
    public async Task What_never_was_cannot_be_regenerated()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        Assert.Null(Assert.IsType<GenerationOutcome.Conflict>(await world.GenerateAsync(TestWorld.Oakland, seenGeneration: 1)).Current);
        Assert.Empty(await EverythingAsync(world));
    }

    [Fact]
    public async Task Of_two_at_the_same_moment_one_wins_50_times_over()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var elsewhere = world.AnotherInstance();
        for (var round = 0; round < 50; round++)
        {
            int? seen = round == 0 ? null : round;
            var outcomes = await Task.WhenAll(
                Task.Run(() => world.GenerateAsync(TestWorld.Oakland, seen, TestWorld.Rosa)),
                Task.Run(() => elsewhere.GenerateAsync(TestWorld.Oakland, seen, TestWorld.Luis)));

            var winner = Assert.Single(outcomes.OfType<GenerationOutcome.Generated>());
            var loser = Assert.Single(outcomes.OfType<GenerationOutcome.Conflict>());
            Assert.Equal(winner.Credential.GeneratedBy, loser.Current!.GeneratedBy);
            Assert.Equal(winner.Credential.GeneratedAt, loser.Current.GeneratedAt);
            Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, winner.SecretKey.Reveal()));
            Assert.Equal(round + 1, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
        }
    }

    [Fact]
    public async Task A_vendor_at_work_does_not_stand_in_the_way_of_a_regeneration()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        for (var generation = 1; generation <= 20; generation++)
        {
            // The first use of each day updates the row that the regeneration replaces.
            world.Clock.Advance(TimeSpan.FromDays(1));
            var use = Task.Run(() => world.AuthenticateAsync(TestWorld.Oakland, key));
            key = await world.MustGenerateAsync(TestWorld.Oakland, generation);
            await use;
        }
    }

    [Fact]
    public async Task Status_costs_one_round_trip_and_generating_three()
    {
        await using var world = await TestWorld.CreateAsync(azurite);

        await StatusAsync(world);
        Assert.Single(world.Traffic.Requests);

        world.Traffic.Reset();
        await world.MustGenerateAsync(TestWorld.Oakland);
        Assert.Equal(3, world.Traffic.Requests.Count);

        world.Clock.Advance(TimeSpan.FromDays(300));
        world.Traffic.Reset();
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        Assert.Equal(3, world.Traffic.Requests.Count);
    }

    [Fact]
    public async Task There_is_an_expiry_pointer_to_the_credentials_and_older_ones_are_left_to_the_daily_run()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        Assert.Equal([("2027-11-23", "01612590000000")], await PointersAsync(world));

        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1); // same expiry date, same pointer
        Assert.Equal([("2027-11-23", "01612590000000")], await PointersAsync(world));

        world.Clock.Advance(TimeSpan.FromDays(100));
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 2);
        Assert.Equal([("2027-11-23", "01612590000000"), ("2028-03-02", "01612590000000")], await PointersAsync(world));
    }

    /// <summary>Interrupts a regeneration at each of its requests, before and after the request takes effect.</summary>
    [Theory]
    [InlineData(1, Fault.Before), InlineData(1, Fault.After)]
    [InlineData(2, Fault.Before), InlineData(2, Fault.After)]
    [InlineData(3, Fault.Before), InlineData(3, Fault.After)]
    public async Task A_process_that_dies_anywhere_in_a_regeneration_leaves_one_key_working_and_a_pointer_to_it(int request, Fault fault)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var survivor = world.AnotherInstance();
        var old = await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(100));
        world.Traffic.Reset();
        // A dead process sends nothing more: all later requests and retries fail.
        world.Traffic.Break = number => number < request ? Fault.None : number == request ? fault : Fault.Before;

        var generated = await TryAsync(() => world.GenerateAsync(TestWorld.Oakland, seenGeneration: 1)) as GenerationOutcome.Generated;

        var credential = (await StatusAsync(survivor)).Credential!;
        var oldWorks = await survivor.AuthenticateAsync(TestWorld.Oakland, old) is AuthenticationOutcome.Authenticated;
        Assert.Equal(credential.Generation == 1, oldWorks);
        Assert.Equal(request == 3 && fault is Fault.After, credential.Generation == 2);
        if (generated is not null)
            Assert.IsType<AuthenticationOutcome.Authenticated>(await survivor.AuthenticateAsync(TestWorld.Oakland, generated.SecretKey.Reveal()));
        Assert.Contains((credential.ExpiresAt.ToString("yyyy-MM-dd", null), "01612590000000"), await PointersAsync(survivor));
        Assert.Equal(credential.Generation, (await survivor.AuditEventsAsync(TestWorld.Oakland)).Count);
        // The coordinator can regenerate.
        await survivor.MustGenerateAsync(TestWorld.Oakland, credential.Generation);
    }

    /// <summary>Loses one response of storage. The client retries the request.</summary>
    [Theory]
    [InlineData(null, 1), InlineData(null, 2), InlineData(null, 3)]
    [InlineData(1, 1), InlineData(1, 2), InlineData(1, 3)]
    public async Task A_lost_answer_does_not_make_a_coordinator_lose_to_herself(int? seen, int request)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        if (seen is not null)
            await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(100));
        world.Traffic.Reset();
        world.Traffic.Break = number => number == request ? Fault.After : Fault.None;

        var key = await world.MustGenerateAsync(TestWorld.Oakland, seen);

        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
        Assert.Equal((seen ?? 0) + 1, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
    }

    [Fact]
    public async Task Without_the_vault_nothing_is_generated_and_nothing_changes()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        world.Vault.IsAway = true;
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => world.GenerateAsync(TestWorld.Oakland));
        Assert.Empty(await EverythingAsync(world));
    }

    [Fact]
    public async Task A_corrupt_row_is_reported_by_LEA_and_column()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.Storage.Leas.UpdateEntityAsync(
            new Azure.Data.Tables.TableEntity("01612590000000", "credential") { ["Generation"] = "one" }, Azure.ETag.All, cancellationToken: TestContext.Current.CancellationToken);

        var failure = await Assert.ThrowsAsync<UnreadableRowException>(() => StatusAsync(world));

        Assert.Contains("01612590000000", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Generation", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task New_keys_are_made_under_the_newest_pepper()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        var newest = world.Vault.Rotate(SecretRing.CredentialPepper);
        world.Clock.Advance(SecretRing.RefreshInterval);

        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);

        Assert.Equal(newest, (await StatusAsync(world)).Credential!.Verifier.PepperVersion);
    }

    private static Task<CredentialStatus> StatusAsync(TestWorld world) =>
        world.Credentials.StatusAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);

    private static async Task<IReadOnlyList<string>> EverythingAsync(TestWorld world) =>
        [.. (await world.RowsAsync("Leas")).Concat(await world.RowsAsync("Expirations")).Select(row => $"{row.PartitionKey}/{row.RowKey}/{row.ETag}")];

    private static async Task<IReadOnlyList<(string Date, string LeaId)>> PointersAsync(TestWorld world) =>
        [.. (await world.RowsAsync("Expirations")).Select(row => (row.PartitionKey, row.RowKey))];

    private static async Task<GenerationOutcome?> TryAsync(Func<Task<GenerationOutcome>> generate)
    {
        try
        {
            return await generate();
        }
        catch (Exception failure) when (failure is AggregateException or IOException or Azure.RequestFailedException)
        {
            return null;
        }
    }
}
