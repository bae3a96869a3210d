using System.Reflection;
using Credentialing.Core.Telemetry;
using Credentialing.DevHost;
using Credentialing.Functions.Authentication;
using Credentialing.Functions.Hosting;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Credentialing.Tests.Hosting;

/// <summary>Validation of missing and invalid settings at startup.</summary>
[Kind(TestKind.Unit)]
public sealed class SettingsTests
{
    [Theory]
    [InlineData("Credentialing:Toms:Authority", null, "Credentialing__Toms__Authority: The Authority field is required.")]
    [InlineData("Credentialing:Toms:Authority", "toms", "Credentialing__Toms__Authority: It must be an https address.")]
    [InlineData("Credentialing:Toms:Authority", "http://toms.example", "Credentialing__Toms__Authority: It must be an https address.")]
    [InlineData("Credentialing:Toms:Audience", null, "Credentialing__Toms__Audience: The Audience field is required.")]
    [InlineData("Credentialing:Toms:Audience", "", "Credentialing__Toms__Audience: The Audience field is required.")]
    [InlineData("Credentialing:Throttling:UsernameFailuresPerMinute", "0", "Credentialing__Throttling__UsernameFailuresPerMinute: ")]
    [InlineData("Credentialing:Throttling:AddressFailuresPerMinute", "none", "Credentialing__Throttling__AddressFailuresPerMinute: It must be a whole number.")]
    [InlineData("Credentialing:Throttling:FrontDoorId", "front door", "Credentialing__Throttling__FrontDoorId: It must be the id of an Azure Front Door profile, a GUID.")]
    [InlineData("Credentialing:Mail:From", null, "Credentialing__Mail__From: ")]
    [InlineData("Credentialing:MyToms:BaseUrl", null, "Credentialing__MyToms__BaseUrl: The BaseUrl field is required.")]
    [InlineData("Credentialing:MyToms:BaseUrl", "http://mytoms.example", "Credentialing__MyToms__BaseUrl: ")]
    [InlineData("Credentialing:MyToms:ApiKey", null, "Credentialing__MyToms__ApiKey and Credentialing__MyToms__Scope: ")]
    [InlineData("Credentialing:Mail:Smtp:Host", "", "Credentialing__Mail__Smtp__Host: ")]
    [InlineData("Credentialing:Mail:From", "noreply@toms", "Credentialing__Mail__From: It must be an email address")]
    [InlineData("Credentialing:Mail:From", "josé@toms.example", "Credentialing__Mail__From: It must be an email address")]
    [InlineData("Credentialing:Mail:Smtp:CheckCertificateRevocation", "maybe", "Credentialing__Mail__Smtp__CheckCertificateRevocation: ")]
    [InlineData("Credentialing:DailyRun:Parallelism", "0", "Credentialing__DailyRun__Parallelism: ")]
    [InlineData("Credentialing:DailyRun:Parallelism", "many", "Credentialing__DailyRun__Parallelism: It must be a whole number.")]
    [InlineData("Credentialing:DailyRun:TimeLimit", "soon", "Credentialing__DailyRun__TimeLimit: It must be a time span, such as 00:20:00.")]
    [InlineData("Credentialing:SecretScanning:PublicKeysUrl", "http://github.example/keys", "Credentialing__SecretScanning__PublicKeysUrl: It must be an https address.")]
    [InlineData("Credentialing:SecretScanning:PublicKeysUrl", "/keys", "Credentialing__SecretScanning__PublicKeysUrl: It must be an https address.")]
    [InlineData("Credentialing:SecretRotation:Days", "29", "Credentialing__SecretRotation__Days: It must be 0, or 30 to 730.")]
    [InlineData("Credentialing:SecretRotation:Days", "731", "Credentialing__SecretRotation__Days: It must be 0, or 30 to 730.")]
    [InlineData("Credentialing:TimeZone", "Pacific/Nowhere", "Credentialing__TimeZone: It must be an IANA time zone")]
    [InlineData("Credentialing:ScreenUrl", null, "Credentialing__ScreenUrl: The ScreenUrl field is required.")]
    [InlineData("Credentialing:ScreenUrl", "ftp://toms.example", "Credentialing__ScreenUrl: It must be an absolute http or https URL.")]
    [InlineData("Credentialing:ScreenUrl", "credentialing", "Credentialing__ScreenUrl: It must be an absolute http or https URL.")]
    [InlineData("Credentialing:VendorBaseUrl", null, "Credentialing__VendorBaseUrl: The VendorBaseUrl field is required.")]
    [InlineData("Credentialing:VendorBaseUrl", "http://toms.example/api/v1", "Credentialing__VendorBaseUrl: It must be an https address that ends in /api/v1.")]
    [InlineData("Credentialing:VendorBaseUrl", "https://toms.example/api/v1/", "Credentialing__VendorBaseUrl: It must be an https address that ends in /api/v1.")]
    [InlineData("Credentialing:VendorBaseUrl", "https://toms.example/api", "Credentialing__VendorBaseUrl: It must be an https address that ends in /api/v1.")]
    [InlineData("Credentialing:VendorBaseUrl", "https://toms.example/api/v1?x=1", "Credentialing__VendorBaseUrl: It must be an https address that ends in /api/v1.")]
    [InlineData("Credentialing:VendorBaseUrl", "api/v1", "Credentialing__VendorBaseUrl: It must be an https address that ends in /api/v1.")]
    [InlineData("Credentialing:VendorGuideUrl", "guide", "Credentialing__VendorGuideUrl: It must be an https address.")]
    [InlineData("Credentialing:Help", "toms-help@toms.example\nBcc: all@lea.example", "Credentialing__Help: It must be one line of at most 200 characters.")]
    [InlineData("ReminderSchedule", null, "ReminderSchedule: The ReminderSchedule field is required.")]
    [InlineData("ReminderSchedule", "daily", "ReminderSchedule: It must be an NCRONTAB expression of six fields")]
    [InlineData("OverviewSchedule", null, "OverviewSchedule: The OverviewSchedule field is required.")]
    [InlineData("OverviewSchedule", "daily", "OverviewSchedule: It must be an NCRONTAB expression of six fields")]
    [InlineData("BackupSchedule", "nightly", "BackupSchedule: It must be an NCRONTAB expression of six fields")]
    [InlineData("ReminderSchedule", "0 14 * * *", "ReminderSchedule: It must be an NCRONTAB expression of six fields")]
    [InlineData("APPLICATIONINSIGHTS_CONNECTION_STRING", "insights", "APPLICATIONINSIGHTS_CONNECTION_STRING: ")]
    [InlineData("APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=", "APPLICATIONINSIGHTS_CONNECTION_STRING: ")]
    [InlineData("APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=8f1c8b58-6f9c-4f0e-b6de-2d1d1f4f7a11;IngestionEndpoint=here", "APPLICATIONINSIGHTS_CONNECTION_STRING: ")]
    [InlineData("AZURE_CLIENT_ID", "me", "AZURE_CLIENT_ID: ")]
    public void A_missing_or_invalid_setting_is_reported_by_name(string setting, string? value, string message)
    {
        var failure = Assert.Throws<OptionsValidationException>(() => Validate(setting, value));
        Assert.Contains(failure.Failures, error => error.StartsWith(message, StringComparison.Ordinal));
    }

