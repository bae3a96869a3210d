using System.Text.Json;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Credentialing.Core.Storage;
using Credentialing.DevHost;
using Credentialing.Tests.Support;

namespace Credentialing.Tests.Infrastructure;

/// <summary>The resources that the templates of <c>infra</c> deploy.</summary>
[Kind(TestKind.Process)]
public sealed partial class TemplateTests(DeploymentFixture deployments)
{
    private const string App = "the app";
    private const string Principal = "the principal";

    /// <summary>The built-in roles by id. The ids are the same in every tenant.</summary>
    private static readonly Dictionary<string, string> BuiltInRoles = new()
    {
        ["0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"] = "Storage Table Data Contributor",
        ["2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"] = "Storage Blob Data Reader",
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = "Storage Blob Data Contributor",
        ["b7e6dc6d-f1e8-4753-8033-0f276bb0955b"] = "Storage Blob Data Owner",
        ["4633458b-17de-408a-b874-0445c86b69e6"] = "Key Vault Secrets User",
        ["b86a8fe4-44ce-4948-aee5-eccb2c155cd7"] = "Key Vault Secrets Officer",
        ["3913510d-42f4-4e42-8a64-420c390055eb"] = "Monitoring Metrics Publisher",
    };

    public static TheoryData<string> Environments => ["dev", "prod"];

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_templates_compile_without_warnings(string environment)
    {
        var deployment = await deployments.GetAsync(environment);
        Assert.Equal("", deployment.Diagnostics);
        Assert.Equal("[]", deployment.Unpredicted);
    }

