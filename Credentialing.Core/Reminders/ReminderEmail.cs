using System.Text.Encodings.Web;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Fluid;

namespace Credentialing.Core.Reminders;

/// <summary>
/// Composes the email of a reminder from the Liquid templates in <c>Reminders/Templates</c>: subject, text and HTML.
/// Deterministic: the same reminder gives the same bytes. The email cannot contain a secret key, because a
/// <see cref="Credential"/> has none.
/// </summary>
/// <param name="calendar">Formats dates and times in the LEA's time zone.</param>
/// <param name="screen">Builds the link to the screen where credentials are regenerated.</param>
/// <param name="addresses">The address for vendors and the help contact.</param>
public sealed class ReminderEmail(LeaCalendar calendar, CredentialingScreen screen, ServiceAddresses addresses)
{
    private static readonly FluidParser Parser = new();
    private static readonly IFluidTemplate Subject = Parse("subject");
    private static readonly IFluidTemplate Text = Parse("text");
    private static readonly IFluidTemplate Html = Parse("html");

    /// <summary>Undefined variables and filters throw, so that tests find errors in the templates.</summary>
    private static readonly TemplateOptions Strict = new() { StrictVariables = true, StrictFilters = true };

    /// <summary>Composes the email.</summary>
    /// <param name="reminder">The reminder. Every recipient must have an address.</param>
    public Email Compose(Reminder reminder)
    {
        var credential = reminder.Credential;
        var leaName = OneLine.Of(reminder.LeaName);
        var expires = calendar.InWords(credential.ExpiresAt);
        var link = screen.For(credential.LeaId);

        var words = new TemplateContext(Strict);
        words.SetValue("lea_name", leaName);
        words.SetValue("days", reminder.DaysRemaining);
        words.SetValue("countdown", LeaCalendar.InDays(reminder.DaysRemaining));
        words.SetValue("expires", expires);
        words.SetValue("expires_time", calendar.TimeInWords(credential.ExpiresAt));
        words.SetValue("username", credential.Username.ToString());
        words.SetValue("generated", calendar.InWords(credential.GeneratedAt));
        words.SetValue("generated_by", credential.GeneratedBy.Name);
        words.SetValue("link", link.AbsoluteUri);
        words.SetValue("vendor_address", addresses.VendorBaseUrl.AbsoluteUri);
        words.SetValue("vendor_guide", addresses.VendorGuideUrl?.AbsoluteUri ?? "");
        words.SetValue("help", addresses.Help ?? "");

        return new Email(
            reminder.OperationId,
            [.. reminder.Recipients.Select(recipient => new EmailRecipient(recipient.Name, recipient.Email!))],
            Subject.Render(words, NullEncoder.Default).Trim(),
            Text.Render(words, NullEncoder.Default),
            Html.Render(words, HtmlEncoder.Default),
            ReminderCalendarFile.Create(credential, leaName, calendar, link));
    }

    private static IFluidTemplate Parse(string name)
    {
        using var resource = typeof(ReminderEmail).Assembly.GetManifestResourceStream(typeof(ReminderEmail), $"Templates.{name}.liquid")!;
        using var reader = new StreamReader(resource);
        return Parser.Parse(reader.ReadToEnd());
    }
}
