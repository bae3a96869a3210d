using System.Reflection;

namespace Credentialing.DevHost;

/// <summary>The source folder of DevHost. DevHost runs from a clone of the repository and is never deployed.</summary>
internal static class ProjectFolder
{
    internal static string Path { get; } = typeof(ProjectFolder).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "ProjectFolder").Value!;

    /// <summary>The root of the clone.</summary>
    internal static string Root { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(Path, ".."));
}
