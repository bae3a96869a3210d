using System.Globalization;
using System.Text.RegularExpressions;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using YamlDotNet.Serialization;

namespace Credentialing.Tests.Infrastructure;

using Node = Dictionary<object, object>;

/// <summary>Security of the workflows, and their agreement with the files that they use.</summary>
[Kind(TestKind.Unit)]
public sealed partial class WorkflowTests
{
    private static readonly string Folder = Path.Combine(ProjectFolder.Root, ".github", "workflows");

    private static readonly string AzdText = File.ReadAllText(Path.Combine(ProjectFolder.Root, "azure.yaml"));

    public static TheoryData<string> Workflows => [.. Directory.EnumerateFiles(Folder).Select(file => Path.GetFileName(file)!).Order()];

    /// <summary>The jobs with full access to an environment, and the environment in which each of them runs.</summary>
    public static TheoryData<string> JobsWithFullAccess => ["preview", "deploy"];

    [Theory]
    [MemberData(nameof(Workflows))]
    public void Jobs_have_no_permissions_by_default_and_a_timeout(string workflow)
    {
        Assert.Empty(Map(Parse(workflow), "permissions"));
        Assert.All(Jobs(workflow).Values, job =>
        {
            Assert.NotEmpty(Map(job, "permissions"));
            Assert.InRange(int.Parse((string)job["timeout-minutes"], CultureInfo.InvariantCulture), 1, 60);
        });
    }

    [Fact]
    public void Each_job_has_only_the_permissions_that_it_needs() =>
        Assert.Equal(
            [
                "codeql.yml analyze: actions: read, contents: read, security-events: write",
                "deploy.yml build: contents: read",
                "deploy.yml deploy: id-token: write",
                "deploy.yml preview: id-token: write",
                "deploy.yml promote: attestations: read, contents: read",
                "deploy.yml release: attestations: write, contents: write, id-token: write",
                "deploy.yml screens: contents: read, id-token: write",
                "pull-request.yml test: contents: read",
            ],
            Workflows.SelectMany(workflow => Jobs(workflow.Data).Select(job => $"{workflow.Data} {job.Key}: {string.Join(", ", Permissions(job.Value))}")).Order(StringComparer.Ordinal));

    /// <summary>The environment has the required reviewers and the federated identity.</summary>
    [Theory]
    [InlineData("preview", "")]
    [InlineData("deploy", "")]
    [InlineData("screens", "-screens")]
    public void A_job_with_Azure_access_runs_in_its_environment_and_signs_in_without_a_secret(string job, string suffix)
    {
        Assert.Equal(Map(Parse("deploy.yml"), "env")["ENVIRONMENT"] + suffix, Job(job)["environment"]);
        var login = Map(Assert.Single(Steps(Job(job)), step => Uses(step).StartsWith("azure/login@", StringComparison.Ordinal)), "with");
        Assert.Equal(["client-id", "subscription-id", "tenant-id"], login.Keys.Cast<string>().Order());
    }

    /// <summary>
    /// A job in an environment can get a token for each identity that trusts the environment. So code from packages, and the right to change the
    /// repository, are in other jobs.
    /// </summary>
    [Fact]
    public void Jobs_with_full_access_to_Azure_run_no_packages_and_other_jobs_are_not_in_their_environment()
    {
        Assert.All(JobsWithFullAccess, job => Assert.All(Steps(Job(job.Data)), step => Assert.DoesNotMatch("npm |npx |dotnet |setup-node|setup-dotnet", Run(step) + Uses(step))));
        var environment = Map(Parse("deploy.yml"), "env")["ENVIRONMENT"];
        Assert.Equal(
            ["preview", "deploy"],
            Jobs("deploy.yml").Where(job => environment.Equals(job.Value.GetValueOrDefault("environment"))).Select(job => job.Key));
        Assert.All(["build", "promote", "release"], job => Assert.DoesNotContain("environment", Job(job).Keys));
    }

    [Fact]
    public void The_screens_are_published_with_locked_packages_whose_scripts_do_not_run()
    {
        var steps = Steps(Job("screens")).ToList();
        Assert.Contains(steps, step => Run(step).Contains("npm ci --prefix .github/deploy --ignore-scripts", StringComparison.Ordinal));
        Assert.DoesNotContain(Workflows, workflow => Read(workflow.Data).Contains("npx ", StringComparison.Ordinal));
        var program = (Node)Map(Parse(Path.Combine(ProjectFolder.Root, ".github", "deploy", "package.json")), "dependencies");
        Assert.Matches(@"^\d+\.\d+\.\d+$", (string)program["@azure/static-web-apps-cli"]);
    }

    [Theory]
    [MemberData(nameof(Workflows))]
    public void The_workflows_use_no_stored_secret(string workflow) => Assert.DoesNotMatch(@"secrets\s*[.\[]|creds:|publish-profile", Read(workflow));

