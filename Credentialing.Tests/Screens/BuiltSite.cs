using Credentialing.DevHost;

namespace Credentialing.Tests.Screens;

/// <summary>The built files of the screens, which DevHost serves and a deployment publishes.</summary>
internal static class BuiltSite
{
    internal static string Folder { get; } = Path.Combine(ProjectFolder.Root, "web", "dist");

    /// <summary>The paths of all files that browsers request, relative to the site.</summary>
    internal static IReadOnlyList<string> Files => [.. FilesOf(Folder).Where(file => file != "staticwebapp.config.json")];

    /// <summary>The paths of all files in a folder of a built site.</summary>
    internal static IEnumerable<string> FilesOf(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/'))
            .Order(StringComparer.Ordinal);

    /// <summary>The path of the texts of a language, such as <c>/assets/en-ABCDEFGH.js</c>.</summary>
    internal static string TextsOf(string language) => $"/{Files.Single(file => file.StartsWith($"assets/{language}-", StringComparison.Ordinal))}";
}
