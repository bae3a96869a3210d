using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Credentials;

[Kind(TestKind.Unit)]
public sealed class UsernameTests
{
    [Fact]
    public void TryParse_returns_the_LEA_of_a_username()
    {
        var text = new Username(TestWorld.Oakland).ToString();
        Assert.Equal("sis-01612590000000", text);
        Assert.True(Username.TryParse(text, out var username));
        Assert.Equal(TestWorld.Oakland, username.LeaId);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("01612590000000")]
    [InlineData("SIS-01612590000000")]
    [InlineData("sis-0161259000000")]
    [InlineData("sis- 01612590000000")]
    [InlineData("sis-01612590000000' or PartitionKey ne '")]
    public void TryParse_rejects_other_text(string? text) => Assert.False(Username.TryParse(text, out _));

    [Fact]
    public void TryParse_ignores_white_space_around_a_username()
    {
        Assert.True(Username.TryParse("\tsis-01612590000000 \r\n", out var username));
        Assert.Equal(TestWorld.Oakland, username.LeaId);
    }
}
