using System.Text.Json;
using System.Text.RegularExpressions;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Infrastructure;

/// <summary>Redaction of telemetry, and alerts.</summary>
[Kind(TestKind.Process)]
public sealed partial class MonitoringTests(DeploymentFixture deployments)
{
    private const string Ssid = "9016114301";
    private const string Coordinator = "rosa.alvarez";

    /// <summary>The beginning of a JWT.</summary>
    private const string Token = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjEiLCJ0eXAiOiJsaW5rK2p3dCJ9.eyJhdWQiOiJjcmVk";

    public static TheoryData<string> Environments => ["dev", "prod"];

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task All_tables_with_telemetry_of_the_app_pass_through_the_transformation(string environment)
    {
        var deployment = await deployments.GetAsync(environment);
        var transformation = deployment.ResourceOfType("Microsoft.Insights/dataCollectionRules");
        Assert.Equal("WorkspaceTransforms", transformation.Kind);
        var workspace = deployment.ResourcesOfType("Microsoft.OperationalInsights/workspaces").Last();
        Assert.Equal(transformation.Id, workspace.Text("defaultDataCollectionRuleResourceId"));
        Assert.Equal(workspace.Id, transformation["destinations.logAnalytics"][0].GetProperty("workspaceResourceId").GetString());
        Assert.Equal(
            ["AppDependencies", "AppExceptions", "AppRequests", "AppTraces", "FunctionAppLogs"],
            (await TransformationsAsync()).Keys.Order());
    }

    /// <summary>
    /// A redeployment must never remove the rule, not even temporarily. The workspace without it is created only if none exists.
    /// </summary>
    [Fact]
    public async Task A_redeployment_does_not_remove_the_transformation()
    {
        var template = await deployments.Template;
        var monitoring = template.GetProperty("resources").GetProperty("monitoring").GetProperty("properties").GetProperty("template").GetProperty("resources");
        Assert.True(monitoring.GetProperty("workspace").GetProperty("@options").TryGetProperty("onlyIfNotExists", out _));
        Assert.False(monitoring.GetProperty("workspace").GetProperty("properties").TryGetProperty("defaultDataCollectionRuleResourceId", out _));
        Assert.Contains("transformedWorkspace", monitoring.GetProperty("applicationInsights").GetProperty("dependsOn").EnumerateArray().Select(name => name.GetString()));
    }