    [Fact]
    public void Only_a_push_to_main_starts_a_deployment_automatically_and_it_deploys_to_dev()
    {
        var triggers = Map(Parse("deploy.yml"), "on");
        Assert.Equal(["push", "workflow_dispatch"], triggers.Keys.Cast<string>());
        Assert.Equal(["main"], ((List<object>)Map(triggers, "push")["branches"]).Cast<string>());
        Assert.Equal("${{ inputs.environment || 'dev' }}", Map(Parse("deploy.yml"), "env")["ENVIRONMENT"]);
    }

    /// <summary><c>pull_request_target</c> and <c>workflow_run</c> would run code of a pull request with the rights of main.</summary>
    [Fact]
    public void A_pull_request_starts_workflows_without_rights_only()
    {
        Assert.Equal(["pull_request"], Map(Parse("pull-request.yml"), "on").Keys.Cast<string>());
        Assert.Contains(Steps(Jobs("pull-request.yml")["test"]), step => Run(step) == ".ci/run");
        Assert.DoesNotContain(Workflows, workflow => Regex.IsMatch(Read(workflow.Data), "pull_request_target|workflow_run"));
    }

    [Fact]
    public void A_release_is_deployed_only_after_tests_and_preview_and_only_from_main()
    {
        Assert.Contains(Steps(Job("build")), step => Run(step) == ".ci/run");
        Assert.Equal(["build", "promote"], ((List<object>)Job("preview")["needs"]).Cast<string>());
        Assert.Contains("(needs.build.result == 'success' || needs.promote.result == 'success')", Condition("preview"), StringComparison.Ordinal);
        Assert.Contains("github.ref == 'refs/heads/main'", Condition("preview"), StringComparison.Ordinal);
        Assert.Equal("preview", Job("deploy")["needs"]);
        Assert.Contains("needs.preview.result == 'success'", Condition("deploy"), StringComparison.Ordinal);
        Assert.Contains("needs.deploy.result == 'success'", Condition("screens"), StringComparison.Ordinal);
    }

    [Fact]
    public void Production_gets_only_a_release_that_was_deployed_to_dev()
    {
        Assert.Equal("${{ !inputs.run && inputs.environment != 'prod' }}", Condition("build"));
        Assert.Equal("${{ inputs.run || inputs.environment == 'prod' }}", Condition("promote"));
        Assert.Contains("needs.build.result == 'success' && needs.deploy.result == 'success'", Condition("release"), StringComparison.Ordinal);
        Assert.Equal(["release"], Jobs("deploy.yml").Where(job => Steps(job.Value).Any(step => Uses(step).StartsWith("actions/attest@", StringComparison.Ordinal))).Select(job => job.Key));
    }

    [Theory]
    [InlineData("12", true, "https://github.com/o/r/actions/runs/12/attempts/1", true)]
    [InlineData("12", true, "https://github.com/o/r/actions/runs/7/attempts/1\nhttps://github.com/o/r/actions/runs/12/attempts/2", true)]
    [InlineData("12", true, "https://github.com/o/r/actions/runs/123/attempts/1", false)] // the files of another release
    [InlineData("12", true, "", false)]                                                    // no attestation of this workflow on main
    [InlineData("12", false, "https://github.com/o/r/actions/runs/12/attempts/1", false)]  // no such release
    [InlineData("", true, "https://github.com/o/r/actions/runs/12/attempts/1", false)]
    [InlineData("12; echo", true, "https://github.com/o/r/actions/runs/12/attempts/1", false)]
    public async Task Only_a_release_with_an_attestation_of_its_run_is_promoted(string run, bool exists, string attestedRuns, bool isPromoted)
    {
        using var shell = new Shell();
        shell.AddProgram("gh", $"""
            echo "$*" >>calls
            case "$1 $2" in
              "release download") {(exists ? "touch release.tar.gz" : "exit 1")} ;;
              "attestation verify") [ -f "$3" ] && {(attestedRuns == "" ? "exit 1" : $"echo '{attestedRuns}'")} ;;
            esac
            """);
        var step = Assert.Single(Steps(Job("promote")), step => Run(step) != "");
        Assert.Equal("${{ inputs.run }}", Map(step, "env")["RUN"]);
        shell.AddProgram("step", $"set -e\nRUN='{run}' GITHUB_REPOSITORY=o/r\n{Run(step)}");

        var result = await shell.RunAsync(Path.Combine(shell.Folder, "step"));

        Assert.Equal(isPromoted, result.ExitCode == 0);
        if (!isPromoted)
            return;
        Assert.Contains("release download release-12 --repo o/r", shell.Read("calls"), StringComparison.Ordinal);
        Assert.Contains("--signer-workflow o/r/.github/workflows/deploy.yml --source-ref refs/heads/main --deny-self-hosted-runners", shell.Read("calls"), StringComparison.Ordinal);
    }

    /// <summary>Expressions in a script are expanded before the shell parses it, which allows script injection.</summary>
    [Theory]
    [MemberData(nameof(Workflows))]
    public void Scripts_contain_no_expressions(string workflow) =>
        Assert.All(Jobs(workflow).Values.SelectMany(Steps), step => Assert.DoesNotContain("${{", Run(step), StringComparison.Ordinal));

