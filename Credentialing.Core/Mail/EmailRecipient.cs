using MimeKit;

namespace Credentialing.Core.Mail;

/// <summary>Somebody who gets an email.</summary>
/// <param name="Name">The name to show.</param>
/// <param name="Address">Where it goes; see <see cref="HasAddress"/>.</param>
public sealed record EmailRecipient(string Name, string Address)
{
    private static readonly ParserOptions Strict = new()
    {
        AddressParserComplianceMode = RfcComplianceMode.Strict,
        AllowAddressesWithoutDomain = false,
        AllowUnquotedCommasInAddresses = false,
        MaxAddressGroupDepth = 0,
    };

    /// <summary>Whether the address is one addr-spec of RFC 5322, section 3.4.1, and nothing around it.</summary>
    public bool HasAddress => Mailbox is not null;

    /// <summary>The mailbox; null if the address is none.</summary>
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
