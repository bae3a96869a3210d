using System.Xml.Linq;
using Credentialing.DevHost;
using Microsoft.CodeAnalysis;

namespace Credentialing.Tests.Deployable;

public sealed class DeployableTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_deployable_compiles_without_an_error_or_a_warning(bool withUsingsOfTheWorker) =>
        Assert.Empty(DeployableProject.Complaints(DeployableProject.Compilation(withUsingsOfTheWorker)));

    [Theory]
    [InlineData("Program.cs", "ConfigureFunctionsWebApplication", "ConfigureFunctionWebApplication", "CS1061")]
    [InlineData("Program.cs", "CommunicationEndpoint is not null", "ComunicationEndpoint is not null", "CS1061")]
    [InlineData("AzureOptions.cs", "public Uri? VaultUri", "public Uri VaultUri", "CS8618")]
    [InlineData("AzureEmailSender.cs", "email.OperationId, cancellationToken);", "cancellationToken, email.OperationId);", "CS1503")]
    [InlineData("GuardMiddleware.cs", "cref=\"Guard\"", "cref=\"Gard\"", "CS1574")]
    [InlineData("GuardMiddleware.cs", "invocation.Value is IResult", "invocation.Value.GetType() == null", "CS8602")]
    [InlineData("GuardMiddleware.cs", "/// <summary>Puts", "// Puts", "CS1591")]
    public void A_mistake_in_a_file_that_only_the_deployable_compiles_is_found(string file, string right, string wrong, string complaint)
    {
        var compilation = DeployableProject.Compilation(withUsingsOfTheWorker: false);
        var tree = Assert.Single(compilation.SyntaxTrees, tree => tree.FilePath == file);
        var text = tree.ToString();
        Assert.Contains(right, text, StringComparison.Ordinal);
        var mistaken = DeployableProject.Parse(text.Replace(right, wrong, StringComparison.Ordinal), file);

        Assert.Contains(
            DeployableProject.Complaints(compilation.ReplaceSyntaxTree(tree, mistaken)),
            line => line.StartsWith(file, StringComparison.Ordinal) && line.Contains(complaint, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_file_in_the_projects_folder_is_compiled_and_none_from_elsewhere()
    {
        string[] ownOnly = ["AzureEmailSender.cs", "AzureOptions.cs", "GuardMiddleware.cs", "Program.cs"];
        Assert.Equal(ownOnly, DeployableProject.Files.Where(file => !file.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)));

        string[] selects = ["Compile", "EnableDefaultItems", "EnableDefaultCompileItems", "DefaultItemExcludes"];
        Assert.DoesNotContain(Definitions.SelectMany(definition => definition.Descendants()), element => selects.Contains(element.Name.LocalName));
    }

    [Fact]
    public void Every_package_of_the_project_is_a_real_one_or_one_that_the_contract_stands_for()
    {
        Assert.All(DeployableProject.Packages, package => Assert.True(
            DeployableProject.IsResolved(package) ^ DeployableProject.LackingPackages.ContainsKey(package),
            $"{package}: reference it in Credentialing.Tests, or, if it is not in the feed, have DeployableContract.cs stand for it."));
        Assert.Subset(DeployableProject.Packages.ToHashSet(), DeployableProject.LackingPackages.Keys.ToHashSet());
    }

    [Fact]
    public void The_contract_has_the_shapes_of_the_versions_that_are_deployed()
    {
        var pinned = XDocument.Load(Path.Combine(ProjectFolder.Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(element => element.Attribute("Include")!.Value, element => element.Attribute("Version")!.Value);

        Assert.All(DeployableProject.LackingPackages, package => Assert.Equal(pinned[package.Key], package.Value));
    }

    [Fact]
    public void The_contract_compiles_and_declares_nothing_that_a_real_assembly_has()
    {
        var contract = DeployableProject.Contract;
        Assert.DoesNotContain(contract.GetDiagnostics(TestContext.Current.CancellationToken), item => item.Severity is DiagnosticSeverity.Error);

        var declared = TypesIn(contract.Assembly.GlobalNamespace).ToList();
        Assert.NotEmpty(declared);
        Assert.All(declared, type => Assert.Equal([contract.Assembly], contract.GetTypesByMetadataName(type).Select(found => found.ContainingAssembly), SymbolEqualityComparer.Default));
    }

    [Theory]
    [InlineData("host.json", "host.json")]
    [InlineData("docs/openapi.json", "openapi.json")]
    public void The_deployable_takes_the_hosts_settings_and_the_APIs_description_along(string file, string name)
    {
        var link = Assert.Single(DeployableProject.Definition.Descendants("None"), item => item.Attribute("Include")?.Value == $"../{file}");
        Assert.Equal(name, link.Attribute("Link")?.Value);
        Assert.Equal("PreserveNewest", link.Attribute("CopyToOutputDirectory")?.Value);
        Assert.True(File.Exists(Path.Combine(ProjectFolder.Root, file)));
    }

    /// <summary>What says how the project is built.</summary>
    private static IEnumerable<XDocument> Definitions =>
        [DeployableProject.Definition, XDocument.Load(Path.Combine(ProjectFolder.Root, "Directory.Build.props"))];

    private static IEnumerable<string> TypesIn(INamespaceSymbol space) =>
        space.GetNamespaceMembers().SelectMany(TypesIn)
            .Concat(space.GetTypeMembers().Where(type => type.DeclaredAccessibility is Accessibility.Public).Select(type => $"{space.ToDisplayString()}.{type.MetadataName}"));
}
