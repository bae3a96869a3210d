using Credentialing.Core.Leas;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Leas;

[Kind(TestKind.Unit)]
public sealed class OneLineTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData(" \t\u200B\u2029", "")]
    [InlineData("Rosa Delgado", "Rosa Delgado")]
    [InlineData("Rosa\r\nBcc: eve@lea.example", "Rosa Bcc: eve@lea.example")]
    [InlineData("\u202ERosa\u0000 \u2028\u0085 Ibáñez\u00A0", "Rosa Ibáñez")]
    [InlineData("東灣 😀", "東灣 😀")]
    public void Of_returns_one_line_of_printable_text(string? text, string line) => Assert.Equal(line, OneLine.Of(text));

    [Fact]
    public void An_unpaired_surrogate_becomes_the_replacement_character() => Assert.Equal("Rosa\uFFFD", OneLine.Of("Rosa\uD83D"));

    [Fact]
    public void A_longer_name_is_cut_off_between_characters()
    {
        var name = new Coordinator("rosa", new string('n', OneLine.MaxNameLength - 1) + "😀", null).Name;
        Assert.Equal(new string('n', OneLine.MaxNameLength - 1), name);
    }

    [Theory]
    [InlineData("R", true)]
    [InlineData("東灣 😀", true)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData(" \u200B", false)]
    [InlineData("Rosa\nDelgado", false)]
    [InlineData("\u0007", false)]
    public void A_name_has_printable_text_and_no_control_characters(string? text, bool isName) => Assert.Equal(isName, OneLine.IsName(text));

    [Fact]
    public void A_name_has_at_most_the_maximum_length()
    {
        Assert.True(OneLine.IsName(new string('n', OneLine.MaxNameLength)));
        Assert.False(OneLine.IsName(new string('n', OneLine.MaxNameLength + 1)));
    }

    [Fact]
    public void A_name_of_exactly_the_maximum_length_is_not_cut_off() =>
        Assert.Equal(new string('n', OneLine.MaxNameLength), OneLine.Of(new string('n', OneLine.MaxNameLength), OneLine.MaxNameLength));

    [Fact]
    public void The_name_of_a_coordinator_is_one_line_and_the_id_if_it_is_blank()
    {
        var rosa = new Coordinator("rosa", "Rosa\nDelgado", null);
        Assert.Equal("Rosa Delgado", rosa.Name);
        Assert.Equal("rosa", (rosa with { Name = "\u200B" }).Name);
        Assert.Equal("rosa", new Coordinator("rosa", "", null).Name);
    }

    [Fact]
    public void The_name_of_an_LEA_is_one_line_and_has_its_CDS_code_if_it_is_blank()
    {
        Assert.Equal("Oakland Unified", new Lea(TestWorld.Oakland, "Oakland\nUnified ", []).Name);
        Assert.Equal("LEA 01612590000000", new Lea(TestWorld.Oakland, "\n", []).Name);
    }

    [Fact]
    public void NameOf_returns_the_name_of_a_known_LEA()
    {
        Assert.Equal("Oakland Unified", Lea.NameOf(new Lea(TestWorld.Oakland, "Oakland Unified", []), TestWorld.Oakland));
        Assert.Equal("LEA 01612590000000", Lea.NameOf(null, TestWorld.Oakland));
    }
}
