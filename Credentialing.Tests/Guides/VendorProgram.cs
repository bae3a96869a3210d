using System.Diagnostics;
using System.Text;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Guides;

/// <summary>A program of the vendor guide, saved to a file.</summary>
/// <param name="Language">The language of its code block.</param>
/// <param name="Heading">The heading of its section.</param>
/// <param name="File">The name of its file.</param>
/// <param name="Command">The executable that runs it, and the arguments before the file.</param>
internal sealed record VendorProgram(string Language, string Heading, string File, params string[] Command)
{
    internal static IReadOnlyList<VendorProgram> All { get; } =
    [
        new("sh", "A shell script with curl", "fetch.sh", "sh"),
        new("csharp", "C#", "fetch.cs", "dotnet", "run"),
        new("java", "Java", "Fetch.java", "java"),
        new("python", "Python", "fetch.py", "python3"),
        new("javascript", "JavaScript", "fetch.mjs", "node"),
    ];

    /// <summary>The executables that must be on the PATH.</summary>
    private IEnumerable<string> RequiredExecutables => Language == "sh" ? ["sh", "curl"] : [Command[0]];

    /// <summary>
    /// Runs the program for a student. Asserts that its output does not contain the secret key. Skips the test if an executable is
    /// missing.
    /// </summary>
    internal async Task<ProcessResult> RunAsync(ProgramFiles files, string folder, IReadOnlyDictionary<string, string> settings, string ssid)
    {
        foreach (var executable in RequiredExecutables)
            Assert.SkipUnless(IsOnPath(executable), $"There is no {executable} on the PATH.");
        var ended = await RunProgramAsync(Command[0], [.. Command[1..], files.PathOf(this), ssid], folder, settings);

        var secretKey = settings["TOMS_SECRET_KEY"].Trim();
        var basic = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{settings["TOMS_USERNAME"]}:{secretKey}"));
        foreach (var secret in (string[])[secretKey, basic])
            Assert.DoesNotContain(secret, ended.Output + ended.Errors, StringComparison.OrdinalIgnoreCase);
        return ended;
    }

    /// <summary>Runs a program to completion in a folder, with additional environment variables.</summary>
    internal static Task<ProcessResult> RunProgramAsync(string program, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string> settings)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder };
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        return ProcessResult.RunAsync(start);
    }

    private static bool IsOnPath(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder =>
            System.IO.File.Exists(Path.Combine(folder, program)) || System.IO.File.Exists(Path.Combine(folder, program + ".exe")));
}

/// <summary>A temporary folder with the guide's programs and their temporary files. Deleted after the tests.</summary>
public sealed class ProgramFiles : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public ProgramFiles()
    {
        foreach (var program in VendorProgram.All)
            File.WriteAllText(PathOf(program), Assert.Single(VendorGuide.Blocks(program.Heading, program.Language)));
    }

    internal string PathOf(VendorProgram program) => Path.Combine(folder.Path, program.File);

    /// <summary>Returns the environment variables of a program.</summary>
    internal Dictionary<string, string> Settings(TestHost host, string secretKey) => new()
    {
        ["TOMS_URL"] = new Uri(host.Address, "api/v1").ToString(),
        ["TOMS_USERNAME"] = $"sis-{TestWorld.Oakland}",
        ["TOMS_SECRET_KEY"] = secretKey,
        ["NO_PROXY"] = host.Address.Host,
        ["TMPDIR"] = folder.Path,
        // Build output of the single-file C# program. No build server may outlive the build, because it keeps standard output open.
        ["XDG_DATA_HOME"] = folder.Path,
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
        ["DOTNET_NOLOGO"] = "1",
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["UseSharedCompilation"] = "false",
    };

    public void Dispose() => folder.Dispose();
}
