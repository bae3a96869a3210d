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

    private Email Compose(Reminder reminder, Language language, IEnumerable<Coordinator> recipients)
    {
        var credential = reminder.Credential;
        var link = screen.For(credential.LeaId);
        var values = new Dictionary<string, object>
        {
            ["lea_name"] = OneLine.Of(reminder.LeaName),
            ["expired"] = reminder.IsAfterExpiry,
            ["days"] = reminder.DaysRemaining,
            ["countdown"] = LeaCalendar.InDays(reminder.DaysRemaining, language),
            ["expires"] = calendar.InWords(credential.ExpiresAt, language),
            ["at_time"] = calendar.AtTimeInWords(credential.ExpiresAt, language),
            ["username"] = credential.Username.ToString(),
            ["generated"] = calendar.InWords(credential.GeneratedAt, language),
            ["generated_by"] = credential.GeneratedBy.Name,
            ["link"] = link.AbsoluteUri,
            ["vendor_address"] = addresses.VendorBaseUrl.AbsoluteUri,
            ["vendor_guide"] = addresses.VendorGuideUrl?.AbsoluteUri ?? "",
            ["help"] = addresses.Help ?? "",
        };
        var content = Template.Render(language, values);
        return new Email(
            reminder.OperationIdIn(language),
            [.. recipients.Select(recipient => new EmailRecipient(recipient.Name, recipient.Email!))],
            content.Subject,
            content.Text,
            content.Html,
            reminder.IsAfterExpiry ? null : ReminderCalendarFile.Create(
                credential, calendar, link, language,
                Template.RenderText("event_summary", language, values), Template.RenderText("event_description", language, values)))
        {
            Language = language,
        };
    }
}