    [Fact]
    public async Task The_templates_are_formatted()
    {
        var files = Directory.EnumerateFiles(Bicep.Folder, "*.bicep*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".bicep" or ".bicepparam").ToList();
        Assert.True(files.Count > 10);
        var formatted = await Task.WhenAll(files.Select(Bicep.FormatAsync));
        Assert.All(files.Zip(formatted), file => Assert.Equal(file.Second, File.ReadAllText(file.First)));
    }

    [Theory]
    [InlineData("dev", "TOMS_AUTHORITY")]
    [InlineData("prod", "MYTOMS_BASE_URL")]
    [InlineData("prod", "ALERT_EMAIL")]
    [InlineData("prod", "MAIL_DOMAIN")]
    public async Task Compilation_fails_if_a_required_setting_is_empty(string environment, string setting)
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => Bicep.CompileAsync(environment, (setting, "")));
        Assert.Contains("Error BCP", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_app_has_roles_in_production_and_only_those_that_it_needs()
    {
        Assert.Equal(
            [
                "the app: Credentialing email sender (credentialing-prod) on communicationServices",
                "the app: Key Vault Secrets User on vaults",
                "the app: Monitoring Metrics Publisher on components",
                "the app: Storage Blob Data Owner on storageAccounts/host",
                "the app: Storage Blob Data Reader on storageAccounts/data/containers/score-reports",
                "the app: Storage Table Data Contributor on storageAccounts/data",
            ],
            await RolesAsync(await deployments.GetAsync("prod")));
    }

    [Fact]
    public async Task The_principal_that_runs_azd_has_roles_for_secrets_and_reports_in_development()
    {
        Assert.Equal(
            [
                "the principal: Key Vault Secrets Officer on vaults",
                "the principal: Storage Blob Data Contributor on storageAccounts/data/containers/score-reports",
            ],
            (await RolesAsync(await deployments.GetAsync("dev"))).Where(role => !role.StartsWith(App, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_configured_uploader_has_a_role_for_reports_in_production()
    {
        var deployment = await Bicep.CompileAsync("prod", ("REPORT_UPLOADER_ID", Bicep.Installation["AZURE_PRINCIPAL_ID"]));
        Assert.Equal(
            ["the principal: Storage Blob Data Contributor on storageAccounts/data/containers/score-reports"],
            (await RolesAsync(deployment)).Where(role => !role.StartsWith(App, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("workflow")]
    public async Task The_email_role_has_no_wildcard_and_cannot_read_keys_or_delete(string name)
    {
        var role = Assert.Single(
            (await deployments.GetAsync(name)).ResourcesOfType("Microsoft.Authorization/roleDefinitions"),
            role => role.Text("roleName").StartsWith("Credentialing email sender", StringComparison.Ordinal));
        var permission = Assert.Single(role["permissions"].EnumerateArray());
        Assert.Equal(["actions"], permission.EnumerateObject().Select(property => property.Name));
        Assert.All(
            permission.GetProperty("actions").EnumerateArray(),
            action => Assert.Matches(@"(?i)^Microsoft\.Communication/(CommunicationServices|EmailServices)/(read|write)$", action.GetString()));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_tables_and_containers_have_the_names_that_the_app_uses(string environment)
    {
        var deployment = await deployments.GetAsync(environment);
        var storage = new CredentialingStorage(
            new TableServiceClient(new Uri("https://account.table.core.windows.net"), new TableSharedKeyCredential("account", "a2V5")),
            new BlobServiceClient(new Uri("https://account.blob.core.windows.net")));
        Assert.Equal(
            typeof(CredentialingStorage).GetProperties().Select(property => property.GetValue(storage)).OfType<TableClient>().Select(table => table.Name).Order(),
            deployment.ResourcesOfType("Microsoft.Storage/storageAccounts/tableServices/tables").Select(table => table.Name.Split('/')[^1]).Order());
        Assert.Equal(
            new[] { "package", storage.ScoreReports.Name },
            deployment.ResourcesOfType("Microsoft.Storage/storageAccounts/blobServices/containers").Select(container => container.Name.Split('/')[^1]).Order());
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_app_settings_are_those_of_the_sample_and_of_the_platform(string environment)
    {
        var settings = Settings(await deployments.GetAsync(environment));
        var sample = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(ProjectFolder.Root, "local.settings.sample.json"), TestContext.Current.CancellationToken))
            .RootElement.GetProperty("Values").EnumerateObject().ToDictionary(value => value.Name, value => value.Value.GetString()!);
        Assert.True(sample.Remove("FUNCTIONS_WORKER_RUNTIME")); // not allowed in the hosting plan
        Assert.Equal(
            sample.Keys.Union([
                "APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "APPLICATIONINSIGHTS_CONNECTION_STRING", "AZURE_CLIENT_ID",
                "AzureWebJobsStorage__clientId", "AzureWebJobsStorage__credential",
            ]).Order(StringComparer.Ordinal),
            settings.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(sample["ReminderSchedule"], settings["ReminderSchedule"]);
        Assert.Equal(sample["OverviewSchedule"], settings["OverviewSchedule"]);
        Assert.Equal(sample["Credentialing__TimeZone"], settings["Credentialing__TimeZone"]);
        Assert.Equal(Bicep.Installation["TOMS_AUTHORITY"], settings["Credentialing__Toms__Authority"]);
        Assert.Equal(Bicep.Installation["TOMS_AUDIENCE"], settings["Credentialing__Toms__Audience"]);
        Assert.Equal(Bicep.Installation["MYTOMS_BASE_URL"], settings["Credentialing__MyToms__BaseUrl"]);
        Assert.Equal(Bicep.Installation["MYTOMS_SCOPE"], settings["Credentialing__MyToms__Scope"]);
    }

    [Fact]
    public async Task Further_settings_are_added_and_can_be_vault_references()
    {
        var deployment = await Bicep.CompileAsync(
            "prod", ("MYTOMS_SCOPE", ""), ("FURTHER_SETTINGS", """{"Credentialing__Toms__RoleClaim":"groups","Credentialing__MyToms__ApiKey":"@Microsoft.KeyVault(VaultName=v;SecretName=mytoms)"}"""));
        var settings = Settings(deployment);
        Assert.Equal(("groups", ""), (settings["Credentialing__Toms__RoleClaim"], settings["Credentialing__MyToms__Scope"]));
        Assert.StartsWith("@Microsoft.KeyVault(", settings["Credentialing__MyToms__ApiKey"], StringComparison.Ordinal);
        var app = deployment.ResourceOfType("Microsoft.Web/sites");
        Assert.Equal(deployment.ResourceOfType("Microsoft.ManagedIdentity/userAssignedIdentities").Id, app.Text("keyVaultReferenceIdentity"));
    }

    /// <summary>
    /// The connection string of Application Insights is not a secret. With local authentication disabled, it does not authorize a
    /// client to send telemetry.
    /// </summary>
    [Theory]
    [MemberData(nameof(Environments))]
    public async Task No_app_setting_contains_a_secret(string environment)
    {
        var deployment = await deployments.GetAsync(environment);
        var settings = Settings(deployment);
        Assert.True(settings.Remove("APPLICATIONINSIGHTS_CONNECTION_STRING", out var telemetry));
        Assert.Matches(@"^\[reference\('[^']*/Microsoft\.Insights/components/[^']*', '[^']*'\)\.ConnectionString\]$", telemetry);
        Assert.True(deployment.ResourceOfType("Microsoft.Insights/components").IsTrue("DisableLocalAuth"));
        Assert.StartsWith("[format('Authorization=AAD;ClientId={0}', ", settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"], StringComparison.Ordinal);
        Assert.All(settings, setting => Assert.DoesNotMatch("(?i)connectionstring|accountkey|sharedaccess|apikey|password|@microsoft.keyvault|instrumentationkey", $"{setting.Key} {setting.Value}"));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Templates_do_not_read_keys_or_create_secrets(string environment)
    {
        var deployment = await deployments.GetAsync(environment);
        Assert.DoesNotMatch(@"(?i)\blist[a-z]*keys?\b|\blist[a-z]*secrets?\b|\blistaccountsas\b|\blistservicesas\b|securestring|secureobject", deployment.TemplateText);
        Assert.DoesNotContain(deployment.Resources, resource => resource.Type.StartsWith("Microsoft.KeyVault/vaults/", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_outputs_include_those_that_the_workflow_azd_and_the_guide_use(string environment)
    {
        var outputs = (await deployments.GetAsync(environment)).Template.GetProperty("outputs").EnumerateObject().Select(output => output.Name).ToHashSet();
        var used = ((string[])[".github/workflows/deploy.yml", "azure.yaml", "docs/deployment.md", "docs/operations.md", "docs/recovery.md"])
            .SelectMany(file => OutputVariable().Matches(File.ReadAllText(Path.Combine(ProjectFolder.Root, file)))).Select(match => match.Groups["name"].Value).ToHashSet();
        Assert.NotEmpty(used);
        Assert.Subset(outputs, used);
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_function_app_requires_TLS_and_deployments_require_an_identity(string environment)
    {
        var deployment = await deployments.GetAsync(environment);
        var app = deployment.ResourceOfType("Microsoft.Web/sites");
        Assert.True(app.IsTrue("httpsOnly"));
        Assert.Equal("1.2", app.Text("siteConfig.minTlsVersion"));
        Assert.Equal("1.2", app.Text("siteConfig.scmMinTlsVersion"));
        Assert.Equal("Disabled", app.Text("siteConfig.ftpsState"));
        Assert.Equal(
            ["ftp", "scm"],
            deployment.ResourcesOfType("Microsoft.Web/sites/basicPublishingCredentialsPolicies").Where(policy => !policy.IsTrue("allow")).Select(policy => policy.Name.Split('/')[^1]).Order());
        Assert.Equal("UserAssignedIdentity", app.Text("functionAppConfig.deployment.storage.authentication.type"));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_function_app_runs_the_NET_version_that_it_is_built_for(string environment)
    {
        var deployment = await deployments.GetAsync(environment);
        var app = deployment.ResourceOfType("Microsoft.Web/sites");
        Assert.Equal(Environment.Version.ToString(2), app.Text("functionAppConfig.runtime.version"));
    }

    [Fact]
    public async Task CORS_allows_only_the_screens_and_the_configured_origins()
    {
        const string Screens = "outputs.origin.value";
        var origins = (await deployments.GetAsync("prod")).ResourceOfType("Microsoft.Web/sites").Text("siteConfig.cors.allowedOrigins");
        Assert.Contains(Screens, origins, StringComparison.Ordinal);
        Assert.DoesNotContain("http", origins, StringComparison.Ordinal);

        var deployment = await Bicep.CompileAsync("prod", ("SCREEN_ORIGINS", "https://toms.example https://mytoms.example"));
        var withToms = deployment.ResourceOfType("Microsoft.Web/sites").Text("siteConfig.cors.allowedOrigins");
        Assert.Contains(Screens, withToms, StringComparison.Ordinal);
        Assert.Equal(["https://toms.example", "https://mytoms.example"], Origin().Matches(withToms).Select(match => match.Value));
    }

    [Fact]
    public async Task Emails_link_to_the_static_web_app_or_to_the_configured_screen()
    {
        Assert.Matches(@"^\[format\('\{0\}/credentialing/', .*'screens-", Settings(await deployments.GetAsync("prod"))["Credentialing__ScreenUrl"]);
        var deployment = await Bicep.CompileAsync("prod", ("SCREEN_URL", "https://toms.example/credentialing/"));
        Assert.Equal("https://toms.example/credentialing/", Settings(deployment)["Credentialing__ScreenUrl"]);
    }

    /// <summary>A linked backend receives the static web app's own Authorization header instead of the caller's.</summary>
    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_static_web_app_has_no_linked_backend(string environment)
    {
        var deployment = await deployments.GetAsync(environment);
        Assert.DoesNotContain(deployment.Resources, resource => resource.Type.StartsWith("Microsoft.Web/staticSites/", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Storage_accounts_reject_keys_public_access_and_old_TLS(string environment)
    {
        var accounts = (await deployments.GetAsync(environment)).ResourcesOfType("Microsoft.Storage/storageAccounts").ToList();
        Assert.Equal(2, accounts.Count);
        Assert.All(accounts, account =>
        {
            Assert.False(account.IsTrue("allowSharedKeyAccess"));
            Assert.False(account.IsTrue("allowBlobPublicAccess"));
            Assert.False(account.IsTrue("allowCrossTenantReplication"));
            Assert.True(account.IsTrue("supportsHttpsTrafficOnly"));
            Assert.Equal("TLS1_2", account.Text("minimumTlsVersion"));
        });
    }

    /// <summary>The operations guide promises 30 days for the restore of a report.</summary>
    [Fact]
    public async Task Production_data_is_geo_redundant_and_reports_can_be_restored_for_30_days()
    {
        var deployment = await deployments.GetAsync("prod");
        var account = deployment.ResourcesOfType("Microsoft.Storage/storageAccounts").Single(account => account.Name.StartsWith("data", StringComparison.Ordinal));
        Assert.Equal("Standard_GZRS", account.Json.GetProperty("sku").GetProperty("name").GetString());
        var blobs = deployment.ResourcesOfType("Microsoft.Storage/storageAccounts/blobServices").Single(service => service.Name.StartsWith("data", StringComparison.Ordinal));
        Assert.True(blobs.IsTrue("isVersioningEnabled"));
        Assert.Equal(30, blobs["deleteRetentionPolicy.days"].GetInt32());
        Assert.Equal(30, blobs["containerDeleteRetentionPolicy.days"].GetInt32());
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_vault_uses_roles_and_cannot_be_purged(string environment)
    {
        var vault = (await deployments.GetAsync(environment)).ResourceOfType("Microsoft.KeyVault/vaults");
        Assert.True(vault.IsTrue("enableRbacAuthorization"));
        Assert.True(vault.IsTrue("enablePurgeProtection"));
        Assert.True(vault.IsTrue("enableSoftDelete"));
        Assert.InRange(vault.Name.Length, 3, 24); // the limits of Azure
    }

    [Fact]
    public async Task A_custom_mail_domain_is_linked_after_its_DNS_records_are_verified()
    {
        var unverified = await deployments.GetAsync("prod");
        var domain = unverified.ResourceOfType("Microsoft.Communication/emailServices/domains");
        Assert.EndsWith("/mail.toms.example", domain.Name, StringComparison.Ordinal);
        Assert.Equal("CustomerManaged", domain.Text("domainManagement"));
        Assert.Empty(unverified.ResourceOfType("Microsoft.Communication/communicationServices").Texts("linkedDomains"));

        var verified = await Bicep.CompileAsync("prod", ("MAIL_DOMAIN_IS_VERIFIED", "true"));
        Assert.Equal([domain.Id], verified.ResourceOfType("Microsoft.Communication/communicationServices").Texts("linkedDomains"));
    }

    [Fact]
    public async Task Development_sends_email_from_an_Azure_managed_domain()
    {
        var deployment = await deployments.GetAsync("dev");
        var domain = deployment.ResourceOfType("Microsoft.Communication/emailServices/domains");
        Assert.Equal("AzureManaged", domain.Text("domainManagement"));
        Assert.Equal([domain.Id], deployment.ResourceOfType("Microsoft.Communication/communicationServices").Texts("linkedDomains"));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_mail_service_rejects_keys_does_not_track_recipients_and_stores_data_in_the_US(string environment)
    {
        var deployment = await deployments.GetAsync(environment);
        Assert.True(deployment.ResourceOfType("Microsoft.Communication/communicationServices").IsTrue("disableLocalAuth"));
        Assert.Equal("Disabled", deployment.ResourceOfType("Microsoft.Communication/emailServices/domains").Text("userEngagementTracking"));
        Assert.Equal("United States", deployment.ResourceOfType("Microsoft.Communication/communicationServices").Text("dataLocation"));
    }

    private static Dictionary<string, string> Settings(Deployment deployment) =>
        deployment.ResourceOfType("Microsoft.Web/sites")["siteConfig.appSettings"].EnumerateArray()
            .ToDictionary(setting => setting.GetProperty("name").GetString()!, setting => setting.GetProperty("value").GetString()!);

    /// <summary>All role assignments: principal, role and scope, without the unique suffixes of names.</summary>
    private async Task<List<string>> RolesAsync(Deployment deployment)
    {
        var workflow = await deployments.GetAsync("workflow");
        var ownRoles = deployment.Resources.Concat(workflow.Resources).Where(resource => resource.Type == "Microsoft.Authorization/roleDefinitions")
            .ToDictionary(role => role.Name, role => role.Text("roleName"));
        return [.. deployment.ResourcesOfType("Microsoft.Authorization/roleAssignments").Select(Describe).Order(StringComparer.Ordinal)];

        string Describe(Resource assignment)
        {
            var id = assignment.Text("roleDefinitionId").Split('/')[^1];
            var scope = assignment.Id[..assignment.Id.LastIndexOf("/providers/", StringComparison.Ordinal)].Split("/providers/")[^1].Split('/');
            // Microsoft.Storage, storageAccounts, NAME, tableServices, default, tables, Leas
            var target = scope switch
            {
                [_, "storageAccounts", var name] => $"storageAccounts/{name[..4]}",
                [_, "storageAccounts", var name, _, "default", var kind, var inner] => $"storageAccounts/{name[..4]}/{kind}/{inner}",
                [_, var type, _] => type,
                _ => string.Join('/', scope),
            };
            return $"{PrincipalName(assignment.Text("principalId"))}: {(BuiltInRoles.TryGetValue(id, out var builtIn) ? builtIn : ownRoles[id])} on {target}";
        }

        static string PrincipalName(string id) =>
            id == Bicep.Installation["AZURE_PRINCIPAL_ID"] ? Principal
            : AppIdentity().IsMatch(id) ? App
            : id;
    }

    [GeneratedRegex(@"^\[reference\('[^']*/userAssignedIdentities/credentialing-(dev|prod)-app', '[^']*'\)\.principalId\]$")]
    private static partial Regex AppIdentity();

    /// <summary>A shell variable in camel case. Other variables are in capitals or in lower case.</summary>
    [GeneratedRegex(@"\$(?<name>[a-z]+[A-Z]\w*)")]
    private static partial Regex OutputVariable();

    [GeneratedRegex("https://[^']+")]
    private static partial Regex Origin();
}
