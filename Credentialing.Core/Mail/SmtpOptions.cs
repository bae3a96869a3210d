using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text;

namespace Credentialing.Core.Mail;

/// <summary>How the connection to an SMTP server is encrypted.</summary>
public enum SmtpSecurity
{
    /// <summary>STARTTLS (RFC 3207). Fails if the server does not offer it.</summary>
    StartTls,

    /// <summary>Implicit TLS: TLS from the first byte (RFC 8314, section 3.3).</summary>
    Tls,

    /// <summary>No encryption. Only for a server on the same machine.</summary>
    None,
}

/// <summary>SMTP options: settings <c>Credentialing:Mail:Smtp:*</c>.</summary>
public sealed class SmtpOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Credentialing:Mail:Smtp";

    /// <summary>The server's host name or IP address. SMTP is used if this is set.</summary>
    [Required]
    public string Host { get; set; } = "";

    /// <summary>The server's port: 587 for submission (RFC 6409), 465 for implicit TLS.</summary>
    [Range(1, 65535)]
    public int Port { get; set; } = 587;

    /// <summary>The encryption of the connection.</summary>
    public SmtpSecurity Security { get; set; } = SmtpSecurity.StartTls;

    /// <summary>
    /// The app's host name for <c>EHLO</c> (RFC 5321, section 4.1.1.1), in ASCII; null for the domain of
    /// <see cref="MailOptions.From"/>. Servers may refuse a name without a dot.
    /// </summary>
    public string? LocalDomain { get; set; }

    /// <summary>
    /// Whether to check that the server's certificate was not revoked. If so, a certificate whose revocation list cannot be read is
    /// refused.
    /// </summary>
    public bool CheckCertificateRevocation { get; set; } = true;

    /// <summary>The username for authentication (RFC 4954); null for no authentication.</summary>
    public string? Username { get; set; }

    /// <summary>The password. A secret: in production, a Key Vault reference.</summary>
    public string? Password { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if ((Username is null) != (Password is null))
            yield return new ValidationResult("Set both Username and Password, or neither.", [nameof(Username), nameof(Password)]);
        if (Security is SmtpSecurity.None && !IsThisMachine)
            yield return new ValidationResult("Security None requires a server on the same machine.", [nameof(Security)]);
        if (LocalDomain is not null && (!Ascii.IsValid(LocalDomain) || Uri.CheckHostName(LocalDomain) is not UriHostNameType.Dns))
            yield return new ValidationResult("It must be a host name in ASCII.", [nameof(LocalDomain)]);
    }

    private bool IsThisMachine => Host is "localhost" || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));
}
