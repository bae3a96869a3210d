using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Reminders;
using Credentialing.Tests.Support;
using Ical.Net;
using Ical.Net.CalendarComponents;
using Calendar = Ical.Net.Calendar;

namespace Credentialing.Tests.Reminders;

[Kind(TestKind.Unit)]
public sealed partial class ReminderEmailTests
{
    private const string HostileName = "<b>O'Brien & \"Sons\"</b>";
    private const string Link = "https://toms.example/credentialing?year=2027&lea=01612590000000";
    private const string VendorBaseUrl = "https://toms.example/api/v1";

    /// <summary>Noon Pacific Standard Time. The same local time applies 365 days later.</summary>
    private static readonly DateTimeOffset GeneratedAt = new(2026, 11, 23, 20, 0, 0, TimeSpan.Zero);

    private readonly ReminderEmail emails = new(
        new LeaCalendar(Pacific.Zone),
        new CredentialingScreen(new Uri("https://toms.example/credentialing?year=2027")),
        new ServiceAddresses(new Uri(VendorBaseUrl)));

    [Theory]
    [InlineData(0, "today", "today at 12:00 PM Pacific Time", "0 (today is the last day)")]
    [InlineData(1, "in 1 day", "in 1 day, on Tuesday, November 23, 2027 at 12:00 PM Pacific Time", "1")]
    [InlineData(7, "in 7 days", "in 7 days, on Tuesday, November 23, 2027 at 12:00 PM Pacific Time", "7")]
    [InlineData(13, "in 13 days", "in 13 days, on Tuesday, November 23, 2027 at 12:00 PM Pacific Time", "13")]
    public void Subject_and_bodies_contain_the_days_remaining_and_the_expiry_time(int days, string inSubject, string inBody, string remaining)
    {
        var email = Compose(days);
        Assert.Equal($"Oakland Unified: SIS vendor credentials expire {inSubject}", email.Subject);
        foreach (var body in Bodies(email))
        {
            Assert.Contains($"The SIS vendor credentials of Oakland Unified expire {inBody}.", body, StringComparison.Ordinal);
            Assert.Matches("Valid until:? Tuesday, November 23, 2027 at 12:00 PM Pacific Time ", body);
            Assert.Matches($"Days remaining:? {Regex.Escape(remaining)} ", body);
        }
    }

    [Fact]
    public void Only_a_reminder_before_the_expiry_has_a_calendar_file()
    {
        Assert.NotNull(Compose(1).Attachment);
        Assert.Null(Assert.Single(emails.Compose(Reminder(0, Generated(GeneratedAt), "Oakland Unified") with { Milestone = Milestone.Of(0)!.Value })).Attachment);
    }

