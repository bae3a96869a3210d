using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Credentialing.Core.Leas;
using Fluid;
using Fluid.Values;

namespace Credentialing.Core.Mail;

/// <summary>
/// One kind of email in all languages: Liquid templates without sentences, and a file of texts per language. Immutable and thread safe.
/// <para>
/// The templates are embedded resources in the folder <c>Templates</c> of the owner: <c>{body}.html.liquid</c> and
/// <c>{body}.text.liquid</c>. They write the variable <c>content</c>, and capture the variable <c>notes</c>. The layouts
/// <c>layout.html.liquid</c> and <c>layout.text.liquid</c> in <c>Mail/Templates</c> put both into a frame. The texts are in
/// <c>{texts}.{language tag}.json</c>, and those that all kinds of email share in <c>Mail/Templates/shared.{language tag}.json</c>.
/// A kind of email must have the texts <c>subject</c> and <c>heading</c>.
/// </para>
/// <para>
/// A template inserts a text with the filter <c>t</c>: <c>{{ "heading" | t }}</c>. A text is a Liquid template itself, with the same
/// variables. Its markup is different in the two bodies:
/// <list type="bullet">
/// <item><c>**a**</c>: strong; in plain text <c>a</c>.</item>
/// <item><c>*a*</c>: emphasised; in plain text <c>A</c>.</item>
/// <item><c>`a`</c>, for the name of a button or box: strong; in plain text <c>"a"</c>.</item>
/// <item><c>[a]</c>: a link to the variable <c>link</c>; in plain text <c>a</c>.</item>
/// </list>
/// A text contains no HTML. In the HTML body, the values of variables are encoded.
/// </para>
/// <para>
/// In the plain-text body, <c>label:</c>, a tab and a value are one row of a table: the values of all rows start in the same column.
/// </para>
/// </summary>
public sealed partial class EmailTemplate
{
    private const string Layout = "layout";
    private const string Shared = "shared";

    private static readonly FluidParser Parser = new();
    private static readonly TemplateOptions Options = CreateOptions();

    private readonly Body plain;
    private readonly Body html;

    /// <summary>Loads the templates and the texts.</summary>
    /// <param name="owner">A type in the folder that has the folder <c>Templates</c>.</param>
    /// <param name="body">The name of the templates.</param>
    /// <param name="texts">The name of the texts.</param>
    /// <exception cref="FileNotFoundException">A file does not exist.</exception>
    /// <exception cref="ArgumentException">A text of the email has the name of a shared text.</exception>
    public EmailTemplate(Type owner, string body, string texts)
    {
        var sources = Enum.GetValues<Language>().ToDictionary(language => language, language => Texts(owner, texts, language));
        plain = new Body(owner, body, "text", sources, ToPlain, NullEncoder.Default);
        html = new Body(owner, body, "html", sources, ToHtml, HtmlEncoder.Default);
    }

    /// <summary>Renders an email. Deterministic.</summary>
    /// <param name="language">The language.</param>
    /// <param name="values">The variables. The layouts use <c>help</c>, the help contact, which may be empty.</param>
    /// <exception cref="Exception">A variable, a filter or a text does not exist.</exception>
    public RenderedEmail Render(Language language, IReadOnlyDictionary<string, object> values) => new(
        RenderText("subject", language, values), AlignColumns(plain.Render(language, values)), html.Render(language, values));

    /// <summary>Renders one text as plain text.</summary>
    /// <param name="name">The name of the text.</param>
    /// <param name="language">The language.</param>
    /// <param name="values">The variables.</param>
    /// <exception cref="Exception">A variable, a filter or the text does not exist.</exception>
    public string RenderText(string name, Language language, IReadOnlyDictionary<string, object> values) => plain.RenderText(name, language, values);

    /// <summary>Returns the texts in a language, by name: the shared ones and the email's own.</summary>
    internal static Dictionary<string, string> Texts(Type owner, string name, Language language)
    {
        var texts = Load(typeof(EmailTemplate), Shared);
        foreach (var (key, text) in Load(owner, name))
            texts.Add(key, text);
        return texts;

        Dictionary<string, string> Load(Type folder, string file) =>
            JsonSerializer.Deserialize<Dictionary<string, string>>(Read(folder, $"{file}.{LanguageTag.Of(language)}.json"))!;
    }

