using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
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
public sealed partial class ReminderEmail(LeaCalendar calendar, CredentialingScreen screen)
{
    /// <summary>Recommended maximum line length (RFC 5322, section 2.1.1). A longer word, such as the link, gets its own line.</summary>
    private const int TextWidth = 78;

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
        var leaName = OneLine(reminder.LeaName);
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
        words.SetValue("generated_by", OneLine(credential.GeneratedBy.Name));
        words.SetValue("link", link.AbsoluteUri);

        return new Email(
            reminder.OperationId,
            [.. reminder.Recipients.Select(recipient => new EmailRecipient(recipient.Name, recipient.Email!))],
            Subject.Render(words, NullEncoder.Default).Trim(),
            Wrap(Text.Render(words, NullEncoder.Default)),
            Html.Render(words, HtmlEncoder.Default),
            ReminderCalendarFile.Create(credential, leaName, calendar, link));
    }

    private static IFluidTemplate Parse(string name)
    {
        using var resource = typeof(ReminderEmail).Assembly.GetManifestResourceStream(typeof(ReminderEmail), $"Templates.{name}.liquid")!;
        using var reader = new StreamReader(resource);
        return Parser.Parse(reader.ReadToEnd());
    }

    /// <summary>Replaces white space and control characters by spaces, so that a name cannot inject a line break.</summary>
    private static string OneLine(string name) => SpaceOrControl().Replace(name, " ").Trim();

    /// <summary>
    /// Wraps lines between words. Continuation lines are indented to the first word of the step (after its number) or of the value
    /// (after its label and two spaces).
    /// </summary>
    private static string Wrap(string text)
    {
        var wrapped = new StringBuilder();
        foreach (var line in text.Split('\n'))
        {
            var indent = Indent().Match(line).Length;
            var words = line[indent..].Split(' ');
            var column = indent + words[0].Length;
            wrapped.Append(line, 0, indent).Append(words[0]);
            foreach (var word in words.Skip(1))
            {
                if (column + 1 + word.Length <= TextWidth)
                {
                    wrapped.Append(' ').Append(word);
                    column += 1 + word.Length;
                }
                else
                {
                    wrapped.Append('\n').Append(' ', indent).Append(word);
                    column = indent + word.Length;
                }
            }

            wrapped.Append('\n');
        }

        return wrapped.ToString().TrimEnd() + "\n";
    }

    [GeneratedRegex(@"[\s\p{Cc}]+")]
    private static partial Regex SpaceOrControl();

    [GeneratedRegex(@"\A *(\d\. |[A-Za-z ]+:  +)?")]
    private static partial Regex Indent();
}
