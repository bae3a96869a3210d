namespace Credentialing.Tests.Infrastructure;

/// <summary>What the app measures (the meter <c>Credentialing</c>), which the alerts and the workbook ask for by name.</summary>
internal static class AppMetrics
{
    /// <summary>Each metric's tags, and their values where those are few.</summary>
    internal static readonly IReadOnlyDictionary<string, string[]> Tags = new Dictionary<string, string[]>
    {
        ["credentialing.run.duration"] = ["outcome"],
        ["credentialing.days_to_expiry"] = [],
        ["credentialing.authentications"] = ["by", "outcome"],
        ["credentialing.credentials.generated"] = ["kind"],
        ["credentialing.reminders"] = ["milestone", "outcome"],
        ["credentialing.announcements"] = ["action", "outcome"],
    };

    /// <summary>The outcomes that an alert may be about.</summary>
    internal static readonly IReadOnlyDictionary<string, string[]> Outcomes = new Dictionary<string, string[]>
    {
        ["credentialing.run.duration"] = ["finished", "failed"],
        ["credentialing.authentications"] = ["accepted", "expired", "refused"],
    };
}
