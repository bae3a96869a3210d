using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;
using Credentialing.Core.Storage;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Credentials;

[Kind(TestKind.Storage)]
public sealed class CredentialServiceTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Generated_credentials_expire_after_exactly_365_days()
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

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(TimeSpan.TicksPerSecond - 1)]
    public async Task The_times_of_a_change_are_whole_seconds(long ticks)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var second = world.Clock.GetUtcNow();
        world.Clock.Advance(TimeSpan.FromTicks(ticks));

        await world.MustGenerateAsync(TestWorld.Oakland);
        await world.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Rosa, "It was disclosed.", seenGeneration: 1, TestContext.Current.CancellationToken);

        var credential = (await StatusAsync(world)).Credential!;
        Assert.Equal(
            (second, second, second + TimeSpan.FromDays(365), second),
            (credential.GeneratedAt, credential.Authorization.At, credential.ExpiresAt, credential.Revocation!.At));
    }

    [Fact]
    public async Task A_generation_records_the_coordinator_the_authorization_and_the_wording()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.GenerateAsync(TestWorld.Oakland, by: TestWorld.Luis);

        var credential = (await StatusAsync(world)).Credential!;

        Assert.Equal(TestWorld.Luis, credential.GeneratedBy);
        Assert.Equal(new ReleaseAuthorization(TestWorld.Luis, world.Clock.GetUtcNow(), ReleaseWording.Current.Version), credential.Authorization);
        var auditEvent = Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland));
        Assert.Equal(("credential-generated", "luis", "Luis Ortega", 1), (auditEvent["Kind"], auditEvent["ById"], auditEvent["ByName"], auditEvent["Generation"]));
    }

    [Fact]
    public async Task A_regeneration_invalidates_the_previous_key_immediately_and_keeps_the_username()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var otherInstance = world.AnotherInstance();
        var oldKey = await world.MustGenerateAsync(TestWorld.Oakland);
        Assert.IsType<AuthenticationOutcome.Authenticated>(await otherInstance.AuthenticateAsync(TestWorld.Oakland, oldKey));

        world.Clock.Advance(TimeSpan.FromTicks(1));
        var newKey = await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);

        Assert.IsType<AuthenticationOutcome.Refused>(await otherInstance.AuthenticateAsync(TestWorld.Oakland, oldKey));
        Assert.IsType<AuthenticationOutcome.Authenticated>(await otherInstance.AuthenticateAsync(TestWorld.Oakland, newKey));
        Assert.Equal(["credential-regenerated", "credential-generated"], (await world.AuditEventsAsync(TestWorld.Oakland)).Select(auditEvent => auditEvent["Kind"]));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    [InlineData(2)]
    public async Task GenerateAsync_returns_a_conflict_and_changes_nothing_when_the_seen_generation_differs(int? seen)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        var before = await AllRowsAsync(world);

        var conflict = Assert.IsType<GenerationOutcome.Conflict>(await world.GenerateAsync(TestWorld.Oakland, seen, TestWorld.Luis));

        Assert.Equal(TestWorld.Rosa, conflict.Current!.GeneratedBy);
        Assert.Equal(before, await AllRowsAsync(world));
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
    }

    [Fact]
    public async Task GenerateAsync_returns_a_conflict_when_there_are_no_credentials_to_regenerate()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        Assert.Null(Assert.IsType<GenerationOutcome.Conflict>(await world.GenerateAsync(TestWorld.Oakland, seenGeneration: 1)).Current);
        Assert.Empty(await AllRowsAsync(world));
    }

    [Fact]
    public async Task One_of_two_concurrent_generations_succeeds_and_the_other_returns_a_conflict()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var otherInstance = world.AnotherInstance();
        for (var round = 0; round < 50; round++)
        {
            int? seen = round == 0 ? null : round;
            var outcomes = await Task.WhenAll(
                Task.Run(() => world.GenerateAsync(TestWorld.Oakland, seen, TestWorld.Rosa)),
                Task.Run(() => otherInstance.GenerateAsync(TestWorld.Oakland, seen, TestWorld.Luis)));

            var winner = Assert.Single(outcomes.OfType<GenerationOutcome.Generated>());
            var loser = Assert.Single(outcomes.OfType<GenerationOutcome.Conflict>());
            Assert.Equal(winner.Credential.GeneratedBy, loser.Current!.GeneratedBy);
            Assert.Equal(winner.Credential.GeneratedAt, loser.Current.GeneratedAt);
            Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, winner.SecretKey.Reveal()));
            Assert.Equal(round + 1, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
        }
    }

    [Fact]
    public async Task A_regeneration_succeeds_during_a_concurrent_authentication()
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
    public async Task StatusAsync_takes_one_round_trip_and_GenerateAsync_four()
    {
        await using var world = await TestWorld.CreateAsync(azurite);

        await StatusAsync(world);
        Assert.Single(world.Traffic.Requests);

        world.Traffic.Reset();
        await world.MustGenerateAsync(TestWorld.Oakland);
        Assert.Equal(4, world.Traffic.Requests.Count);

        world.Clock.Advance(TimeSpan.FromDays(300));
        world.Traffic.Reset();
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        Assert.Equal(4, world.Traffic.Requests.Count);
    }

    [Fact]
    public async Task A_generation_adds_an_expiration_index_entry_and_keeps_older_index_entries()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        Assert.Equal([("2027-11-23", "01612590000000")], await IndexEntriesAsync(world));

        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1); // same expiry date, same entry
        Assert.Equal([("2027-11-23", "01612590000000")], await IndexEntriesAsync(world));

        world.Clock.Advance(TimeSpan.FromDays(100));
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 2);
        Assert.Equal([("2027-11-23", "01612590000000"), ("2028-03-02", "01612590000000")], await IndexEntriesAsync(world));
    }

    /// <summary>Interrupts a regeneration at each of its requests, before and after the request takes effect.</summary>
    [Theory]
    [InlineData(1, Fault.ConnectionFailed), InlineData(1, Fault.ResponseLost)]
    [InlineData(2, Fault.ConnectionFailed), InlineData(2, Fault.ResponseLost)]
    [InlineData(3, Fault.ConnectionFailed), InlineData(3, Fault.ResponseLost)]
    [InlineData(4, Fault.ConnectionFailed), InlineData(4, Fault.ResponseLost)]
    public async Task A_crash_during_a_regeneration_leaves_one_valid_key_and_its_index_entry(int request, Fault fault)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var otherInstance = world.AnotherInstance();
        var oldKey = await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(100));
        world.Traffic.Reset();
        // A crashed process sends nothing more: all later requests and retries fail.
        world.Traffic.InjectFault = number => number < request ? Fault.None : number == request ? fault : Fault.ConnectionFailed;

        var generated = await TryAsync(() => world.GenerateAsync(TestWorld.Oakland, seenGeneration: 1)) as GenerationOutcome.Generated;

        var credential = (await StatusAsync(otherInstance)).Credential!;
        var oldKeyIsValid = await otherInstance.AuthenticateAsync(TestWorld.Oakland, oldKey) is AuthenticationOutcome.Authenticated;
        Assert.Equal(credential.Generation == 1, oldKeyIsValid);
        Assert.Equal(request == 4 && fault is Fault.ResponseLost, credential.Generation == 2);
        if (generated is not null)
            Assert.IsType<AuthenticationOutcome.Authenticated>(await otherInstance.AuthenticateAsync(TestWorld.Oakland, generated.SecretKey.Reveal()));
        Assert.Contains((credential.ExpiresAt.ToString("yyyy-MM-dd", null), "01612590000000"), await IndexEntriesAsync(otherInstance));
        Assert.Equal(credential.Generation, (await otherInstance.AuditEventsAsync(TestWorld.Oakland)).Count);
        // The coordinator can regenerate.
        await otherInstance.MustGenerateAsync(TestWorld.Oakland, credential.Generation);
    }

    /// <summary>Loses one response of storage. The client retries the request.</summary>
    [Theory]
    [InlineData(null, 1), InlineData(null, 2), InlineData(null, 3), InlineData(null, 4)]
    [InlineData(1, 1), InlineData(1, 2), InlineData(1, 3), InlineData(1, 4)]
    public async Task A_retry_after_a_lost_response_does_not_cause_a_conflict(int? seen, int request)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        if (seen is not null)
            await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(100));
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number == request ? Fault.ResponseLost : Fault.None;

        var key = await world.MustGenerateAsync(TestWorld.Oakland, seen);

        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
        Assert.Equal((seen ?? 0) + 1, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
    }

    [Fact]
    public async Task GenerateAsync_throws_and_changes_nothing_when_the_vault_is_unavailable()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        world.Vault.IsUnavailable = true;
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => world.GenerateAsync(TestWorld.Oakland));
        Assert.Empty(await AllRowsAsync(world));
    }

    [Fact]
    public async Task StatusAsync_throws_with_LEA_and_column_when_the_row_is_corrupt()
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
    public async Task GenerateAsync_uses_the_newest_pepper_version()
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

    private static async Task<IReadOnlyList<string>> AllRowsAsync(TestWorld world) =>
        [.. (await world.RowsAsync("Leas")).Concat(await world.RowsAsync("Expirations")).Select(row => $"{row.PartitionKey}/{row.RowKey}/{row.ETag}")];

    private static async Task<IReadOnlyList<(string Date, string LeaId)>> IndexEntriesAsync(TestWorld world) =>
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
