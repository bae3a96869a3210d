using Credentialing.Functions.Http;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Hosting;

namespace Credentialing.Functions.Hosting;

/// <summary>The function app on Azure: the API and the daily run on the isolated worker, with Azure services.</summary>
public static class FunctionApp
{
    /// <summary>Registers all services. Invalid settings are reported when the app starts.</summary>
    public static void AddCredentialingApp(this FunctionsApplicationBuilder builder)
    {
        builder.ConfigureFunctionsWebApplication();
        builder.UseMiddleware<ExceptionMiddleware>();
        builder.Services.AddCredentialing(builder.Configuration).AddAzure(builder.Configuration);
        var telemetry = builder.Services.AddTelemetry(builder.Configuration);
        // Tells the Functions host that the worker exports its own logs, so that the host does not export them again.
        if (TelemetryRegistration.IsExported(builder.Configuration))
            telemetry.UseFunctionsWorkerDefaults();
    }
}
