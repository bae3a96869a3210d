namespace Credentialing.Tests.DevHosting;

/// <summary>A temporary folder, deleted on disposal.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("credentialing-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
