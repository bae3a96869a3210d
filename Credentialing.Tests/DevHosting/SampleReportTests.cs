using Credentialing.Core.ScoreReports;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using UglyToad.PdfPig;

namespace Credentialing.Tests.DevHosting;

[Kind(TestKind.Unit)]
public sealed class SampleReportTests
{
    public static MatrixTheoryData<int, string, string> AllReports { get; } = new([2024, 2025, 2026], ["ssr", "lexile-quantile"], ["en", "es"]);

    [Theory]
    [MemberData(nameof(AllReports))]
    public void A_report_is_one_page_with_student_LEA_year_and_type(int year, string type, string language)
    {
        var lea = World.Leas[2];
        var student = lea.Students[0];

        var text = OnlyPageOf(Draw(lea.Name, student.Name, new ScoreReport(student.Ssid, year, type, language, "pdf")));

        Assert.Contains(student.Name, text, StringComparison.Ordinal);
        Assert.Contains(student.Ssid.ToString(), text, StringComparison.Ordinal);
        Assert.Contains(lea.Name, text, StringComparison.Ordinal);
        Assert.Contains($"{year - 1}-{year}", text, StringComparison.Ordinal);
        string[] words = (type, language) switch
        {
            ("ssr", "en") => ["Student Score Report", "School year", "Mathematics"],
            ("ssr", _) => ["Informe de calificaciones del estudiante", "Año escolar", "Lengua y literatura en inglés", "Matemáticas", "¿Preguntas?"],
            (_, "en") => ["Lexile and Quantile Measures Report", "School year", "Quantile"],
            _ => ["Informe de medidas Lexile y Quantile", "Año escolar", "Quantile", "¿Preguntas?"],
        };
        Assert.All(words, word => Assert.Contains(word, text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("José Ibáñez Güell")]
    [InlineData("Anne (Annie) O'Neill")]
    [InlineData(@"Back\slash ) (")]
    public void Special_characters_in_a_name_are_drawn_unchanged(string name)
    {
        var report = new ScoreReport(Ssid.Parse("9016125901"), 2026, "ssr", "es", "pdf");

        Assert.Contains(name, OnlyPageOf(Draw("Oakland Unified", name, report)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_has_a_title_for_screen_readers()
    {
        var report = new ScoreReport(Ssid.Parse("9016125901"), 2026, "ssr", "es", "pdf");

        using var document = PdfDocument.Open(Draw("Oakland Unified", "Amaya Torres", report));

        Assert.Equal("Informe de calificaciones del estudiante 2026", document.Information.Title);
    }

    [Fact]
    public void The_scores_are_deterministic()
    {
        var report = new ScoreReport(Ssid.Parse("9016125901"), 2026, "ssr", "en", "pdf");

        Assert.Equal(Draw("Oakland Unified", "Amaya Torres", report), Draw("Oakland Unified", "Amaya Torres", report));
    }

    private static byte[] Draw(string lea, string student, ScoreReport report) => SampleReport.Create(lea, student, report);

    private static string OnlyPageOf(byte[] pdf)
    {
        using var document = PdfDocument.Open(pdf);
        return Assert.Single(document.GetPages()).Text;
    }
}
