using System.Diagnostics;
using System.Text.RegularExpressions;
using Credentialing.DevHost;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Screens;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Infrastructure;

/// <summary>The build of the screens, <c>web/build.js</c>.</summary>
[Kind(TestKind.Process)]
public sealed partial class ScreenBuildTests
{
    /// <summary>
    /// Browsers never ask for changes of a file in <c>assets</c>. So a file whose content changes must get a new name, and so must the files
    /// that contain this name.
    /// </summary>
    [Fact]
    public async Task A_changed_file_has_a_new_name_and_so_have_the_files_that_refer_to_it()
    {
        using var folder = new TemporaryFolder();
        var web = Path.Combine(ProjectFolder.Root, "web");
        var site = Path.Combine(folder.Path, "web", "site");
        foreach (var file in BuiltSite.FilesOf(Path.Combine(web, "site")))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(site, file))!);
            File.Copy(Path.Combine(web, "site", file), Path.Combine(site, file));
        }

        File.Copy(Path.Combine(web, "build.js"), Path.Combine(folder.Path, "web", "build.js"));
        File.Copy(Path.Combine(web, "package.json"), Path.Combine(folder.Path, "web", "package.json"));
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "web", "node_modules"), Path.Combine(web, "node_modules"));
        Directory.CreateDirectory(Path.Combine(folder.Path, "Credentialing.DevHost"));
        File.Copy(Path.Combine(ProjectFolder.Path, "host.js"), Path.Combine(folder.Path, "Credentialing.DevHost", "host.js"));
        File.AppendAllText(Path.Combine(site, "screens.css"), ".changed { color: red; }");
        File.AppendAllText(Path.Combine(site, "favicon.svg"), "<!-- changed -->");
        File.WriteAllText(Path.Combine(site, "texts", "es.js"), File.ReadAllText(Path.Combine(site, "texts", "es.js")).Replace("Credenciales", "Changed", StringComparison.Ordinal));

        var result = await ProcessResult.RunAsync(new ProcessStartInfo("node", [Path.Combine(folder.Path, "web", "build.js")]));

        Assert.Equal(new ProcessResult(0, "", ""), result);
        var changed = Path.Combine(folder.Path, "web", "dist");
        var (oldFiles, newFiles) = (BuiltSite.FilesOf(BuiltSite.Folder).ToList(), BuiltSite.FilesOf(changed).ToList());
        Assert.All(oldFiles.Intersect(newFiles).Where(file => file.StartsWith("assets/", StringComparison.Ordinal)), file =>
            Assert.Equal(File.ReadAllBytes(Path.Combine(BuiltSite.Folder, file)), File.ReadAllBytes(Path.Combine(changed, file))));
        Assert.Equal(
            ["credentialing", "es", "favicon", "history", "home", "overview", "screens", "share"],
            newFiles.Except(oldFiles).Select(file => HashedName().Match(file).Groups["name"].Value).Order(StringComparer.Ordinal));
        Assert.Equal(oldFiles.Count, newFiles.Count);
    }

    [GeneratedRegex("^assets/(?<name>.+)-[0-9A-Z]{8}[.][a-z0-9]+$")]
    private static partial Regex HashedName();
}
