using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;
using CsCheck;

namespace Credentialing.Tests.Credentials;

[Kind(TestKind.Unit)]
public sealed class SecretKeyTests
{
    private const string Digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private static readonly Gen<string> Keys = Gen.Int.Select(_ => SecretKey.Generate().Reveal());

    [Fact]
    public void A_key_has_a_prefix_and_59_digits() => Assert.Matches($"^tsk_[{Digits}]{{59}}$", SecretKey.Generate().Reveal());

    [Fact]
    public void Generated_keys_are_unique() =>
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(_ => SecretKey.Generate().Reveal()).Distinct().Count());

    [Fact]
    public void Dispose_overwrites_the_bytes()
    {
        var key = SecretKey.Generate();
        Assert.True(key.Bytes.ContainsAnyExcept((byte)0)); // control
        key.Dispose();
        Assert.False(key.Bytes.ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void TryParse_returns_the_key_that_Reveal_returned() => Keys.Sample(text =>
        SecretKey.TryParse(text, out var key) && key.Reveal() == text);

    [Fact]
    public void TryParse_accepts_lowercase_and_look_alike_characters() => Keys.Sample(text =>
    {
        var retyped = text.ToLowerInvariant().Replace('0', 'o').Replace('1', 'l');
        return SecretKey.TryParse(retyped, out var key) && key.Reveal() == text
            && SecretKey.TryParse(text.Replace('1', 'I').Replace('0', 'O'), out key) && key.Reveal() == text;
    });

    [Fact]
    public void TryParse_rejects_a_key_with_one_wrong_digit() =>
        Gen.Select(Keys, Gen.Int[4, 62], Gen.Char[Digits]).Where((text, position, digit) => text[position] != digit).Sample((text, position, digit) =>
            !SecretKey.TryParse(text[..position] + digit + text[(position + 1)..], out _));

    [Fact]
    public void TryParse_rejects_a_character_that_is_no_digit_in_the_key_or_in_its_checksum() =>
        Gen.Select(Keys, Gen.Int[4, 62], Gen.OneOf(Gen.Char['!', '/'], Gen.Char["UuÀ０\u007F\u0080\uFFFF"])).Sample((text, position, character) =>
            !SecretKey.TryParse(text[..position] + character + text[(position + 1)..], out _));

    [Fact]
    public void TryParse_rejects_a_key_with_two_adjacent_digits_swapped() =>
        Gen.Select(Keys, Gen.Int[4, 61]).Where((text, position) => text[position] != text[position + 1]).Sample((text, position) =>
            !SecretKey.TryParse(text[..position] + text[position + 1] + text[position] + text[(position + 2)..], out _));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("tsk_")]
    [InlineData("tsk_00000000000000000000000000000000000000000000000000000000000")]
    [InlineData("pat_00000000000000000000000000000000000000000000000000000000000")]
    [InlineData("tsk_UUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUU")]
    public void TryParse_rejects_other_text(string? text) => Assert.False(SecretKey.TryParse(text, out _));

    [Fact]
    public void TryParse_rejects_longer_and_shorter_text() => Keys.Sample(text =>
        !SecretKey.TryParse(text + "0", out _) && !SecretKey.TryParse(text[..^1], out _));

    [Fact]
    public void TryParse_ignores_white_space_around_a_key_but_not_inside() => Keys.Sample(text =>
        SecretKey.TryParse($" \t{text}\r\n\u00A0", out var key) && key.Reveal() == text && !SecretKey.TryParse(text[..20] + " " + text[20..], out _));

    [Fact]
    public void ToString_does_not_reveal_the_key()
    {
        var key = SecretKey.Generate();
        Assert.Equal("tsk_(hidden)", $"{key}");
        Assert.DoesNotContain(key.Reveal(), new GenerationOutcome.Generated(null!, key, Superseded: null).ToString(), StringComparison.Ordinal);
    }
}
