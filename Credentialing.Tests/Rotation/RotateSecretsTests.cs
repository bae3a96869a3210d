using System.Net;
using Azure.Data.Tables;
using Credentialing.Core.Credentials;
using Credentialing.Core.Rotation;
using Credentialing.Core.Secrets;
using Credentialing.Tests.Secrets;
using Credentialing.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Credentialing.Tests.Rotation;

/// <summary>What a rotation means for vendors: nothing.</summary>
[Kind(TestKind.Storage)]
public sealed class RotateSecretsTests(AzuriteFixture azurite)
{
    private const string Pepper = SecretRing.CredentialPepper;
    private const string TokenKey = SecretRing.VendorTokenKey;

    [Fact]
    public async Task The_timer_function_rotates_and_keys_and_tokens_from_before_still_work()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        using var certificate = new TestCertificate();
        await using var server = await StartVaultAsync(certificate, world);
        await using var host = await TestHost.StartAsync(world, builder => builder.Services.AddSingleton<ISecretVault>(server.CreateClient()));
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(180));
        var tokenBefore = await TokenAsync(host, key);

        await RotateAsync(host);
        await Eventually.IsTrueAsync(() => server.EnabledVersions(Pepper).Count == 2 && server.EnabledVersions(TokenKey).Count == 2);
        var (newPepper, newTokenKey) = (server.EnabledVersions(Pepper)[1], server.EnabledVersions(TokenKey)[1]);
        world.Clock.Advance(SecretRing.RefreshInterval);

        // The verifier moves at the first use after the instance has read the new version.
        await Eventually.IsTrueAsync(async () => new JsonWebToken(await TokenAsync(host, key)).Kid == newTokenKey && await PepperOfAsync(world) == newPepper);
        Assert.Equal(server.EnabledVersions(TokenKey)[0], new JsonWebToken(tokenBefore).Kid);
        Assert.Equal(HttpStatusCode.OK, await StatusWithAsync(host, tokenBefore));
        Assert.Equal(HttpStatusCode.OK, await StatusWithAsync(host, await TokenAsync(host, key)));

        world.Clock.Advance(TimeSpan.FromDays(1));
        await RotateAsync(host);
        await Eventually.IsTrueAsync(() => server.EnabledVersions(TokenKey).SequenceEqual([newTokenKey]));
        Assert.Equal(2, server.EnabledVersions(Pepper).Count);
        Assert.Equal(HttpStatusCode.OK, await StatusWithAsync(host, await TokenAsync(host, key)));
    }

    [Fact]
    public async Task A_key_that_is_never_used_works_until_it_expires_and_then_its_pepper_is_disabled()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        using var certificate = new TestCertificate();
        await using var server = await StartVaultAsync(certificate, world);
        string key;
        world.Clock.Advance(TimeSpan.FromDays(180));
        await using (var generating = world.AnotherInstance(server.CreateClient()))
            key = await generating.MustGenerateAsync(TestWorld.Oakland); // just before the rotation
        var pepper = Assert.Single(server.EnabledVersions(Pepper));
        for (var days = 0; days < 364; days += 28)
        {
            await RunAsync(world, server);
            world.Clock.Advance(TimeSpan.FromDays(28));
        }

        world.Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1)); // the last second of its validity
        await using (var instance = world.AnotherInstance(server.CreateClient()))
            Assert.IsType<AuthenticationOutcome.Authenticated>(await instance.AuthenticateAsync(TestWorld.Oakland, key));

        world.Clock.Advance(SecretRotationService.PepperOverlap - Credential.Lifetime + TimeSpan.FromSeconds(1));
        await RunAsync(world, server);
        Assert.DoesNotContain(pepper, server.EnabledVersions(Pepper));
    }

    private static async Task<KeyVaultServer> StartVaultAsync(TestCertificate certificate, TestWorld world)
    {
        var server = await KeyVaultServer.StartAsync(certificate, world.Clock);
        server.Add(Pepper, SecretVersion.NewBase64());
        server.Add(TokenKey, SecretVersion.NewBase64());
        return server;
    }

    private static async Task RunAsync(TestWorld world, KeyVaultServer server)
    {
        await using var instance = world.AnotherInstance(server.CreateClient());
        await instance.Rotation.RunAsync(TestContext.Current.CancellationToken);
    }

    private static async Task RotateAsync(TestHost host) =>
        Assert.Equal(HttpStatusCode.Accepted, (await host.SendAsync(HttpMethod.Post, "/admin/functions/RotateSecrets")).Status);

    private static async Task<string> TokenAsync(TestHost host, string key)
    {
        using var form = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", $"sis-{TestWorld.Oakland}"), new("client_secret", key)]);
        return (await host.SendAsync(HttpMethod.Post, "v1/token", content: form)).Json.GetProperty("access_token").GetString()!;
    }

    private static async Task<HttpStatusCode> StatusWithAsync(TestHost host, string token) =>
        (await host.SendAsync(HttpMethod.Get, "v1/credential", headers: ["Authorization", $"Bearer {token}"])).Status;

    private static async Task<string> PepperOfAsync(TestWorld world)
    {
        TableEntity row = await world.Storage.Leas.GetEntityAsync<TableEntity>(TestWorld.Oakland.Value, "credential", cancellationToken: TestContext.Current.CancellationToken);
        return row.GetString("PepperVersion");
    }
}
