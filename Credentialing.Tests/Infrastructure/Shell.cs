using System.Diagnostics;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Infrastructure;

/// <summary>Runs the scripts of <c>infra</c>, with fake programs first on the PATH.</summary>
internal sealed class Shell : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>The temporary working folder, which also contains the fake programs.</summary>
    internal string Folder => folder.Path;

    /// <summary>Adds a fake program to the PATH, as a bash script.</summary>
    internal void AddProgram(string program, string script)
    {
        var file = Path.Combine(Folder, program);
        File.WriteAllText(file, $"#!/usr/bin/env bash\ncd \"{Folder}\"\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    /// <summary>Returns the content of a file in the folder; an empty string if it does not exist.</summary>
    internal string Read(string name) => File.Exists(Path.Combine(Folder, name)) ? File.ReadAllText(Path.Combine(Folder, name)) : "";

    /// <summary>Runs a script. Skips the test on Windows.</summary>
    internal Task<ProcessResult> RunAsync(string script, params string[] arguments)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The scripts are for a Unix shell.");
        var start = new ProcessStartInfo("bash", arguments.Prepend(Path.Combine(Bicep.Folder, script))) { WorkingDirectory = Folder };
        start.Environment["PATH"] = $"{Folder}:{start.Environment["PATH"]}";
        start.Environment["SHELLOPTS"] = "xtrace"; // as when debugging a failure with bash tracing
        return ProcessResult.RunAsync(start);
    }

    public void Dispose() => folder.Dispose();
}
