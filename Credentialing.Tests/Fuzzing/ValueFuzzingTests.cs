using System.Text;
using System.Text.RegularExpressions;
using Credentialing.Core;
using Credentialing.Core.Audit;
using Credentialing.Core.Backups;
using Credentialing.Core.Credentials;
using Credentialing.Core.Disclosures;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Notices;
using Credentialing.Core.Reminders;
using Credentialing.Core.ScoreReports;
using Credentialing.Core.Shares;
using Credentialing.Tests.Support;
using CsCheck;
using Ical.Net.CalendarComponents;
using Calendar = Ical.Net.Calendar;

namespace Credentialing.Tests.Fuzzing;

/// <summary>The parsers and writers that need no storage are fuzzed alone, so that many more inputs reach them.</summary>
[Kind(TestKind.Unit)]
public sealed partial class ValueFuzzingTests(ITestOutputHelper output)
{
    private static readonly DateTimeOffset GeneratedAt = new(2026, 11, 23, 20, 0, 0, TimeSpan.Zero);
    private static readonly LeaCalendar LeaCalendar = new(Pacific.Zone);
    private static readonly CredentialingScreen Screen = new(new Uri("https://toms.example/credentialing?year=2027"));
    private static readonly ServiceAddresses Addresses = new(new Uri("https://toms.example/api/v1"));
    private static readonly ReminderEmail Reminders = new(LeaCalendar, Screen, Addresses);
    private static readonly NoticeEmail Notices = new(LeaCalendar, Screen, Addresses);

    [Fact]
    public Task A_secret_key_or_an_id()
    {
        var key = SecretKey.Generate().Reveal();
        return FuzzRun.SampleAsync(
            output,
            70,
            Mutations.Of(Mutations.AllChars, key, "9016125901", "01612590000000", "sis-01612590000000", "2026-lexile-quantile-zh-hant.pdf", "01612590000000-0123456789abcdef0123456789abcdef", "rosa.delgado@ousd.example", "josé@bücher.example", "a@xn--bcher-kva.example", "a@bü\u200D-.example"),
            text =>
            {
                // What is accepted has one normal form, which is accepted as well.
                if (SecretKey.TryParse(text, out var parsed))
                    Assert.True(parsed.Reveal() == Canonical(text), "A secret key has a second encoding.");
                if (Ssid.TryParse(text, out var ssid))
                    Assert.Equal(text, ssid.ToString());
                if (LeaId.TryParse(text, out var leaId))
                    Assert.Equal(text, leaId.ToString());
                if (Username.TryParse(text, out var username))
                    Assert.Equal(text.Trim().ToLowerInvariant(), username.ToString());
                if (ScoreReport.TryParseId(Ssid.Parse("9016125901"), text, out var report))
                    Assert.Equal((text, 5), (report.Id, report.BlobName(TestWorld.Oakland).Split('/').Length + 1));
                if (ShareId.Parse(text) is { } share)
                    Assert.Equal(text, share.ToString());
                if (EmailAddress.ToMailbox(text) is { } mailbox)
                    Assert.DoesNotMatch(@"[\s<>,;:\x00-\x1F\x7F]", mailbox);
                Assert.InRange(ClientName.Of(text).ToString().Length, 1, ClientName.MaxLength);
                Assert.DoesNotContain(OneLine.Of(text).EnumerateRunes(), Rune.IsControl);
                _ = (DisclosureLog.IsNext(text), AuditTrail.IsValidId(text), Coordinator.IsValidId(text), LanguageTag.Parse(text));
            },
            FuzzedRequest.Printable);
    }

    /// <summary>Names of LEAs and coordinators, addresses and reasons: of TOMS, so from people.</summary>
    [Fact]
    public Task A_name_or_an_address_in_an_email()
    {
        var plainReminder = Compose("A", "B", "C");
        var (plainNotice, plainNoticeWithoutReason) = (ComposeNotice("A", "B", "C"), ComposeNotice("A", "B", ""));
        return FuzzRun.SampleAsync(
            output,
            40,
            Gen.Select(Names, Names, Names),
            names =>
            {
                var (lea, person, reason) = names;
                foreach (var (email, plain) in Compose(lea, person, reason).Zip(plainReminder).Concat(ComposeNotice(lea, person, reason).Zip(OneLine.Of(reason).Length == 0 ? plainNoticeWithoutReason : plainNotice)))
                {
                    // A header field is one line. The HTML has the same elements and attributes, whatever the names are.
                    Assert.DoesNotMatch(@"[\x00-\x1F\x7F\u2028\u2029]", email.Subject);
                    Assert.Equal(Markup().Matches(plain.Html).Select(match => match.Value), Markup().Matches(email.Html).Select(match => match.Value));
                    Assert.All((string[])[email.Text, email.Html], body => Assert.DoesNotMatch(@"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]", body));
                    Assert.Equal(plain.Text.Count(character => character == '\n'), email.Text.Count(character => character == '\n'));
                    Assert.All(email.To, recipient => Assert.DoesNotMatch(@"[\x00-\x1F\x7F]", recipient.Name));
                }
            },
            names => FuzzedRequest.Printable($"{names}"));
    }

