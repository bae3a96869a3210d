namespace Credentialing.DevHost;

/// <summary>The folder that keeps a DevHost's data from one run to the next; one DevHost uses it at a time.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream inUse;

    private DataFolder(string path, FileStream inUse)
    {
        Path = path;
        this.inUse = inUse;
    }

    internal string Path { get; }

    /// <exception cref="DevHostException">Another DevHost uses it.</exception>
    internal static DataFolder Open(string path, bool reset)
    {
        Directory.CreateDirectory(path);
        FileStream inUse;
        try
        {
            inUse = new FileStream(System.IO.Path.Combine(path, "in-use"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new DevHostException($"Another DevHost uses {path}. End it, or give another folder: --data FOLDER");
        }

        var folder = new DataFolder(path, inUse);
        if (reset)
            folder.Clear();
        return folder;
    }

    internal string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => inUse.Dispose();

    private void Clear()
    {
        foreach (var entry in new DirectoryInfo(Path).EnumerateFileSystemInfos().Where(entry => entry.FullName != inUse.Name))
        {
            if (entry is DirectoryInfo directory)
                directory.Delete(recursive: true);
            else
                entry.Delete();
        }
    }
}
