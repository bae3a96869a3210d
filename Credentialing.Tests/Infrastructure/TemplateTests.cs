using System.Text.Json;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Credentialing.Core.Storage;
using Credentialing.DevHost;

namespace Credentialing.Tests.Infrastructure;

/// <summary>The resources that the templates of <c>infra</c> deploy.</summary>
public sealed partial class TemplateTests(DeploymentFixture deployments)
{
    private const string App = "the app";
    private const string Operator = "who runs azd";

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
    public async Task The_templates_compile_without_a_warning(string environment)
    {
        var deployment = await deployments.OfAsync(environment);
        Assert.Equal("", deployment.Diagnostics);
        Assert.Equal("[]", deployment.Unpredicted);
    }

    [Fact]
    public async Task The_templates_are_laid_out_as_the_compiler_would()
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
    public async Task What_an_installation_must_set_is_not_forgotten_silently(string environment, string setting)
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => Bicep.CompileAsync(environment, (setting, "")));
        Assert.Contains("Error BCP", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_production_the_app_may_do_what_it_does_and_nobody_else_may_do_anything()
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
            Roles(await deployments.OfAsync("prod")));
    }

    [Fact]
    public async Task In_development_who_runs_azd_also_makes_the_secrets_and_uploads_reports()
    {
        Assert.Equal(
            [
                "who runs azd: Key Vault Secrets Officer on vaults",
                "who runs azd: Storage Blob Data Contributor on storageAccounts/data/containers/score-reports",
            ],
            Roles(await deployments.OfAsync("dev")).Where(role => !role.StartsWith(App, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Production_may_name_who_uploads_the_reports()
    {
        var deployment = await Bicep.CompileAsync("prod", ("REPORT_UPLOADER_ID", Bicep.Installation["AZURE_PRINCIPAL_ID"]));
        Assert.Equal(
            ["who runs azd: Storage Blob Data Contributor on storageAccounts/data/containers/score-reports"],
            Roles(deployment).Where(role => !role.StartsWith(App, StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_role_that_sends_email_may_do_no_more(string environment)
    {
        var role = (await deployments.OfAsync(environment)).The("Microsoft.Authorization/roleDefinitions");
        var permission = Assert.Single(role["permissions"].EnumerateArray());
        Assert.Equal(["actions"], permission.EnumerateObject().Select(property => property.Name));
        Assert.Equal(
            [
                "Microsoft.Communication/CommunicationServices/Read",
                "Microsoft.Communication/CommunicationServices/Write",
                "Microsoft.Communication/EmailServices/write",
            ],
            permission.GetProperty("actions").EnumerateArray().Select(action => action.GetString()));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_tables_and_the_container_are_those_that_the_app_uses(string environment)
    {
        var deployment = await deployments.OfAsync(environment);
        var storage = new CredentialingStorage(
            new TableServiceClient(new Uri("https://account.table.core.windows.net"), new TableSharedKeyCredential("account", "a2V5")),
            new BlobServiceClient(new Uri("https://account.blob.core.windows.net")));
        Assert.Equal(
            new[] { storage.Expirations.Name, storage.Leas.Name },
            deployment.Of("Microsoft.Storage/storageAccounts/tableServices/tables").Select(table => table.Name.Split('/')[^1]).Order());
        Assert.Equal(
            new[] { "package", storage.ScoreReports.Name },
            deployment.Of("Microsoft.Storage/storageAccounts/blobServices/containers").Select(container => container.Name.Split('/')[^1]).Order());
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_app_has_the_settings_of_the_sample_and_those_of_its_platform(string environment)
    {
        var settings = Settings(await deployments.OfAsync(environment));
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
        Assert.Equal(sample["Credentialing__TimeZone"], settings["Credentialing__TimeZone"]);
        Assert.Equal(Bicep.Installation["TOMS_AUTHORITY"], settings["Credentialing__Toms__Authority"]);
        Assert.Equal(Bicep.Installation["TOMS_AUDIENCE"], settings["Credentialing__Toms__Audience"]);
        Assert.Equal(Bicep.Installation["MYTOMS_BASE_URL"], settings["Credentialing__MyToms__BaseUrl"]);
        Assert.Equal(Bicep.Installation["MYTOMS_SCOPE"], settings["Credentialing__MyToms__Scope"]);
    }

    [Fact]
    public async Task Whatever_has_a_default_can_be_set_as_well()
    {
        var deployment = await Bicep.CompileAsync(
            "prod", ("MYTOMS_SCOPE", ""), ("FURTHER_SETTINGS", """{"Credentialing__Toms__RoleClaim":"groups","Credentialing__MyToms__ApiKey":"@Microsoft.KeyVault(VaultName=v;SecretName=mytoms)"}"""));
        var settings = Settings(deployment);
        Assert.Equal(("groups", ""), (settings["Credentialing__Toms__RoleClaim"], settings["Credentialing__MyToms__Scope"]));
        Assert.StartsWith("@Microsoft.KeyVault(", settings["Credentialing__MyToms__ApiKey"], StringComparison.Ordinal);
        var app = deployment.The("Microsoft.Web/sites");
        Assert.Equal(deployment.The("Microsoft.ManagedIdentity/userAssignedIdentities").Id, app.Text("keyVaultReferenceIdentity"));
    }

    /// <summary>
    /// The connection string of Application Insights is not a secret. With local authentication disabled, it does not authorize a
    /// client to send telemetry.
    /// </summary>
    [Theory]
    [MemberData(nameof(Environments))]
    public async Task No_setting_of_the_app_is_a_secret(string environment)
    {
        var deployment = await deployments.OfAsync(environment);
        var settings = Settings(deployment);
        Assert.True(settings.Remove("APPLICATIONINSIGHTS_CONNECTION_STRING", out var telemetry));
        Assert.Matches(@"^\[reference\('[^']*/Microsoft\.Insights/components/[^']*', '[^']*'\)\.ConnectionString\]$", telemetry);
        Assert.True(deployment.The("Microsoft.Insights/components").IsTrue("DisableLocalAuth"));
        Assert.StartsWith("[format('Authorization=AAD;ClientId={0}', ", settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"], StringComparison.Ordinal);
        Assert.All(settings, setting => Assert.DoesNotMatch("(?i)connectionstring|accountkey|sharedaccess|apikey|password|@microsoft.keyvault|instrumentationkey", $"{setting.Key} {setting.Value}"));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task No_template_reads_or_makes_a_key(string environment)
    {
        var deployment = await deployments.OfAsync(environment);
        Assert.DoesNotMatch(@"(?i)\blist[a-z]*keys?\b|\blist[a-z]*secrets?\b|\blistaccountsas\b|\blistservicesas\b|securestring|secureobject", deployment.TemplateText);
        Assert.DoesNotContain(deployment.Resources, resource => resource.Type.StartsWith("Microsoft.KeyVault/vaults/", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Outputs_are_names_and_addresses(string environment)
    {
        var outputs = (await deployments.OfAsync(environment)).Template.GetProperty("outputs");
        Assert.Equal(
            [
                "apiOrigin", "dataStorageName", "functionAppName", "identityName", "mailFrom", "mailServiceName", "screensName", "screensOrigin",
                "vaultName", "workspaceName",
            ],
            outputs.EnumerateObject().Select(output => output.Name).Order());
        Assert.All(outputs.EnumerateObject(), output => Assert.Equal("string", output.Value.GetProperty("type").GetString()));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_function_app_is_reached_by_TLS_alone_and_deployed_to_by_identities_alone(string environment)
    {
        var deployment = await deployments.OfAsync(environment);
        var app = deployment.The("Microsoft.Web/sites");
        Assert.True(app.IsTrue("httpsOnly"));
        Assert.Equal("1.2", app.Text("siteConfig.minTlsVersion"));
        Assert.Equal("1.2", app.Text("siteConfig.scmMinTlsVersion"));
        Assert.Equal("Disabled", app.Text("siteConfig.ftpsState"));
        Assert.Equal(
            ["ftp", "scm"],
            deployment.Of("Microsoft.Web/sites/basicPublishingCredentialsPolicies").Where(policy => !policy.IsTrue("allow")).Select(policy => policy.Name.Split('/')[^1]).Order());
        Assert.Equal("UserAssignedIdentity", app.Text("functionAppConfig.deployment.storage.authentication.type"));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_function_app_runs_the_framework_that_it_is_built_for(string environment)
    {
        var deployment = await deployments.OfAsync(environment);
        var app = deployment.The("Microsoft.Web/sites");
        Assert.Equal("dotnet-isolated", app.Text("functionAppConfig.runtime.name"));
        Assert.Equal(Environment.Version.ToString(2), app.Text("functionAppConfig.runtime.version"));
        Assert.Equal("FC1", deployment.The("Microsoft.Web/serverfarms").Json.GetProperty("sku").GetProperty("name").GetString());
    }

    [Fact]
    public async Task Only_the_screens_and_the_origins_of_TOMS_may_call_the_API_from_a_browser()
    {
        const string Screens = "outputs.origin.value";
        var alone = (await deployments.OfAsync("prod")).The("Microsoft.Web/sites").Text("siteConfig.cors.allowedOrigins");
        Assert.Contains(Screens, alone, StringComparison.Ordinal);
        Assert.DoesNotContain("http", alone, StringComparison.Ordinal);

        var deployment = await Bicep.CompileAsync("prod", ("SCREEN_ORIGINS", "https://toms.example https://mytoms.example"));
        var withToms = deployment.The("Microsoft.Web/sites").Text("siteConfig.cors.allowedOrigins");
        Assert.Contains(Screens, withToms, StringComparison.Ordinal);
        Assert.Equal(["https://toms.example", "https://mytoms.example"], Origin().Matches(withToms).Select(match => match.Value));
    }

    [Fact]
    public async Task Emails_link_to_the_screens_wherever_they_are()
    {
        Assert.Matches(@"^\[format\('\{0\}/credentialing/', .*'screens-", Settings(await deployments.OfAsync("prod"))["Credentialing__ScreenUrl"]);
        var deployment = await Bicep.CompileAsync("prod", ("SCREEN_URL", "https://toms.example/credentialing/"));
        Assert.Equal("https://toms.example/credentialing/", Settings(deployment)["Credentialing__ScreenUrl"]);
    }

    /// <summary>A linked backend receives the static web app's own Authorization header instead of the caller's.</summary>
    [Theory]
    [MemberData(nameof(Environments))]
    public async Task No_backend_is_linked_to_the_screens(string environment)
    {
        var deployment = await deployments.OfAsync(environment);
        Assert.Equal("Standard", deployment.The("Microsoft.Web/staticSites").Json.GetProperty("sku").GetProperty("name").GetString());
        Assert.DoesNotContain(deployment.Resources, resource => resource.Type.StartsWith("Microsoft.Web/staticSites/", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task Storage_takes_neither_keys_nor_the_public_nor_old_TLS(string environment)
    {
        var accounts = (await deployments.OfAsync(environment)).Of("Microsoft.Storage/storageAccounts").ToList();
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

    [Theory]
    [InlineData("dev", "Standard_LRS")]
    [InlineData("prod", "Standard_GZRS")]
    public async Task Reports_can_be_brought_back_for_a_month_and_are_deleted_in_the_end(string environment, string redundancy)
    {
        var deployment = await deployments.OfAsync(environment);
        var account = deployment.Of("Microsoft.Storage/storageAccounts").Single(account => account.Name.StartsWith("data", StringComparison.Ordinal));
        Assert.Equal(redundancy, account.Json.GetProperty("sku").GetProperty("name").GetString());
        var blobs = deployment.Of("Microsoft.Storage/storageAccounts/blobServices").Single(service => service.Name.StartsWith("data", StringComparison.Ordinal));
        Assert.True(blobs.IsTrue("isVersioningEnabled"));
        Assert.Equal(30, blobs["deleteRetentionPolicy.days"].GetInt32());
        var rule = Assert.Single(deployment.The("Microsoft.Storage/storageAccounts/managementPolicies")["policy.rules"].EnumerateArray());
        var actions = rule.GetProperty("definition").GetProperty("actions");
        Assert.Equal(180, actions.GetProperty("baseBlob").GetProperty("tierToCool").GetProperty("daysAfterModificationGreaterThan").GetInt32());
        Assert.Equal(5 * 365, actions.GetProperty("baseBlob").GetProperty("delete").GetProperty("daysAfterModificationGreaterThan").GetInt32());
        Assert.Equal(30, actions.GetProperty("version").GetProperty("delete").GetProperty("daysAfterCreationGreaterThan").GetInt32());
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_vault_goes_by_roles_and_cannot_be_emptied_for_good(string environment)
    {
        var vault = (await deployments.OfAsync(environment)).The("Microsoft.KeyVault/vaults");
        Assert.True(vault.IsTrue("enableRbacAuthorization"));
        Assert.True(vault.IsTrue("enablePurgeProtection"));
        Assert.True(vault.IsTrue("enableSoftDelete"));
        Assert.Equal(90, vault["softDeleteRetentionInDays"].GetInt32());
        Assert.InRange(vault.Name.Length, 3, 24);
    }

    [Fact]
    public async Task A_domain_of_ones_own_sends_once_its_DNS_records_are_verified()
    {
        var waiting = await deployments.OfAsync("prod");
        var domain = waiting.The("Microsoft.Communication/emailServices/domains");
        Assert.EndsWith("/mail.toms.example", domain.Name, StringComparison.Ordinal);
        Assert.Equal("CustomerManaged", domain.Text("domainManagement"));
        Assert.Empty(waiting.The("Microsoft.Communication/communicationServices").Texts("linkedDomains"));

        var verified = await Bicep.CompileAsync("prod", ("MAIL_DOMAIN_IS_VERIFIED", "true"));
        Assert.Equal([domain.Id], verified.The("Microsoft.Communication/communicationServices").Texts("linkedDomains"));
    }

    [Fact]
    public async Task Development_sends_from_a_domain_of_Azure()
    {
        var deployment = await deployments.OfAsync("dev");
        var domain = deployment.The("Microsoft.Communication/emailServices/domains");
        Assert.Equal("AzureManaged", domain.Text("domainManagement"));
        Assert.Equal([domain.Id], deployment.The("Microsoft.Communication/communicationServices").Texts("linkedDomains"));
    }

    [Theory]
    [MemberData(nameof(Environments))]
    public async Task The_mail_service_has_no_keys_and_follows_nobody(string environment)
    {
        var deployment = await deployments.OfAsync(environment);
        Assert.True(deployment.The("Microsoft.Communication/communicationServices").IsTrue("disableLocalAuth"));
        Assert.Equal("Disabled", deployment.The("Microsoft.Communication/emailServices/domains").Text("userEngagementTracking"));
        Assert.Equal("United States", deployment.The("Microsoft.Communication/communicationServices").Text("dataLocation"));
    }

    private static Dictionary<string, string> Settings(Deployment deployment) =>
        deployment.The("Microsoft.Web/sites")["siteConfig.appSettings"].EnumerateArray()
            .ToDictionary(setting => setting.GetProperty("name").GetString()!, setting => setting.GetProperty("value").GetString()!);

    /// <summary>All role assignments: principal, role and scope, without the unique suffixes of names.</summary>
    private static List<string> Roles(Deployment deployment)
    {
        var ownRoles = deployment.Of("Microsoft.Authorization/roleDefinitions").ToDictionary(role => role.Name, role => role.Text("roleName"));
        return [.. deployment.Of("Microsoft.Authorization/roleAssignments").Select(Describe).Order(StringComparer.Ordinal)];

        string Describe(Resource assignment)
        {
            var id = assignment.Text("roleDefinitionId").Split('/')[^1];
            var scope = assignment.Id[..assignment.Id.LastIndexOf("/providers/", StringComparison.Ordinal)].Split("/providers/")[^1].Split('/');
            // Microsoft.Storage, storageAccounts, NAME, tableServices, default, tables, Leas
            var where = scope switch
            {
                [_, "storageAccounts", var name] => $"storageAccounts/{name[..4]}",
                [_, "storageAccounts", var name, _, "default", var kind, var inner] => $"storageAccounts/{name[..4]}/{kind}/{inner}",
                [_, var type, _] => type,
                _ => string.Join('/', scope),
            };
            return $"{Who(assignment.Text("principalId"))}: {(BuiltInRoles.TryGetValue(id, out var builtIn) ? builtIn : ownRoles[id])} on {where}";
        }

        static string Who(string principal) =>
            principal == Bicep.Installation["AZURE_PRINCIPAL_ID"] ? Operator
            : AppIdentity().IsMatch(principal) ? App
            : principal;
    }

    [GeneratedRegex(@"^\[reference\('[^']*/userAssignedIdentities/credentialing-(dev|prod)-app', '[^']*'\)\.principalId\]$")]
    private static partial Regex AppIdentity();

    [GeneratedRegex("https://[^']+")]
    private static partial Regex Origin();
}
