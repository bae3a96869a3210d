using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Fluid;

namespace Credentialing.Core.Reminders;

/// <summary>
/// Puts a reminder into words: the Liquid templates in <c>Reminders/Templates</c>, one each for the subject, the text and
/// the HTML. The same reminder always gives the same email, byte for byte. No email holds a secret key: a
/// <see cref="Credential"/> has none.
/// </summary>
/// <param name="calendar">Tells dates and times as they are at the LEA.</param>
/// <param name="screen">Where credentials are regenerated.</param>
public sealed partial class ReminderEmail(LeaCalendar calendar, CredentialingScreen screen)
{
    /// <summary>How long RFC 5322, section 2.1.1, would have a line at most; a single longer word, such as the link, has a line to itself.</summary>
    private const int TextWidth = 78;

    private static readonly FluidParser Parser = new();
    private static readonly IFluidTemplate Subject = Parse("subject");
    private static readonly IFluidTemplate Text = Parse("text");
    private static readonly IFluidTemplate Html = Parse("html");

    /// <summary>A mistake in a template must fail the first test that composes, instead of leaving a gap in an email.</summary>
    private static readonly TemplateOptions Strict = new() { StrictVariables = true, StrictFilters = true };

    /// <summary>The email that carries a reminder.</summary>
    /// <param name="reminder">The reminder; every recipient has an address.</param>
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

    /// <summary>A name as it can stand in a subject or a sentence: it cannot begin a line that we did not write.</summary>
    private static string OneLine(string name) => SpaceOrControl().Replace(name, " ").Trim();

    /// <summary>
    /// Breaks lines between words. What follows is indented like the first word of a step (after its number) or of a
    /// value (after its label and two spaces).
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
