using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Credentials;

/// <summary>The overlap: the previous key works beside the current one.</summary>
[Kind(TestKind.Storage)]
public sealed class PreviousKeyTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task Both_keys_and_their_tokens_work_until_the_end_of_the_overlap()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var oldKey = await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(100));
        var (newKey, generated) = await RegenerateAsync(world, seenGeneration: 1, days: 3);
        var until = world.Clock.GetUtcNow() + TimeSpan.FromDays(3);
        Assert.Equal((1, until), (generated.PreviousKey!.Generation, generated.PreviousKey.ExpiresAt));
        Assert.Equal(until, (await StatusAsync(world)).PreviousKey!.ExpiresAt);
        var oldToken = await IssueAsync(world, oldKey);
        Assert.Equal(VendorTokens.MaxLifetime, oldToken.Lifetime);
        Assert.Equal(1, await GenerationOfTokenAsync(world, oldToken));
        Assert.Equal(2, await GenerationOfTokenAsync(world, await IssueAsync(world, newKey)));

        world.Clock.Advance(TimeSpan.FromDays(3) - TimeSpan.FromMinutes(5));
        oldToken = await IssueAsync(world, oldKey);
        Assert.Equal(TimeSpan.FromMinutes(5), oldToken.Lifetime);
        world.Clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.Equal((1, 2), (await GenerationAsync(world, oldKey), await GenerationAsync(world, newKey)));
        Assert.Equal(1, await GenerationOfTokenAsync(world, oldToken));

        world.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.IsType<AuthenticationOutcome.Refused>(await world.AuthenticateAsync(TestWorld.Oakland, oldKey));
        Assert.Null(await GenerationOfTokenAsync(world, oldToken));
        Assert.Equal(2, await GenerationAsync(world, newKey));
        Assert.Null((await StatusAsync(world)).PreviousKey);
    }

    [Fact]
    public async Task An_overlap_does_not_exceed_the_expiry_of_the_previous_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var oldKey = await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(Credential.Lifetime - TimeSpan.FromHours(1));
        var (newKey, generated) = await RegenerateAsync(world, seenGeneration: 1, days: 7);
        Assert.Equal(world.Clock.GetUtcNow() + TimeSpan.FromHours(1), generated.PreviousKey!.ExpiresAt);

        world.Clock.Advance(TimeSpan.FromHours(1));
        Assert.IsType<AuthenticationOutcome.Refused>(await world.AuthenticateAsync(TestWorld.Oakland, oldKey));
        Assert.Equal(2, await GenerationAsync(world, newKey));
    }

    [Fact]
    public async Task Expired_or_revoked_credentials_and_the_first_ones_are_followed_by_no_overlap()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var (first, generated) = await RegenerateAsync(world, seenGeneration: null, days: 7);
        Assert.Null(generated.PreviousKey);

        world.Clock.Advance(Credential.Lifetime);
        (var second, generated) = await RegenerateAsync(world, seenGeneration: 1, days: 7);
        Assert.Null(generated.PreviousKey);

        Assert.IsType<ChangeOutcome.Changed>(await world.Credentials.RevokeAsync(TestWorld.Oakland, TestWorld.Luis, "Leaked", 2, TestContext.Current.CancellationToken));
        (var third, generated) = await RegenerateAsync(world, seenGeneration: 2, days: 7);
        Assert.Null(generated.PreviousKey);
        Assert.Null(generated.Revocation);
        Assert.Equal([null, null, 3], [await GenerationAsync(world, first), await GenerationAsync(world, second), await GenerationAsync(world, third)]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task A_further_regeneration_ends_the_overlap(int days)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var first = await world.MustGenerateAsync(TestWorld.Oakland);
        var (second, _) = await RegenerateAsync(world, seenGeneration: 1, days: 7);
        var token = await IssueAsync(world, first);
        var (third, _) = await RegenerateAsync(world, seenGeneration: 2, days);

        Assert.Equal([null, days > 0 ? 2 : null, 3], [await GenerationAsync(world, first), await GenerationAsync(world, second), await GenerationAsync(world, third)]);
        Assert.Null(await GenerationOfTokenAsync(world, token));
    }

    [Fact]
    public async Task EndPreviousKeyAsync_stops_the_previous_key_and_its_tokens_on_every_instance_and_is_idempotent()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var otherInstance = world.AnotherInstance();
        var oldKey = await world.MustGenerateAsync(TestWorld.Oakland);
        var (newKey, _) = await RegenerateAsync(world, seenGeneration: 1, days: 7);
        var (oldToken, newToken) = (await IssueAsync(otherInstance, oldKey), await IssueAsync(otherInstance, newKey));

        Assert.IsType<ChangeOutcome.Conflict>(await EndAsync(world, seenGeneration: 1));
        Assert.Equal(1, await GenerationAsync(otherInstance, oldKey));
        Assert.IsType<ChangeOutcome.Changed>(await EndAsync(world, seenGeneration: 2));

        Assert.Null(await GenerationAsync(otherInstance, oldKey));
        Assert.Null(await GenerationOfTokenAsync(otherInstance, oldToken));
        Assert.Equal((2, 2), (await GenerationAsync(otherInstance, newKey), await GenerationOfTokenAsync(otherInstance, newToken)));
        world.Traffic.Reset();
        Assert.IsType<ChangeOutcome.Unchanged>(await EndAsync(world, seenGeneration: null));
        Assert.Single(world.Traffic.Requests);
        var auditEvent = Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland), row => Equals(row["Kind"], "previous-key-ended"));
        Assert.Equal(("luis", 1), (auditEvent["ById"], auditEvent["Generation"]));
    }

    [Fact]
    public async Task EndPreviousKeyAsync_changes_nothing_without_credentials_or_after_the_overlap()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        Assert.Null(Assert.IsType<ChangeOutcome.Unchanged>(await EndAsync(world, seenGeneration: null)).Credential);
        Assert.IsType<ChangeOutcome.Conflict>(await EndAsync(world, seenGeneration: 1));
        await world.MustGenerateAsync(TestWorld.Oakland);
        await RegenerateAsync(world, seenGeneration: 1, days: 1);
        world.Clock.Advance(TimeSpan.FromDays(1));

        Assert.IsType<ChangeOutcome.Unchanged>(await EndAsync(world, seenGeneration: null));
        Assert.Equal(2, (await world.AuditEventsAsync(TestWorld.Oakland)).Count);
    }

    [Fact]
    public async Task A_rotation_of_the_pepper_upgrades_the_verifiers_of_both_keys()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var oldKey = await world.MustGenerateAsync(TestWorld.Oakland);
        var (newKey, _) = await RegenerateAsync(world, seenGeneration: 1, days: 7);
        var oldPepper = (await StatusAsync(world)).Credential!.Verifier.PepperVersion;
        var newest = world.Vault.Rotate(SecretRing.CredentialPepper);
        world.Clock.Advance(SecretRing.RefreshInterval);

        Assert.Equal(1, await GenerationAsync(world, oldKey));
        var credential = (await StatusAsync(world)).Credential!;
        Assert.Equal((oldPepper, newest), (credential.Verifier.PepperVersion, credential.PreviousKey!.Verifier.PepperVersion));
        Assert.Equal(2, await GenerationAsync(world, newKey));

        world.Vault.Disable(SecretRing.CredentialPepper, oldPepper);
        world.Clock.Advance(SecretRing.RefreshInterval);
        Assert.Equal((1, 2), (await GenerationAsync(world, oldKey), await GenerationAsync(world, newKey)));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(8)]
    public async Task GenerateAsync_throws_and_changes_nothing_for_an_overlap_that_is_out_of_range(int days)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => RegenerateAsync(world, seenGeneration: null, days));
        Assert.Empty(world.Traffic.Requests);
    }

    [Fact]
    public async Task A_regeneration_with_an_overlap_takes_four_round_trips_and_five_if_there_are_others_to_notify()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Traffic.Reset();
        await RegenerateAsync(world, seenGeneration: 1, days: 7);
        Assert.Equal(4, world.Traffic.Requests.Count);

        await world.SaveAsync(new(TestWorld.Oakland, "Oakland Unified", [TestWorld.Rosa, TestWorld.Luis]));
        world.Traffic.Reset();
        await RegenerateAsync(world, seenGeneration: 2, days: 7);
        Assert.Equal(5, world.Traffic.Requests.Count);
        world.Traffic.Reset();
        await EndAsync(world, seenGeneration: 3);
        Assert.Equal(4, world.Traffic.Requests.Count);
        world.Traffic.Reset();
        await StatusAsync(world);
        Assert.Single(world.Traffic.Requests);
    }

    [Fact]
    public async Task A_regeneration_that_read_the_row_before_the_overlap_ended_does_not_bring_the_ended_key_back()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var otherInstance = world.AnotherInstance();
        var first = await world.MustGenerateAsync(TestWorld.Oakland);
        var (second, _) = await RegenerateAsync(world, seenGeneration: 1, days: 7);
        world.Traffic.Reset();
        world.Traffic.InjectFault = number =>
        {
            if (number == 4) // before the transaction
                Assert.IsType<ChangeOutcome.Changed>(EndAsync(otherInstance, seenGeneration: 2).GetAwaiter().GetResult());
            return Fault.None;
        };

        await RegenerateAsync(world, seenGeneration: 2, days: 7);

        Assert.Equal(6, world.Traffic.Requests.Count); // read, index entry, log of key changes, transaction with a conflict, read, transaction
        Assert.Equal([null, 2], [await GenerationAsync(otherInstance, first), await GenerationAsync(otherInstance, second)]);
    }

    private static async Task<(string Key, Credential Credential)> RegenerateAsync(TestWorld world, int? seenGeneration, int days)
    {
        var generated = Assert.IsType<GenerationOutcome.Generated>(await world.Credentials.GenerateAsync(
            TestWorld.Oakland, TestWorld.Luis, ReleaseWording.Current, seenGeneration, days, TestContext.Current.CancellationToken));
        return (generated.SecretKey.Reveal(), generated.Credential);
    }

    private static Task<ChangeOutcome> EndAsync(TestWorld world, int? seenGeneration) =>
        world.Credentials.EndPreviousKeyAsync(TestWorld.Oakland, TestWorld.Luis, seenGeneration, TestContext.Current.CancellationToken);

    private static async Task<VendorToken> IssueAsync(TestWorld world, string key) => await world.Tokens.IssueAsync(
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key)).Key, TestContext.Current.CancellationToken);

    /// <summary>The generation that a key authenticates for; null if it is refused.</summary>
    private static async Task<int?> GenerationAsync(TestWorld world, string key) =>
        (await world.AuthenticateAsync(TestWorld.Oakland, key) as AuthenticationOutcome.Authenticated)?.Key.Generation;

    private static async Task<int?> GenerationOfTokenAsync(TestWorld world, VendorToken token) =>
        (await world.Vendors.AuthenticateAsync(token.Value, TestContext.Current.CancellationToken) as AuthenticationOutcome.Authenticated)?.Key.Generation;

    private static Task<CredentialStatus> StatusAsync(TestWorld world) => world.Credentials.StatusAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);
}
