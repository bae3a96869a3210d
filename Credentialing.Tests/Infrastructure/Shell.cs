using System.Diagnostics;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Infrastructure;

/// <summary>Runs the scripts of <c>infra</c>, with programs of the test's own before those of the machine.</summary>
internal sealed class Shell : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>A folder of the test's own; the programs are in it too.</summary>
    internal string Folder => folder.Path;

    /// <summary>Puts a program on the path: the lines of a bash script.</summary>
    internal void Has(string program, string script)
    {
        var file = Path.Combine(Folder, program);
        File.WriteAllText(file, $"#!/usr/bin/env bash\ncd \"{Folder}\"\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    /// <summary>What a program has left there; empty if it has not.</summary>
    internal string Read(string name) => File.Exists(Path.Combine(Folder, name)) ? File.ReadAllText(Path.Combine(Folder, name)) : "";

    /// <summary>Runs a script, or skips the test where there is no Unix shell.</summary>
    internal Task<Ended> RunAsync(string script, params string[] arguments)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The scripts are for a Unix shell.");
        var start = new ProcessStartInfo("bash", arguments.Prepend(Path.Combine(Bicep.Folder, script))) { WorkingDirectory = Folder };
        start.Environment["PATH"] = $"{Folder}:{start.Environment["PATH"]}";
        start.Environment["SHELLOPTS"] = "xtrace"; // whoever looks into a failure has bash print what it runs
        return Ended.OfAsync(start);
    }

    public void Dispose() => folder.Dispose();
}
