using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Credentialing.DevHost;
using Credentialing.Tests.Published;
using Credentialing.Tests.Support;

[assembly: AssemblyFixture(typeof(PublishedApp))]

namespace Credentialing.Tests.Published;

/// <summary>
/// The published Release build of the function app, as deployed to Azure. Published on first use, unless <c>CREDENTIALING_PUBLISHED</c> names the
/// folder of a published app. CI sets it, so that the tests run what CI published.
/// </summary>
public sealed class PublishedApp
{
    /// <summary>Environment variables that the app inherits. All others are removed, because they do not exist on Azure.</summary>
    private static readonly string[] Inherited = ["PATH", "HOME", "TMPDIR", "DOTNET_ROOT"];

    private readonly string assembly;
    private readonly Lazy<Task<string>> folder;

    /// <summary>Creates the fixture. Publishes nothing yet.</summary>
    public PublishedApp()
        : this("Credentialing.Functions", () => Environment.GetEnvironmentVariable("CREDENTIALING_PUBLISHED") is { Length: > 0 } published
            ? Task.FromResult(Path.GetFullPath(published, ProjectFolder.Root))
            : PublishAsync("Credentialing.Functions", "Credentialing.Functions"))
    {
    }

    private PublishedApp(string assembly, Func<Task<string>> publish)
    {
        this.assembly = assembly;
        folder = new(publish);
    }

    /// <summary>Returns another function app, for a comparison.</summary>
    /// <param name="project">The path of its project folder.</param>
    /// <param name="assembly">The name of its assembly.</param>
    internal static PublishedApp Of(string project, string assembly) => new(assembly, () => PublishAsync(project, assembly));

    /// <summary>Whether the published app runs on this machine: Linux x64 only.</summary>
    internal static bool IsSupported => OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture is Architecture.X64;

    internal static void SkipUnlessSupported() => Assert.SkipUnless(IsSupported, "The app is published for Linux on x64, where Azure runs it.");

    /// <summary>Returns the publish folder, whose content is deployed to Azure.</summary>
    internal Task<string> FolderAsync() => folder.Value.WaitAsync(TestContext.Current.CancellationToken);

    /// <summary>Returns the command with which the Functions host starts the app.</summary>
    /// <param name="host">The gRPC address of the Functions host, to which the app connects.</param>
    /// <param name="settings">The app settings, passed as environment variables.</param>
    internal async Task<ProcessStartInfo> CommandAsync(Uri host, IReadOnlyDictionary<string, string> settings)
    {
        var app = await FolderAsync();
        var start = new ProcessStartInfo("dotnet",
        [
            $"{assembly}.dll",
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

    /// <summary>Publishes into a separate artifacts folder, to keep the developer's build output unchanged. Incremental.</summary>
    private static async Task<string> PublishAsync(string project, string assembly)
    {
        var artifacts = Path.Combine(ProjectFolder.Root, "Credentialing.Tests/obj/published");
        var ended = await ProcessResult.RunAsync(new ProcessStartInfo("dotnet",
        [
            "publish", Path.Combine(ProjectFolder.Root, project), "--configuration", "Release", "-p:CommunicationServices=false",
            "--artifacts-path", artifacts, "--disable-build-servers", "--nologo", "--verbosity", "quiet",
        ]));
        Assert.True(ended.ExitCode == 0, $"The app could not be published.\n{ended.Output}\n{ended.Errors}");
        return Directory.GetDirectories(Path.Combine(artifacts, "publish", assembly)).Single();
    }
}
