using System.Globalization;
using System.Text.RegularExpressions;

namespace Credentialing.Core.ScoreReports;

/// <summary>One SSR or Lexile/Quantile report file of one student.</summary>
/// <param name="Ssid">The student's SSID.</param>
/// <param name="Year">The administration year: the calendar year in which the school year ends, four digits.</param>
/// <param name="Type">The kind of report, in lower-case words joined by hyphens, such as <c>ssr</c> or <c>lexile-quantile</c>.</param>
/// <param name="Language">
/// The language tag (RFC 5646): a language of two or three lower-case letters, optionally followed by a script of four letters, and
/// then by a region of two capital letters or three digits: <c>es</c>, <c>fil</c>, <c>zh-hant</c>, <c>es-MX</c>, <c>es-419</c>.
/// </param>
/// <param name="Extension">The file name extension: <c>pdf</c>, <c>html</c> or <c>mp4</c>, in any case.</param>
public sealed partial record ScoreReport(Ssid Ssid, int Year, string Type, string Language, string Extension)
{
    // There is only one way to divide a name into type and language: a script has four letters, and a region has capital letters or
    // three digits, so neither can be a language, and a language can be neither. "elpac-alt-en" is type "elpac-alt" in "en".
    private const string FilePattern =
        "(?<type>[a-z0-9]{1,20}(-[a-z0-9]{1,20}){0,3})-(?<language>[a-z]{2,3}(-[A-Za-z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?)[.](?<extension>(?i:pdf|html|mp4))";

    /// <summary>The report's id, unique per student: <c>{year}-{type}-{language}.{extension}</c>. Case-sensitive, like the blob name.</summary>
    public string Id => string.Create(CultureInfo.InvariantCulture, $"{Year:D4}-{FileName}");

    /// <summary>The file format: <c>pdf</c>, <c>html</c> or <c>mp4</c>.</summary>
    public string Format => Extension.ToLowerInvariant();

    /// <summary>The media type (RFC 2046).</summary>
    public string MediaType => Format switch
    {
        "pdf" => "application/pdf",
        "html" => "text/html; charset=utf-8",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    };

    private string FileName => $"{Type}-{Language}.{Extension}";

    /// <summary>Parses an <see cref="Id"/>. Returns false for other text, such as a path.</summary>
    public static bool TryParseId(Ssid ssid, string? id, out ScoreReport report) => TryRead(ssid, IdPattern().Match(id ?? ""), out report);

    /// <summary>Returns the blob name: <c>{cds}/{ssid}/{year}/{type}-{language}.{extension}</c>.</summary>
    public string BlobName(LeaId leaId) =>
        string.Create(CultureInfo.InvariantCulture, $"{BlobPrefix(leaId, Ssid)}{Year:D4}/{FileName}");

    /// <summary>Returns the prefix of the blob names of all reports of a student.</summary>
    internal static string BlobPrefix(LeaId leaId, Ssid ssid) => $"{leaId}/{ssid}/";

    /// <summary>Parses the part of a blob name after the <see cref="BlobPrefix"/>.</summary>
    internal static bool TryParseBlobName(Ssid ssid, string rest, out ScoreReport report) =>
        TryRead(ssid, BlobPattern().Match(rest), out report);

    private static bool TryRead(Ssid ssid, Match match, out ScoreReport report)
    {
        report = match.Success
            ? new ScoreReport(
                ssid,
                int.Parse(match.Groups["year"].ValueSpan, CultureInfo.InvariantCulture),
                match.Groups["type"].Value,
                match.Groups["language"].Value,
                match.Groups["extension"].Value)
            : null!;
        return match.Success;
    }

    [GeneratedRegex(@"\A(?<year>[0-9]{4})-" + FilePattern + @"\z", RegexOptions.CultureInvariant)]
    private static partial Regex IdPattern();

    [GeneratedRegex(@"\A(?<year>[0-9]{4})/" + FilePattern + @"\z", RegexOptions.CultureInvariant)]
    private static partial Regex BlobPattern();
}
