namespace Credentialing.Benchmarks.Scale;

/// <summary>
/// Limits of Azure for the resources in <c>infra</c>, in the region West US 2. docs/performance.md names the source of each and the date
/// on which it was read.
/// </summary>
internal static class Limits
{
    /// <summary>Table Storage: requests per second to an account.</summary>
    internal const double TableAccount = 20_000;

    /// <summary>Table Storage: entities per second of a partition.</summary>
    internal const double TablePartition = 2_000;

    /// <summary>A storage account: requests per second to all its services.</summary>
    internal const double StorageAccount = 40_000;

    /// <summary>A storage account: bits per second that it sends.</summary>
    internal const double StorageEgress = 200e9;

    /// <summary>A vault: requests in 10 seconds.</summary>
    internal const double Vault = 4_000;

    /// <summary>Emails per hour from a custom domain, before the quota is raised.</summary>
    internal const double EmailsPerHour = 100;

    /// <summary>Emails per hour that the deployment guide advises to request.</summary>
    internal const double EmailsPerHourRequested = 3_000;

    /// <summary>Emails per hour for which Azure says that the service is designed.</summary>
    internal const double EmailsPerHourOfService = 1_000_000;

    /// <summary>Instances of 2,048 MB, one core each, that a subscription may run in a region by default.</summary>
    internal const double Instances = 250;

    /// <summary>Concurrent HTTP requests of an instance of 2,048 MB by default.</summary>
    internal const int HttpConcurrency = 16;

    /// <summary>Application Insights: telemetry items per second.</summary>
    internal const double TelemetryItems = 32_000;
}