    [Fact]
    public void An_empty_id_of_a_front_door_means_that_there_is_none() => Validate("Credentialing:Throttling:FrontDoorId", "");

    [Theory]
    [InlineData("0")]
    [InlineData("30")]
    [InlineData("730")]
    public void The_rotation_of_secrets_can_be_turned_off_or_take_place_every_30_to_730_days(string days) => Validate("Credentialing:SecretRotation:Days", days);

    [Theory]
    [InlineData("TableEndpoint", null, "Credentialing__Azure__TableEndpoint: The TableEndpoint field is required.")]
    [InlineData("BlobEndpoint", "", "Credentialing__Azure__BlobEndpoint: The BlobEndpoint field is required.")]
    [InlineData("BackupEndpoint", null, "Credentialing__Azure__BackupEndpoint: The BackupEndpoint field is required.")]
    [InlineData("VaultUri", "vault", "Credentialing__Azure__VaultUri: It must be an https address.")]
    [InlineData("CommunicationEndpoint", "http://mail.example", "Credentialing__Azure__CommunicationEndpoint: It must be an https address.")]
    [InlineData("CommunicationEndpoint", null, null)]
    public void The_Azure_endpoints_are_validated(string name, string? value, string? message)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Credentialing:Azure:TableEndpoint"] = "https://account.table.core.windows.net",
            ["Credentialing:Azure:BlobEndpoint"] = "https://account.blob.core.windows.net",
            ["Credentialing:Azure:BackupEndpoint"] = "https://backups.blob.core.windows.net",
            ["Credentialing:Azure:VaultUri"] = "https://vault.vault.azure.net",
            [$"Credentialing:Azure:{name}"] = value,
        };
        var services = new ServiceCollection().AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddValidated<AzureOptions>(AzureOptions.Section);
        using var provider = services.BuildServiceProvider();

        var failure = Record.Exception(provider.GetRequiredService<IStartupValidator>().Validate) as OptionsValidationException;

        Assert.Equal(message, failure?.Failures.First());
    }

    [Fact]
    public void The_error_message_does_not_contain_a_value_that_cannot_be_converted()
    {
        var failure = Assert.Throws<OptionsValidationException>(() => Validate(new Dictionary<string, string?>
        {
            ["Credentialing:Mail:Smtp:Host"] = "mail.example",
            ["Credentialing:Mail:Smtp:Security"] = "Nope",
        }));
        Assert.Equal("Credentialing__Mail__Smtp__Security: It must be one of StartTls, Tls, None.", failure.Message);
    }

    [Fact]
    public void The_error_message_does_not_contain_values_that_may_be_secret()
    {
        var failure = Assert.Throws<OptionsValidationException>(() => Validate("Credentialing:MyToms:Scope", "api://mytoms/.default"));
        Assert.DoesNotContain("the key", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("api://", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_sample_settings_are_valid()
    {
        var sample = new ConfigurationBuilder().AddJsonFile(Path.Combine(ProjectFolder.Root, "local.settings.sample.json")).Build().GetSection("Values");
        var settings = sample.AsEnumerable(makePathsRelative: true).ToDictionary(setting => setting.Key.Replace("__", ":", StringComparison.Ordinal), setting => setting.Value);
        Validate(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
    }

    [Fact]
    public void The_operations_guide_documents_every_setting()
    {
        var guide = File.ReadAllText(Path.Combine(ProjectFolder.Root, "docs/operations.md"));
        var options =
            from type in typeof(TomsOptions).Assembly.GetTypes().Concat(typeof(CredentialingTelemetry).Assembly.GetTypes())
            where type.Name.EndsWith("Options", StringComparison.Ordinal) && type.GetField("Section") is not null
            from property in type.GetProperties()
            let section = $"{type.GetField("Section")!.GetRawConstantValue()}"
            let name = property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name ?? property.Name
            select (section.Length == 0 ? name : $"{section}:{name}").Replace(":", "__", StringComparison.Ordinal);
        var sample = new ConfigurationBuilder().AddJsonFile(Path.Combine(ProjectFolder.Root, "local.settings.sample.json")).Build().GetSection("Values").GetChildren().Select(setting => setting.Key);
        Assert.All(options.Concat(sample), setting => Assert.Contains($"`{setting}`", guide, StringComparison.Ordinal));
    }

    private static void Validate(string setting, string? value) => Validate(new Dictionary<string, string?> { [setting] = value });

    /// <summary>Validates valid settings with changes. Null removes a setting.</summary>
    private static void Validate(Dictionary<string, string?> changes)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Credentialing:Toms:Authority"] = "https://toms.example",
            ["Credentialing:Toms:Audience"] = "credentialing",
            ["Credentialing:Mail:From"] = "toms@toms.example",
            ["Credentialing:MyToms:BaseUrl"] = "https://mytoms.example",
            ["Credentialing:MyToms:ApiKey"] = "the key",
            ["Credentialing:ScreenUrl"] = "https://toms.example/credentialing/",
            ["Credentialing:VendorBaseUrl"] = "https://toms.example/api/v1",
            ["ReminderSchedule"] = "0 0 14 * * *",
            ["OverviewSchedule"] = "0 0 15 * * *",
            ["BackupSchedule"] = "0 0 16 * * *",
        };
        foreach (var (setting, value) in changes)
            settings[setting] = value;
        // A setting with the value null would be bound. A missing environment variable is no setting.
        Validate(new ConfigurationBuilder().AddInMemoryCollection(settings.Where(setting => setting.Value is not null)).Build());
    }

    /// <summary>Validates the settings as a host does at startup.</summary>
    private static void Validate(IConfiguration configuration)
    {
        using var services = new ServiceCollection().AddSingleton(configuration).AddCredentialing(configuration).BuildServiceProvider();
        services.GetRequiredService<IStartupValidator>().Validate();
    }
}
