using Credentialing.Core.Credentials;
using CsCheck;

namespace Credentialing.Tests.Credentials;

public sealed class SecretKeyTests
{
    private const string Digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private static readonly Gen<string> Keys = Gen.Int.Select(_ => SecretKey.Generate().Reveal());

    [Fact]
    public void A_key_is_its_prefix_and_59_digits() => Assert.Matches($"^tsk_[{Digits}]{{59}}$", SecretKey.Generate().Reveal());

    [Fact]
    public void No_two_keys_are_alike() =>
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(_ => SecretKey.Generate().Reveal()).Distinct().Count());

    [Fact]
    public void A_key_that_is_read_is_the_key_that_was_written() => Keys.Sample(text =>
        SecretKey.TryParse(text, out var key) && key.Reveal() == text);

    [Fact]
    public void A_key_survives_being_written_down_by_hand() => Keys.Sample(text =>
    {
        var byHand = text.ToLowerInvariant().Replace('0', 'o').Replace('1', 'l');
        return SecretKey.TryParse(byHand, out var key) && key.Reveal() == text
            && SecretKey.TryParse(text.Replace('1', 'I').Replace('0', 'O'), out key) && key.Reveal() == text;
    });

    [Fact]
    public void One_wrong_digit_anywhere_makes_it_no_key() =>
        Gen.Select(Keys, Gen.Int[4, 62], Gen.Char[Digits]).Where((text, place, digit) => text[place] != digit).Sample((text, place, digit) =>
            !SecretKey.TryParse(text[..place] + digit + text[(place + 1)..], out _));

    [Fact]
    public void Two_neighbours_swapped_make_it_no_key() =>
        Gen.Select(Keys, Gen.Int[4, 61]).Where((text, place) => text[place] != text[place + 1]).Sample((text, place) =>
            !SecretKey.TryParse(text[..place] + text[place + 1] + text[place] + text[(place + 2)..], out _));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("tsk_")]
    [InlineData("tsk_00000000000000000000000000000000000000000000000000000000000")]
    [InlineData("pat_00000000000000000000000000000000000000000000000000000000000")]
    [InlineData("tsk_UUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUU")]
    public void Anything_else_is_no_key(string? text) => Assert.False(SecretKey.TryParse(text, out _));

    [Fact]
    public void Longer_and_shorter_is_no_key() => Keys.Sample(text =>
        !SecretKey.TryParse(text + "0", out _) && !SecretKey.TryParse(text[..^1], out _) && !SecretKey.TryParse(" " + text, out _));

    [Fact]
    public void A_key_is_never_printed_by_accident()
    {
        var key = SecretKey.Generate();
        Assert.Equal("tsk_(hidden)", $"{key}");
        Assert.DoesNotContain(key.Reveal(), new GenerationOutcome.Generated(null!, key, Superseded: null).ToString(), StringComparison.Ordinal);
    }
}
