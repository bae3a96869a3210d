using System.Diagnostics;
using System.Globalization;
using System.Net;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Credentialing.Core.Announcements;
using Credentialing.Core.Backups;
using Credentialing.Core.Credentials;
using Credentialing.Core.Secrets;
using Credentialing.Functions.Hosting;
using Credentialing.Functions.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Credentialing.DevHost;

/// <summary>The parts from which a DevHost is built.</summary>
/// <param name="Url">The address to listen on. Port 0 selects a free port.</param>
/// <param name="Tables">The table storage.</param>
/// <param name="Blobs">The blob storage.</param>
/// <param name="Vault">The vault.</param>
/// <param name="Clock">The clock.</param>
/// <param name="Smtp">The SMTP server; null if <c>configure</c> registers an email sender.</param>
/// <param name="MyTomsFile">The file with the announcements on MyTOMS; null to keep them in memory.</param>
/// <param name="PrintsTelemetry">Whether to print telemetry: spans immediately, metrics every ten seconds.</param>
public sealed record DevHostParts(
    string Url,
    TableServiceClient Tables,
    BlobServiceClient Blobs,
    ISecretVault Vault,
    TimeProvider Clock,
    IPEndPoint? Smtp = null,
    string? MyTomsFile = null,
    bool PrintsTelemetry = false);

/// <summary>Runs the function classes on Kestrel with the behavior of the Functions host.</summary>
public static class DevHostApplication
{
    /// <summary>Builds a DevHost without starting it.</summary>
    /// <param name="parts">The parts of the DevHost.</param>
    /// <param name="configure">Changes that a test makes to the builder.</param>
    public static WebApplication Build(DevHostParts parts, Action<WebApplicationBuilder>? configure = null)
    {
        // By default, a web application authenticates every request before our code. Here the functions authenticate, as on the worker.
        AppContext.SetSwitch("Microsoft.AspNetCore.Authentication.SuppressAutoDefaultScheme", true);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            Args = ["--hostBuilder:reloadConfigOnChange=false"], // no file watcher for settings files, which do not exist
            ContentRootPath = ProjectFolder.Path,
        });
        builder.WebHost.UseUrls(parts.Url);
        foreach (var (setting, value) in SettingsOf(parts))
            builder.Configuration[setting] = value;
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning).AddFilter("Credentialing", LogLevel.Information);
        builder.Services
            .AddSingleton(parts.Tables)
            .AddSingleton(parts.Blobs)
            .AddSingleton(new BackupStore(parts.Blobs)) // on Azure, in an account of its own
            .AddSingleton(parts.Vault)
            .AddSingleton(parts.Clock)
            .AddCredentialing(builder.Configuration)
            .AddSingleton(new DevMyToms(parts.MyTomsFile))
            .AddSingleton(services => new CredentialingScreen(new Uri(AddressOf(services), Screens.CredentialingPath)))
            .AddSingleton(services => new ServiceAddresses(new Uri(AddressOf(services), "/api/v1"), new Uri(AddressOf(services), Screens.VendorGuidePath), "toms-help@toms.example"))
            .AddFunctionTimers()
            .AddDevSignIn();
        builder.Services.AddScreens();
        builder.Services.AddHttpClient(MyToms.Client, (services, client) => client.BaseAddress = new Uri(AddressOf(services), $"{DevMyToms.Path}/"));
        configure?.Invoke(builder);
        // The Functions host creates the spans of requests. Here, Kestrel creates them.
        var telemetry = builder.Services.AddTelemetry(builder.Configuration).WithTracing(tracing => tracing.AddSource("Microsoft.AspNetCore"));
        if (parts.PrintsTelemetry)
        {
            telemetry
                .WithTracing(tracing => tracing.AddConsoleExporter())
                .WithMetrics(metrics => metrics.AddConsoleExporter((_, reader) => reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = 10_000));
        }

        var app = builder.Build();
        app.UseScreens();
        app.UseDescriptionPage();
        app.UseNotFoundForWrongMethod();
        app.Use((context, next) =>
        {
            var name = FunctionEndpoints.NameOf(context);
            if (Activity.Current is { } span)
                span.DisplayName = name; // the same span name as in the Functions host
            // If no route matches the path and the method, the Functions host itself returns a 404 without a body.
            return context.GetEndpoint() is RouteEndpoint ? Guard.RunAsync(context, name, app.Logger, () => next(context)) : next(context);
        });
        app.MapFunctions();
        app.MapFunctionTimers();
        app.MapDevSignIn();
        app.MapDevMyToms();
        if (parts.Clock is DevClock clock)
            app.MapDevClock(clock);
        return app;
    }

    private static Dictionary<string, string?> SettingsOf(DevHostParts parts)
    {
        // Replaced by DevHost's own address, which is known only when it listens.
        const string Placeholder = "http://localhost";

        var settings = new Dictionary<string, string?>
        {
            ["Credentialing:Toms:Authority"] = DevSignIn.Issuer,
            ["Credentialing:Toms:Audience"] = DevSignIn.Audience,
            ["Credentialing:ScreenUrl"] = Placeholder,
            ["Credentialing:VendorBaseUrl"] = "https://localhost/api/v1", // replaced too
            ["Credentialing:MyToms:BaseUrl"] = Placeholder,
            ["Credentialing:MyToms:ApiKey"] = DevMyToms.ApiKey,
            ["Credentialing:Mail:From"] = "toms@toms.example",
            ["ReminderSchedule"] = "0 0 14 * * *",
            ["OverviewSchedule"] = "0 0 15 * * *",
            ["BackupSchedule"] = "0 0 16 * * *",
        };
        if (parts.Smtp is { } smtp)
        {
            settings["Credentialing:Mail:Smtp:Host"] = smtp.Address.ToString();
            settings["Credentialing:Mail:Smtp:Port"] = smtp.Port.ToString(CultureInfo.InvariantCulture);
            settings["Credentialing:Mail:Smtp:Security"] = "None";
        }

        return settings;
    }

    private static Uri AddressOf(IServiceProvider services) =>
        new(services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
}
