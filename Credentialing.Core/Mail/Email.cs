namespace Credentialing.Core.Mail;

/// <summary>One email, to several people at once.</summary>
/// <param name="OperationId">
/// What makes this email one and the same however often it is offered: a service that knows the id sends it once.
/// </param>
/// <param name="To">Who gets it; at least one.</param>
/// <param name="Subject">One line of plain text.</param>
/// <param name="Text">The body for a text client.</param>
/// <param name="Html">The body for everybody else.</param>
/// <param name="Attachment">The file that comes with it.</param>
public sealed record Email(
    Guid OperationId, IReadOnlyList<EmailRecipient> To, string Subject, string Text, string Html, EmailAttachment Attachment)
{
    /// <summary>Whether it may have been offered before, so that a service that can tell should be asked first whether it has it.</summary>
    public bool IsRepeated { get; init; }
}

/// <summary>A file that comes with an email.</summary>
/// <param name="FileName">Its name, with its extension.</param>
/// <param name="MediaType">Its media type, with parameters.</param>
/// <param name="Content">Its bytes.</param>
public sealed record EmailAttachment(string FileName, string MediaType, ReadOnlyMemory<byte> Content);