    private static TemplateOptions CreateOptions()
    {
        var options = new TemplateOptions { StrictVariables = true, StrictFilters = true };
        options.Filters.AddFilter("t", static async (name, _, context) =>
            new StringValue(await ((Rendering)context.AmbientValues[nameof(Rendering)]).TextAsync(name.ToStringValue(), context), encode: false));
        return options;
    }

    private static string ToPlain(string text) =>
        Markup().Replace(text, match => match switch
        {
            _ when match.Groups["name"] is { Success: true } name => $"\"{name.Value}\"",
            _ when match.Groups["emphasised"] is { Success: true } emphasised => emphasised.Value.ToUpperInvariant(),
            _ => match.Groups["strong"].Value + match.Groups["link"].Value,
        });

    private static string ToHtml(string text) =>
        Markup().Replace(text, match => match switch
        {
            _ when match.Groups["link"] is { Success: true } link => $"<a class=\"step-link\" href=\"{{{{ link }}}}\">{link.Value}</a>",
            _ when match.Groups["emphasised"] is { Success: true } emphasised => $"<em>{emphasised.Value}</em>",
            _ => $"<strong>{match.Groups["strong"].Value}{match.Groups["name"].Value}</strong>",
        });

    private static string AlignColumns(string text)
    {
        var lines = text.Split('\n').Select(line => line.Split('\t', 2)).ToList();
        var width = lines.Where(columns => columns.Length == 2).Select(columns => columns[0].Length + 2).DefaultIfEmpty().Max();
        return string.Join('\n', lines.Select(columns => columns.Length == 2 ? columns[0].PadRight(width) + columns[1] : columns[0]));
    }

    private static string Read(Type folder, string file)
    {
        using var resource = folder.Assembly.GetManifestResourceStream(folder, $"Templates.{file}") ?? throw new FileNotFoundException(null, file);
        using var reader = new StreamReader(resource);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"\*\*(?<strong>.+?)\*\*|\*(?<emphasised>.+?)\*|`(?<name>.+?)`|\[(?<link>.+?)\]")]
    private static partial Regex Markup();

    /// <summary>The HTML or the plain-text body.</summary>
    private sealed class Body(
        Type owner, string name, string format, IReadOnlyDictionary<Language, Dictionary<string, string>> texts, Func<string, string> markup, TextEncoder encoder)
    {
        private readonly IFluidTemplate layout = Parser.Parse(Read(typeof(EmailTemplate), $"{Layout}.{format}.liquid"));
        private readonly IFluidTemplate content = Parser.Parse(Read(owner, $"{name}.{format}.liquid"));
        private readonly Dictionary<Language, Rendering> renderings = texts.ToDictionary(
            language => language.Key,
            language => new Rendering(language.Value.ToDictionary(text => text.Key, text => Parser.Parse(markup(text.Value))), encoder));

        internal string Render(Language language, IReadOnlyDictionary<string, object> values)
        {
            var context = Context(language, values);
            var rendered = content.Render(context, encoder, isolateContext: false).Trim(); // not isolated: it captures variables for the layout
            context.SetValue("content", new StringValue(rendered, encode: false));
            return layout.Render(context, encoder);
        }

        internal string RenderText(string text, Language language, IReadOnlyDictionary<string, object> values) =>
            renderings[language].Texts[text].Render(Context(language, values), encoder);

        private TemplateContext Context(Language language, IReadOnlyDictionary<string, object> values)
        {
            var context = new TemplateContext(Options);
            context.AmbientValues[nameof(Rendering)] = renderings[language];
            context.SetValue("language", LanguageTag.Of(language));
            foreach (var (variable, value) in values)
                context.SetValue(variable, value);
            return context;
        }
    }

    /// <summary>The texts in one language, for one of the bodies.</summary>
    private sealed record Rendering(IReadOnlyDictionary<string, IFluidTemplate> Texts, TextEncoder Encoder)
    {
        internal ValueTask<string> TextAsync(string name, TemplateContext context) => Texts[name].RenderAsync(context, Encoder);
    }
}

/// <summary>A rendered email.</summary>
/// <param name="Subject">The subject.</param>
/// <param name="Text">The plain-text body.</param>
/// <param name="Html">The HTML body.</param>
public sealed record RenderedEmail(string Subject, string Text, string Html);
