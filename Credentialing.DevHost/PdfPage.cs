using System.Globalization;
using System.Text;

namespace Credentialing.DevHost;

/// <summary>
/// Writes a PDF of one letter-size page with text and rectangles, in the standard fonts of every PDF reader. (The available
/// libraries need a font file or do not support Spanish letters.)
/// </summary>
/// <remarks>Source: ISO 32000-1:2008; file structure in section 7.5, standard fonts in 9.6.2.2, WinAnsiEncoding in annex D.</remarks>
internal sealed class PdfPage
{
    private readonly StringBuilder content = new();

    /// <summary>Adds a filled rectangle. Coordinates are in points from the lower left corner, colors from 0 to 1.</summary>
    internal void Rectangle(double x, double y, double width, double height, double red, double green, double blue) =>
        Add($"{red:0.##} {green:0.##} {blue:0.##} rg {x:0.##} {y:0.##} {width:0.##} {height:0.##} re f");

    /// <summary>Adds a line of text. <paramref name="gray"/> is 0 for black, 1 for white.</summary>
    internal void Text(double x, double y, double size, string text, bool bold = false, double gray = 0)
    {
        var escaped = text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("(", @"\(", StringComparison.Ordinal).Replace(")", @"\)", StringComparison.Ordinal);
        Add($"{gray:0.##} g BT /{(bold ? "B" : "R")} {size:0.##} Tf {x:0.##} {y:0.##} Td ({escaped}) Tj ET");
    }

    /// <summary>Returns the PDF file.</summary>
    internal byte[] ToPdf(string title, string language)
    {
        var titleInHex = Convert.ToHexString([0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes(title)]);
        string[] objects =
        [
            $"<< /Type /Catalog /Pages 2 0 R /Lang ({language}) >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 6 0 R /Resources << /Font << /R 4 0 R /B 5 0 R >> >> >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
            $"<< /Length {content.Length} >>\nstream\n{content}\nendstream",
            $"<< /Title <{titleInHex}> >>",
        ];

        // In Latin-1, which WinAnsiEncoding extends, one character is one byte, so lengths and offsets in characters are also in bytes.
        var file = new StringBuilder("%PDF-1.4\n%âãÏÓ\n");
        var offsets = new List<int>();
        for (var number = 1; number <= objects.Length; number++)
        {
            offsets.Add(file.Length);
            file.Append(CultureInfo.InvariantCulture, $"{number} 0 obj\n{objects[number - 1]}\nendobj\n");
        }

        var table = file.Length;
        file.Append(CultureInfo.InvariantCulture, $"xref\n0 {objects.Length + 1}\n0000000000 65535 f \n");
        foreach (var offset in offsets)
            file.Append(CultureInfo.InvariantCulture, $"{offset:D10} 00000 n \n");
        file.Append(CultureInfo.InvariantCulture, $"trailer\n<< /Size {objects.Length + 1} /Root 1 0 R /Info {objects.Length} 0 R >>\nstartxref\n{table}\n%%EOF\n");
        return Encoding.Latin1.GetBytes(file.ToString());
    }

    private void Add(FormattableString operators) => content.Append(operators.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
