namespace Credentialing.DevHost;

/// <summary>The folder with DevHost's data. The data persists across runs. Only one DevHost can use a folder at a time.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream lockFile;

    private DataFolder(string path, FileStream lockFile)
    {
        Path = path;
        this.lockFile = lockFile;
    }

    internal string Path { get; }

    internal string Azurite => PathOf("azurite");

    internal string Clock => PathOf("clock");

    internal string Mail => PathOf("mail");

    internal string MyToms => PathOf("mytoms.json");

    internal string Secrets => PathOf("secrets.json");

    /// <exception cref="DevHostException">Another DevHost uses the folder, or the folder is not writable.</exception>
    internal static DataFolder Open(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
            return new DataFolder(path, new FileStream(System.IO.Path.Combine(path, "in-use"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException) when (Directory.Exists(path))
        {
            throw new DevHostException($"Another DevHost uses {path}. Stop it, or use another folder: --data FOLDER");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DevHostException($"{path} cannot be used as the data folder: {failure.Message} Use another folder: --data FOLDER");
        }
    }

    /// <summary>Deletes DevHost's data. Other files in the folder are kept.</summary>
    internal void Reset()
    {
        foreach (var folder in (string[])[Azurite, Mail])
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }

        File.Delete(Clock);
        File.Delete(MyToms);
        File.Delete(Secrets);
    }

    public void Dispose() => lockFile.Dispose();

    private string PathOf(string name) => System.IO.Path.Combine(Path, name);
}
