using System.Text.RegularExpressions;

namespace Credentialing.Tests.Infrastructure;

/// <summary>Redaction and retention of telemetry, and alerts.</summary>
public sealed partial class MonitoringTests(DeploymentFixture deployments)
{
    private const string Ssid = "9016114301";
    private const string Coordinator = "rosa.alvarez";

    public static TheoryData<string> Environments => ["dev", "prod"];

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task What_comes_into_the_workspace_goes_through_the_transformation(string environment)
    {
        var deployment = await deployments.OfAsync(environment);
        var transformation = deployment.The("Microsoft.Insights/dataCollectionRules");
        Assert.Equal("WorkspaceTransforms", transformation.Kind);
        var workspace = deployment.Of("Microsoft.OperationalInsights/workspaces").Last();
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
    public async Task The_workspace_is_without_the_transformation_only_before_there_is_any_telemetry()
    {
        var template = (await deployments.OfAsync("prod")).Template;
        var monitoring = template.GetProperty("resources").GetProperty("monitoring").GetProperty("properties").GetProperty("template").GetProperty("resources");
        Assert.True(monitoring.GetProperty("workspace").GetProperty("@options").TryGetProperty("onlyIfNotExists", out _));
        Assert.False(monitoring.GetProperty("workspace").GetProperty("properties").TryGetProperty("defaultDataCollectionRuleResourceId", out _));
        Assert.Contains("transformedWorkspace", monitoring.GetProperty("applicationInsights").GetProperty("dependsOn").EnumerateArray().Select(name => name.GetString()));
    }

    /// <summary>Transformations support only a subset of KQL, listed in their documentation.</summary>
    [Fact]
    public async Task The_transformation_uses_only_what_transformations_may()
    {
        foreach (var transformation in (await TransformationsAsync()).Values)
        {
            Assert.StartsWith("source | extend ", transformation, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', transformation);
            var withoutTexts = KqlText().Replace(transformation, "\"\"");
            Assert.Subset(
                new HashSet<string> { "iif", "strcat", "extract", "tostring", "parse_json" },
                new HashSet<string>(FunctionCall().Matches(withoutTexts).Select(match => match.Groups["name"].Value)));
        }
    }

    [Theory]
    [InlineData("AppRequests", "Url", "https://app.example/api/v1/students/9016114301/score-reports", "https://app.example/api/v1/students/-")]
    [InlineData("AppRequests", "Url", "https://app.example/API/V1/STUDENTS/9016114301/score-reports/2026-ssr-es.pdf", "https://app.example/API/V1/STUDENTS/-")]
    [InlineData("AppRequests", "Url", "https://app.example/api/v1/students/%39016114301/score-reports", "https://app.example/api/v1/students/-")]
    [InlineData("AppRequests", "Url", "https://app.example/api/v1/students/%209016114301", "https://app.example/api/v1/students/%-")]
    [InlineData("AppRequests", "Url", "https://app.example/api/v1/token", "https://app.example/api/v1/token")]
    [InlineData("AppRequests", "Url", "https://app.example/api/reminders/preview?on=2027-11-09", "https://app.example/api/reminders/preview?on=2027-11-09")]
    [InlineData("AppRequests", "Name", "GET /api/v1/students/9016114301/nothing", "GET /api/v1/students/-")]
    [InlineData("AppRequests", "Name", "GET api/v1/students/{ssid}/score-reports", "GET api/v1/students/{ssid}/score-reports")]
    [InlineData("AppRequests", "OperationName", "GET /api/v1/students/9016114301/nothing", "GET /api/v1/students/-")]
    [InlineData("AppDependencies", "Data", "https://a.table.core.windows.net/Leas(PartitionKey='01612590000000',RowKey='coordinator%3Arosa.alvarez')", "https://a.table.core.windows.net/Leas(PartitionKey='-")]
    [InlineData("AppDependencies", "Data", "https://a.blob.core.windows.net/score-reports?restype=container&comp=list&prefix=01612590000000%2F9016114301%2F", "https://a.blob.core.windows.net/score-reports?restype=container&comp=list&prefix=-")]
    [InlineData("AppDependencies", "Data", "https://a.table.core.windows.net/$batch", "https://a.table.core.windows.net/$batch")]
    [InlineData("AppDependencies", "Name", "GET /score-reports/01612590000000/9016114301/2026/ssr-es.pdf", "GET /score-reports/-")]
    [InlineData("AppTraces", "Message", "GET /api/v1/students/9016114301/score-reports failed.", "GET /api/v1/students-")]
    [InlineData("AppTraces", "Message", "9016114301", "-")]
    [InlineData("AppTraces", "Message", "Executing:\n{ \"uri\": \"/api/v1/students/9016114301/score-reports\" }", "Executing:\n{ \"uri\": \"/api/v1/students-")]
    [InlineData("AppTraces", "Message", "Vendor credentials for LEA 01612590000000 were refused.", "Vendor credentials for LEA 01612590000000 were refused.")]
    [InlineData("AppExceptions", "OuterMessage", "The blob 01612590000000/9016114301/2026/ssr-es.pdf is not there.", "The blob 01612590000000-")]
    [InlineData("AppExceptions", "InnermostMessage", "The service is away (503).", "The service is away (503).")]
    [InlineData("FunctionAppLogs", "Message", "Executing HTTP request: /api/v1/students/9016114301/score-reports", "Executing HTTP request: /api/v1/students-")]
    public async Task Students_and_coordinators_are_cut_out_of_what_is_kept(string table, string column, string told, string kept)
    {
        var result = Keep((await TransformationsAsync())[table], column, told);
        Assert.Equal(kept, result);
        Assert.DoesNotContain(Ssid, result, StringComparison.Ordinal);
        Assert.DoesNotContain(Coordinator, result, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AppRequests", "Properties", """{"url.path":"/api/v1/students/9016114301/score-reports"}""", "{}")]
    [InlineData("AppDependencies", "Properties", """{"url.full":"https://a.blob.core.windows.net/score-reports/01612590000000/9016114301"}""", "{}")]
    [InlineData("AppTraces", "Properties", """{"Path":"/api/v1/students/9016114301/score-reports"}""", "{}")]
    [InlineData("AppDependencies", "Properties", """{"credentialing.lea":"01612590000000"}""", """{"credentialing.lea":"01612590000000"}""")]
    [InlineData("AppTraces", "Properties", """{"LeaId":"01612590000000","EventId":"3"}""", """{"LeaId":"01612590000000","EventId":"3"}""")]
    [InlineData("AppExceptions", "Details", """[{"message":"9016114301"}]""", "{}")]
    public async Task Properties_that_hold_a_student_are_not_kept(string table, string column, string told, string kept) =>
        Assert.Equal(kept, Keep((await TransformationsAsync())[table], column, told));

    /// <summary>The URLs in storage request logs contain students' SSIDs and coordinators' ids.</summary>
    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Storage_tells_metrics_and_no_requests_and_the_others_what_answers_questions(string environment)
    {
        var told = (await deployments.OfAsync(environment)).Of("Microsoft.Insights/diagnosticSettings").Select(setting =>
        {
            var of = setting.Id.Split("/providers/")[1].Split('/')[1];
            var categories = setting.Json.GetProperty("properties").EnumerateObject()
                .Where(property => property.Name is "logs" or "metrics")
                .SelectMany(property => property.Value.EnumerateArray(), (property, entry) => $"{property.Name}:{entry.GetProperty("category").GetString()}");
            return $"{of} {string.Join(' ', categories)}";
        });
        Assert.Equal(
            [
                "communicationServices logs:EmailSendMailOperational logs:EmailStatusUpdateOperational",
                "sites logs:FunctionAppLogs",
                "storageAccounts metrics:Transaction",
                "storageAccounts metrics:Transaction",
                "vaults logs:AuditEvent",
            ],
            told.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Logs_are_kept_for_a_month(string environment) => Assert.All(
        (await deployments.OfAsync(environment)).Of("Microsoft.OperationalInsights/workspaces"),
        workspace => Assert.Equal(30, workspace["retentionInDays"].GetInt32()));

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Alerts_go_to_operations(string environment)
    {
        var deployment = await deployments.OfAsync(environment);
        var people = deployment.The("Microsoft.Insights/actionGroups");
        Assert.InRange(people.Text("groupShortName").Length, 1, 12);
        Assert.Equal(
            [Bicep.Installation["ALERT_EMAIL"]],
            people["emailReceivers"].EnumerateArray().Select(receiver => receiver.GetProperty("emailAddress").GetString()));
        var alerts = deployment.Of("Microsoft.Insights/scheduledQueryRules").ToList();
        Assert.Equal(
            ["authentications-refused", "no-run", "run-failed", "server-errors"],
            alerts.Select(alert => alert.Name[$"credentialing-{environment}-".Length..]).Order());
        Assert.All(alerts, alert =>
        {
            Assert.True(alert.IsTrue("enabled"));
            Assert.Equal([people.Id], alert.Texts("actions.actionGroups"));
            var criterion = Assert.Single(alert["criteria.allOf"].EnumerateArray());
            Assert.Equal("Count GreaterThan 0", $"{criterion.GetProperty("timeAggregation")} {criterion.GetProperty("operator")} {criterion.GetProperty("threshold")}");
        });
    }

    /// <summary>26 hours is not a supported window size of an alert.</summary>
    [Theory]
    [InlineData("no-run")]
    [InlineData("run-failed")]
    public async Task An_alert_that_looks_back_26_hours_reads_so_far(string name)
    {
        var alert = (await deployments.OfAsync("prod")).Of("Microsoft.Insights/scheduledQueryRules").Single(alert => alert.Name.EndsWith(name, StringComparison.Ordinal));
        Assert.Contains("ago(26h)", QueryOf(alert), StringComparison.Ordinal);
        Assert.Equal("P2D", alert.Text("overrideQueryTimeRange"));
        Assert.Contains(alert.Text("windowSize"), new[] { "PT5M", "PT10M", "PT15M", "PT30M", "PT45M", "PT1H", "PT2H", "PT3H", "PT4H", "PT5H", "PT6H", "P1D", "P2D" });
    }

    [Fact]
    public async Task Failing_requests_are_a_share_of_no_fewer_than_twenty()
    {
        var query = QueryOf((await deployments.OfAsync("prod")).Of("Microsoft.Insights/scheduledQueryRules").Single(alert => alert.Name.EndsWith("server-errors", StringComparison.Ordinal)));
        Assert.Contains("toint(ResultCode) >= 500", query, StringComparison.Ordinal);
        Assert.Contains("where Requests >= 20 and Failed * 20 >= Requests", query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alerts_and_the_workbook_ask_for_what_the_app_measures()
    {
        var deployment = await deployments.OfAsync("prod");
        var workbook = System.Text.Json.JsonDocument.Parse(deployment.The("Microsoft.Insights/workbooks").Text("serializedData")).RootElement;
        var shown = workbook.GetProperty("items").EnumerateArray()
            .Where(item => item.GetProperty("content").TryGetProperty("query", out _))
            .Select(item => item.GetProperty("content").GetProperty("query").GetString()!);
        var queries = deployment.Of("Microsoft.Insights/scheduledQueryRules").Select(QueryOf).Concat(shown).Where(query => query.Contains("AppMetrics", StringComparison.Ordinal)).ToList();
        var metrics = queries.Select(query => MetricName().Match(query).Groups["name"].Value).ToList();
        Assert.Subset(AppMetrics.Tags.Keys.ToHashSet(), metrics.ToHashSet());
        foreach (var (query, metric) in queries.Zip(metrics))
        {
            Assert.Subset(AppMetrics.Tags[metric].ToHashSet(), Tag().Matches(query).Select(match => match.Groups["name"].Value).ToHashSet());
            foreach (Match outcome in Outcome().Matches(query))
                Assert.Contains(outcome.Groups["value"].Value, AppMetrics.Outcomes[metric]);
        }
    }

    private static string QueryOf(Resource alert) => alert["criteria.allOf"][0].GetProperty("query").GetString()!;

    private async Task<Dictionary<string, string>> TransformationsAsync() =>
        (await deployments.OfAsync("prod")).The("Microsoft.Insights/dataCollectionRules")["dataFlows"].EnumerateArray().ToDictionary(
            flow => Assert.Single(flow.GetProperty("streams").EnumerateArray()).GetString()!["Microsoft-Table-".Length..],
            flow => flow.GetProperty("transformKql").GetString()!);

    /// <summary>Applies the transformation of a column, which truncates or replaces the value. KQL uses RE2 regular expressions.</summary>
    private static string Keep(string transformation, string column, string told)
    {
        var cut = Regex.Match(transformation, $"\\b{column} = iif\\({column} matches regex \"(?<test>[^\"]+)\", strcat\\(extract\\(\"(?<prefix>[^\"]+)\", 1, {column}\\), \"-\"\\), {column}\\)");
        if (cut.Success)
            return Regex.IsMatch(told, cut.Groups["test"].Value) ? Regex.Match(told, cut.Groups["prefix"].Value).Groups[1].Value + "-" : told;
        var clear = Regex.Match(transformation, $"\\b{column} = iif\\(tostring\\({column}\\) matches regex \"(?<test>[^\"]+)\", parse_json\\(\"(?<instead>[^\"]+)\"\\), {column}\\)");
        Assert.True(clear.Success, $"{column} is kept as it is told.");
        return Regex.IsMatch(told, clear.Groups["test"].Value) ? clear.Groups["instead"].Value : told;
    }

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex KqlText();

    [GeneratedRegex(@"(?<name>\w+)\(")]
    private static partial Regex FunctionCall();

    [GeneratedRegex("Name == \"(?<name>[^\"]+)\"")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"Properties\.(?<name>\w+)")]
    private static partial Regex Tag();

    [GeneratedRegex("Properties\\.outcome\\) == \"(?<value>[^\"]+)\"")]
    private static partial Regex Outcome();
}
