using System.Text;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Leas;

[Kind(TestKind.Unit)]
public sealed class EmailAddressTests
{
    [Theory]
    [InlineData("rosa@lea.example", "rosa@lea.example")]
    [InlineData("o'neil+sis.x@k12.ca.us", "o'neil+sis.x@k12.ca.us")]
    [InlineData("Rosa@Lea.Example", "Rosa@Lea.Example")]
    [InlineData("rosa@bücher.example", "rosa@xn--bcher-kva.example")]
    [InlineData("rosa@xn--bcher-kva.example", "rosa@xn--bcher-kva.example")]
    [InlineData("rosa@bb--bb.example", "rosa@bb--bb.example")]
    [InlineData("josé@bücher.example", "josé@xn--bcher-kva.example")]
    public void ToMailbox_returns_a_valid_address_with_its_domain_in_ASCII(string address, string mailbox)
    {
        Assert.True(EmailAddress.IsValid(address));
        Assert.Equal(mailbox, EmailAddress.ToMailbox(address));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("rosa")]
    [InlineData("@lea.example")]
    [InlineData("rosa@")]
    [InlineData("rosa@district")]
    [InlineData("rosa.@lea.example")]
    [InlineData(".rosa@lea.example")]
    [InlineData("ro..sa@lea.example")]
    [InlineData("rosa@lea.example.")]
    [InlineData("rosa@lea..example")]
    [InlineData("rosa@-lea.example")]
    [InlineData("rosa@lea_x.example")]
    [InlineData("rosa@192.0.2.1")]
    [InlineData("rosa@[192.0.2.1]")]
    [InlineData("\"rosa delgado\"@lea.example")]
    [InlineData("Rosa <rosa@lea.example>")]
    [InlineData("rosa@lea@lea.example")]
    [InlineData("rosa delgado@lea.example")]
    [InlineData(" rosa@lea.example")]
    [InlineData("rosa@lea.example\u200B")]
    [InlineData("rosa\u200B@lea.example")]
    [InlineData("rosa@lea\u00AD.example")]
    [InlineData("rosa@lea.example\r\nBcc: eve@lea.example")]
    [InlineData("rosa@-bücher.example")]
    public void Other_texts_are_not_valid(string? address)
    {
        Assert.False(EmailAddress.IsValid(address));
        Assert.Null(EmailAddress.ToMailbox(address));
    }

    [Fact]
    public void An_unpaired_surrogate_is_not_valid() => Assert.False(EmailAddress.IsValid("ro\uD800sa@lea.example"));

    [Fact]
    public void The_local_part_has_at_most_64_octets_and_the_address_at_most_254()
    {
        var domain = string.Join('.', Enumerable.Repeat(new string('d', 46), 4)) + ".a";
        Assert.True(EmailAddress.IsValid($"{new string('a', 64)}@{domain}"));
        Assert.False(EmailAddress.IsValid($"{new string('a', 65)}@lea.example"));
        Assert.False(EmailAddress.IsValid($"{new string('é', 33)}@lea.example"));
        Assert.False(EmailAddress.IsValid($"{new string('a', 64)}@d{domain}"));
        Assert.False(EmailAddress.IsValid($"rosa@{new string('d', 64)}.example"));
    }

    [Theory]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bücher")] // 49 + 1 + 13 (xn--bcher-kva) + 191
    [InlineData("éééééééééééééééééééééééaaa", "xn--bcher-kva")] // 23 * 2 + 3
    public void The_limit_of_254_octets_applies_to_the_form_for_sending(string local, string label)
    {
        var domain = $"{label}.{string.Join('.', Enumerable.Repeat(new string('d', 60), 3))}.example";
        Assert.Equal(254, Encoding.UTF8.GetByteCount(EmailAddress.ToMailbox($"{local}@{domain}")!));
        Assert.False(EmailAddress.IsValid($"{local}a@{domain}"));
    }
}
