using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Credentials;

[Kind(TestKind.Storage)]
public sealed class VendorAuthenticatorTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task AuthenticateAsync_takes_one_round_trip_and_two_on_the_first_use_of_a_day()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);

        Assert.Equal(2, await RoundTripsAsync(world, key));
        Assert.Equal(1, await RoundTripsAsync(world, key));

        world.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(2, await RoundTripsAsync(world, key));
        Assert.Equal(1, await RoundTripsAsync(world, key));
    }

    [Fact]
    public async Task AuthenticateAsync_records_the_date_of_the_last_use()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        Assert.Null((await StatusAsync(world)).LastUsedOn);

        await world.AuthenticateAsync(TestWorld.Oakland, key);

        Assert.Equal(new DateOnly(2026, 11, 23), (await StatusAsync(world)).LastUsedOn);
    }

    [Fact]
    public async Task A_malformed_key_or_username_is_refused_without_a_round_trip()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        world.Traffic.Reset();

        Assert.IsType<AuthenticationOutcome.Mistyped>(await world.AuthenticateAsync(TestWorld.Oakland, key[..^1] + (key[^1] == '0' ? '1' : '0')));
        Assert.IsType<AuthenticationOutcome.Mistyped>(await world.AuthenticateAsync(TestWorld.Oakland, key[..^1]));
        Assert.IsType<AuthenticationOutcome.Mistyped>(await world.Vendors.AuthenticateAsync("rosa", key, ClientName.Unknown, TestContext.Current.CancellationToken));
        Assert.IsType<AuthenticationOutcome.Refused>(await world.Vendors.AuthenticateAsync(null, null, ClientName.Unknown, TestContext.Current.CancellationToken));

        Assert.Empty(world.Traffic.Requests);
    }

    [Fact]
    public async Task A_wrong_key_and_an_unknown_LEA_are_refused_with_one_round_trip_each()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        await world.AuthenticateAsync(TestWorld.Oakland, key);

        world.Traffic.Reset();
        Assert.IsType<AuthenticationOutcome.Refused>(await world.AuthenticateAsync(TestWorld.Oakland, SecretKey.Generate().Reveal()));
        Assert.IsType<AuthenticationOutcome.Refused>(await world.AuthenticateAsync(TestWorld.Berkeley, key));

        Assert.Equal(2, world.Traffic.Requests.Count);
    }

    [Fact]
    public async Task AuthenticateAsync_accepts_an_old_pepper_version_and_upgrades_the_verifier_to_the_newest()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        await world.AuthenticateAsync(TestWorld.Oakland, key);
        var old = (await CredentialAsync(world)).Verifier.PepperVersion;
        var newest = world.Vault.Rotate(SecretRing.CredentialPepper);
        world.Clock.Advance(SecretRing.RefreshInterval);

        Assert.Equal(2, await RoundTripsAsync(world, key));
        Assert.Equal(newest, (await CredentialAsync(world)).Verifier.PepperVersion);

        // The old pepper version is no longer needed.
        world.Vault.Disable(SecretRing.CredentialPepper, old);
        world.Clock.Advance(SecretRing.RefreshInterval);
        Assert.Equal(1, await RoundTripsAsync(world, key));
    }

    [Fact]
    public async Task A_key_whose_pepper_version_is_disabled_is_refused()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        world.Vault.Rotate(SecretRing.CredentialPepper);
        world.Vault.Disable(SecretRing.CredentialPepper, (await CredentialAsync(world)).Verifier.PepperVersion);
        world.Clock.Advance(SecretRing.RefreshInterval);

        Assert.IsType<AuthenticationOutcome.Refused>(await world.AuthenticateAsync(TestWorld.Oakland, key));
    }

    [Fact]
    public async Task A_key_under_a_newer_pepper_version_works_on_an_instance_that_has_not_cached_that_version()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var otherInstance = world.AnotherInstance();
        await world.AuthenticateAsync(TestWorld.Oakland, await world.MustGenerateAsync(TestWorld.Oakland)); // caches the secrets of the vault
        world.Clock.Advance(SecretRing.UnknownVersionInterval);
        var newest = world.Vault.Rotate(SecretRing.CredentialPepper);

        var key = await otherInstance.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);

        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
        Assert.Equal(newest, (await CredentialAsync(world)).Verifier.PepperVersion);
    }

    [Fact]
    public async Task AuthenticateAsync_uses_cached_secrets_when_the_vault_is_unavailable()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        world.Vault.IsUnavailable = true;
        world.Clock.Advance(TimeSpan.FromDays(30));

        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
    }

    [Fact]
    public async Task AuthenticateAsync_succeeds_when_the_last_use_cannot_be_recorded()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var key = await world.MustGenerateAsync(TestWorld.Oakland);
        world.Traffic.Reset();
        world.Traffic.InjectFault = number => number == 1 ? Fault.None : Fault.ConnectionFailed;

        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
    }

    private static async Task<int> RoundTripsAsync(TestWorld world, string key)
    {
        world.Traffic.Reset();
        Assert.IsType<AuthenticationOutcome.Authenticated>(await world.AuthenticateAsync(TestWorld.Oakland, key));
        return world.Traffic.Requests.Count;
    }

    private static async Task<Credential> CredentialAsync(TestWorld world) => (await StatusAsync(world)).Credential!;

    private static Task<CredentialStatus> StatusAsync(TestWorld world) => world.Credentials.StatusAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);
}
