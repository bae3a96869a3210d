using System.Text.RegularExpressions;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using YamlDotNet.Serialization;

namespace Credentialing.Tests.Infrastructure;

using Node = Dictionary<object, object>;

/// <summary>Security of the deploy workflow, and its agreement with the files that it uses.</summary>
[Kind(TestKind.Unit)]
public sealed partial class WorkflowTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(ProjectFolder.Root, ".github", "workflows", "deploy.yml"));

    private static readonly Node Workflow = new DeserializerBuilder().Build().Deserialize<Node>(Text);

    private static readonly string AzdText = File.ReadAllText(Path.Combine(ProjectFolder.Root, "azure.yaml"));

    public static TheoryData<string> JobsWithAzureAccess => ["preview", "deploy"];

    [Fact]
    public void Jobs_have_no_permissions_by_default_and_the_build_can_only_read()
    {
        Assert.Empty(Map(Workflow, "permissions"));
        Assert.Equal(["build", "preview", "deploy"], Map(Workflow, "jobs").Keys.Cast<string>());
        Assert.Equal(["contents: read"], Permissions("build"));
    }

    /// <summary>The environment has the required reviewers and the federated identity.</summary>
    [Theory]
    [MemberData(nameof(JobsWithAzureAccess))]
    public void A_job_with_Azure_access_runs_in_its_environment_and_signs_in_without_a_secret(string job)
    {
        Assert.Equal(Map(Workflow, "env")["ENVIRONMENT"], Job(job)["environment"]);
        Assert.Equal(["actions: read", "id-token: write"], Permissions(job));
        var login = Map(Assert.Single(Steps(job), step => Uses(step).StartsWith("azure/login@", StringComparison.Ordinal)), "with");
        Assert.Equal(["client-id", "subscription-id", "tenant-id"], login.Keys.Cast<string>().Order());
    }

    [Fact]
    public void The_workflow_uses_no_stored_secret() => Assert.DoesNotMatch(@"secrets\s*[.\[]|creds:|publish-profile", Text);

    [Fact]
    public void Only_a_push_to_main_starts_the_workflow_automatically_and_it_deploys_to_dev()
    {
        var triggers = Map(Workflow, "on");
        Assert.Equal(["push", "workflow_dispatch"], triggers.Keys.Cast<string>());
        Assert.Equal(["main"], ((List<object>)Map(triggers, "push")["branches"]).Cast<string>());
        Assert.Equal("${{ inputs.environment || 'dev' }}", Map(Workflow, "env")["ENVIRONMENT"]);
    }

    [Fact]
    public void A_release_is_deployed_only_after_tests_and_preview_and_only_from_main()
    {
        Assert.Contains(Steps("build"), step => Run(step) == ".ci/run");
        Assert.Equal("build", Job("preview")["needs"]);
        Assert.Contains("github.ref == 'refs/heads/main'", (string)Job("preview")["if"], StringComparison.Ordinal);
        Assert.Contains("needs.build.result != 'failure'", (string)Job("preview")["if"], StringComparison.Ordinal);
        Assert.Equal("preview", Job("deploy")["needs"]);
        Assert.Contains("needs.preview.result == 'success'", (string)Job("deploy")["if"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Deploy main push", true)]
    [InlineData("Deploy main workflow_dispatch", true)]
    [InlineData("Deploy main pull_request", false)] // from a fork with a branch of that name
    [InlineData("Deploy trial push", false)]
    [InlineData("Another main push", false)]
    [InlineData("", false)]
    public async Task Only_a_release_of_this_workflow_from_main_can_be_redeployed(string run, bool isRelease)
    {
        using var shell = new Shell();
        shell.AddProgram("gh", $"echo '{run}'");
        shell.AddProgram("step", Run(Assert.Single(Steps("preview"), step => Run(step).Contains("gh run view", StringComparison.Ordinal))));

        var result = await shell.RunAsync(Path.Combine(shell.Folder, "step"));

        Assert.Equal(isRelease, result.ExitCode == 0);
    }

    /// <summary>Expressions in a script are expanded before the shell parses it, which allows script injection.</summary>
    [Fact]
    public void Scripts_contain_no_expressions() =>
        Assert.All(new[] { "build", "preview", "deploy" }.SelectMany(Steps), step => Assert.DoesNotContain("${{", Run(step), StringComparison.Ordinal));

    [Fact]
    public void Actions_have_a_version() =>
        Assert.All(Uses().Matches(Text), uses => Assert.Matches("^[a-z-]+/[a-z-]+@(v[0-9]+|[0-9a-f]{40})$", uses.Groups["action"].Value));

    [Fact]
    public void The_scripts_that_the_workflow_and_azd_run_exist()
    {
        var scripts = ScriptPath().Matches(Text + AzdText).Select(match => match.Value).ToList();
        Assert.NotEmpty(scripts);
        Assert.All(scripts, script => Assert.True(File.Exists(Path.Combine(ProjectFolder.Root, script)), script));
    }

    /// <summary>A variable that a parameter file reads, but the workflow does not set, would silently be empty.</summary>
    [Theory]
    [MemberData(nameof(JobsWithAzureAccess))]
    public void The_workflow_sets_the_variables_that_the_parameter_files_read(string job)
    {
        var read = new[] { "dev", "prod" }
            .SelectMany(environment => Variable().Matches(File.ReadAllText(Path.Combine(Bicep.Folder, $"{environment}.bicepparam"))))
            .Select(match => match.Groups["name"].Value).Distinct()
            .Except(["AZURE_PRINCIPAL_ID"]); // the principal that runs azd
        var set = Map(Job(job), "env");
        Assert.Equal(read.Append("AZURE_RESOURCE_GROUP").Order(), set.Keys.Cast<string>().Order());
        Assert.All(set, variable => Assert.Equal($"${{{{ vars.{variable.Key} }}}}", variable.Value));
    }

    [Fact]
    public async Task The_workflow_and_the_tests_use_the_same_version_of_the_Bicep_compiler()
    {
        var packages = await File.ReadAllTextAsync(Path.Combine(ProjectFolder.Root, "Directory.Packages.props"), TestContext.Current.CancellationToken);
        var version = Regex.Match(packages, "Include=\"Azure.Bicep.CommandLine.linux-x64\" Version=\"(?<version>[^\"]+)\"").Groups["version"].Value;
        Assert.Equal($"v{version}", Map(Workflow, "env")["BICEP"]);
    }

    [Fact]
    public void Azd_uses_the_parameters_of_dev() =>
        Assert.Equal("dev", Map(new DeserializerBuilder().Build().Deserialize<Node>(AzdText), "infra")["module"]);

    private static Node Map(Node node, string name) => (Node)node[name];

    private static Node Job(string name) => Map(Map(Workflow, "jobs"), name);

    private static IEnumerable<Node> Steps(string job) => ((List<object>)Job(job)["steps"]).Cast<Node>();

    private static IEnumerable<string> Permissions(string job) => Map(Job(job), "permissions").Select(permission => $"{permission.Key}: {permission.Value}").Order();

    private static string Run(Node step) => (string)step.GetValueOrDefault("run", "");

    private static string Uses(Node step) => (string)step.GetValueOrDefault("uses", "");

    [GeneratedRegex(@"uses: (?<action>\S+)")]
    private static partial Regex Uses();

    [GeneratedRegex(@"(?<=[\s""])(?:infra/[a-z-]+\.sh|\.ci/run)")]
    private static partial Regex ScriptPath();

    [GeneratedRegex("readEnvironmentVariable\\('(?<name>[A-Z_]+)'")]
    private static partial Regex Variable();
}
