using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Credentialing.Core.Leas;

/// <summary>
/// The rule for email addresses. It is stricter than RFC 5321, so that every mail service accepts a valid address: the local part is
/// a dot-string of at most 64 octets, without quotes; the domain is a host name of at least two labels, without a dot at the end.
/// Both may have non-ASCII characters (RFC 6531, RFC 5890). At most 254 octets (RFC 5321, section 4.5.3.1.3, without the angle
/// brackets).
/// </summary>
public static partial class EmailAddress
{
    private const int MaxOctets = 254;
    private const int MaxLocalOctets = 64; // RFC 5321, section 4.5.3.1.1

    /// <summary>Whether a text is a valid email address, and nothing else.</summary>
    public static bool IsValid(string? address) => ToMailbox(address) is not null;

    /// <summary>
    /// Returns the address in the form for sending: its domain in ASCII (<c>xn--</c>: RFC 5890). The result is ASCII unless the local
    /// part is not; a mail server then needs SMTPUTF8 (RFC 6531). Null if the address is not valid.
    /// </summary>
    public static string? ToMailbox(string? address)
    {
        if (address is not { Length: <= MaxOctets } || address.LastIndexOf('@') is var at && at < 0 || OneLine.Of(address) != address)
            return null;
        var local = address[..at];
        if (Encoding.UTF8.GetByteCount(local) > MaxLocalOctets || !DotString().IsMatch(local) || ToAscii(address[(at + 1)..]) is not { } domain)
            return null;
        var mailbox = $"{local}@{domain}";
        return Encoding.UTF8.GetByteCount(mailbox) <= MaxOctets ? mailbox : null;
    }

    private static string? ToAscii(string domain)
    {
        try
        {
            var ascii = Ascii.IsValid(domain) ? domain : new IdnMapping().GetAscii(domain);
            return HostName().IsMatch(ascii) ? ascii : null;
        }
        catch (ArgumentException)
        {
            return null; // not an internationalized domain name
        }
    }

    [GeneratedRegex(@"\A(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\x00-\x7F])+(?:\.(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\x00-\x7F])+)*\z")]
    private static partial Regex DotString();

    [GeneratedRegex(@"\A(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\z")]
    private static partial Regex HostName();
}
