using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Xml.Linq;
using Credentialing.DevHost;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Credentialing.Tests.Deployable;

/// <summary>
/// Credentialing.Functions as its own build compiles it, but with the contract in the place of the packages that are not in every
/// feed. The other packages are the real ones, and only they: what else the tests reference is not there.
/// </summary>
internal static class DeployableProject
{
    internal const string Name = "Credentialing.Functions";

    /// <summary>What Microsoft.NET.Sdk imports into every file.</summary>
    private const string ImplicitUsings =
        """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    /// <summary>
    /// What the worker's ASP.NET Core extension has in its source to be imported too:
    /// Azure/azure-functions-dotnet-worker, extensions/Worker.Extensions.Http.AspNetCore/src/Targets/*.props.
    /// </summary>
    private const string UsingsOfTheWorker =
        """
        global using System.Net.Http.Json;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Hosting;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging;
        """;

    private static readonly string Folder = Path.Combine(ProjectFolder.Root, Name);

    private static readonly CSharpParseOptions Language = new(LanguageVersion.Latest, DocumentationMode.Diagnose);

    /// <summary>The packages that the tests run with, as their build resolved them.</summary>
    private static readonly JsonElement Resolved = JsonDocument
        .Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, $"{typeof(DeployableProject).Assembly.GetName().Name}.deps.json")))
        .RootElement.GetProperty("targets").EnumerateObject().First().Value;

    internal static XDocument Definition { get; } = XDocument.Load(Path.Combine(Folder, $"{Name}.csproj"));

    internal static IReadOnlyList<string> Packages { get; } = [.. Included("PackageReference")];

    /// <summary>The packages that the contract stands for, each with the version whose shapes it has.</summary>
    internal static IReadOnlyDictionary<string, string> LackingPackages { get; }

    /// <summary>The project's files, relative to its folder.</summary>
    internal static IReadOnlyList<string> Files { get; } =
    [
        .. Directory.EnumerateFiles(Folder, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Folder, file))
            .Where(file => file.Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"))
            .Order(StringComparer.Ordinal),
    ];

    internal static CSharpCompilation Contract { get; }

    /// <summary>The framework and the real packages.</summary>
    private static readonly ImmutableArray<MetadataReference> References;

    static DeployableProject()
    {
        References =
        [
            .. new[] { "Microsoft.NETCore.App.Ref", "Microsoft.AspNetCore.App.Ref" }
                .SelectMany(pack => Directory.EnumerateFiles(Path.Combine(TargetingPack(pack), "ref", "net10.0"), "*.dll"))
                .Concat(PackageAssemblies().Select(assembly => Path.Combine(AppContext.BaseDirectory, assembly)))
                .DistinctBy(Path.GetFileName)
                .Select(assembly => MetadataReference.CreateFromFile(assembly)),
        ];
        Contract = CSharpCompilation.Create(
            "Contract",
            [
                Parse(ImplicitUsings, "ImplicitUsings.cs"),
                ParseFile(Path.Combine(ProjectFolder.Path, "WorkerContract.cs")),
                ParseFile(Path.Combine(ProjectFolder.Root, "Credentialing.Tests", "Deployable", "DeployableContract.cs")),
            ],
            References,
            Options(OutputKind.DynamicallyLinkedLibrary));
        LackingPackages = Contract.Assembly.GetAttributes()
            .Where(attribute => attribute.AttributeClass!.Name == nameof(AssemblyMetadataAttribute))
            .ToDictionary(attribute => (string)attribute.ConstructorArguments[0].Value!, attribute => (string)attribute.ConstructorArguments[1].Value!);
    }

    internal static bool IsResolved(string package) => Resolved.EnumerateObject().Any(library => IsOf(library, package));

    /// <summary>The project, ready to be compiled. <paramref name="withUsingsOfTheWorker"/>: with what the worker's extension may import.</summary>
    internal static CSharpCompilation Compilation(bool withUsingsOfTheWorker) => CSharpCompilation.Create(
        Name,
        [
            Parse(ImplicitUsings, "ImplicitUsings.cs"),
            .. withUsingsOfTheWorker ? [Parse(UsingsOfTheWorker, "UsingsOfTheWorker.cs")] : Array.Empty<SyntaxTree>(),
            .. Files.Select(file => ParseFile(Path.Combine(Folder, file), file)),
        ],
        [.. References, Contract.ToMetadataReference()],
        Options(OutputKind.ConsoleApplication));

    /// <summary>What the compiler has to say, a line for each error and each warning, which the build takes for an error.</summary>
    internal static IReadOnlyList<string> Complaints(CSharpCompilation compilation)
    {
        CSharpGeneratorDriver.Create(Generators(), parseOptions: Language)
            .RunGeneratorsAndUpdateCompilation(compilation, out var whole, out var ofGenerators, TestContext.Current.CancellationToken);
        using var program = new MemoryStream();
        using var documentation = new MemoryStream();
        var emitted = whole.Emit(program, xmlDocumentationStream: documentation, cancellationToken: TestContext.Current.CancellationToken);
        return [.. ofGenerators.Concat(emitted.Diagnostics).Where(item => item.Severity >= DiagnosticSeverity.Warning).Select(item => item.ToString())];
    }

    internal static SyntaxTree Parse(string text, string path) =>
        CSharpSyntaxTree.ParseText(SourceText.From(text, System.Text.Encoding.UTF8), Language, path, TestContext.Current.CancellationToken);

    private static SyntaxTree ParseFile(string file, string? path = null) => Parse(File.ReadAllText(file), path ?? file);

    private static CSharpCompilationOptions Options(OutputKind kind) => new(
        kind, nullableContextOptions: NullableContextOptions.Enable, warningLevel: 9999, specificDiagnosticOptions: NotReported());

    /// <summary>What Microsoft.NET.Sdk does not report: that an assembly asks for another version of one that is there.</summary>
    private static ImmutableDictionary<string, ReportDiagnostic> NotReported() =>
        ImmutableDictionary<string, ReportDiagnostic>.Empty.Add("CS1701", ReportDiagnostic.Suppress).Add("CS1702", ReportDiagnostic.Suppress);

    /// <summary>The assemblies of the project's packages and projects, and of those that they bring along.</summary>
    private static HashSet<string> PackageAssemblies()
    {
        var assemblies = new HashSet<string>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var waiting = new Queue<string>(Packages.Concat(Included("ProjectReference").Select(project => Path.GetFileNameWithoutExtension(project))));
        while (waiting.TryDequeue(out var package))
        {
            if (!seen.Add(package))
                continue;
            foreach (var library in Resolved.EnumerateObject().Where(library => IsOf(library, package)))
            {
                assemblies.UnionWith(NamesIn(library.Value, "runtime").Select(file => Path.GetFileName(file)));
                foreach (var dependency in NamesIn(library.Value, "dependencies"))
                    waiting.Enqueue(dependency);
            }
        }
        return assemblies;
    }

    private static IEnumerable<string> NamesIn(JsonElement library, string list) =>
        library.TryGetProperty(list, out var items) ? items.EnumerateObject().Select(item => item.Name) : [];

    private static bool IsOf(JsonProperty library, string package) => library.Name.StartsWith($"{package}/", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> Included(string item) => Definition.Descendants(item).Select(element => element.Attribute("Include")!.Value);

    /// <summary>The generator that writes what <c>[LoggerMessage]</c> promises.</summary>
    private static IEnumerable<ISourceGenerator> Generators() =>
        new AnalyzerFileReference(
            Path.Combine(TargetingPack("Microsoft.AspNetCore.App.Ref"), "analyzers", "dotnet", "cs", "Microsoft.Extensions.Logging.Generators.dll"),
            new FromFile()).GetGenerators(LanguageNames.CSharp);

    /// <summary>What the SDK compiles against: its newest for .NET 10.</summary>
    private static string TargetingPack(string name) =>
        Directory.EnumerateDirectories(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "packs", name), "10.*")
            .MaxBy(folder => Version.Parse(Path.GetFileName(folder)))!;

    private sealed class FromFile : IAnalyzerAssemblyLoader
    {
        public void AddDependencyLocation(string fullPath)
        {
        }

        public Assembly LoadFromPath(string fullPath) => Assembly.LoadFrom(fullPath);
    }
}
