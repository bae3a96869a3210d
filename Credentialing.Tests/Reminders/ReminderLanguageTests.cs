using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Reminders;
using Credentialing.Tests.Support;
using Ical.Net.CalendarComponents;
using Calendar = Ical.Net.Calendar;

namespace Credentialing.Tests.Reminders;

/// <summary>The language of a reminder: see <see cref="ReminderEmailTests"/> for the English content.</summary>
[Kind(TestKind.Unit)]
public sealed partial class ReminderLanguageTests
{
    private const string Expires = "martes 23 de noviembre de 2027 a las 12:00 p.m. hora del Pacífico";
    private const string Help = "toms-help@toms.example";

    private static readonly DateTimeOffset GeneratedAt = new(2026, 11, 23, 20, 0, 0, TimeSpan.Zero);
    private static readonly Coordinator Ana = new("ana", "Ana Núñez", "ana@lea.example", Language.Spanish);
    private static readonly Coordinator Raúl = new("raul", "Raúl Peña", "raul@lea.example", Language.Spanish);

    private readonly ReminderEmail emails = new(
        new LeaCalendar(Pacific.Zone),
        new CredentialingScreen(new Uri("https://toms.example/credentialing")),
        new ServiceAddresses(new Uri("https://toms.example/api/v1"), new Uri("https://toms.example/guide"), Help));

    [Fact]
    public void Each_language_gets_its_own_email_to_its_own_recipients()
    {
        var reminder = ReminderOf(7, Ana, TestWorld.Rosa, Raúl, TestWorld.Luis);

        var composed = emails.Compose(reminder);

        Assert.Equal([Language.English, Language.Spanish], composed.Select(email => email.Language));
        Assert.Equal([["rosa@lea.example", "luis@lea.example"], ["ana@lea.example", "raul@lea.example"]], composed.Select(email => email.To.Select(to => to.Address)));
        Assert.Equal([reminder.OperationId, reminder.OperationIdIn(Language.Spanish)], composed.Select(email => email.OperationId));
    }

    [Fact]
    public void The_operation_id_of_each_language_is_unique_and_never_changes()
    {
        var ids = Milestone.All.SelectMany(milestone => Enum.GetValues<Language>().Select(ReminderOf(milestone.Days, Ana).OperationIdIn)).ToList();
        Assert.Distinct(ids);
        Assert.All(ids, id => Assert.Equal(8, id.Version));
        Assert.Equal(
            ["d4416fba-91b6-88fc-8ba5-d119ab09e9fd", "82fb3756-48a8-8cc3-a2a5-f16429a6b4fc"],
            Enum.GetValues<Language>().Select(language => ReminderOf(14, Ana).OperationIdIn(language).ToString())); // must never change
    }

