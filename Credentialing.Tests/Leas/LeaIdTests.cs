using Credentialing.Core;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Leas;

[Kind(TestKind.Unit)]
public sealed class LeaIdTests
{
    [Theory]
    [InlineData("01612590000000")]
    [InlineData("01612590130617")]
    public void TryParse_accepts_14_digits(string code)
    {
        Assert.True(LeaId.TryParse(code, out var leaId));
        Assert.Equal(code, leaId.Value);
        Assert.Equal(LeaId.Parse(code), leaId);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0161259000000")]
    [InlineData("016125900000000")]
    [InlineData("01 61259 0000000")]
    [InlineData("0161259000000a")]
    [InlineData("0161259000000٣")]
    [InlineData("../12590000000")]
    [InlineData("01612590000000\n")]
    public void TryParse_rejects_other_text(string? code)
    {
        Assert.False(LeaId.TryParse(code, out var leaId));
        Assert.Equal(default, leaId);
    }

    [Fact]
    public void Value_throws_for_the_default_LeaId() =>
        Assert.Throws<InvalidOperationException>(() => default(LeaId).Value);
}
