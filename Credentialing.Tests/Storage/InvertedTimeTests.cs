using Credentialing.Core.Storage;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Storage;

[Kind(TestKind.Unit)]
public sealed class InvertedTimeTests
{
    public static TheoryData<DateTimeOffset> Instants => [DateTimeOffset.MinValue, new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.FromHours(-8)), DateTimeOffset.MaxValue];

    [Theory]
    [MemberData(nameof(Instants))]
    public void A_key_contains_the_instant(DateTimeOffset instant)
    {
        Assert.Matches("^[0-9]{19}$", InvertedTime.Of(instant));
        Assert.Equal(instant, InvertedTime.Read($"{InvertedTime.Of(instant)}:rest"));
        Assert.Equal(TimeSpan.Zero, InvertedTime.Read(InvertedTime.Of(instant)).Offset);
    }

    [Fact]
    public void The_key_of_a_later_instant_comes_first()
    {
        string[] keys = [.. Instants.Select(instant => InvertedTime.Of(instant.Data))];
        Assert.Equal(keys.Reverse(), keys.Order(StringComparer.Ordinal));
    }
}
