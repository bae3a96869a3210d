using System.Collections;
using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Credentialing.DevHost;
using Microsoft.Playwright;

namespace Credentialing.Tests.Support;

/// <summary>Chromium from the npm package @sparticuz/chromium: a headless shell for Linux x64.</summary>
internal static class PackagedChromium
{
    /// <summary>Shared libraries that Chromium requires. The package includes them, built for glibc 2.34 or later.</summary>
    private static readonly string[] Libraries = ["libnss3.so", "libexpat.so.1"];

    /// <summary>Adds the package's font to the installed fonts. Without any font, Chromium renders no text.</summary>
    private const string FontConfiguration = """
        <?xml version="1.0"?>
        <!DOCTYPE fontconfig SYSTEM "fonts.dtd">
        <fontconfig>
          <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
          <dir prefix="relative">fonts</dir>
        </fontconfig>
        """;

    private static readonly string Package = Path.Combine(ProjectFolder.Root, "Credentialing.Tests", "node_modules", "@sparticuz", "chromium");

    internal static bool RunsHere => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Unpacks the package if that has not been done, and returns the launch options.</summary>
    internal static BrowserTypeLaunchOptions Unpack()
    {
        // Inside the package folder, so that npm removes it together with the package.
        var folder = Path.Combine(Package, "unpacked");
        Unpack(Path.Combine(Package, "bin"), folder);
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);
        environment["FONTCONFIG_FILE"] = Path.Combine(folder, "fonts.conf");
        if (!Libraries.All(library => NativeLibrary.TryLoad(library, out _)))
            environment["LD_LIBRARY_PATH"] = $"{Path.Combine(folder, "lib")}:{environment.GetValueOrDefault("LD_LIBRARY_PATH")}".TrimEnd(':');
        return new() { ExecutablePath = Path.Combine(folder, "chromium"), Env = environment };
    }

    /// <summary>
    /// Unpacks the package's archives into a temporary folder, then renames it. The operation is atomic: concurrent processes
    /// are safe, and a killed process leaves no partial target folder.
    /// </summary>
    internal static void Unpack(string archives, string folder)
    {
        if (Directory.Exists(folder))
            return;
        var unfinished = $"{folder}.{Guid.NewGuid():N}";
        Directory.CreateDirectory(unfinished);
        try
        {
            foreach (var archive in new[] { "al2023.tar.br", "fonts.tar.br" })
            {
                using var tar = OpenArchive(archive);
                TarFile.ExtractToDirectory(tar, unfinished, overwriteFiles: false);
            }

            File.WriteAllText(Path.Combine(unfinished, "fonts.conf"), FontConfiguration);
            var program = Path.Combine(unfinished, "chromium");
            using (var source = OpenArchive("chromium.br"))
            using (var target = File.Create(program))
                source.CopyTo(target);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Directory.Move(unfinished, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another process unpacked it concurrently.
        }
        finally
        {
            if (Directory.Exists(unfinished))
                Directory.Delete(unfinished, recursive: true);
        }

        BrotliStream OpenArchive(string name) => new(File.OpenRead(Path.Combine(archives, name)), CompressionMode.Decompress);
    }
}
