using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Security.KeyVault.Secrets;
using Azure.Storage.Blobs;
using Credentialing.Core.Secrets;
using Credentialing.Functions;
using Credentialing.Functions.Http;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.UseMiddleware<GuardMiddleware>();
builder.Services.AddOptions<AzureOptions>().BindConfiguration(AzureOptions.Section).ValidateDataAnnotations().ValidateOnStart();
builder.Services
    .AddCredentialing(builder.Configuration)
    .AddSingleton<TokenCredential>(new DefaultAzureCredential())
    .AddSingleton(services => new TableServiceClient(Options(services).TableEndpoint, services.GetRequiredService<TokenCredential>()))
    .AddSingleton(services => new BlobServiceClient(Options(services).BlobEndpoint, services.GetRequiredService<TokenCredential>()))
    .AddSingleton(services => new SecretClient(Options(services).VaultUri, services.GetRequiredService<TokenCredential>()))
    .AddSingleton<ISecretVault, KeyVault>();
builder.Build().Run();

static AzureOptions Options(IServiceProvider services) => services.GetRequiredService<IOptions<AzureOptions>>().Value;
