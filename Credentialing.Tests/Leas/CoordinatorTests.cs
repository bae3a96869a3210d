using Azure.Data.Tables;
using Credentialing.Core.Leas;
using Credentialing.Core.Storage;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Leas;

[Kind(TestKind.Unit)]
public sealed class CoordinatorTests
{
    private static readonly Coordinator[] Coordinators = [TestWorld.Rosa, new("ana", "Ana Núñez", null, Language.Spanish)];

    [Fact]
    public void A_column_contains_all_values_of_coordinators() =>
        Assert.Equal(Coordinators, Coordinator.ListFromText(Row(Coordinator.ListToText(Coordinators)), "Former"));

    [Fact]
    public void A_missing_column_contains_no_coordinator() => Assert.Empty(Coordinator.ListFromText(Row(null), "Former"));

    [Theory]
    [InlineData("rosa")]
    [InlineData("rosa\tfr\trosa@lea.example\tRosa Delgado")]
    [InlineData("rosa\ten\trosa@lea.example\tRosa\tDelgado")]
    public void A_corrupt_column_is_an_unreadable_row(string text) =>
        Assert.Contains("has no valid Former", Assert.Throws<UnreadableRowException>(() => Coordinator.ListFromText(Row(text), "Former")).Message, StringComparison.Ordinal);

    private static TableEntity Row(string? text) => new("01612590000000", "notice:1") { ["Former"] = text };
}
