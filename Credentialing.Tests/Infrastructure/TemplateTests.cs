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
        ["2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"] = "Storage Blob Data Reader",
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = "Storage Blob Data Contributor",
        ["b7e6dc6d-f1e8-4753-8033-0f276bb0955b"] = "Storage Blob Data Owner",
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
        var formatted = await Bicep.FormatAsync();
        Assert.True(formatted.Count > 10);
        Assert.All(formatted, file => Assert.Equal(file.Value, File.ReadAllText(Path.Combine(Bicep.Folder, file.Key))));
    }

    [Theory]
    [InlineData("dev", "TOMS_AUTHORITY", "TOMS_AUDIENCE", "MYTOMS_BASE_URL", "ALERT_EMAIL")]
    [InlineData("prod", "TOMS_AUTHORITY", "TOMS_AUDIENCE", "MYTOMS_BASE_URL", "ALERT_EMAIL", "MAIL_DOMAIN")]
    public async Task Compilation_fails_for_each_required_setting_that_is_empty(string environment, params string[] settings)
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => Bicep.PredictAsync(environment, [.. settings.Select(setting => (setting, ""))]));
        var lines = File.ReadAllLines(Path.Combine(Bicep.Folder, $"{environment}.bicepparam"));
        Assert.All(settings, setting => Assert.Contains(
            $"({1 + Array.FindIndex(lines, line => line.Contains($"'{setting}'", StringComparison.Ordinal))},", failure.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_the_app_has_roles_in_production_and_only_those_that_it_needs()
    {
        Assert.Equal(
            [
                "the app: Credentialing backup writer (credentialing-prod) on storageAccounts/back/containers/backups",
                "the app: Credentialing email sender (credentialing-prod) on communicationServices",
                "the app: Credentialing row editor (credentialing-prod) on storageAccounts/data",
                "the app: Credentialing secret rotator (credentialing-prod) on vaults",
                "the app: Monitoring Metrics Publisher on components",
                "the app: Storage Blob Data Owner on storageAccounts/host",
                "the app: Storage Blob Data Reader on storageAccounts/data/containers/score-reports",
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
        var deployment = await deployments.Configured;
        Assert.Equal(
            ["the principal: Storage Blob Data Contributor on storageAccounts/data/containers/score-reports"],
            (await RolesAsync(deployment)).Where(role => !role.StartsWith(App, StringComparison.Ordinal)));
    }

    /// <summary>No deletion of a table, backup, secret or service; no change of a backup; no access keys.</summary>
    [Theory]
    [InlineData("dev")]
    [InlineData("workflow")]
    public async Task The_custom_roles_permit_exactly_what_the_app_does(string name)
    {
        var roles = (await deployments.GetAsync(name)).ResourcesOfType("Microsoft.Authorization/roleDefinitions").ToDictionary(
            role => role.Text("roleName")["Credentialing ".Length..role.Text("roleName").IndexOf(" (", StringComparison.Ordinal)],
            role => Assert.Single(role["permissions"].EnumerateArray()).EnumerateObject().SelectMany(kind => kind.Value.EnumerateArray().Select(action => $"{kind.Name}: {action}")));
        const string Blobs = "dataActions: Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
        const string Rows = "dataActions: Microsoft.Storage/storageAccounts/tableServices/tables/entities";
        const string Secrets = "dataActions: Microsoft.KeyVault/vaults/secrets";
        Assert.Equal(["backup writer", "email sender", "row editor", "secret rotator"], roles.Keys.Except(["locker", "screens publisher"]).Order());
        Assert.Equal([$"{Blobs}/read", $"{Blobs}/add/action"], roles["backup writer"]);
        Assert.Equal(
            ["actions: Microsoft.Communication/CommunicationServices/Read", "actions: Microsoft.Communication/CommunicationServices/Write", "actions: Microsoft.Communication/EmailServices/write"],
            roles["email sender"]);
        Assert.Equal([$"{Rows}/read", $"{Rows}/add/action", $"{Rows}/update/action", $"{Rows}/delete"], roles["row editor"]);
        Assert.Equal([$"{Secrets}/getSecret/action", $"{Secrets}/readMetadata/action", $"{Secrets}/setSecret/action", $"{Secrets}/update/action"], roles["secret rotator"]);
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
            new[] { "backups", "package", storage.ScoreReports.Name },
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
        Assert.Equal(sample["BackupSchedule"], settings["BackupSchedule"]);
        Assert.Equal(sample["Credentialing__TimeZone"], settings["Credentialing__TimeZone"]);
        Assert.Equal(sample["Credentialing__SecretRotation__Days"], settings["Credentialing__SecretRotation__Days"]);
        Assert.Equal(Bicep.Installation["TOMS_AUTHORITY"], settings["Credentialing__Toms__Authority"]);
        Assert.Equal(Bicep.Installation["TOMS_AUDIENCE"], settings["Credentialing__Toms__Audience"]);
        Assert.Equal(Bicep.Installation["MYTOMS_BASE_URL"], settings["Credentialing__MyToms__BaseUrl"]);
        Assert.Equal(Bicep.Installation["MYTOMS_SCOPE"], settings["Credentialing__MyToms__Scope"]);
    }

    [Fact]
    public async Task Further_settings_are_added_and_can_be_vault_references()
    {
        var deployment = await Bicep.PredictAsync(
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

    [Fact]
    public async Task Templates_do_not_read_keys_or_create_secrets()
    {
        var template = (await deployments.Template).GetRawText();
        Assert.DoesNotMatch(@"(?i)\blist[a-z]*keys?\b|\blist[a-z]*secrets?\b|\blistaccountsas\b|\blistservicesas\b|securestring|secureobject", template);
        foreach (var environment in Environments)
            Assert.DoesNotContain((await deployments.GetAsync(environment.Data)).Resources, resource => resource.Type.StartsWith("Microsoft.KeyVault/vaults/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_outputs_include_those_that_the_workflow_azd_and_the_guide_use()
    {
        var outputs = (await deployments.Template).GetProperty("outputs").EnumerateObject().Select(output => output.Name).ToHashSet();
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

        var withToms = (await deployments.Configured).ResourceOfType("Microsoft.Web/sites").Text("siteConfig.cors.allowedOrigins");
        Assert.Contains(Screens, withToms, StringComparison.Ordinal);
        Assert.Equal(["https://toms.example", "https://mytoms.example"], Origin().Matches(withToms).Select(match => match.Value));
    }

    [Fact]
    public async Task Emails_link_to_the_static_web_app_or_to_the_configured_screen()
    {
        Assert.Matches(@"^\[format\('\{0\}/credentialing/', .*'screens-", Settings(await deployments.GetAsync("prod"))["Credentialing__ScreenUrl"]);
        Assert.Equal("https://toms.example/credentialing/", Settings(await deployments.Configured)["Credentialing__ScreenUrl"]);
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
        Assert.Equal(3, accounts.Count);
        Assert.All(accounts, account =>
        {
            Assert.InRange(account.Name.Length, 3, 24); // the limits of Azure
            Assert.False(account.IsTrue("allowSharedKeyAccess"));
            Assert.False(account.IsTrue("allowBlobPublicAccess"));
            Assert.False(account.IsTrue("allowCrossTenantReplication"));
            Assert.True(account.IsTrue("supportsHttpsTrafficOnly"));
            Assert.True(account.IsTrue("encryption.requireInfrastructureEncryption"));
            Assert.Equal("TLS1_2", account.Text("minimumTlsVersion"));
        });
    }

    [Fact]
    public async Task Production_is_reachable_only_from_its_private_network_and_development_from_everywhere()
    {
        Assert.Equal(
            ["back: Enabled, Allow", "cred: Enabled, Allow", "data: Enabled, Allow", "host: Enabled, Allow"], NetworkAccess(await deployments.GetAsync("dev")));
        Assert.Equal(
            ["back: Disabled, Deny", "cred: Disabled, Deny", "data: Disabled, Deny", "host: Disabled, Deny"], NetworkAccess(await deployments.GetAsync("prod")));
        Assert.Equal(
            ["back: Disabled, Deny", "cred: Disabled, Deny", "data: Enabled, Deny, 192.0.2.7, 198.51.100.0/24", "host: Disabled, Deny"],
            NetworkAccess(await deployments.Configured));
    }

    /// <summary>The app would not start if a service that it reaches had no private endpoint.</summary>
    [Fact]
    public async Task In_production_the_app_reaches_its_storage_and_vault_through_private_endpoints()
    {
        var deployment = await deployments.GetAsync("prod");
        Assert.Equal(
            ["backup-blobs: blob", "data-blobs: blob", "data-tables: table", "host-blobs: blob", "vault: vault"],
            deployment.ResourcesOfType("Microsoft.Network/privateEndpoints").Select(endpoint => endpoint["privateLinkServiceConnections"][0])
                .Select(connection => $"{connection.GetProperty("name")}: {connection.GetProperty("properties").GetProperty("groupIds")[0]}").Order());
        Assert.Equal(5, deployment.ResourcesOfType("Microsoft.Network/privateEndpoints/privateDnsZoneGroups").Count());
        Assert.Equal(3, deployment.ResourcesOfType("Microsoft.Network/privateDnsZones/virtualNetworkLinks").Count());
        Assert.Contains("appSubnetId", deployment.ResourceOfType("Microsoft.Web/sites").Text("virtualNetworkSubnetId"), StringComparison.Ordinal);
        var subnets = deployment.ResourceOfType("Microsoft.Network/virtualNetworks")["subnets"].EnumerateArray().Select(subnet => subnet.GetProperty("properties")).ToList();
        Assert.Equal(["10.64.0.0/25", "10.64.0.128/26"], subnets.Select(subnet => subnet.GetProperty("addressPrefix").GetString()));
        Assert.Equal("Microsoft.App/environments", subnets[0].GetProperty("delegations")[0].GetProperty("properties").GetProperty("serviceName").GetString());

        Assert.DoesNotContain((await deployments.GetAsync("dev")).Resources, resource => resource.Type.StartsWith("Microsoft.Network/", StringComparison.Ordinal));
    }

    /// <summary>
    /// The age of a version counts from when it was written. A version that is deleted by its age before the report is could not be
    /// restored. The recovery guide promises 30 days.
    /// </summary>
    [Fact]
    public async Task Production_data_is_geo_redundant_and_versions_of_reports_live_as_long_as_reports()
    {
        var deployment = await deployments.GetAsync("prod");
        Assert.Equal("Standard_GZRS", Account(deployment, "data").Json.GetProperty("sku").GetProperty("name").GetString());
        var blobs = deployment.ResourcesOfType("Microsoft.Storage/storageAccounts/blobServices").Single(service => service.Name.StartsWith("data", StringComparison.Ordinal));
        Assert.True(blobs.IsTrue("isVersioningEnabled"));
        Assert.Equal(30, blobs["deleteRetentionPolicy.days"].GetInt32());
        Assert.Equal(30, blobs["containerDeleteRetentionPolicy.days"].GetInt32());
        Assert.Equal(["score-reports/: blobs 1825, versions 1825"], Deletions(deployment, "data"));
    }

    [Fact]
    public async Task Backups_are_in_another_region_immutable_and_deleted_after_their_time()
    {
        var deployment = await deployments.GetAsync("prod");
        var account = Account(deployment, "back");
        Assert.Equal(("centralus", "Standard_ZRS"), (account.Json.GetProperty("location").GetString(), account.Json.GetProperty("sku").GetProperty("name").GetString()));
        Assert.NotEqual(Account(deployment, "data").Json.GetProperty("location").GetString(), account.Json.GetProperty("location").GetString());
        Assert.True(account.IsTrue("immutableStorageWithVersioning.enabled"));
        Assert.Equal(35, account["immutableStorageWithVersioning.immutabilityPolicy.immutabilityPeriodSinceCreationInDays"].GetInt32());
        Assert.Equal("Unlocked", account.Text("immutableStorageWithVersioning.immutabilityPolicy.state"));
        Assert.Equal(
            ["backups/disclosures/: blobs 2922, versions 2922", "backups/leas/,backups/changes/: blobs 90, versions 90"],
            Deletions(deployment, "back"));

        var locked = Account(await deployments.Configured, "back");
        Assert.Equal("Locked", locked.Text("immutableStorageWithVersioning.immutabilityPolicy.state"));
        Assert.Equal("eastus2", locked.Json.GetProperty("location").GetString());
    }

    [Fact]
    public async Task Data_backups_and_vault_are_locked_against_deletion_in_production()
    {
        var locks = (await deployments.GetAsync("prod")).ResourcesOfType("Microsoft.Authorization/locks").ToList();
        Assert.Equal(["back", "cred", "data"], locks.Select(resource => resource.Id.Split('/')[8][..4]).Order());
        Assert.All(locks, resource => Assert.Equal("CanNotDelete", resource.Text("level")));
        Assert.Empty((await deployments.GetAsync("dev")).ResourcesOfType("Microsoft.Authorization/locks"));
    }

    [Fact]
    public async Task Production_runs_in_several_zones()
    {
        var deployment = await deployments.GetAsync("prod");
        Assert.True(deployment.ResourceOfType("Microsoft.Web/serverfarms").IsTrue("zoneRedundant"));
        Assert.Equal("Standard_ZRS", Account(deployment, "host").Json.GetProperty("sku").GetProperty("name").GetString());
        Assert.Equal(2, deployment.ResourceOfType("Microsoft.Web/sites")["functionAppConfig.scaleAndConcurrency.alwaysReady"][0].GetProperty("instanceCount").GetInt32());
        Assert.False((await deployments.GetAsync("dev")).ResourceOfType("Microsoft.Web/serverfarms").IsTrue("zoneRedundant"));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task All_resources_with_a_region_have_the_tags(string environment)
    {
        var resources = (await deployments.GetAsync(environment)).Resources.Where(resource => resource.Json.TryGetProperty("location", out _)).ToList();
        Assert.True(resources.Count > 20);
        Assert.All(resources, resource => Assert.Equal(
            ("credentialing", environment),
            (resource.Json.GetProperty("tags").GetProperty("application").GetString(), resource.Json.GetProperty("tags").GetProperty("environment").GetString())));
    }

    [Fact]
    public async Task The_domain_of_the_API_has_a_certificate_and_is_the_address_for_vendors()
    {
        var deployment = await deployments.Configured;
        Assert.Equal("", deployment.Diagnostics);
        Assert.Equal(DeploymentFixture.ApiDomain, deployment.ResourceOfType("Microsoft.Web/sites/certificates").Text("canonicalName"));
        Assert.Equal(
            ["Disabled", "SniEnabled"], // the first only if there is no binding yet
            deployment.ResourcesOfType("Microsoft.Web/sites/hostNameBindings").Where(binding => binding.Name.EndsWith($"/{DeploymentFixture.ApiDomain}", StringComparison.Ordinal)).Select(binding => binding.Text("sslState")));
        Assert.Equal($"https://{DeploymentFixture.ApiDomain}/api/v1", Settings(deployment)["Credentialing__VendorBaseUrl"]);
        Assert.Empty((await deployments.GetAsync("prod")).ResourcesOfType("Microsoft.Web/sites/hostNameBindings"));
    }

    [Fact]
    public async Task With_a_front_door_the_app_accepts_only_its_requests()
    {
        var deployment = await deployments.BehindFrontDoor;

        Assert.Equal("", deployment.Diagnostics);
        var site = deployment.ResourceOfType("Microsoft.Web/sites");
        var restriction = Assert.Single(site["siteConfig.ipSecurityRestrictions"].EnumerateArray());
        Assert.Equal(("Deny", "AzureFrontDoor.Backend"), (site.Text("siteConfig.ipSecurityRestrictionsDefaultAction"), restriction.GetProperty("ipAddress").GetString()));
        var id = Assert.Single(restriction.GetProperty("headers").GetProperty("x-azure-fdid").EnumerateArray()).GetString();
        Assert.Matches(@"'front-.*\.outputs\.id\.value\]$", id);
        Assert.Equal(id, Settings(deployment)["Credentialing__Throttling__FrontDoorId"]);
        Assert.Equal($"{site.Name}.azurewebsites.net", deployment.ResourceOfType("Microsoft.Cdn/profiles/originGroups/origins").Text("hostName"));
        Assert.Empty(deployment.ResourcesOfType("Microsoft.Web/sites/hostNameBindings")); // the front door has the domain

        var firewall = deployment.ResourceOfType("Microsoft.Network/FrontDoorWebApplicationFirewallPolicies");
        Assert.Equal("Prevention", firewall.Text("policySettings.mode"));
        Assert.Equal(
            ["/api/v1/token 300", "/ 3000"],
            firewall["customRules.rules"].EnumerateArray().Select(rule => $"{rule.GetProperty("matchConditions")[0].GetProperty("matchValue")[0]} {rule.GetProperty("rateLimitThreshold")}"));
        Assert.Equal("Microsoft_DefaultRuleSet", Assert.Single(firewall["managedRules.managedRuleSets"].EnumerateArray()).GetProperty("ruleSetType").GetString());
        var domains = deployment.ResourceOfType("Microsoft.Cdn/profiles/securityPolicies")["parameters.associations"][0].GetProperty("domains");
        Assert.Equal(2, domains.GetArrayLength()); // the domain, and that of Azure
        Assert.False(deployment.ResourceOfType("Microsoft.Cdn/profiles/afdEndpoints/routes").Json.GetProperty("properties").TryGetProperty("cacheConfiguration", out _));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Without_a_front_door_the_app_accepts_all_requests(string environment)
    {
        var deployment = await deployments.GetAsync(environment);
        Assert.DoesNotContain(deployment.Resources, resource => resource.Type.StartsWith("Microsoft.Cdn/", StringComparison.Ordinal));
        var site = deployment.ResourceOfType("Microsoft.Web/sites");
        Assert.Equal("Allow", site.Text("siteConfig.ipSecurityRestrictionsDefaultAction"));
        Assert.Empty(site["siteConfig.ipSecurityRestrictions"].EnumerateArray());
    }

    [Fact]
    public async Task A_budget_is_created_if_an_amount_is_set()
    {
        var budget = (await deployments.Configured).ResourceOfType("Microsoft.Consumption/budgets");
        Assert.Equal((1500, "2027-01-01"), (budget["amount"].GetInt32(), budget.Text("timePeriod.startDate")));
        Assert.Equal([Bicep.Installation["ALERT_EMAIL"]], budget.Texts("notifications.spent.contactEmails"));
        Assert.Empty((await deployments.GetAsync("prod")).ResourcesOfType("Microsoft.Consumption/budgets"));
    }

    [Fact]
    public async Task The_guide_lists_all_parameters_and_the_variables_that_set_them()
    {
        var rows = ParameterRow().Matches(await ReadAsync("docs/deployment.md")).ToList();
        var parameters = (await deployments.Template).GetProperty("parameters").EnumerateObject().Select(parameter => parameter.Name);
        Assert.Equal(parameters.Order(), rows.Select(row => row.Groups["name"].Value).Order());

        var read = await Task.WhenAll(Environments.Select(async environment =>
            VariableRead().Matches(await ReadAsync($"infra/{environment.Data}.bicepparam")).Select(match => match.Groups["name"].Value)));
        Assert.Equal(
            read.SelectMany(names => names).Distinct().Order(),
            rows.SelectMany(row => VariableInGuide().Matches(row.Groups["variables"].Value)).Select(match => match.Value).Distinct().Order());
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

        var verified = await deployments.Configured;
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

    private static Task<string> ReadAsync(string file) => File.ReadAllTextAsync(Path.Combine(ProjectFolder.Root, file), TestContext.Current.CancellationToken);

    /// <summary>The storage account whose name begins with a word.</summary>
    private static Resource Account(Deployment deployment, string name) =>
        deployment.ResourcesOfType("Microsoft.Storage/storageAccounts").Single(account => account.Name.StartsWith(name, StringComparison.Ordinal));

    /// <summary>After how many days a storage account deletes blobs and their versions, by prefix.</summary>
    private static IEnumerable<string> Deletions(Deployment deployment, string account) =>
        deployment.ResourcesOfType("Microsoft.Storage/storageAccounts/managementPolicies").Single(policy => policy.Name.StartsWith(account, StringComparison.Ordinal))["policy.rules"].EnumerateArray()
            .Select(rule => rule.GetProperty("definition"))
            .Select(definition => (
                Prefixes: definition.GetProperty("filters").GetProperty("prefixMatch").EnumerateArray().Select(prefix => prefix.GetString()),
                Blobs: definition.GetProperty("actions").GetProperty("baseBlob").GetProperty("delete").GetProperty("daysAfterModificationGreaterThan"),
                Versions: definition.GetProperty("actions").GetProperty("version").GetProperty("delete").GetProperty("daysAfterCreationGreaterThan")))
            .Select(rule => $"{string.Join(',', rule.Prefixes)}: blobs {rule.Blobs}, versions {rule.Versions}").Order(StringComparer.Ordinal);

    /// <summary>The network access of each storage account and the vault, by the first word of its name.</summary>
    private static IEnumerable<string> NetworkAccess(Deployment deployment) =>
        deployment.ResourcesOfType("Microsoft.Storage/storageAccounts").Concat(deployment.ResourcesOfType("Microsoft.KeyVault/vaults"))
            .Select(resource => $"{resource.Name[..4]}: " + string.Join(", ", [
                resource.Text("publicNetworkAccess"), resource.Text("networkAcls.defaultAction"),
                .. resource["networkAcls.ipRules"].EnumerateArray().Select(rule => rule.GetProperty("value").GetString()),
            ]))
            .Order();

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

    /// <summary>A row of the guide's table of parameters: the name in camel case, and the variables, each with its environment.</summary>
    [GeneratedRegex(@"^\| `(?<name>[a-z][A-Za-z]+)` \|(?<variables>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex ParameterRow();

    [GeneratedRegex("[A-Z]+(?:_[A-Z]+)+")]
    private static partial Regex VariableInGuide();

    [GeneratedRegex("readEnvironmentVariable\\('(?<name>[A-Z_]+)'")]
    private static partial Regex VariableRead();
}