    [Fact]
    public void Bodies_explain_the_consequences_of_expiry_and_how_to_regenerate()
    {
        string[] sentences =
        [
            "your vendors can no longer download student score reports until new credentials are generated",
            "and every vendor has been given the new secret key.",
            "You all share this ONE set of credentials, and the old secret key stops working the moment it is regenerated.",
            "Authorization to Release Student Data to Vendors.",
            "Select Regenerate Credentials and confirm with Yes, Generate Credentials.",
            "Select SHOW SECRET KEY and copy the key before you leave the screen. It cannot be seen again afterwards.",
            "Give your vendors the username (unchanged) and the new secret key.",
            "Not the right person? Ask your LEA to update its coordinators in TOMS.",
            "sis-01612590000000",
            "Rosa Delgado",
            "Monday, November 23, 2026 at 12:00 PM Pacific Time",
            "The reminders stop as soon as the credentials are regenerated.",
            "We never send a secret key by email, and we never ask for one.",
            Link,
        ];
        foreach (var body in Bodies(Compose(7)).Select(body => body.Replace("\"", "", StringComparison.Ordinal)))
            Assert.All(sentences, sentence => Assert.Contains(sentence, body, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("2026-07-01T16:05:59Z", "Thursday, July 1, 2027 at 9:05 AM Pacific Time")]
    [InlineData("2026-12-01T07:59:00Z", "Tuesday, November 30, 2027 at 11:59 PM Pacific Time")]
    [InlineData("2026-03-14T20:00:00Z", "Sunday, March 14, 2027 at 1:00 PM Pacific Time")] // daylight saving time starts that night
    [InlineData("2026-11-07T08:30:00Z", "Sunday, November 7, 2027 at 1:30 AM Pacific Time")] // ambiguous local time, first occurrence
    [InlineData("2026-11-07T09:30:00Z", "Sunday, November 7, 2027 at 1:30 AM Pacific Time")] // second occurrence
    public void Date_and_time_are_in_the_LEAs_time_zone_with_daylight_saving_time(string generatedAt, string expires)
    {
        var email = Compose(7, Generated(Instant(generatedAt)));
        Assert.All(Bodies(email), body => Assert.Contains(expires, body, StringComparison.Ordinal));
        Assert.Contains(expires, Event(email).Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Compose_does_not_depend_on_the_culture_of_the_server()
    {
        var expected = Compose(7);
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("ar-SA"); // different calendar and digits
            AssertSame(expected, Compose(7));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void Compose_is_deterministic() => AssertSame(Compose(7), Compose(7));

    [Fact]
    public void Compose_uses_every_recipient_and_the_operation_id_of_the_reminder()
    {
        var reminder = Reminder(7, Generated(GeneratedAt), "Oakland Unified");
        var email = Assert.Single(emails.Compose(reminder));
        Assert.Equal(reminder.OperationId, email.OperationId);
        Assert.Equal([new("Rosa Delgado", "rosa@lea.example"), new("Luis Ortega", "luis@lea.example")], email.To);
    }

    [Fact]
    public void A_name_with_markup_is_encoded_in_HTML_and_unchanged_elsewhere()
    {
        var by = new Coordinator("x", "<script>alert(1)</script>{{ link }}", null);
        var email = Compose(7, Generated(GeneratedAt) with { GeneratedBy = by }, HostileName);

        Assert.DoesNotContain("<b>", email.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", email.Html, StringComparison.Ordinal);
        Assert.Contains("&lt;b&gt;O&#x27;Brien &amp; &quot;Sons&quot;&lt;/b&gt;", email.Html, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;{{ link }}", email.Html, StringComparison.Ordinal);
        Assert.Contains($"The SIS vendor credentials of {HostileName} expire", email.Text, StringComparison.Ordinal);
        Assert.Contains("<script>alert(1)</script>{{ link }}", email.Text, StringComparison.Ordinal);
        Assert.Equal($"{HostileName}: SIS vendor credentials expire in 7 days", email.Subject);
        Assert.Equal($"{HostileName}: SIS vendor credentials expire at 12:00 PM Pacific Time", Event(email).Summary);
    }

    [Fact]
    public void A_name_cannot_inject_a_line_break()
    {
        var email = Compose(7, leaName: "Oakland\r\nBcc: all@lea.example\u2028\u0007Unified");
        Assert.Equal("Oakland Bcc: all@lea.example Unified: SIS vendor credentials expire in 7 days", email.Subject);
        Assert.DoesNotMatch("(?m)^ *Bcc", email.Text);
        Assert.DoesNotMatch("(?m)^ *Bcc", CalendarText(email));
    }

    [Fact]
    public void The_HTML_has_a_language_and_one_main_heading_and_loads_no_resources()
    {
        var html = Compose(7).Html;
        Assert.Contains("<html lang=\"en\">", html, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(html, "<h1[ >]"));
        Assert.DoesNotMatch(@"(?i)<(img|link|script|iframe|object|embed|form|base)\b|\bsrc=|url\(|@import|@font-face", html);
        Assert.All(Regex.Matches(html, "href=\"([^\"]*)\""), href => Assert.Equal(Link, WebUtility.HtmlDecode(href.Groups[1].Value)));
        Assert.All(Regex.Matches(WebUtility.HtmlDecode(html), "https?://[^ \"<]*"), address => Assert.Contains(address.Value, (string[])[Link, VendorBaseUrl]));
    }

    [Fact]
    public void Bodies_contain_the_address_for_vendors_and_without_settings_no_guide_and_no_help()
    {
        foreach (var body in Bodies(Compose(7)))
        {
            Assert.Matches($"Address for vendors:? {Regex.Escape(VendorBaseUrl)} ", body);
            Assert.DoesNotContain("Guide for vendors", body, StringComparison.Ordinal);
            Assert.DoesNotContain("Need help?", body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Bodies_contain_the_vendor_guide_and_the_help_contact_and_end_with_how_to_change_the_recipients()
    {
        const string Guide = "https://toms.example/vendors?a=1&b=2";
        var helpful = new ReminderEmail(
            new LeaCalendar(Pacific.Zone), new CredentialingScreen(new Uri(Link)), new ServiceAddresses(new Uri(VendorBaseUrl), new Uri(Guide), "toms-help@toms.example"));
        foreach (var body in Bodies(Assert.Single(helpful.Compose(Reminder(7, Generated(GeneratedAt), "Oakland Unified")))))
        {
            Assert.Matches($"Guide for vendors:? {Regex.Escape(Guide)} ", body);
            Assert.Contains("Need help? Contact toms-help@toms.example.", body, StringComparison.Ordinal);
            Assert.EndsWith("Not the right person? Ask your LEA to update its coordinators in TOMS.", body.Trim(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void No_part_contains_a_secret_key_or_its_hash()
    {
        var key = SecretKey.Generate();
        var verifier = SecretKeyVerifier.Create(new("1", new byte[32]), TestWorld.Oakland, 1, key);
        var email = Compose(7, Generated(GeneratedAt) with { Verifier = verifier });
        string[] parts = [email.Subject, email.Text, email.Html, CalendarText(email), email.Attachment!.FileName];
        Assert.All(parts, part => Assert.DoesNotContain("tsk_", part, StringComparison.OrdinalIgnoreCase));
        Assert.All(parts, part => Assert.DoesNotContain(Convert.ToHexString(verifier.Hash.Span), part, StringComparison.OrdinalIgnoreCase));
        Assert.All(parts, part => Assert.DoesNotContain(Convert.ToBase64String(verifier.Hash.Span), part, StringComparison.Ordinal));
    }

    [Fact]
    public void The_calendar_file_has_an_all_day_event_on_the_local_expiry_date_and_an_alarm_on_the_morning_before()
    {
        var email = Compose(7, Generated(Instant("2026-12-01T07:59:00Z"))); // December in UTC, November in local time
        Assert.Equal("sis-vendor-credentials-01612590000000.ics", email.Attachment!.FileName);
        Assert.Equal("text/calendar; charset=utf-8", email.Attachment!.MediaType);

        var calendar = Calendar.Load(CalendarText(email))!;
        Assert.Equal((null, "2.0"), (calendar.Method, calendar.Version)); // METHOD:PUBLISH requires an ORGANIZER
        var expiry = Assert.Single(calendar.Events);
        Assert.True(expiry.IsAllDay);
        Assert.Equal(new DateOnly(2027, 11, 30), expiry.Start!.Date);
        Assert.Equal(TransparencyType.Transparent, expiry.Transparency);
        Assert.Equal(Link, expiry.Url!.OriginalString);
        Assert.Equal("Oakland Unified: SIS vendor credentials expire at 11:59 PM Pacific Time", expiry.Summary);
        Assert.Contains(Link, expiry.Description, StringComparison.Ordinal);
        var alarm = Assert.Single(expiry.Alarms);
        Assert.Equal(AlarmAction.Display, alarm.Action);
        Assert.Equal(expiry.Summary, alarm.Description);
        Assert.Equal(new DateTime(2027, 11, 29, 9, 0, 0), new DateTime(2027, 11, 30) + alarm.Trigger!.Duration!.Value.ToTimeSpanUnspecified());
        Assert.Contains("\r\nDTSTART;VALUE=DATE:20271130\r\n", CalendarText(email), StringComparison.Ordinal);
        Assert.Contains("\r\nDTSTAMP:20261201T075900Z\r\n", CalendarText(email), StringComparison.Ordinal);
    }

    [Fact]
    public void All_reminders_of_one_generation_have_the_same_event_and_other_credentials_have_other_events()
    {
        var credential = Generated(GeneratedAt);
        Assert.Equal(CalendarText(Compose(14, credential)), CalendarText(Compose(1, credential)));
        Credential[] different = [credential, credential with { Generation = 2 }, credential with { LeaId = TestWorld.Berkeley }];
        Assert.Distinct(different.Select(one => Event(Compose(1, one)).Uid));
    }

    [Theory]
    [InlineData("Oakland Unified")]
    [InlineData(HostileName)]
    [InlineData("Peña; Ñandú, \\n and 東灣聯合學區東灣聯合學區東灣聯合學區東灣聯合學區東灣聯合學區")]
    [InlineData("a😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀")]
    [InlineData("ab😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀")]
    public void The_calendar_file_is_UTF_8_with_lines_of_at_most_75_octets_and_contains_the_complete_name(string leaName)
    {
        var email = Compose(7, leaName: leaName);
        var text = CalendarText(email);
        Assert.EndsWith("END:VCALENDAR\r\n", text, StringComparison.Ordinal);
        Assert.DoesNotMatch("[^\r]\n|\r[^\n]", text);
        Assert.All(text.Split("\r\n"), line => Assert.InRange(Encoding.UTF8.GetByteCount(line), 0, 75));
        Assert.Equal($"{leaName}: SIS vendor credentials expire at 12:00 PM Pacific Time", Event(email).Summary);
        Assert.StartsWith(
            $"The SIS vendor credentials of {leaName} (username sis-01612590000000) expire on Tuesday, November 23, 2027 at 12:00 PM",
            Event(email).Description,
            StringComparison.Ordinal);
    }

    private static void AssertSame(Email expected, Email actual)
    {
        Assert.Equal(
            (expected.OperationId, expected.Subject, expected.Text, expected.Html),
            (actual.OperationId, actual.Subject, actual.Text, actual.Html));
        Assert.Equal(expected.Attachment!.Content.ToArray(), actual.Attachment!.Content.ToArray());
    }

    /// <summary>The visible text of the plain-text body and of the HTML body, each on one line.</summary>
    private static string[] Bodies(Email email)
    {
        var html = WebUtility.HtmlDecode(Tag().Replace(HeadOrBlock().Replace(email.Html, " "), ""));
        return [Space().Replace(email.Text, " "), Space().Replace(html, " ")];
    }

    private static string CalendarText(Email email) =>
        new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(email.Attachment!.Content.Span);

    private static CalendarEvent Event(Email email) => Assert.Single(Calendar.Load(CalendarText(email))!.Events);

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static Credential Generated(DateTimeOffset at) => new(
        TestWorld.Oakland, 1, new SecretKeyVerifier("1", ReadOnlyMemory<byte>.Empty), at, TestWorld.Rosa, at + Credential.Lifetime,
        new ReleaseAuthorization(TestWorld.Rosa, at, ReleaseWording.Current.Version));

    private static Reminder Reminder(int days, Credential credential, string leaName) =>
        new(credential, leaName, Milestone.Reached(days)!.Value, days, [TestWorld.Rosa, TestWorld.Luis], []);

    private Email Compose(int days, Credential? credential = null, string leaName = "Oakland Unified") =>
        Assert.Single(emails.Compose(Reminder(days, credential ?? Generated(GeneratedAt), leaName)));

    [GeneratedRegex("(?s)<head>.*</head>|</?(h1|h2|p|li|dt|dd|br)[^>]*>")]
    private static partial Regex HeadOrBlock();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
