using Credentialing.Core.Leas;

namespace Credentialing.Core.Mail;

/// <summary>One email to one or more recipients.</summary>
/// <param name="OperationId">The idempotency key: the same for every attempt. A mail service that supports it sends the email once.</param>
/// <param name="To">The recipients; at least one.</param>
/// <param name="Subject">The subject.</param>
/// <param name="Text">The plain-text body.</param>
/// <param name="Html">The HTML body.</param>
/// <param name="Attachment">The attachment.</param>
public sealed record Email(
    Guid OperationId, IReadOnlyList<EmailRecipient> To, string Subject, string Text, string Html, EmailAttachment Attachment)
{
    /// <summary>The subject: always one line of printable text.</summary>
    public string Subject { get; init => field = OneLine.Of(value); } = OneLine.Of(Subject);

    /// <summary>The language of the subject and the bodies. A sender may add it to the header.</summary>
    public Language Language { get; init; }

    /// <summary>Whether an earlier attempt may have reached the service, so that the sender should check this first if it can.</summary>
    public bool IsRepeated { get; init; }
}

/// <summary>An email attachment.</summary>
/// <param name="FileName">The file name with extension.</param>
/// <param name="MediaType">The media type with parameters.</param>
/// <param name="Content">The bytes.</param>
public sealed record EmailAttachment(string FileName, string MediaType, ReadOnlyMemory<byte> Content);
