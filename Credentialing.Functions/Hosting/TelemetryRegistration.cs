using System.Diagnostics;
using Azure.Core;
using Azure.Monitor.OpenTelemetry.Exporter;
using Credentialing.Core.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace Credentialing.Functions.Hosting;

/// <summary>What the app tells its operators: spans, metrics and logs, by OpenTelemetry.</summary>
public static class TelemetryRegistration
{
    /// <summary>The setting that says where Application Insights is; the Functions host reads it as well.</summary>
    public const string ConnectionSetting = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    /// <summary>The spans of every call that the app makes by HTTP: to storage, vault, mail and MyTOMS.</summary>
    private const string HttpClients = "System.Net.Http";

    /// <summary>
    /// Adds it, and exports it to Azure Monitor if <see cref="ConnectionSetting"/> is there: as the app's identity, if the host has
    /// added a <see cref="TokenCredential"/>. The host may add other exporters.
    /// </summary>
    public static IOpenTelemetryBuilder AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        var telemetry = services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddSource(CredentialingTelemetry.Name, HttpClients).AddProcessor(new WithoutAddresses()))
            .WithMetrics(metrics => metrics.AddMeter(CredentialingTelemetry.Name));
        // The web framework, and the clients of HTTP, would log the addresses of requests.
        services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter(HttpClients, LogLevel.Warning));
        if (!IsExported(configuration))
            return telemetry;

        services.AddOptions<AzureMonitorExporterOptions>().Configure<IServiceProvider>((exporter, provider) => exporter.Credential = provider.GetService<TokenCredential>());
        return telemetry.UseAzureMonitorExporter(exporter =>
        {
            exporter.ConnectionString = configuration[ConnectionSetting];
            exporter.EnableTraceBasedLogsSampler = false; // of many spans a few will do; a warning is never one too many
            exporter.EnableLiveMetrics = false; // which would show requests as they are
        });
    }

    /// <summary>Whether telemetry is exported to Azure Monitor.</summary>
    internal static bool IsExported(IConfiguration configuration) => IsConnectionString(configuration[ConnectionSetting]);

    /// <summary>
    /// Whether the exporter can read a connection string. It would throw while the app is put together, name no setting and repeat the
    /// value; <see cref="PlatformOptions"/> reports it when the app starts.
    /// </summary>
    internal static bool IsConnectionString(string? value)
    {
        var pairs = (value ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(pair => pair.Split('=', 2)).ToList();
        return pairs.All(pair => pair.Length == 2)
            && pairs.Exists(pair => pair[0].Equals("InstrumentationKey", StringComparison.OrdinalIgnoreCase) && Guid.TryParse(pair[1], out _))
            && pairs.Where(pair => pair[0].EndsWith("Endpoint", StringComparison.OrdinalIgnoreCase)).All(pair => Uri.TryCreate(pair[1], UriKind.Absolute, out _));
    }

    /// <summary>
    /// Takes the addresses of requests out of spans: those of the API and of blobs hold students' SSIDs, those of rows the ids of
    /// coordinators. Which server was called, how, and what it answered, stays.
    /// </summary>
    private sealed class WithoutAddresses : BaseProcessor<Activity>
    {
        private static readonly string[] Addresses = ["url.full", "url.path", "url.query", "http.url", "http.target"];

        public override void OnEnd(Activity data)
        {
            foreach (var address in Addresses)
                data.SetTag(address, null);
        }
    }
}
