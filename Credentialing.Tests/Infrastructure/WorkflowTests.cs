using System.Text.RegularExpressions;
using Credentialing.DevHost;
using YamlDotNet.Serialization;

namespace Credentialing.Tests.Infrastructure;

using Node = Dictionary<object, object>;

/// <summary>The actions that the deploy workflow and azd may take, and the existence of the files that they refer to.</summary>
public sealed partial class WorkflowTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(ProjectFolder.Root, ".github", "workflows", "deploy.yml"));

    private static readonly Node Workflow = new DeserializerBuilder().Build().Deserialize<Node>(Text);

    private static readonly Node Azd = new DeserializerBuilder().Build().Deserialize<Node>(File.ReadAllText(Path.Combine(ProjectFolder.Root, "azure.yaml")));

    public static TheoryData<string> JobsThatReachAzure => ["preview", "deploy"];

    [Fact]
    public void Nothing_is_permitted_that_a_job_does_not_ask_for()
    {
        Assert.Empty(Map(Workflow, "permissions"));
        Assert.Equal(["build", "preview", "deploy"], Map(Workflow, "jobs").Keys.Cast<string>());
        Assert.Equal(["contents: read"], Permissions("build"));
    }

    [Theory]
    [MemberData(nameof(JobsThatReachAzure))]
    public void A_job_that_reaches_Azure_is_let_in_by_its_environment_and_has_no_stored_secret(string job)
    {
        Assert.Equal("${{ inputs.environment || 'dev' }}", Job(job)["environment"]);
        Assert.Equal(["actions: read", "id-token: write"], Permissions(job));
        var login = Map(Assert.Single(Steps(job), step => Uses(step).StartsWith("azure/login@", StringComparison.Ordinal)), "with");
        Assert.Equal(["client-id", "subscription-id", "tenant-id"], login.Keys.Cast<string>().Order());
        Assert.All(login.Values, value => Assert.Matches(@"^\$\{\{ vars\.AZURE_(CLIENT|SUBSCRIPTION|TENANT)_ID \}\}$", (string)value));
    }

    [Fact]
    public void No_secret_is_kept_with_the_workflow() => Assert.DoesNotMatch(@"secrets\s*[.\[]|creds:|publish-profile", Text);

    [Fact]
    public void A_push_to_main_goes_to_dev_and_prod_is_chosen_by_hand()
    {
        var on = Map(Workflow, "on");
        Assert.Equal(["push", "workflow_dispatch"], on.Keys.Cast<string>());
        Assert.Equal(["main"], List(Map(on, "push"), "branches"));
        var environment = Map(Map(Map(on, "workflow_dispatch"), "inputs"), "environment");
        Assert.Equal(["dev", "prod"], List(environment, "options"));
        Assert.Equal("dev", environment["default"]);
        Assert.Equal("${{ inputs.environment || 'dev' }}", Map(Workflow, "env")["ENVIRONMENT"]);
    }

    [Fact]
    public void What_is_deployed_has_passed_the_tests_and_has_been_looked_at()
    {
        var build = Steps("build").Select(Run).ToList();
        Assert.True(build.IndexOf(".ci/run") is var tests and >= 0 && build.FindIndex(run => run.Contains("dotnet publish", StringComparison.Ordinal)) > tests);
        Assert.Equal("build", Job("preview")["needs"]);
        Assert.Contains("github.ref == 'refs/heads/main'", (string)Job("preview")["if"], StringComparison.Ordinal);
        Assert.Contains("needs.build.result != 'failure'", (string)Job("preview")["if"], StringComparison.Ordinal);
        Assert.Contains(Steps("preview"), step => Run(step).Contains("az deployment group what-if", StringComparison.Ordinal) && Run(step).Contains("$GITHUB_STEP_SUMMARY", StringComparison.Ordinal));
        Assert.Equal("preview", Job("deploy")["needs"]);
        Assert.Contains("needs.preview.result == 'success'", (string)Job("deploy")["if"], StringComparison.Ordinal);
    }

    [Fact]
    public void First_the_infrastructure_then_the_app_then_the_screens_and_then_a_look()
    {
        string[] order = ["az deployment group create", "az functionapp deployment source config-zip", "infra/prepare-screens.sh", "/api/health/ready"];
        var steps = Steps("deploy").Select(Run).ToList();
        var places = order.Select(command => steps.FindIndex(run => run.Contains(command, StringComparison.Ordinal))).ToList();
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);
    }

    [Theory]
    [MemberData(nameof(JobsThatReachAzure))]
    public void A_release_that_was_kept_can_be_deployed_again(string job)
    {
        var download = Assert.Single(Steps(job), step => Uses(step).StartsWith("actions/download-artifact@", StringComparison.Ordinal));
        Assert.Equal("${{ inputs.run || github.run_id }}", Map(download, "with")["run-id"]);
        var upload = Map(Assert.Single(Steps("build"), step => Uses(step).StartsWith("actions/upload-artifact@", StringComparison.Ordinal)), "with");
        Assert.Equal(Map(download, "with")["name"], upload["name"]);
        Assert.Equal("90", upload["retention-days"]);
    }

    [Theory]
    [InlineData("Deploy main push", true)]
    [InlineData("Deploy main workflow_dispatch", true)]
    [InlineData("Deploy main pull_request", false)] // from a fork with a branch of that name
    [InlineData("Deploy trial push", false)]
    [InlineData("Another main push", false)]
    [InlineData("", false)]
    public async Task Only_what_this_workflow_built_of_the_main_branch_is_deployed_again(string found, bool isRelease)
    {
        using var shell = new Shell();
        shell.Has("gh", $"echo '{found}'");
        shell.Has("step", Run(Assert.Single(Steps("preview"), step => Run(step).Contains("gh run view", StringComparison.Ordinal))));

        var ended = await shell.RunAsync(Path.Combine(shell.Folder, "step"));

        Assert.Equal(isRelease, ended.ExitCode == 0);
    }

    /// <summary>Expressions in a script are expanded before the shell parses it, which allows script injection.</summary>
    [Fact]
    public void Nothing_is_put_into_a_script_but_by_the_environment() =>
        Assert.All(new[] { "build", "preview", "deploy" }.SelectMany(Steps), step => Assert.DoesNotContain("${{", Run(step), StringComparison.Ordinal));

    [Fact]
    public void Actions_have_a_version() =>
        Assert.All(Uses().Matches(Text), uses => Assert.Matches("^[a-z-]+/[a-z-]+@(v[0-9]+|[0-9a-f]{40})$", uses.Groups["action"].Value));

    [Fact]
    public void The_scripts_that_are_called_are_there()
    {
        var azure = File.ReadAllText(Path.Combine(ProjectFolder.Root, "azure.yaml"));
        var scripts = ScriptPath().Matches(Text + azure).Select(match => match.Value).Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.Equal([".ci/run", "infra/make-missing-secrets.sh", "infra/prepare-screens.sh"], scripts);
        Assert.All(scripts, script => Assert.True(File.Exists(Path.Combine(ProjectFolder.Root, script)), script));
    }

    /// <summary>A variable that a parameter file reads, but the workflow does not set, would silently be empty.</summary>
    [Theory]
    [MemberData(nameof(JobsThatReachAzure))]
    public void The_workflow_sets_what_the_parameter_files_read(string job)
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
    public async Task The_workflow_compiles_the_templates_as_the_tests_do()
    {
        var packages = await File.ReadAllTextAsync(Path.Combine(ProjectFolder.Root, "Directory.Packages.props"), TestContext.Current.CancellationToken);
        var version = Regex.Match(packages, "Include=\"Azure.Bicep.CommandLine.linux-x64\" Version=\"(?<version>[^\"]+)\"").Groups["version"].Value;
        Assert.Equal($"v{version}", Map(Workflow, "env")["BICEP"]);
    }

    [Fact]
    public void Azd_deploys_a_dev_environment_and_provisions_it_before_it_packages_the_screens()
    {
        Assert.Equal("dev", Map(Azd, "infra")["module"]);
        Assert.Equal(["api", "screens"], Map(Azd, "services").Keys.Cast<string>());
        Assert.All(Map(Azd, "services").Values.Cast<Node>(), service => Assert.True(Directory.Exists(Path.Combine(ProjectFolder.Root, (string)service["project"]))));
        var steps = ((List<object>)Map(Map(Azd, "workflows"), "up")["steps"]).Cast<Node>().Select(step => (string)step["azd"]);
        Assert.Equal(["provision", "deploy api", "deploy screens"], steps);
    }

    private static Node Map(Node node, string name) => (Node)node[name];

    private static IEnumerable<string> List(Node node, string name) => ((List<object>)node[name]).Cast<string>();

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
