using Credentialing.DevHost;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Guides;

/// <summary>
/// Additional members and headers do not disturb an OAuth library that was not written by us: openid-client of JavaScript, which
/// validates responses strictly. Another one, of .NET, is in the tests of the token endpoint.
/// </summary>
[Kind(TestKind.Process)]
public sealed class OAuthLibraryTests(AzuriteFixture azurite, ProgramFiles files) : IClassFixture<ProgramFiles>
{
    [Theory]
    [InlineData("basic")]
    [InlineData("post")]
    public async Task The_library_gets_a_token_and_the_expiry_of_the_credentials(string method)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);

        var ended = await VendorProgram.RunProgramAsync("node", ["openid-client.mjs", method], Path.Combine(ProjectFolder.Root, "Credentialing.Tests", "Guides"), files.Settings(host, key));

        Assert.Equal(new ProcessResult(0, "900 2027-11-23T20:00:00Z 200 Tue, 23 Nov 2027 20:00:00 GMT\n", ""), ended);
    }
}
