using System.Text.RegularExpressions;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Infrastructure;

/// <summary>What the deploy workflow may do in Azure (<c>workflow.bicep</c>).</summary>
[Kind(TestKind.Process)]
public sealed partial class WorkflowAccessTests(DeploymentFixture deployments)
{
    private const string RoleAssignments = "Microsoft.Authorization/roleAssignments";
    private const string RoleDefinitions = "Microsoft.Authorization/roleDefinitions";

    private static readonly string Deployer = Bicep.Installation["DEPLOYER_ID"];
    private static readonly string Publisher = Bicep.Installation["PUBLISHER_ID"];

    [Fact]
    public async Task The_workflow_may_assign_exactly_the_roles_that_the_templates_assign()
    {
        var assigned = (await deployments.Configured).ResourcesOfType(RoleAssignments).Select(RoleId).ToHashSet();

        var lists = Roles().Matches(await ConditionAsync()).Select(list => list.Groups["roles"].Value.Split(", ").ToHashSet()).ToList();

        Assert.Equal(2, lists.Count); // to write and to delete an assignment
        Assert.All(lists, list => Assert.Equal(assigned.Order(), list.Order()));
    }

    /// <summary>The condition applies to the type in the request. An assignment without a type would be refused.</summary>
    [Fact]
    public async Task The_workflow_may_assign_roles_to_service_principals_only()
    {
        Assert.All((await deployments.Configured).ResourcesOfType(RoleAssignments), assignment => Assert.Equal("ServicePrincipal", assignment.Text("principalType")));
        var condition = Roles().Replace(await ConditionAsync(), "ROLES");
        Assert.Equal(
            "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR "
            + "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals ROLES AND "
            + "@Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'})) AND "
            + "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR "
            + "(@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals ROLES AND "
            + "@Resource[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}))",
            condition);
    }

    /// <summary>A principal that may define an assignable role can give it any right. So deployments of the workflow define none.</summary>
    [Fact]
    public async Task The_workflow_defines_no_roles()
    {
        Assert.Empty((await deployments.Configured).ResourcesOfType(RoleDefinitions));
        Assert.Empty((await Bicep.PredictAsync("dev", ("AZURE_PRINCIPAL_ID", ""))).ResourcesOfType(RoleDefinitions));
    }

    [Fact]
    public async Task The_identities_of_the_workflow_have_only_the_roles_that_they_need()
    {
        var access = await deployments.GetAsync("workflow");
        var actions = access.ResourcesOfType(RoleDefinitions).ToDictionary(
            role => role.Name, role => string.Join(", ", Assert.Single(role["permissions"].EnumerateArray()).EnumerateObject().SelectMany(kind => kind.Value.EnumerateArray())));
        string[] RolesOf(string principal) =>
            [.. access.ResourcesOfType(RoleAssignments).Where(assignment => assignment.Text("principalId") == principal).Select(RoleId).Select(id => actions.GetValueOrDefault(id, id)).Order(StringComparer.Ordinal)];

        Assert.Equal(
            [
                "Microsoft.Authorization/locks/read, Microsoft.Authorization/locks/write",
                "b24988ac-6180-42a0-ab88-20f7382dd24c", // Contributor
                "f58310d9-a9f6-439a-9e8d-f62e7b41a168", // Role Based Access Control Administrator
            ],
            RolesOf(Deployer));
        Assert.Equal(["Microsoft.Web/staticSites/read, Microsoft.Web/staticSites/listSecrets/action"], RolesOf(Publisher));
    }

    private async Task<string> ConditionAsync() =>
        Assert.Single((await deployments.GetAsync("workflow")).ResourcesOfType(RoleAssignments), assignment => assignment.Json.GetProperty("properties").TryGetProperty("condition", out _))
            .Text("condition");

    private static string RoleId(Resource assignment) => assignment.Text("roleDefinitionId").Split('/')[^1];

    [GeneratedRegex(@"\{(?<roles>[0-9a-f-]{36}(?:, [0-9a-f-]{36})*)\}")]
    private static partial Regex Roles();
}
