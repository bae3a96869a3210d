using System.Globalization;
using System.Text;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Ical.Net;
using Ical.Net.CalendarComponents;
using Ical.Net.DataTypes;
using Ical.Net.Serialization;
using Calendar = Ical.Net.Calendar;

namespace Credentialing.Core.Reminders;

/// <summary>
/// The calendar file of a reminder (RFC 5545), which coordinators can also download: an all-day event on the expiry date, with an alarm on
/// the morning before. It has no METHOD: it is a file to import, not a scheduling message, which would need an ORGANIZER (RFC 5546, section 3.2.1).
/// All files of one generation have the same event UID, in every language, so calendars show the event once.
/// </summary>
internal static class ReminderCalendarFile
{
    /// <summary>Maximum line length in octets, without the line break (RFC 5545, section 3.1).</summary>
    private const int MaxLineOctets = 75;

    private const string LineBreak = "\r\n";
    private const string Fold = LineBreak + " ";

    /// <summary>Alarm at 9:00 on the day before.</summary>
    private static readonly Duration AlarmBeforeStart = Duration.FromHours(-15);

    /// <summary>Creates the file. Deterministic: the same input gives the same bytes.</summary>
    public static EmailAttachment Create(Credential credential, LeaCalendar calendar, Uri link, Language language, string summary, string description)
    {
        var expiry = new CalendarEvent
        {
            Uid = string.Create(CultureInfo.InvariantCulture, $"sis-vendor-credentials-{credential.LeaId}-{credential.Generation}@{link.Host}"),
            DtStamp = new CalDateTime(credential.GeneratedAt.UtcDateTime),
            Start = new CalDateTime(calendar.LocalDate(credential.ExpiresAt)),
            Transparency = TransparencyType.Transparent,
            Url = new Uri(link.AbsoluteUri), // same text as in the email: the original string of a UriBuilder has the default port
            Summary = summary,
            Description = description,
        };
        expiry.Alarms.Add(new Alarm { Action = AlarmAction.Display, Description = summary, Trigger = new Trigger(AlarmBeforeStart) });

        var file = new Calendar { ProductId = $"-//TOMS//SIS Vendor Credentialing//{LanguageTag.Of(language).ToUpperInvariant()}" };
        file.Events.Add(expiry);
        var content = Encoding.UTF8.GetBytes(FoldByOctets(new CalendarSerializer().SerializeToString(file)!));
        return new EmailAttachment($"sis-vendor-credentials-{credential.LeaId}.ics", "text/calendar; charset=utf-8", content);
    }

    /// <summary>Folds lines again: Ical.Net can split a surrogate pair, which cannot be encoded as UTF-8.</summary>
    private static string FoldByOctets(string text)
    {
        var folded = new StringBuilder();
        foreach (var line in text.Replace(Fold, "", StringComparison.Ordinal).Split(LineBreak, StringSplitOptions.RemoveEmptyEntries))
        {
            var octets = 0;
            foreach (var rune in line.EnumerateRunes())
            {
                if (octets + rune.Utf8SequenceLength > MaxLineOctets)
                {
                    folded.Append(Fold);
                    octets = 1;
                }

                folded.Append(rune);
                octets += rune.Utf8SequenceLength;
            }

            folded.Append(LineBreak);
        }

        return folded.ToString();
    }
}
