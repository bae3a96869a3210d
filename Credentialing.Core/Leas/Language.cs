namespace Credentialing.Core.Leas;

/// <summary>A language of emails. The default is English.</summary>
public enum Language
{
    /// <summary>English, with the formats of the United States.</summary>
    English,

    /// <summary>Spanish, with the formats of the United States.</summary>
    Spanish,
}

/// <summary>The language tags (BCP 47) of <see cref="Language"/>: <c>en</c> and <c>es</c>.</summary>
public static class LanguageTag
{
    /// <summary>The tag of English.</summary>
    public const string English = "en";

    /// <summary>The tag of Spanish.</summary>
    public const string Spanish = "es";

    /// <summary>Returns the tag of a language.</summary>
    public static string Of(Language language) => language switch
    {
        Language.English => English,
        Language.Spanish => Spanish,
        _ => throw new ArgumentOutOfRangeException(nameof(language), language, null),
    };

    /// <summary>Returns the language of a tag; null if it is not exactly one of the tags. Case-sensitive.</summary>
    public static Language? Parse(string? tag) => tag switch
    {
        English => Language.English,
        Spanish => Language.Spanish,
        _ => null,
    };
}
