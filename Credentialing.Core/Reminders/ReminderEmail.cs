using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;

namespace Credentialing.Core.Reminders;

/// <summary>
/// Composes the emails of a reminder from the templates and texts in <c>Reminders/Templates</c>: see <see cref="EmailTemplate"/>.
/// Deterministic: the same reminder gives the same bytes. An email cannot contain a secret key, because a <see cref="Credential"/>
/// has none.
/// </summary>
/// <param name="calendar">Formats dates and times in the LEA's time zone.</param>
/// <param name="screen">Builds the link to the screen where credentials are regenerated.</param>
/// <param name="addresses">The address for vendors and the help contact.</param>
public sealed class ReminderEmail(LeaCalendar calendar, CredentialingScreen screen, ServiceAddresses addresses)
{
    private static readonly EmailTemplate Template = new(typeof(ReminderEmail), body: "reminder", texts: "reminder");

    /// <summary>Composes one email for each language of the recipients, English first. Each has the recipients of its language.</summary>
    /// <param name="reminder">The reminder. Every recipient must have an address.</param>
    public IReadOnlyList<Email> Compose(Reminder reminder) =>
    [
        .. reminder.Recipients.GroupBy(recipient => recipient.Language).OrderBy(recipients => recipients.Key)
            .Select(recipients => Compose(reminder, recipients.Key, recipients)),
    ];

    /// <summary>Creates the calendar file that is attached to the reminders, and that coordinators can download. Deterministic.</summary>
    /// <param name="credential">Credentials that have not expired.</param>
    /// <param name="leaName">The name of the LEA.</param>
    /// <param name="language">The language of the event's texts.</param>
    public EmailAttachment CreateCalendarFile(Credential credential, string leaName, Language language)
    {
        var values = Values(credential, leaName, language);
        return ReminderCalendarFile.Create(
            credential, calendar, screen.For(credential.LeaId), language,
            Template.RenderText("event_summary", language, values), Template.RenderText("event_description", language, values));
    }

    private Email Compose(Reminder reminder, Language language, IEnumerable<Coordinator> recipients)
    {
        var credential = reminder.Credential;
        var values = Values(credential, reminder.LeaName, language);
        values["expired"] = reminder.IsAfterExpiry;
        values["days"] = reminder.DaysRemaining;
        values["countdown"] = LeaCalendar.InDays(reminder.DaysRemaining, language);
        values["generated"] = calendar.InWords(credential.GeneratedAt, language);
        values["generated_by"] = credential.GeneratedBy.Name;
        values["vendor_address"] = addresses.VendorBaseUrl.AbsoluteUri;
        values["vendor_guide"] = addresses.VendorGuideUrl?.AbsoluteUri ?? "";
        values["help"] = addresses.Help ?? "";
        var content = Template.Render(language, values);
        return new Email(
            reminder.OperationIdIn(language),
            [.. recipients.Select(recipient => new EmailRecipient(recipient.Name, recipient.Email!))],
            content.Subject,
            content.Text,
            content.Html,
            reminder.IsAfterExpiry ? null : CreateCalendarFile(credential, reminder.LeaName, language))
        {
            Language = language,
        };
    }

    /// <summary>The variables that the emails and the calendar file have in common.</summary>
    private Dictionary<string, object> Values(Credential credential, string leaName, Language language) => new()
    {
        ["lea_name"] = OneLine.Of(leaName),
        ["username"] = credential.Username.ToString(),
        ["expires"] = calendar.InWords(credential.ExpiresAt, language),
        ["at_time"] = calendar.AtTimeInWords(credential.ExpiresAt, language),
        ["link"] = screen.For(credential.LeaId).AbsoluteUri,
    };
}
