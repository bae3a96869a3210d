using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Credentials;

[Kind(TestKind.Unit)]
public sealed class ClientNameTests
{
    [Theory]
    [InlineData("Aeries", "Aeries")]
    [InlineData("  PowerSchool  SIS\t", "PowerSchool SIS")]
    [InlineData("Señales & Más_2.0+-", "Señales & Más_2.0+-")]
    [InlineData("a/b\\c#d?e%f'g\"h:i", "a b c d e f g h i")]
    [InlineData("a\0b\r\nc\u2028d\u202ee", "a b c d e")]
    [InlineData("😀SEIS😀", "SEIS")]
    [InlineData("\ud800", "unknown")]
    [InlineData("///", "unknown")]
    [InlineData("unknown", "unknown")]
    [InlineData("", "unknown")]
    [InlineData(null, "unknown")]
    public void Of_keeps_only_characters_that_a_row_key_allows(string? text, string name) => Assert.Equal(name, ClientName.Of(text).ToString());

    [Fact]
    public void Of_cuts_a_long_name_off_without_half_a_character_or_a_space_at_the_end()
    {
        Assert.Equal(new string('x', 64), ClientName.Of(new string('x', 10_000)).ToString());
        Assert.Equal(new string('x', 63), ClientName.Of(new string('x', 63) + "𝒜").ToString());
        Assert.Equal(new string('x', 63), ClientName.Of(new string('x', 63) + " y").ToString());
    }

    [Fact]
    public void Of_returns_Unknown_and_Other_for_their_names()
    {
        Assert.Equal(ClientName.Unknown, ClientName.Of(" unknown "));
        Assert.Equal(ClientName.Other, ClientName.Of("other"));
    }
}