    [Theory]
    [InlineData(0, "hoy", "hoy a las 12:00 p.m. hora del Pacífico", "0 (hoy es el último día)")]
    [InlineData(1, "en 1 día", $"en 1 día, el {Expires}", "1")]
    [InlineData(3, "en 3 días", $"en 3 días, el {Expires}", "3")]
    [InlineData(7, "en 7 días", $"en 7 días, el {Expires}", "7")]
    [InlineData(14, "en 14 días", $"en 14 días, el {Expires}", "14")]
    public void The_Spanish_email_has_the_days_remaining_and_the_expiry_time(int days, string inSubject, string inBody, string remaining)
    {
        var email = Spanish(days);
        Assert.Equal($"Oakland Unified: las credenciales de proveedores de SIS vencen {inSubject}", email.Subject);
        Assert.Contains("<html lang=\"es\">", email.Html, StringComparison.Ordinal);
        foreach (var body in Bodies(email))
        {
            Assert.Contains($"Las credenciales de proveedores de SIS de Oakland Unified vencen {inBody}.", body, StringComparison.Ordinal);
            Assert.Matches($"Válidas hasta:? {Regex.Escape(Expires)} ", body);
            Assert.Matches($"Días restantes:? {Regex.Escape(remaining)} ", body);
            Assert.Contains($"¿Necesita ayuda? Contacto: {Help}.", body, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(14)]
    public void No_English_sentence_is_in_the_Spanish_email_and_no_Spanish_one_in_the_English_email(int days)
    {
        var (english, spanish) = (emails.Compose(ReminderOf(days, TestWorld.Rosa))[0], Spanish(days));
        Assert.Empty(Sentences(english).Intersect(Sentences(spanish)));
        Assert.DoesNotMatch(@"(?i)\b(the|of|and|your|to|in|on|at|credentials|today|days|Time)\b", WordsOf(spanish));
        Assert.DoesNotMatch(@"(?i)\b(el|la|las|los|de|y|su|sus|en|credenciales|hoy|días|hora)\b", WordsOf(english));
    }

    [Fact]
    public void The_Spanish_email_uses_the_names_on_the_Spanish_screens()
    {
        string[] names =
        [
            "Credenciales de proveedores de SIS", "Autorización para divulgar datos de estudiantes a proveedores", "Regenerar credenciales",
            "Sí, generar credenciales", "MOSTRAR CLAVE SECRETA", "informes de calificaciones de los estudiantes", "Nombre de usuario", "Dirección para proveedores",
        ];
        var texts = File.ReadAllText(Path.Combine(Credentialing.DevHost.ProjectFolder.Root, "web/site/texts/es.js"));
        Assert.All(names, name => Assert.Contains(name, texts, StringComparison.Ordinal));
        foreach (var body in Bodies(Spanish(7)))
            Assert.All(names, name => Assert.Contains(name, body, StringComparison.Ordinal));
    }

    [Fact]
    public void The_values_of_the_table_in_the_text_start_in_the_same_column_in_every_language() =>
        Assert.All(emails.Compose(ReminderOf(7, Ana, TestWorld.Rosa)), email =>
        {
            var rows = email.Text.Split('\n').Where(line => Row().IsMatch(line)).ToList();
            Assert.Equal(7, rows.Count);
            Assert.Single(rows.Select(row => Row().Match(row).Length).Distinct());
        });

    [Fact]
    public void The_calendar_file_is_in_the_language_of_the_email_and_is_the_same_event()
    {
        var (english, spanish) = (Event(emails.Compose(ReminderOf(7, TestWorld.Rosa))[0]), Event(Spanish(7)));
        Assert.Equal(english.Uid, spanish.Uid);
        Assert.Equal("Oakland Unified: las credenciales de proveedores de SIS vencen a las 12:00 p.m. hora del Pacífico", spanish.Summary);
        Assert.StartsWith(
            $"Las credenciales de proveedores de SIS de Oakland Unified (nombre de usuario sis-01612590000000) vencen el {Expires}. Después,",
            spanish.Description,
            StringComparison.Ordinal);
        Assert.Equal(spanish.Summary, Assert.Single(spanish.Alarms).Description);
    }

    private static Reminder ReminderOf(int days, params Coordinator[] recipients) => new(
        new Credential(
            TestWorld.Oakland, 1, new SecretKeyVerifier("1", ReadOnlyMemory<byte>.Empty), GeneratedAt, TestWorld.Rosa, GeneratedAt + Credential.Lifetime,
            new ReleaseAuthorization(TestWorld.Rosa, GeneratedAt, ReleaseWording.Current.Version), LastUsedOn: null),
        "Oakland Unified", Milestone.Reached(days)!.Value, days, recipients, []);

    private Email Spanish(int days) => Assert.Single(emails.Compose(ReminderOf(days, Ana)));

    /// <summary>The visible text of both bodies, each on one line. Without the quotation marks of the plain text.</summary>
    private static string[] Bodies(Email email) =>
    [
        Space().Replace(email.Text.Replace("\"", "", StringComparison.Ordinal), " "),
        Space().Replace(WebUtility.HtmlDecode(Tag().Replace(HeadOrBlock().Replace(email.Html, " "), "")), " "),
    ];

    private static IEnumerable<string> Sentences(Email email) =>
        WordsOf(email).Replace("Oakland Unified", "", StringComparison.Ordinal).Split(['.', ':', '?', '(', ')'], StringSplitOptions.TrimEntries)
            .Where(sentence => sentence.Contains(' ', StringComparison.Ordinal));

    /// <summary>All text without addresses.</summary>
    private static string WordsOf(Email email) =>
        Address().Replace(string.Join(' ', [.. Bodies(email), email.Subject, Event(email).Summary!, Event(email).Description!]), "");

    private static CalendarEvent Event(Email email) =>
        Assert.Single(Calendar.Load(Encoding.UTF8.GetString(email.Attachment.Content.Span))!.Events);

    [GeneratedRegex("(?s)<head>.*</head>|</?(h1|h2|p|li|dt|dd|br)[^>]*>")]
    private static partial Regex HeadOrBlock();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"\S*(://|@)\S*")]
    private static partial Regex Address();

    [GeneratedRegex(@"^\p{Lu}[\p{L} ]+:  +(?=\S)")]
    private static partial Regex Row();
}
