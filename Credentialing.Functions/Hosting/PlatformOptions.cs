using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using NCrontab;

namespace Credentialing.Functions.Hosting;

/// <summary>The settings that the app shares with the Functions host and the platform; they are in no section.</summary>
public sealed class PlatformOptions : IValidatableObject
{
    /// <summary>The section of the configuration: its root.</summary>
    public const string Section = "";

    /// <summary>
    /// When the daily run starts, in UTC: an NCRONTAB expression of six fields, the first of them seconds. The Functions host reads it;
    /// without a valid one it starts the app without its timer, and no reminder is ever sent.
    /// </summary>
    [Required]
    public string ReminderSchedule { get; set; } = "";

    /// <summary>The address of Application Insights, which the Functions host reads as well; null not to export telemetry.</summary>
    [ConfigurationKeyName(TelemetryRegistration.ConnectionSetting)]
    public string? ApplicationInsights { get; set; }

    /// <summary>The client id of the app's user-assigned identity; null for its system-assigned identity.</summary>
    [ConfigurationKeyName("AZURE_CLIENT_ID")]
    public string? ClientId { get; set; }

    /// <summary>Where Azure offers the app's identities; null on a machine that is not Azure's. Only the platform sets it.</summary>
    [ConfigurationKeyName("IDENTITY_ENDPOINT")]
    public string? IdentityEndpoint { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (CrontabSchedule.TryParse(ReminderSchedule, new CrontabSchedule.ParseOptions { IncludingSeconds = true }) is null)
            yield return new ValidationResult("It must be an NCRONTAB expression of six fields, such as \"0 0 14 * * *\".", [nameof(ReminderSchedule)]);
        if (ApplicationInsights is { Length: > 0 } && !TelemetryRegistration.IsConnectionString(ApplicationInsights))
            yield return new ValidationResult("It must be a connection string of Application Insights.", [nameof(ApplicationInsights)]);
        if (ClientId is { Length: > 0 } && !Guid.TryParse(ClientId, out _))
            yield return new ValidationResult("It must be the client id of a managed identity.", [nameof(ClientId)]);
    }
}
