using System.Text.RegularExpressions;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Dependencies;

/// <summary>The folders of Core must not have cyclic dependencies.</summary>
[Kind(TestKind.Unit)]
public sealed partial class FolderDependencyTests
{
    private static readonly string Core = Path.Combine(ProjectFolder.Root, "Credentialing.Core");

    [Fact]
    public void The_folders_of_Core_have_no_dependency_cycle()
    {
        var dependencies = Directory.GetDirectories(Core).Select(Path.GetFileName).Except(["bin", "obj"]).ToDictionary(folder => folder!, DependenciesOf!);
        Assert.Contains("Leas", dependencies["Credentials"]);

        // Topological sort: remove folders without remaining dependencies until none is left.
        while (dependencies.Where(folder => !folder.Value.Any(dependencies.ContainsKey)).Select(folder => folder.Key).ToList() is { Count: > 0 } free)
            free.ForEach(folder => dependencies.Remove(folder));
        Assert.Empty(dependencies);
    }

    private static HashSet<string> DependenciesOf(string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(Core, folder), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Namespace().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["folder"].Value)
            .Where(other => other != folder)];

    [GeneratedRegex(@"Credentialing\.Core\.(?<folder>[A-Z]\w+)")]
    private static partial Regex Namespace();
}
