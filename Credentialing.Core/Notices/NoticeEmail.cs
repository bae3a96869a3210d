using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;

namespace Credentialing.Core.Notices;

/// <summary>
/// Composes the emails of a notice from the templates and texts in <c>Notices/Templates</c>: see <see cref="EmailTemplate"/>.
/// Deterministic: the same notice, LEA and recipients give the same bytes.
/// </summary>
/// <param name="calendar">Formats dates and times in the LEA's time zone.</param>
/// <param name="screen">Builds the link to the screen.</param>
/// <param name="addresses">The help contact.</param>
public sealed class NoticeEmail(LeaCalendar calendar, CredentialingScreen screen, ServiceAddresses addresses)
{
    /// <summary>Whom the email names if no person made the change.</summary>
    private const string Toms = "TOMS";

    private static readonly EmailTemplate Template = new(typeof(NoticeEmail), body: "notice", texts: "notice");

    /// <summary>
    /// Composes one message for each language of the current and of the former recipients. So a message has at most
    /// <see cref="Lea.MaxCoordinators"/> recipients.
    /// </summary>
    internal IReadOnlyList<Email> Compose(Notice notice, Lea? lea)
    {
        var (current, former) = notice.Recipients(lea);
        return [.. Messages(current, ""), .. Messages(former, ":former")];

        IEnumerable<Email> Messages(IReadOnlyList<Coordinator> recipients, string suffix) => recipients
            .GroupBy(recipient => recipient.Language).OrderBy(group => group.Key)
            .Select(group => Compose(notice, lea, group.Key, [.. group], suffix));
    }

    private Email Compose(Notice notice, Lea? lea, Language language, IReadOnlyList<Coordinator> recipients, string suffix)
    {
        var content = Template.Render(language, new Dictionary<string, object>
        {
            ["kind"] = notice.Kind,
            ["lea_name"] = Lea.NameOf(lea, notice.LeaId),
            ["by"] = OneLine.Of(notice.ByName ?? Toms),
            ["at"] = calendar.InWords(notice.At, language),
            ["until"] = notice.PreviousUntil is { } until ? calendar.InWords(until, language) : "",
            ["reason"] = OneLine.Of(notice.Detail),
            ["coordinators"] = string.Join(", ", (lea?.Coordinators ?? []).Select(coordinator => coordinator.Name)),
            ["link"] = screen.For(notice.LeaId).AbsoluteUri,
            ["help"] = addresses.Help ?? "",
        });
        return new Email(
            OperationId.Of($"{notice.LeaId}:{notice.Key}:{LanguageTag.Of(language)}{suffix}"),
            [.. recipients.Select(recipient => new EmailRecipient(recipient.Name, recipient.Email!))],
            content.Subject,
            content.Text,
            content.Html,
            Attachment: null)
        {
            Language = language,
        };
    }
}
