using Credentialing.Core.Leas;

namespace Credentialing.Core.Mail;

/// <summary>A recipient of an email.</summary>
/// <param name="Name">The display name.</param>
/// <param name="Address">The email address, not validated; see <see cref="Mailbox"/>.</param>
public sealed record EmailRecipient(string Name, string Address)
{
    /// <summary>The display name: always one line of printable text.</summary>
    public string Name { get; init => field = OneLine.Of(value); } = OneLine.Of(Name);

    /// <summary>The address in the form for sending; null if it is not valid (<see cref="EmailAddress"/>).</summary>
    public string? Mailbox => EmailAddress.ToMailbox(Address);
}
