using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Credentialing.Core.Mail;

/// <summary>How an SMTP server makes sure that nobody reads along.</summary>
public enum SmtpSecurity
{
    /// <summary>The connection is upgraded to TLS before anything else is said (RFC 3207), or not used.</summary>
    StartTls,

    /// <summary>The connection is TLS from its first byte (RFC 8314, section 3.3).</summary>
    Tls,

    /// <summary>In the clear; for a server on the same machine only.</summary>
    None,
}

/// <summary>The SMTP server that sends email: settings <c>Credentialing:Mail:Smtp:*</c>.</summary>
public sealed class SmtpOptions : IValidatableObject
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Credentialing:Mail:Smtp";

    /// <summary>The server's name or address. It decides that SMTP is used at all.</summary>
    [Required]
    public string Host { get; set; } = "";

    /// <summary>The server's port: 587 for submission (RFC 6409), 465 for TLS from the first byte.</summary>
    [Range(1, 65535)]
    public int Port { get; set; } = 587;

    /// <summary>How the connection is protected.</summary>
    public SmtpSecurity Security { get; set; } = SmtpSecurity.StartTls;

    /// <summary>Whom to authenticate as (RFC 4954); null not to.</summary>
    public string? Username { get; set; }

    /// <summary>The password that goes with it: a secret, in production a reference to the vault.</summary>
    public string? Password { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if ((Username is null) != (Password is null))
            yield return new ValidationResult("Username and Password go together.", [nameof(Username), nameof(Password)]);
        if (Security is SmtpSecurity.None && !IsThisMachine)
            yield return new ValidationResult("Without TLS, only a server on the same machine can be used.", [nameof(Security)]);
    }

    private bool IsThisMachine => Host is "localhost" || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));
}
