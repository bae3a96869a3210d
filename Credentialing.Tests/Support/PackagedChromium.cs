using System.Collections;
using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Credentialing.DevHost;
using Microsoft.Playwright;

namespace Credentialing.Tests.Support;

/// <summary>The Chromium of the npm package @sparticuz/chromium: a headless shell for Linux on x64.</summary>
internal static class PackagedChromium
{
    /// <summary>The program needs these libraries. The package brings them, built for glibc 2.34 or newer.</summary>
    private static readonly string[] Libraries = ["libnss3.so", "libexpat.so.1"];

    /// <summary>Adds the package's font to those of the machine, if it has any: without a font, no text is rendered.</summary>
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

    /// <summary>Unpacks it, if nobody has done so before, and returns how it is launched.</summary>
    internal static BrowserTypeLaunchOptions Unpack()
    {
        // In the package's folder, so that npm removes it together with the package.
        var folder = Path.Combine(Package, "unpacked");
        Unpack(Path.Combine(Package, "bin"), folder);
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);
        environment["FONTCONFIG_FILE"] = Path.Combine(folder, "fonts.conf");
        if (!Libraries.All(library => NativeLibrary.TryLoad(library, out _)))
            environment["LD_LIBRARY_PATH"] = $"{Path.Combine(folder, "lib")}:{environment.GetValueOrDefault("LD_LIBRARY_PATH")}".TrimEnd(':');
        return new() { ExecutablePath = Path.Combine(folder, "chromium"), Env = environment };
    }

    /// <summary>
    /// Unpacks the package's archives. The folder appears only when it is complete, so that several processes can do this at the
    /// same time, and any of them may be killed.
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
            // Another process has unpacked it in the meantime.
        }
        finally
        {
            if (Directory.Exists(unfinished))
                Directory.Delete(unfinished, recursive: true);
        }

        BrotliStream OpenArchive(string name) => new(File.OpenRead(Path.Combine(archives, name)), CompressionMode.Decompress);
    }
}
