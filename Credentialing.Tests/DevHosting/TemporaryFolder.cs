namespace Credentialing.Tests.DevHosting;

/// <summary>A folder of a test's own, gone after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("credentialing-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
