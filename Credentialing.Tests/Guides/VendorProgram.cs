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
        new("csharp", "C#", "fetch.cs", "dotnet", "run")
        {
            Compile = (file, folder) => ["dotnet", "build", file, "--output", folder],
            RunCompiled = folder => ["dotnet", Path.Combine(folder, "fetch.dll")],
        },
        new("java", "Java", "Fetch.java", "java")
        {
            Compile = (file, folder) => ["javac", "-d", folder, file],
            RunCompiled = folder => ["java", "-XX:TieredStopAtLevel=1", "-cp", folder, "Fetch"],
        },
        new("python", "Python", "fetch.py", "python3"),
        new("javascript", "JavaScript", "fetch.mjs", "node"),
    ];

    /// <summary>
    /// The command that compiles the file into a folder; null if the program is not compiled. The guide's command compiles it at each start, which
    /// takes longer than most tests.
    /// </summary>
    internal Func<string, string, string[]>? Compile { get; private init; }

    /// <summary>The command that runs the program from the folder into which it was compiled.</summary>
    internal Func<string, string[]>? RunCompiled { get; private init; }

    /// <summary>The executables that must be on the PATH.</summary>
    private IEnumerable<string> RequiredExecutables => Language == "sh" ? ["sh", "curl"] : [Command[0]];

    /// <summary>
    /// Runs the program for a student. Asserts that its output does not contain the secret key. Skips the test if an executable is
    /// missing.
    /// </summary>
    /// <param name="files">The files of the programs.</param>
    /// <param name="folder">The working folder.</param>
    /// <param name="settings">The environment variables.</param>
    /// <param name="ssid">The student.</param>
    /// <param name="asInGuide">Whether to run the guide's command, or a compiled program.</param>
    internal async Task<ProcessResult> RunAsync(ProgramFiles files, string folder, IReadOnlyDictionary<string, string> settings, string ssid, bool asInGuide)
    {
        foreach (var executable in RequiredExecutables)
            Assert.SkipUnless(IsOnPath(executable), $"There is no {executable} on the PATH.");
        var command = asInGuide ? [.. Command, files.PathOf(this)] : await files.CommandAsync(this, settings);
        var ended = await RunProgramAsync(command[0], [.. command[1..], ssid], folder, settings);

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

    /// <summary>Returns the command that runs a program. Compiles the program on the first call.</summary>
    internal async Task<string[]> CommandAsync(VendorProgram program, IReadOnlyDictionary<string, string> settings)
    {
        if (program is not { Compile: { } compile, RunCompiled: { } run })
            return [.. program.Command, PathOf(program)];
        var output = Path.Combine(folder.Path, program.Language);
        if (!Directory.Exists(output))
        {
            var command = compile(PathOf(program), output);
            var ended = await VendorProgram.RunProgramAsync(command[0], command[1..], folder.Path, settings);
            Assert.True(ended.ExitCode == 0, ended.Output + ended.Errors);
        }

        return run(output);
    }

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
