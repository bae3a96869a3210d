using System.Text.RegularExpressions;
using Credentialing.Core.Leas;
using Credentialing.Core.Mail;
using Credentialing.Core.Notices;
using Credentialing.Core.Reminders;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Mail;

[Kind(TestKind.Unit)]
public sealed partial class EmailTemplateTests
{
    private static readonly EmailTemplate Reminder = new(typeof(ReminderEmail), body: "reminder", texts: "reminder");

    /// <summary>The texts of every kind of email: the type beside its folder, and the name.</summary>
    public static TheoryData<Type, string> Kinds => new() { { typeof(ReminderEmail), "reminder" }, { typeof(NoticeEmail), "notice" } };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Both_languages_have_the_same_texts_with_the_same_variables_and_markup(Type owner, string name)
    {
        var english = EmailTemplate.Texts(owner, name, Language.English);
        var spanish = EmailTemplate.Texts(owner, name, Language.Spanish);

        Assert.Equal(english.Keys, spanish.Keys);
        Assert.All(english.Keys, key => Assert.Equal(Marks(english[key]), Marks(spanish[key])));
        Assert.All(english.Values.Concat(spanish.Values), text => Assert.DoesNotMatch("[<>&]", text));
    }

    [Theory]
    [InlineData(Language.English, "Open the SIS Vendor Credentialing screen in TOMS", "Check the box \"Authorization to Release Student Data to Vendors\".", "this ONE set")]
    [InlineData(Language.Spanish, "Abra la pantalla Credenciales de proveedores de SIS en TOMS", "Marque la casilla \"Autorización para divulgar datos de estudiantes a proveedores\".", "este ÚNICO juego")]
    public void RenderText_returns_plain_text_without_markup(Language language, string open, string authorize, string agree)
    {
        var none = new Dictionary<string, object>();
        Assert.Equal(open, Reminder.RenderText("step_open", language, none));
        Assert.Equal(authorize, Reminder.RenderText("step_authorize", language, none));
        Assert.Contains(agree, Reminder.RenderText("step_agree", language, none), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lea_name")]
    [InlineData("username")]
    [InlineData("link")]
    [InlineData("help")]
    public void Render_throws_without_a_variable(string variable)
    {
        var values = new[] { "lea_name", "countdown", "expires", "at_time", "username", "generated", "generated_by", "link", "vendor_address", "vendor_guide", "help" }
            .ToDictionary(name => name, name => (object)name);
        values["days"] = 7;
        values["expired"] = false;
        Assert.Contains("lea_name", Reminder.Render(Language.Spanish, values).Html, StringComparison.Ordinal);

        values.Remove(variable);

        Assert.NotNull(Record.Exception(() => Reminder.Render(Language.Spanish, values)));
    }

    [Fact]
    public void A_missing_text_or_file_throws()
    {
        Assert.Throws<KeyNotFoundException>(() => Reminder.RenderText("unknown", Language.English, new Dictionary<string, object>()));
        Assert.Throws<FileNotFoundException>(() => new EmailTemplate(typeof(ReminderEmail), body: "reminder", texts: "unknown"));
        Assert.Throws<FileNotFoundException>(() => new EmailTemplate(typeof(ReminderEmail), body: "unknown", texts: "reminder"));
    }

    private static IEnumerable<string> Marks(string text) => Mark().Matches(text).Select(match => match.Value).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"\{[{%].*?[%}]\}|\*+|`|\[|\]|\n")]
    private static partial Regex Mark();
}
