using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using NCrontab;

namespace Credentialing.Functions.Hosting;

/// <summary>Settings that the app shares with the Functions host and the platform. They are not in a section.</summary>
public sealed class PlatformOptions : IValidatableObject
{
    /// <summary>The configuration section: the root.</summary>
    public const string Section = "";

    /// <summary>
    /// When the daily run starts, in UTC: an NCRONTAB expression of six fields. The first field is the seconds. The Functions host reads
    /// it. With an invalid value, the host starts the app without its timer, and no reminder is sent.
    /// </summary>
    [Required]
    public string ReminderSchedule { get; set; } = "";

    /// <summary>When the daily check of the overview starts, in the same format. An hour after the daily run, it also sees its emails.</summary>
    [Required]
    public string OverviewSchedule { get; set; } = "";

    /// <summary>When the daily backup starts, in the same format. After the daily run and its retries, it also contains what they have done.</summary>
    [Required]
    public string BackupSchedule { get; set; } = "";

    /// <summary>The connection string of Application Insights; null to disable the export. The Functions host reads it too.</summary>
    [ConfigurationKeyName(TelemetryRegistration.ConnectionSetting)]
    public string? ApplicationInsights { get; set; }

    /// <summary>The client id of the app's user-assigned identity; null for its system-assigned identity.</summary>
    [ConfigurationKeyName("AZURE_CLIENT_ID")]
    public string? ClientId { get; set; }

    /// <summary>The endpoint of Azure's managed identities; null if the app does not run on Azure. Only the platform sets it.</summary>
    [ConfigurationKeyName("IDENTITY_ENDPOINT")]
    public string? IdentityEndpoint { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        (string, string)[] schedules = [(nameof(ReminderSchedule), ReminderSchedule), (nameof(OverviewSchedule), OverviewSchedule), (nameof(BackupSchedule), BackupSchedule)];
        foreach (var (name, schedule) in schedules)
        {
            if (CrontabSchedule.TryParse(schedule, new CrontabSchedule.ParseOptions { IncludingSeconds = true }) is null)
                yield return new ValidationResult("It must be an NCRONTAB expression of six fields, such as \"0 0 14 * * *\".", [name]);
        }

        if (ApplicationInsights is { Length: > 0 } && !TelemetryRegistration.IsConnectionString(ApplicationInsights))
            yield return new ValidationResult("It must be a connection string of Application Insights.", [nameof(ApplicationInsights)]);
        if (ClientId is { Length: > 0 } && !Guid.TryParse(ClientId, out _))
            yield return new ValidationResult("It must be the client id of a managed identity.", [nameof(ClientId)]);
    }
}
