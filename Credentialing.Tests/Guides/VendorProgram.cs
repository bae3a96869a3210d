using System.Diagnostics;
using System.Text;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Guides;

/// <summary>One of the guide's programs, as it is pasted into a file.</summary>
/// <param name="Language">The language of its block.</param>
/// <param name="Heading">The heading that it stands under.</param>
/// <param name="File">The file that it is pasted into.</param>
/// <param name="Command">The program that runs it, and that program's arguments before the file.</param>
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

    /// <summary>What must be on the PATH for it to run.</summary>
    private IEnumerable<string> Needed => Language == "sh" ? ["sh", "curl"] : [Command[0]];

    /// <summary>Runs it for a student in the folder with these settings, and sees to it that it says nothing of the secret key.</summary>
    internal async Task<Ended> RunAsync(ProgramFiles files, string folder, IReadOnlyDictionary<string, string> settings, string ssid)
    {
        foreach (var needed in Needed)
            Assert.SkipUnless(IsOnPath(needed), $"There is no {needed} on the PATH.");
        var ended = await StartAsync(Command[0], [.. Command[1..], files.PathOf(this), ssid], folder, settings);

        var secretKey = settings["TOMS_SECRET_KEY"].Trim();
        var basic = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{settings["TOMS_USERNAME"]}:{secretKey}"));
        foreach (var secret in (string[])[secretKey, basic])
            Assert.DoesNotContain(secret, ended.Output + ended.Errors, StringComparison.OrdinalIgnoreCase);
        return ended;
    }

    /// <summary>Runs a program in a folder, with further environment variables, to its end.</summary>
    internal static Task<Ended> StartAsync(string program, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string> settings)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder };
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        return Ended.OfAsync(start);
    }

    private static bool IsOnPath(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder =>
            System.IO.File.Exists(Path.Combine(folder, program)) || System.IO.File.Exists(Path.Combine(folder, program + ".exe")));
}

/// <summary>The guide's programs in files, and what they leave behind besides reports; gone after the tests.</summary>
public sealed class ProgramFiles : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public ProgramFiles()
    {
        foreach (var program in VendorProgram.All)
            File.WriteAllText(PathOf(program), Assert.Single(VendorGuide.Blocks(program.Heading, program.Language)));
    }

    internal string PathOf(VendorProgram program) => Path.Combine(folder.Path, program.File);

    /// <summary>The environment variables that a program is given.</summary>
    internal Dictionary<string, string> Settings(TestHost host, string secretKey) => new()
    {
        ["TOMS_URL"] = new Uri(host.Address, "api/v1").ToString(),
        ["TOMS_USERNAME"] = $"sis-{TestWorld.Oakland}",
        ["TOMS_SECRET_KEY"] = secretKey,
        ["NO_PROXY"] = host.Address.Host,
        ["TMPDIR"] = folder.Path,
        // Where dotnet keeps what it builds of a single file; and nothing of the build may outlive it, and keep its output open.
        ["XDG_DATA_HOME"] = folder.Path,
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
        ["DOTNET_NOLOGO"] = "1",
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["UseSharedCompilation"] = "false",
    };

    public void Dispose() => folder.Dispose();
}
