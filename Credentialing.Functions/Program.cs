using Azure.Communication.Email;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Security.KeyVault.Secrets;
using Azure.Storage.Blobs;
using Credentialing.Core.Mailing;
using Credentialing.Core.Secrets;
using Credentialing.Functions;
using Credentialing.Functions.Http;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.UseMiddleware<GuardMiddleware>();
builder.Services.AddTelemetry(builder.Configuration).UseFunctionsWorkerDefaults();
builder.Services.AddValidated<AzureOptions>(AzureOptions.Section);
builder.Services
    .AddCredentialing(builder.Configuration)
    .AddSingleton<TokenCredential>(new DefaultAzureCredential())
    .AddSingleton(services => new TableServiceClient(Options(services).TableEndpoint, Credential(services), WithTimeout(new TableClientOptions())))
    .AddSingleton(services => new BlobServiceClient(Options(services).BlobEndpoint, Credential(services), WithTimeout(new BlobClientOptions())))
    .AddSingleton(services => new SecretClient(Options(services).VaultUri, Credential(services), WithTimeout(new SecretClientOptions())))
    .AddSingleton<ISecretVault, KeyVault>();
if (!builder.Services.Any(service => service.ServiceType == typeof(IEmailSender)))
{
    builder.Services.AddOptions<AzureOptions>().Validate(
        options => options.CommunicationEndpoint is not null,
        "Credentialing__Azure__CommunicationEndpoint is missing. Without it, email is sent by SMTP: Credentialing__Mail__Smtp__Host.");
    builder.Services
        .AddSingleton(services => new EmailClient(Options(services).CommunicationEndpoint, Credential(services), WithoutRetries(WithTimeout(new EmailClientOptions()))))
        .AddSingleton<IEmailSender, AzureEmailSender>();
}

builder.Build().Run();

// The clients try four times, but wait 100 seconds for each answer unless told: longer than any caller.
static TOptions WithTimeout<TOptions>(TOptions options)
    where TOptions : ClientOptions
{
    options.Retry.NetworkTimeout = TimeSpan.FromSeconds(10);
    return options;
}

static TOptions WithoutRetries<TOptions>(TOptions options)
    where TOptions : ClientOptions
{
    options.Retry.MaxRetries = 0;
    return options;
}

static TokenCredential Credential(IServiceProvider services) => services.GetRequiredService<TokenCredential>();

static AzureOptions Options(IServiceProvider services) => services.GetRequiredService<IOptions<AzureOptions>>().Value;
