using MimeKit;

namespace Credentialing.Core.Mail;

/// <summary>A recipient of an email.</summary>
/// <param name="Name">The display name.</param>
/// <param name="Address">The email address, not validated; see <see cref="HasAddress"/>.</param>
public sealed record EmailRecipient(string Name, string Address)
{
    private static readonly ParserOptions Strict = new()
    {
        AddressParserComplianceMode = RfcComplianceMode.Strict,
        AllowAddressesWithoutDomain = false,
        AllowUnquotedCommasInAddresses = false,
        MaxAddressGroupDepth = 0,
    };

    /// <summary>Whether the address is exactly one addr-spec (RFC 5322, section 3.4.1).</summary>
    public bool HasAddress => Mailbox is not null;

    /// <summary>The mailbox; null if the address is invalid.</summary>
    internal MailboxAddress? Mailbox
    {
        get
        {
            if (!MailboxAddress.TryParse(Strict, Address, out var mailbox) || (mailbox.Address != Address && mailbox.GetAddress(idnEncode: true) != Address))
                return null;
            mailbox.Name = Name;
            return mailbox;
        }
    }
}
