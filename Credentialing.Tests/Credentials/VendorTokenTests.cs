using System.Text;
using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Support;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Credentialing.Tests.Credentials;

[Kind(TestKind.Storage)]
public sealed class VendorTokenTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task A_token_is_valid_for_15_minutes_and_each_use_takes_one_round_trip()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var token = await IssueAsync(world);
        Assert.Equal(TimeSpan.FromMinutes(15), token.Lifetime);
        world.Traffic.Reset();

        world.Clock.Advance(token.Lifetime - TimeSpan.FromSeconds(1));
        Assert.IsType<AuthenticationOutcome.Authenticated>(await AuthenticateAsync(world, token.Value));
        Assert.Single(world.Traffic.Requests);

        world.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<AuthenticationOutcome.Refused>(await AuthenticateAsync(world, token.Value));
        Assert.Single(world.Traffic.Requests);
    }

    /// <summary>Throttling does not count the end of a token. It must count every token that this service has not issued.</summary>
    [Fact]
    public async Task An_ended_or_superseded_token_is_known_as_issued_and_a_forged_one_is_not()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var token = (await IssueAsync(world)).Value;
        var changed = token[..^10] + (token[^10] == 'A' ? 'B' : 'A') + token[^9..];
        Assert.False(await WasIssuedAsync(changed));
        Assert.False(await WasIssuedAsync("eyJ"));

        world.Clock.Advance(VendorTokens.MaxLifetime);
        Assert.True(await WasIssuedAsync(token));
        Assert.False(await WasIssuedAsync(changed));

        token = (await IssueAsync(world)).Value;
        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);
        Assert.True(await WasIssuedAsync(token));

        async Task<bool> WasIssuedAsync(string value) => Assert.IsType<AuthenticationOutcome.Refused>(await AuthenticateAsync(world, value)).WasIssued;
    }

    [Fact]
    public async Task A_token_expires_no_later_than_its_credentials()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await world.MustGenerateAsync(TestWorld.Oakland);
        world.Clock.Advance(Credential.Lifetime - TimeSpan.FromSeconds(90));
        var token = await IssueAsync(world);

        Assert.Equal(TimeSpan.FromSeconds(90), token.Lifetime);
        world.Clock.Advance(token.Lifetime);
        Assert.IsNotType<AuthenticationOutcome.Authenticated>(await AuthenticateAsync(world, token.Value));
    }

    [Fact]
    public async Task A_regeneration_invalidates_tokens_on_every_instance()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var otherInstance = world.AnotherInstance();
        var token = await IssueAsync(world);
        Assert.IsType<AuthenticationOutcome.Authenticated>(await AuthenticateAsync(otherInstance, token.Value));

        await world.MustGenerateAsync(TestWorld.Oakland, seenGeneration: 1);

        Assert.IsType<AuthenticationOutcome.Refused>(await AuthenticateAsync(otherInstance, token.Value));
        Assert.IsType<AuthenticationOutcome.Refused>(await AuthenticateAsync(world, token.Value));
    }

    [Fact]
    public async Task A_token_stays_valid_after_a_rotation_until_its_signing_key_is_disabled()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var token = await IssueAsync(world);
        world.Vault.Rotate(SecretRing.VendorTokenKey);
        world.Clock.Advance(SecretRing.RefreshInterval);
        Assert.IsType<AuthenticationOutcome.Authenticated>(await AuthenticateAsync(world, token.Value));

        world.Vault.Disable(SecretRing.VendorTokenKey, new JsonWebToken(token.Value).Kid);
        world.Clock.Advance(SecretRing.RefreshInterval);
        Assert.IsType<AuthenticationOutcome.Refused>(await AuthenticateAsync(world, token.Value));
    }

    /// <summary>Base64url has unused bits in the last character, and some decoders accept padding or other alphabets.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_token_or_link_with_a_changed_added_or_missing_character_is_refused_without_a_round_trip(bool isLink)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        await using var world = await TestWorld.CreateAsync(azurite);
        var token = (await IssueAsync(world)).Value;
        if (isLink)
            token = (await world.Tokens.IssueLinkAsync((await StatusAsync(world)).Credential!.CurrentKey, "a report", ClientName.Unknown, TestContext.Current.CancellationToken)).Value;
        Assert.IsType<AuthenticationOutcome.Authenticated>(await CheckAsync(token));
        world.Traffic.Reset();

        var changed = new List<string>();
        for (var index = 0; index < token.Length; index++)
        {
            var others = index == token.Length - 1 ? Alphabet : "AZaz09-_+/=. " + Alphabet[(Alphabet.IndexOf(token[index], StringComparison.Ordinal) ^ 1) & 63];
            changed.AddRange(others.Where(other => other != token[index]).Select(other => $"{token[..index]}{other}{token[(index + 1)..]}"));
            changed.Add(token.Remove(index, 1));
        }

        changed.AddRange(new[] { "A", "=", "==", ".", " ", "\n", "%", "\0" }.SelectMany(added => (string[])[token + added, added + token]));
        foreach (var other in changed)
            Assert.True(await CheckAsync(other) is AuthenticationOutcome.Refused, $"{other} is accepted as {token}");
        Assert.Empty(world.Traffic.Requests);

        Task<AuthenticationOutcome> CheckAsync(string value) => isLink
            ? world.Vendors.AuthenticateLinkAsync(value, "a report", TestContext.Current.CancellationToken)
            : AuthenticateAsync(world, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b.c")]
    [InlineData("....")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.e30.")]
    [InlineData("tsk_0")]
    [InlineData("e30.A.A")]
    [InlineData("e30.A.A.A.A")]
    [InlineData("e30.e30.e30.e30.e30")]
    [InlineData("eyJraWQiOjF9.e30.AA")] // {"kid":1}
    [InlineData("eyJraWQiOltdfQ.e30.AA.AA.AA")] // {"kid":[]}
    public async Task Malformed_tokens_are_refused_without_a_round_trip(string token)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        Assert.IsType<AuthenticationOutcome.Refused>(await AuthenticateAsync(world, token));
        Assert.Empty(world.Traffic.Requests);
    }

    [Fact]
    public async Task Forged_tokens_are_refused_without_a_round_trip()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var genuine = (await IssueAsync(world)).Value;
        var key = await world.Vault.GetAsync(SecretRing.VendorTokenKey, new JsonWebToken(genuine).Kid, TestContext.Current.CancellationToken);
        world.Traffic.Reset();

        await Assert.AllAsync(
            [
                WithHeader(genuine, header => header.Replace("HS256", "none", StringComparison.Ordinal))[..(genuine.LastIndexOf('.') + 1)],
                genuine[..^4] + "AAAA",
                WithHeader(genuine, header => header.Replace("at+jwt", "JWT", StringComparison.Ordinal)),
                Signed(key.Value.ToArray(), key.Version, type: "JWT"), // right key, wrong token type
                Signed(key.Value.ToArray(), key.Version, type: "link+jwt"),
                Signed(key.Value.ToArray(), key.Version, audience: "credentialing:link"),
                Signed(key.Value.ToArray(), key.Version, issuer: "another-issuer"),
                Signed(new byte[32], key.Version),
                Signed(key.Value.ToArray(), "unknown"),
            ],
            async token => Assert.IsType<AuthenticationOutcome.Refused>(await AuthenticateAsync(world, token)));
        Assert.Empty(world.Traffic.Requests);

        string Signed(byte[] secret, string keyId, string type = "at+jwt", string issuer = "credentialing:vendor", string audience = "credentialing:vendor") =>
            new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
            {
                TokenType = type,
                Issuer = issuer,
                Audience = audience,
                Expires = world.Clock.GetUtcNow().AddMinutes(5).UtcDateTime,
                IssuedAt = world.Clock.GetUtcNow().UtcDateTime,
                NotBefore = world.Clock.GetUtcNow().UtcDateTime,
                Claims = new Dictionary<string, object> { ["sub"] = "sis-01612590000000", ["generation"] = 1 },
                SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(secret) { KeyId = keyId }, SecurityAlgorithms.HmacSha256),
            });
    }

    [Fact]
    public async Task Tokens_with_unknown_key_ids_cause_at_most_one_vault_call_per_second()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        var genuine = (await IssueAsync(world)).Value;
        var kid = new JsonWebToken(genuine).Kid;
        world.Clock.Advance(SecretRing.UnknownVersionInterval);
        var calls = world.Vault.Calls;

        for (var number = 0; number < 20; number++)
            await AuthenticateAsync(world, WithHeader(genuine, header => header.Replace(kid, $"unknown{number}", StringComparison.Ordinal)));

        Assert.Equal(calls + 1, world.Vault.Calls);
    }

    private static async Task<VendorToken> IssueAsync(TestWorld world)
    {
        if ((await StatusAsync(world)).Credential is null)
            await world.MustGenerateAsync(TestWorld.Oakland);
        return await world.Tokens.IssueAsync((await StatusAsync(world)).Credential!.CurrentKey, TestContext.Current.CancellationToken);
    }

    private static Task<CredentialStatus> StatusAsync(TestWorld world) => world.Credentials.StatusAsync(TestWorld.Oakland, TestContext.Current.CancellationToken);

    private static Task<AuthenticationOutcome> AuthenticateAsync(TestWorld world, string token) =>
        world.Vendors.AuthenticateAsync(token, TestContext.Current.CancellationToken);

    private static string WithHeader(string token, Func<string, string> change)
    {
        var parts = token.Split('.');
        var header = change(Encoding.UTF8.GetString(Base64UrlEncoder.DecodeBytes(parts[0])));
        return string.Join('.', [Base64UrlEncoder.Encode(header), .. parts[1..]]);
    }
}
