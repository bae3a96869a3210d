using Credentialing.Functions.Http;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Credentialing.Functions.Hosting;

/// <summary>The function app on Azure: the API and the daily run on the isolated worker, with Azure services.</summary>
public static class FunctionApp
{
    /// <summary>Registers all services. Invalid settings are reported when the app starts.</summary>
    public static void AddCredentialingApp(this FunctionsApplicationBuilder builder)
    {
        builder.ConfigureFunctionsWebApplication();
        DisableDataProtection(builder.Services);
        builder.UseMiddleware<ExceptionMiddleware>();
        builder.Services.AddCredentialing(builder.Configuration).AddAzure().AddLogFilters();
        if (TelemetryRegistration.IsExported(builder.Configuration))
            AddTelemetry(builder);
    }

    /// <summary>A separate method, so that OpenTelemetry is loaded only if it is used.</summary>
    private static void AddTelemetry(FunctionsApplicationBuilder builder)
    {
        // Tells the Functions host that the worker exports its own logs, so that the host does not export them again.
        builder.Services.AddTelemetry(builder.Configuration).UseFunctionsWorkerDefaults();
    }

    /// <summary>
    /// The worker registers all of ASP.NET Core MVC, whose data protection creates keys at startup and writes them to disk. They are for
    /// cookies and forms, which the app does not have.
    /// </summary>
    private static void DisableDataProtection(IServiceCollection services)
    {
        foreach (var service in services.Where(service => service.ServiceType == typeof(IHostedService) && service.ImplementationType?.Assembly == typeof(IDataProtectionBuilder).Assembly).ToList())
            services.Remove(service);
    }
}
