using Credentialing.Functions.Http;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Hosting;

namespace Credentialing.Functions.Hosting;

/// <summary>The function app as Azure runs it: the API and the daily run on the isolated worker, over Azure's services.</summary>
public static class FunctionApp
{
    /// <summary>Adds everything to the worker's builder. What is wrong with the settings is reported when the app starts.</summary>
    public static void AddCredentialingApp(this FunctionsApplicationBuilder builder)
    {
        builder.ConfigureFunctionsWebApplication();
        builder.UseMiddleware<ExceptionMiddleware>();
        builder.Services.AddCredentialing(builder.Configuration).AddAzure(builder.Configuration);
        var telemetry = builder.Services.AddTelemetry(builder.Configuration);
        // This says to the Functions host that the worker exports its own logs, so that the host discards them.
        if (TelemetryRegistration.IsExported(builder.Configuration))
            telemetry.UseFunctionsWorkerDefaults();
    }
}
