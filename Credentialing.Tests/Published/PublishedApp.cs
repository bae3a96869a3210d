using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Credentialing.DevHost;
using Credentialing.Tests.Published;
using Credentialing.Tests.Support;

[assembly: AssemblyFixture(typeof(PublishedApp))]

namespace Credentialing.Tests.Published;

/// <summary>The function app as Azure runs it: a published release. The first test that needs it publishes it.</summary>
public sealed class PublishedApp
{
    /// <summary>The variables of this process that the app may see. On Azure it has none of a developer's.</summary>
    private static readonly string[] Inherited = ["PATH", "HOME", "TMPDIR", "DOTNET_ROOT"];

    private readonly Lazy<Task<string>> folder = new(PublishAsync);

    /// <summary>Whether the app runs on this machine.</summary>
    internal static bool IsSupported => OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture is Architecture.X64;

    internal static void SkipUnlessSupported() => Assert.SkipUnless(IsSupported, "The app is published for Linux on x64, where Azure runs it.");

    /// <summary>The folder that is deployed to Azure.</summary>
    internal Task<string> FolderAsync() => folder.Value.WaitAsync(TestContext.Current.CancellationToken);

    /// <summary>The command that the Functions host starts the app with.</summary>
    /// <param name="host">The address of the Functions host, where the app connects to.</param>
    /// <param name="settings">The app settings, which are environment variables.</param>
    internal async Task<ProcessStartInfo> CommandAsync(Uri host, IReadOnlyDictionary<string, string> settings)
    {
        var app = await FolderAsync();
        var start = new ProcessStartInfo("dotnet",
        [
            "Credentialing.Functions.dll",
            "--functions-uri", host.ToString(),
            "--functions-worker-id", Guid.NewGuid().ToString(),
            "--functions-request-id", Guid.NewGuid().ToString(),
            "--functions-grpc-max-message-length", int.MaxValue.ToString(CultureInfo.InvariantCulture),
        ])
        {
            WorkingDirectory = app,
        };
        foreach (var name in start.Environment.Keys.Except(Inherited).ToList())
            start.Environment.Remove(name);
        start.Environment["FUNCTIONS_APPLICATION_DIRECTORY"] = app;
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        return start;
    }

    /// <summary>Builds in a folder of its own, and leaves those of the developer's builds alone. What is up to date is not built again.</summary>
    private static async Task<string> PublishAsync()
    {
        var artifacts = Path.Combine(ProjectFolder.Root, "Credentialing.Tests/obj/published");
        var ended = await Ended.OfAsync(new ProcessStartInfo("dotnet",
        [
            "publish", Path.Combine(ProjectFolder.Root, "Credentialing.Functions"), "--configuration", "Release", "-p:CommunicationServices=false",
            "--artifacts-path", artifacts, "--disable-build-servers", "--nologo", "--verbosity", "quiet",
        ]));
        Assert.True(ended.ExitCode == 0, $"The app could not be published.\n{ended.Output}\n{ended.Errors}");
        return Directory.GetDirectories(Path.Combine(artifacts, "publish/Credentialing.Functions")).Single();
    }
}
