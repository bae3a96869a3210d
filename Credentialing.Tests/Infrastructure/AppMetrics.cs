namespace Credentialing.Tests.Infrastructure;

/// <summary>The metrics of the app (meter <c>Credentialing</c>), which the alerts and the workbook query by name.</summary>
internal static class AppMetrics
{
    /// <summary>The tags of each metric.</summary>
    internal static readonly IReadOnlyDictionary<string, string[]> Tags = new Dictionary<string, string[]>
    {
        ["credentialing.run.duration"] = ["outcome"],
        ["credentialing.days_to_expiry"] = [],
        ["credentialing.authentications"] = ["by", "outcome"],
        ["credentialing.credentials.generated"] = ["kind"],
        ["credentialing.credentials.revoked"] = [],
        ["credentialing.leaks"] = ["by", "match"],
        ["credentialing.notices"] = ["kind", "outcome"],
        ["credentialing.reminders"] = ["milestone", "outcome"],
        ["credentialing.shares"] = ["outcome"],
        ["credentialing.disclosures"] = ["outcome"],
        ["credentialing.overview.refreshes"] = ["outcome"],
        ["credentialing.announcements"] = ["action", "outcome"],
        ["credentialing.backup.duration"] = ["outcome"],
        ["credentialing.secret.age"] = ["secret"],
    };

    /// <summary>The values of the outcome tag that an alert may query.</summary>
    internal static readonly IReadOnlyDictionary<string, string[]> Outcomes = new Dictionary<string, string[]>
    {
        ["credentialing.run.duration"] = ["finished", "failed"],
        ["credentialing.backup.duration"] = ["finished", "failed"],
        ["credentialing.authentications"] = ["accepted", "expired", "revoked", "refused"],
    };
}