    [Fact]
    public Task A_name_in_a_calendar_file() => FuzzRun.SampleAsync(
        output,
        20,
        Names,
        name =>
        {
            foreach (var language in Enum.GetValues<Language>())
            {
                var file = Reminders.CreateCalendarFile(Generated("Rosa"), new Lea(TestWorld.Oakland, name, []).Name, language);
                var text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(file.Content.Span);
                Assert.All(text.Split("\r\n"), line => Assert.InRange(Encoding.UTF8.GetByteCount(line), 0, 75));
                Assert.DoesNotMatch(@"[\x00-\x09\x0B\x0C\x0E-\x1F]|(?<!\r)\n|\r(?!\n)", text);
                var read = Assert.Single(Calendar.Load(text)!.Children);
                Assert.Single(((CalendarEvent)read).Alarms);
                Assert.Contains(new Lea(TestWorld.Oakland, name, []).Name, ((CalendarEvent)read).Summary, StringComparison.Ordinal);
            }
        },
        FuzzedRequest.Printable);

    [Fact]
    public Task A_row_of_a_backup()
    {
        var seeds = (string[])
        [
            """{"PartitionKey":"01612590000000","RowKey":"credential","Generation":1,"Verifier@odata.type":"Edm.Binary","Verifier":"AAAA","GeneratedAt@odata.type":"Edm.DateTime","GeneratedAt":"2026-11-23T20:00:00Z"}""",
            """{"PartitionKey":"01612590000000","RowKey":"use:000001:Aeries","Flag":true,"Long@odata.type":"Edm.Int64","Long":"1","Double@odata.type":"Edm.Double","Double":"1.5","Id@odata.type":"Edm.Guid","Id":"6f9619ff-8b86-d011-b42d-00cf4fc964ff"}""",
        ];
        var values = Gen.OneOf("null", "\"\"", "\"9223372036854775808\"", "\"1e400\"", "1e400", "[]", "{}", "\"\\ud800\"", "\"not a date\"", "-2147483649", "\"0001-01-01T00:00:00Z\"", "\"AAA\"");
        var typed = Gen.Select(Gen.OneOf("Edm.Int64", "Edm.Double", "Edm.DateTime", "Edm.Guid", "Edm.Binary", "Edm.Int32", ""), values, Gen.OneOf("PartitionKey", "RowKey", "Generation", "Timestamp", "odata.etag", ""), (type, value, column) =>
            $"{{\"PartitionKey\":\"1\",\"RowKey\":\"1\",\"{column}@odata.type\":\"{type}\",\"{column}\":{value}}}");
        return FuzzRun.SampleAsync(
            output,
            40,
            Gen.OneOf(Mutations.Of(Mutations.AllChars, seeds), typed),
            line =>
            {
                if (Record.Exception(() => BackupRow.Read(line)) is { } failure and not InvalidDataException)
                    throw new InvalidOperationException("Another exception than the documented one.", failure);
            },
            FuzzedRequest.Printable);
    }

    private static Gen<string> Names { get; } = Mutations.Of(
        Mutations.AllChars, "Oakland Unified", "Cañada & Söhne <b>\"1\"</b>", "{{ link }}", "**a** [b] `c`", "O'Brien\r\nBcc: a@b.example", "a;b,c\\n:d", "北京\uD83D\uDE00", "label:\tvalue");

    /// <summary>The 59 characters in the alphabet in which a key is written.</summary>
    private static string Canonical(string text) => $"tsk_{text.Trim()[4..].ToUpperInvariant().Replace('O', '0').Replace('I', '1').Replace('L', '1')}";

    private static Credential Generated(string person) => new(
        TestWorld.Oakland, 1, new SecretKeyVerifier("version1", new byte[32]), GeneratedAt, new Coordinator("rosa", person, "rosa@lea.example"), GeneratedAt + Credential.Lifetime,
        new ReleaseAuthorization(TestWorld.Rosa, GeneratedAt, "2026-1"));

    private static List<Email> Compose(string lea, string person, string address)
    {
        Coordinator[] recipients = [new("rosa", person, "rosa@lea.example"), new("luis", person, address, Language.Spanish)];
        return [.. Reminders.Compose(new Reminder(Generated(person), new Lea(TestWorld.Oakland, lea, []).Name, Milestone.All[0], 7, recipients, []))];
    }

    private static IReadOnlyList<Email> ComposeNotice(string lea, string person, string reason) => Notices.Compose(
        new Notice(TestWorld.Oakland, "1", "credential-revoked", GeneratedAt, "luis", person, 1, reason, null, []), new Lea(TestWorld.Oakland, lea, [TestWorld.Rosa, new("mei", person, "mei@lea.example", Language.Spanish)]));

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Markup();
}
