using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using Credentialing.DevHost;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Infrastructure;

/// <summary>Runs the Bicep compiler on a copy of <c>infra</c>.</summary>
internal static class Bicep
{
    internal static readonly string Folder = Path.Combine(ProjectFolder.Root, "infra");

    /// <summary>Sample values of the variables that an installation sets.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Installation = new Dictionary<string, string>
    {
        ["TOMS_AUTHORITY"] = "https://identity.toms.example",
        ["TOMS_AUDIENCE"] = "credentialing",
        ["MYTOMS_BASE_URL"] = "https://mytoms.example/api",
        ["MYTOMS_SCOPE"] = "api://mytoms/.default",
        ["ALERT_EMAIL"] = "operations@toms.example",
        ["MAIL_DOMAIN"] = "mail.toms.example",
        ["AZURE_PRINCIPAL_ID"] = "33333333-3333-3333-3333-333333333333",
        ["DEPLOYER_ID"] = "44444444-4444-4444-4444-444444444444",
        ["PUBLISHER_ID"] = "55555555-5555-5555-5555-555555555555",
    };

    private static readonly string? Program = typeof(Bicep).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().SingleOrDefault(metadata => metadata.Key == "Bicep")?.Value;

    /// <summary>Compiles the template of both environments. The result includes the nested templates of the modules.</summary>
    internal static async Task<JsonElement> BuildAsync()
    {
        SkipWithoutBicep();
        return JsonDocument.Parse((await RunAsync([], "build", Path.Combine(Folder, "main.bicep"), "--stdout")).Output).RootElement;
    }

    /// <summary>
    /// Compiles a parameter file with the templates, and predicts the resources: <c>dev</c>, <c>prod</c>, or <c>workflow</c> in the resource group of
    /// prod.
    /// </summary>
    internal static Task<Deployment> PredictAsync(string environment, params (string Name, string Value)[] settings) =>
        PredictAsync(environment, "", settings);

    /// <summary>Predicts the resources with further parameters, which the parameter file does not set.</summary>
    internal static async Task<Deployment> PredictAsync(string environment, string furtherParameters, params (string Name, string Value)[] settings)
    {
        SkipWithoutBicep();
        using var copy = new TemporaryFolder();
        Copy(Folder, copy.Path);
        var parameters = Path.Combine(copy.Path, $"{environment}.bicepparam");
        await File.AppendAllTextAsync(parameters, furtherParameters);
        var (_, diagnostics) = await RunAsync(
            settings, "snapshot", parameters, "--mode", "overwrite", "--resource-group", $"credentialing-{(environment == "dev" ? "dev" : "prod")}", "--location", "westus2",
            "--subscription-id", "11111111-1111-1111-1111-111111111111", "--tenant-id", "22222222-2222-2222-2222-222222222222");
        return new Deployment(JsonDocument.Parse(await File.ReadAllTextAsync(Path.ChangeExtension(parameters, "snapshot.json"))).RootElement, diagnostics);
    }

    /// <summary>Returns all templates and parameter files as formatted by the compiler, with their paths relative to <see cref="Folder"/>.</summary>
    internal static async Task<IReadOnlyDictionary<string, string>> FormatAsync()
    {
        SkipWithoutBicep();
        using var copy = new TemporaryFolder();
        Copy(Folder, copy.Path);
        await RunAsync([], "format", "--pattern", Path.Combine(copy.Path, "**/*.bicep*"));
        return Directory.EnumerateFiles(copy.Path, "*.bicep*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(copy.Path, file), File.ReadAllText, StringComparer.Ordinal);
    }

    /// <summary>Skips the test if the compiler is not available, but never on the build server (CI).</summary>
    private static void SkipWithoutBicep() => Assert.SkipWhen(
        Program is null && Environment.GetEnvironmentVariable("CI") is null,
        "The Bicep compiler package is available for Linux x64 only. These tests run on the build server.");

    private static async Task<(string Output, string Errors)> RunAsync(IEnumerable<(string Name, string Value)> settings, params string[] arguments)
    {
        var start = new ProcessStartInfo(Program!, arguments);
        foreach (var (name, value) in Installation)
            start.Environment[name] = value;
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        var result = await ProcessResult.RunAsync(start);
        Assert.True(result.ExitCode == 0, result.Errors);
        return (result.Output, result.Errors);
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