    /// <summary>A tag of an action can be moved to malicious code, a commit cannot. Dependabot updates the commit and the comment.</summary>
    [Theory]
    [MemberData(nameof(Workflows))]
    public void Actions_are_pinned_by_commit_with_their_version_in_a_comment(string workflow)
    {
        var uses = Uses().Matches(Read(workflow));
        Assert.NotEmpty(uses);
        Assert.All(uses, action => Assert.Matches(@"^[a-z-]+/[a-z/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", action.Groups["action"].Value));
    }

    [Fact]
    public void An_action_has_the_same_commit_everywhere()
    {
        var actions = Workflows.SelectMany(workflow => Uses().Matches(Read(workflow.Data)).Select(action => action.Groups["action"].Value)).Distinct();
        Assert.All(actions.GroupBy(action => action.Split('@')[0]), versions => Assert.Single(versions));
    }

    [Theory]
    [MemberData(nameof(Workflows))]
    public void Checked_out_code_gets_no_credentials(string workflow) =>
        Assert.All(
            Jobs(workflow).Values.SelectMany(Steps).Where(step => Uses(step).StartsWith("actions/checkout@", StringComparison.Ordinal)),
            step => Assert.Equal("false", Map(step, "with")["persist-credentials"]));

    [Fact]
    public void Dependabot_updates_the_packages_of_each_folder_and_the_actions()
    {
        var updates = ((List<object>)Parse(Path.Combine(ProjectFolder.Root, ".github", "dependabot.yml"))["updates"]).Cast<Node>().ToDictionary(update => (string)update["package-ecosystem"]);
        Assert.Equal(["github-actions", "npm", "nuget"], updates.Keys.Order());
        Assert.All(updates.Values, update => Assert.NotEmpty(Map(update, "groups")));
        var folders = new[] { ".github/deploy", "web", "Credentialing.DevHost", "Credentialing.Tests" };
        Assert.Equal(folders.Order(), PackageFolders().Order());
        Assert.Equal(folders.Select(folder => $"/{folder}").Order(), ((List<object>)updates["npm"]["directories"]).Cast<string>().Order());
    }

    [Fact]
    public void The_scripts_that_the_workflows_and_azd_run_exist()
    {
        var scripts = Workflows.Select(workflow => Read(workflow.Data)).Append(AzdText).SelectMany(text => ScriptPath().Matches(text)).Select(match => match.Value).ToList();
        Assert.NotEmpty(scripts);
        Assert.All(scripts, script => Assert.True(File.Exists(Path.Combine(ProjectFolder.Root, script)), script));
    }

    /// <summary>A variable that a parameter file reads, but the workflow does not set, would silently be empty.</summary>
    [Theory]
    [MemberData(nameof(JobsWithFullAccess))]
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
        Assert.Equal($"v{version}", Map(Parse("deploy.yml"), "env")["BICEP"]);
    }

    [Fact]
    public void Azd_uses_the_parameters_of_dev() =>
        Assert.Equal("dev", Map(new DeserializerBuilder().Build().Deserialize<Node>(AzdText), "infra")["module"]);

    /// <summary>The folders with a package.json, relative to the root, without installed packages and build output.</summary>
    private static IEnumerable<string> PackageFolders() =>
        from folder in Directory.EnumerateDirectories(ProjectFolder.Root).SelectMany(folder => Directory.EnumerateDirectories(folder).Prepend(folder))
        let name = Path.GetRelativePath(ProjectFolder.Root, folder).Replace('\\', '/')
        where !name.EndsWith("/node_modules", StringComparison.Ordinal) && File.Exists(Path.Combine(folder, "package.json"))
        select name;

    private static string Read(string workflow) => File.ReadAllText(Path.Combine(Folder, workflow));

    private static Node Parse(string workflow) => new DeserializerBuilder().Build().Deserialize<Node>(Read(workflow));

    private static Node Map(Node node, string name) => (Node)node[name];

    private static Dictionary<string, Node> Jobs(string workflow) => Map(Parse(workflow), "jobs").ToDictionary(job => (string)job.Key, job => (Node)job.Value);

    private static Node Job(string name) => Jobs("deploy.yml")[name];

    private static string Condition(string job) => (string)Job(job)["if"];

    private static IEnumerable<Node> Steps(Node job) => ((List<object>)job["steps"]).Cast<Node>();

    private static IEnumerable<string> Permissions(Node job) => Map(job, "permissions").Select(permission => $"{permission.Key}: {permission.Value}").Order();

    private static string Run(Node step) => (string)step.GetValueOrDefault("run", "");

    private static string Uses(Node step) => (string)step.GetValueOrDefault("uses", "");

    [GeneratedRegex(@"uses: (?<action>.+)")]
    private static partial Regex Uses();

    [GeneratedRegex(@"(?<=[\s""])(?:infra/[a-z-]+\.sh|\.ci/[a-z]+)")]
    private static partial Regex ScriptPath();

    [GeneratedRegex("readEnvironmentVariable\\('(?<name>[A-Z_]+)'")]
    private static partial Regex Variable();
}
