using System.ComponentModel.DataAnnotations;

namespace Credentialing.Core.Mail;

/// <summary>How email is sent: settings <c>Credentialing:Mail:*</c>.</summary>
public sealed class MailOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Credentialing:Mail";

    /// <summary>The address that emails come from. Azure Communication Services asks for one of a verified domain.</summary>
    [Required, EmailAddress]
    public string From { get; set; } = "";

    /// <summary>The name beside <see cref="From"/>. Azure Communication Services has one of its own for the address, and uses that.</summary>
    [Required]
    public string FromName { get; set; } = "TOMS";

    /// <summary>How often an email is offered again, in one run, to a service that fails.</summary>
    [Range(1, 10)]
    public int Retries { get; set; } = 2;

    /// <summary>How long to wait before the first of these; each further wait is twice as long.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(2);
}
