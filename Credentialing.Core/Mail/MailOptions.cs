using System.ComponentModel.DataAnnotations;
using System.Text;
using Credentialing.Core.Leas;

namespace Credentialing.Core.Mail;

/// <summary>Email options: settings <c>Credentialing:Mail:*</c>.</summary>
public sealed class MailOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Credentialing:Mail";

    /// <summary>
    /// The sender address, with an ASCII local part (<see cref="EmailAddress"/>). Azure Communication Services requires an address of
    /// a verified domain.
    /// </summary>
    [Required]
    public string From { get; set; } = "";

    /// <summary>The sender name. Azure Communication Services ignores it and uses the one configured for the address.</summary>
    [Required]
    public string FromName { get; set; } = "TOMS";

    /// <summary>Maximum number of retries after failed attempts.</summary>
    [Range(1, 10)]
    public int Retries { get; set; } = 2;

    /// <summary>Delay before the first retry. Doubles with each further retry (exponential backoff).</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (EmailAddress.ToMailbox(From) is not { } mailbox || !Ascii.IsValid(mailbox))
            yield return new ValidationResult("It must be an email address, with ASCII characters before the @.", [nameof(From)]);
    }
}