    /// <summary>A text column is cut before the first match of its pattern. A JSON column is emptied.</summary>
    [Theory]
    [InlineData("AppRequests", "Url", "https://app.example/api/v1/students/9016114301/score-reports")]
    [InlineData("AppRequests", "Url", "https://app.example/API/V1/STUDENTS/9016114301/score-reports/2026-ssr-es.pdf")]
    [InlineData("AppRequests", "Url", "https://app.example/api/v1/students/%39016114301/score-reports")]
    [InlineData("AppRequests", "Url", "https://app.example/api/v1/students/%209016114301")]
    [InlineData("AppRequests", "Name", "GET /api/v1/students/9016114301/nothing")]
    [InlineData("AppRequests", "OperationName", "GET /api/v1/students/9016114301/nothing")]
    [InlineData("AppRequests", "Properties", """{"url.path":"/api/v1/students/9016114301/score-reports"}""")]
    [InlineData("AppDependencies", "Data", "https://a.table.core.windows.net/Leas(PartitionKey='01612590000000',RowKey='coordinator%3Arosa.alvarez')")]
    [InlineData("AppDependencies", "Data", "https://a.blob.core.windows.net/score-reports?restype=container&comp=list&prefix=01612590000000%2F9016114301%2F")]
    [InlineData("AppDependencies", "Name", "GET /score-reports/01612590000000/9016114301/2026/ssr-es.pdf")]
    [InlineData("AppDependencies", "Properties", """{"url.full":"https://a.blob.core.windows.net/score-reports/01612590000000/9016114301"}""")]
    [InlineData("AppTraces", "Message", "GET /api/v1/students/9016114301/score-reports failed.")]
    [InlineData("AppTraces", "Message", "9016114301")]
    [InlineData("AppTraces", "Message", "Executing:\n{ \"uri\": \"/api/v1/students/9016114301/score-reports\" }")]
    [InlineData("AppTraces", "Properties", """{"Path":"/api/v1/students/9016114301/score-reports"}""")]
    [InlineData("AppExceptions", "OuterMessage", "The blob 01612590000000/9016114301/2026/ssr-es.pdf was not found.")]
    [InlineData("AppExceptions", "InnermostMessage", "The blob 01612590000000/9016114301/2026/ssr-es.pdf was not found.")]
    [InlineData("AppExceptions", "Details", """[{"message":"9016114301"}]""")]
    [InlineData("FunctionAppLogs", "Message", "Executing HTTP request: /api/v1/students/9016114301/score-reports")]
    [InlineData("AppRequests", "Url", "https://app.example/api/v1/students/9016114301/score-reports/2026-ssr-en.pdf?link=TOKEN")]
    [InlineData("AppRequests", "Url", "https://app.example/api/v1/nothing?l%69nk=TOKEN")]
    [InlineData("AppRequests", "Properties", """{"url.query":"?link=TOKEN"}""")]
    [InlineData("AppDependencies", "Properties", """{"url.query":"link=TOKEN"}""")]
    [InlineData("AppTraces", "Message", "Request starting: GET ?link=TOKEN")]
    [InlineData("AppTraces", "Properties", """{"QueryString":"?link=TOKEN"}""")]
    [InlineData("AppExceptions", "OuterMessage", "The query string ?link=TOKEN is not valid.")]
    [InlineData("FunctionAppLogs", "Message", "{ \"uri\": \"/\", \"query\": \"link=TOKEN\" }")]
    public async Task The_transformation_redacts_SSIDs_ids_of_coordinators_and_tokens(string table, string column, string value)
    {
        value = value.Replace("TOKEN", Token, StringComparison.Ordinal);
        var match = Regex.Match(value, await PatternAsync(table, column));
        Assert.True(match.Success);
        Assert.DoesNotContain(Ssid, value[..match.Index], StringComparison.Ordinal);
        Assert.DoesNotContain(Coordinator, value[..match.Index], StringComparison.Ordinal);
        Assert.DoesNotContain("eyJ", value[..match.Index], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AppRequests", "Url", "https://app.example/api/v1/token")]
    [InlineData("AppRequests", "Url", "https://app.example/api/reminders/preview?on=2027-11-09")]
    [InlineData("AppRequests", "Name", "GET api/v1/students/{ssid}/score-reports")]
    [InlineData("AppDependencies", "Data", "https://a.table.core.windows.net/$batch")]
    [InlineData("AppDependencies", "Properties", """{"credentialing.lea":"01612590000000"}""")]
    [InlineData("AppTraces", "Message", "Vendor credentials for LEA 01612590000000 were refused.")]
    [InlineData("AppTraces", "Properties", """{"LeaId":"01612590000000","EventId":"3"}""")]
    [InlineData("AppExceptions", "InnermostMessage", "The service is unavailable (503).")]
    public async Task The_transformation_does_not_change_other_values(string table, string column, string value) =>
        Assert.DoesNotMatch(await PatternAsync(table, column), value);

    /// <summary>The URLs in storage request logs contain students' SSIDs and coordinators' ids.</summary>
    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Storage_request_logs_are_not_collected_and_vault_audit_logs_are(string environment)
    {
        var settings = (await deployments.GetAsync(environment)).ResourcesOfType("Microsoft.Insights/diagnosticSettings").ToLookup(setting => setting.Id.Split('/')[^6]);
        Assert.Equal(3, settings["storageAccounts"].Count());
        Assert.All(settings["storageAccounts"], setting => Assert.False(setting.Json.GetProperty("properties").TryGetProperty("logs", out _)));
        Assert.Equal("AuditEvent", Assert.Single(Assert.Single(settings["vaults"])["logs"].EnumerateArray()).GetProperty("category").GetString());
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task All_alerts_are_enabled_and_sent_to_the_mailbox(string environment)
    {
        var deployment = await deployments.GetAsync(environment);
        var actionGroup = deployment.ResourceOfType("Microsoft.Insights/actionGroups");
        Assert.InRange(actionGroup.Text("groupShortName").Length, 1, 12); // the limit of Azure
        Assert.Equal(
            [Bicep.Installation["ALERT_EMAIL"]],
            actionGroup["emailReceivers"].EnumerateArray().Select(receiver => receiver.GetProperty("emailAddress").GetString()));
        var alerts = deployment.ResourcesOfType("Microsoft.Insights/scheduledQueryRules").ToList();
        Assert.NotEmpty(alerts);
        Assert.All(alerts, alert =>
        {
            Assert.True(alert.IsTrue("enabled"));
            Assert.Equal([actionGroup.Id], alert.Texts("actions.actionGroups"));
        });
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_guides_describe_all_alerts(string environment)
    {
        var alerts = (await deployments.GetAsync(environment)).ResourcesOfType("Microsoft.Insights/scheduledQueryRules").ToList();
        Assert.Equal(alerts.Select(alert => alert.Text("displayName")).Order(), AlertRow().Matches(await ReadAsync("operations.md")).Select(match => match.Groups["title"].Value).Order());
        var resources = await ReadAsync("deployment.md");
        Assert.All(alerts, alert => Assert.Contains($"`-{alert.Name[$"credentialing-{environment}-".Length..]}`", resources, StringComparison.Ordinal));
    }

    /// <summary>The logs of the mail service contain addresses: they are not kept longer.</summary>
    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Only_tables_without_personal_data_are_kept_for_more_than_a_year(string environment)
    {
        var deployment = await deployments.GetAsync(environment);
        var tables = deployment.ResourcesOfType("Microsoft.OperationalInsights/workspaces/tables").ToList();
        Assert.Equal(["AppMetrics", "AppTraces", "AZKVAuditLogs"], tables.Select(table => table.Name.Split('/')[^1]).Order());
        Assert.All(tables, table => Assert.True(table["retentionInDays"].GetInt32() > 366));
        Assert.All(deployment.ResourcesOfType("Microsoft.OperationalInsights/workspaces"), workspace => Assert.Equal(30, workspace["retentionInDays"].GetInt32()));
    }

    [Fact]
    public async Task The_availability_test_requests_the_readiness_check_at_the_address_of_the_API()
    {
        var deployment = await deployments.GetAsync("prod");
        var test = deployment.ResourceOfType("Microsoft.Insights/webtests");
        Assert.Equal("standard", test.Kind);
        Assert.Equal($"https://{deployment.ResourceOfType("Microsoft.Web/sites").Name}.azurewebsites.net/api/health/ready", test.Text("Request.RequestUrl"));
        Assert.Equal("Resource", test.Json.GetProperty("tags").GetProperty($"hidden-link:{deployment.ResourceOfType("Microsoft.Insights/components").Id}").GetString());

        var withDomain = await deployments.Configured;
        Assert.Equal($"https://{DeploymentFixture.ApiDomain}/api/health/ready", withDomain.ResourceOfType("Microsoft.Insights/webtests").Text("Request.RequestUrl"));
    }

    [Fact]
    public async Task The_alert_on_read_secrets_excludes_only_the_identity_of_the_app()
    {
        var query = QueryOf((await deployments.GetAsync("prod")).ResourcesOfType("Microsoft.Insights/scheduledQueryRules").Single(alert => alert.Name.EndsWith("-secret-read", StringComparison.Ordinal)));
        Assert.Contains("Identity.claim.appid) != \"{0}\"", query, StringComparison.Ordinal);
        Assert.Matches(@"reference\('[^']*/userAssignedIdentities/credentialing-prod-app', '[^']*'\)\.clientId\)\]$", query);
    }

    /// <summary>Without a longer query time range, a query sees only its window, and <c>ago(26h)</c> has no effect.</summary>
    [Fact]
    public async Task Alerts_on_26_hours_have_a_query_time_range_of_two_days()
    {
        var alerts = (await deployments.GetAsync("prod")).ResourcesOfType("Microsoft.Insights/scheduledQueryRules")
            .Where(alert => QueryOf(alert).Contains("ago(26h)", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, alerts.Count);
        Assert.All(alerts, alert => Assert.Equal("P2D", alert.Text("overrideQueryTimeRange")));
    }

    [Fact]
    public async Task Alerts_and_the_workbook_query_only_metrics_tags_and_outcomes_of_the_app()
    {
        var deployment = await deployments.GetAsync("prod");
        var workbook = JsonDocument.Parse(deployment.ResourceOfType("Microsoft.Insights/workbooks").Text("serializedData")).RootElement;
        var workbookQueries = workbook.GetProperty("items").EnumerateArray()
            .Where(item => item.GetProperty("content").TryGetProperty("query", out _))
            .Select(item => item.GetProperty("content").GetProperty("query").GetString()!);
        var queries = deployment.ResourcesOfType("Microsoft.Insights/scheduledQueryRules").Select(QueryOf).Concat(workbookQueries).Where(query => query.Contains("AppMetrics", StringComparison.Ordinal)).ToList();
        var metrics = queries.Select(query => MetricName().Match(query).Groups["name"].Value).ToList();
        Assert.Subset(AppMetrics.Tags.Keys.ToHashSet(), metrics.ToHashSet());
        foreach (var (query, metric) in queries.Zip(metrics))
        {
            Assert.Subset(AppMetrics.Tags[metric].ToHashSet(), Tag().Matches(query).Select(match => match.Groups["name"].Value).ToHashSet());
            foreach (Match outcome in Outcome().Matches(query))
                Assert.Contains(outcome.Groups["value"].Value, AppMetrics.Outcomes[metric]);
        }
    }

    /// <summary>People reload pages whose temporary links have ended.</summary>
    [Fact]
    public async Task The_alert_on_refused_authentications_does_not_count_temporary_links()
    {
        var queries = (await deployments.GetAsync("prod")).ResourcesOfType("Microsoft.Insights/scheduledQueryRules").Select(QueryOf);
        var query = Assert.Single(queries, query => query.Contains("credentialing.authentications", StringComparison.Ordinal));
        Assert.Contains("tostring(Properties.by) != \"link\"", query, StringComparison.Ordinal);
    }

    private static Task<string> ReadAsync(string guide) => File.ReadAllTextAsync(Path.Combine(ProjectFolder.Root, "docs", guide), TestContext.Current.CancellationToken);

    private static string QueryOf(Resource alert) => alert["criteria.allOf"][0].GetProperty("query").GetString()!;

    private async Task<Dictionary<string, string>> TransformationsAsync() =>
        (await deployments.GetAsync("prod")).ResourceOfType("Microsoft.Insights/dataCollectionRules")["dataFlows"].EnumerateArray().ToDictionary(
            flow => Assert.Single(flow.GetProperty("streams").EnumerateArray()).GetString()!["Microsoft-Table-".Length..],
            flow => flow.GetProperty("transformKql").GetString()!);

    /// <summary>Returns the regular expression of a column. It means the same in KQL (RE2) and in .NET.</summary>
    private async Task<string> PatternAsync(string table, string column)
    {
        var match = Regex.Match((await TransformationsAsync())[table], $"\\b{column} = iif\\((?:{column}|tostring\\({column}\\)) matches regex \"(?<pattern>[^\"]+)\"");
        Assert.True(match.Success, $"The transformation does not redact {column}.");
        return match.Groups["pattern"].Value;
    }

    [GeneratedRegex(@"^\| \*(?<title>[^*]+)\* \|", RegexOptions.Multiline)]
    private static partial Regex AlertRow();

    [GeneratedRegex("Name == \"(?<name>[^\"]+)\"")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"Properties\.(?<name>\w+)")]
    private static partial Regex Tag();

    [GeneratedRegex("Properties\\.outcome\\) == \"(?<value>[^\"]+)\"")]
    private static partial Regex Outcome();
}
