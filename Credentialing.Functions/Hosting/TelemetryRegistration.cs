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

/// <summary>OpenTelemetry: spans, metrics and logs.</summary>
public static class TelemetryRegistration
{
    /// <summary>The setting with the connection string of Application Insights. The Functions host reads it too.</summary>
    public const string ConnectionSetting = "APPLICATIONINSIGHTS_CONNECTION_STRING";

    /// <summary>The source of spans for outgoing HTTP requests: to storage, vault, mail and MyTOMS.</summary>
    private const string HttpClients = "System.Net.Http";

    /// <summary>
    /// Registers OpenTelemetry. Exports to Azure Monitor if <see cref="ConnectionSetting"/> is set. Authenticates with the app's identity
    /// if a <see cref="TokenCredential"/> is registered. The host may add other exporters.
    /// </summary>
    public static IOpenTelemetryBuilder AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        var telemetry = services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddSource(CredentialingTelemetry.Name, HttpClients).AddProcessor(new WithoutAddresses()))
            .WithMetrics(metrics => metrics.AddMeter(CredentialingTelemetry.Name));
        services.AddLogFilters();
        if (!IsExported(configuration))
            return telemetry;

        services.AddOptions<AzureMonitorExporterOptions>().Configure<IServiceProvider>((exporter, provider) =>
            exporter.Credential = provider.GetRequiredService<IServiceProviderIsService>().IsService(typeof(TokenCredential)) ? new AppCredential(provider) : null);
        return telemetry.UseAzureMonitorExporter(exporter =>
        {
            exporter.ConnectionString = configuration[ConnectionSetting];
            exporter.EnableTraceBasedLogsSampler = false; // spans may be sampled, but logs must not be
            exporter.EnableLiveMetrics = false; // would show request URLs
        });
    }

    /// <summary>Keeps request URLs out of the logs: ASP.NET Core and the HTTP clients log them below the level Warning.</summary>
    public static IServiceCollection AddLogFilters(this IServiceCollection services) =>
        services.AddLogging(logging => logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter(HttpClients, LogLevel.Warning));

    /// <summary>Whether telemetry is exported to Azure Monitor.</summary>
    internal static bool IsExported(IConfiguration configuration) => IsConnectionString(configuration[ConnectionSetting]);

    /// <summary>
    /// Whether the exporter can parse a connection string. For a malformed one, the exporter throws while the app is built, does not name
    /// the setting and repeats the value. <see cref="PlatformOptions"/> reports it when the app starts.
    /// </summary>
    internal static bool IsConnectionString(string? value)
    {
        var pairs = (value ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(pair => pair.Split('=', 2)).ToList();
        return pairs.All(pair => pair.Length == 2)
            && pairs.Exists(pair => pair[0].Equals("InstrumentationKey", StringComparison.OrdinalIgnoreCase) && Guid.TryParse(pair[1], out _))
            && pairs.Where(pair => pair[0].EndsWith("Endpoint", StringComparison.OrdinalIgnoreCase)).All(pair => Uri.TryCreate(pair[1], UriKind.Absolute, out _));
    }

    /// <summary>The app's identity, which is created for the first export. The exporter itself is created when the app starts.</summary>
    private sealed class AppCredential(IServiceProvider services) : TokenCredential
    {
        private TokenCredential Credential => services.GetRequiredService<TokenCredential>();

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            Credential.GetToken(requestContext, cancellationToken);

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            Credential.GetTokenAsync(requestContext, cancellationToken);
    }

    /// <summary>
    /// Removes request URLs from spans. URLs of the API and of blobs contain students' SSIDs; URLs of table rows contain coordinators'
    /// ids. The server, the method and the response status remain.
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
