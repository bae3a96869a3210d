namespace Credentialing.Benchmarks.Reporting;

/// <summary>docs/performance.md: its measured part stands between two comments. The rest is written by hand.</summary>
internal static class PerformancePage
{
    private const string Begin = "<!-- measurements -->";
    private const string End = "<!-- end of measurements -->";

    /// <summary>Replaces the measured part and the plots.</summary>
    internal static void Write(string root, string markdown, IReadOnlyDictionary<string, string> plots)
    {
        var page = Path.Combine(root, "docs/performance.md");
        var text = File.ReadAllText(page);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        File.WriteAllText(page, $"{text[..begin]}\n{markdown}{text[end..]}");

        var images = Directory.CreateDirectory(Path.Combine(root, "docs/images/performance"));
        foreach (var old in images.GetFiles("*.svg"))
            old.Delete();
        foreach (var (file, svg) in plots)
            File.WriteAllText(Path.Combine(images.FullName, file), svg);
    }
}
