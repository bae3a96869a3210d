using System.Globalization;
using Credentialing.Core.ScoreReports;

namespace Credentialing.DevHost;

/// <summary>Draws a sample score report: one page with the student's name, in the report's language, with deterministic scores.</summary>
internal static class SampleReport
{
    private const int LowestScore = 2200;
    private const int ScoreRange = 600;
    private const double BarWidth = 300;

    internal static byte[] Create(string lea, string student, ScoreReport report)
    {
        var words = report.Language == "es" ? Words.InSpanish : Words.InEnglish;
        var title = report.Type == "ssr" ? words.ScoreReport : words.Measures;
        var page = new PdfPage();
        page.Rectangle(0, 712, 612, 80, red: 0.10, green: 0.24, blue: 0.42);
        page.Text(54, 756, 20, title, bold: true, gray: 1);
        page.Text(54, 730, 12, string.Create(CultureInfo.InvariantCulture, $"{words.Year} {report.Year - 1}-{report.Year}"), gray: 1);
        page.Text(54, 670, 16, student, bold: true);
        page.Text(54, 650, 11, $"SSID {report.Ssid}");
        page.Text(54, 634, 11, lea);

        string[] subjects = report.Type == "ssr" ? [words.English, words.Mathematics] : ["Lexile", "Quantile"];
        for (var index = 0; index < subjects.Length; index++)
        {
            var y = 570 - index * 80;
            var share = Share(report, index);
            page.Text(54, y, 12, subjects[index], bold: true);
            page.Text(440, y, 12, Score(report.Type, share));
            page.Rectangle(54, y - 28, BarWidth, 14, 0.88, 0.90, 0.93);
            page.Rectangle(54, y - 28, BarWidth * share, 14, 0.13, 0.47, 0.71);
        }

        page.Text(54, 72, 9, words.Sample, gray: 0.35);
        return page.ToPdf($"{title} {report.Year}", report.Language);
    }

    private static string Score(string type, double share) => type == "ssr"
        ? ((int)(LowestScore + ScoreRange * share)).ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{(int)(1500 * share)}");

    /// <summary>Returns a number from 0.25 to 0.95 that depends only on student, year and subject.</summary>
    private static double Share(ScoreReport report, int subject) =>
        0.25 + (long.Parse(report.Ssid.Value, CultureInfo.InvariantCulture) * 7919 + report.Year * 104729L + subject * 1299709L) % 701 / 1000.0;

    private sealed record Words(string ScoreReport, string Measures, string Year, string English, string Mathematics, string Sample)
    {
        internal static Words InEnglish { get; } = new(
            "Student Score Report", "Lexile and Quantile Measures Report", "School year", "English language arts", "Mathematics",
            "Sample data for development. The student is invented.");

        internal static Words InSpanish { get; } = new(
            "Informe de calificaciones del estudiante", "Informe de medidas Lexile y Quantile", "Año escolar", "Lengua y literatura en inglés", "Matemáticas",
            "Datos de muestra para desarrollo. El estudiante es inventado. ¿Preguntas? Hable con su escuela.");
    }
}
