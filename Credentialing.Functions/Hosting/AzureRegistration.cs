using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Security.KeyVault.Secrets;
using Azure.Storage.Blobs;
using Credentialing.Core.Mail;
using Credentialing.Core.Secrets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Credentialing.Functions.Hosting;

/// <summary>Adds the clients of Azure's services, which authenticate as the app's managed identity.</summary>
public static partial class AzureRegistration
{
    /// <summary>
    /// The clients try four times, and by default wait 100 seconds for each response: longer than any caller.
    /// </summary>
    private static readonly TimeSpan NetworkTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Adds storage, vault and identity, and Azure Communication Services unless email is sent by SMTP already.
    /// </summary>
    public static IServiceCollection AddAzure(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddValidated<AzureOptions>(AzureOptions.Section);
        services
            .AddSingleton(CreateCredential(configuration))
            .AddSingleton(provider => new TableServiceClient(Options(provider).TableEndpoint, Credential(provider), WithTimeout(new TableClientOptions())))
            .AddSingleton(provider => new BlobServiceClient(Options(provider).BlobEndpoint, Credential(provider), WithTimeout(new BlobClientOptions())))
            .AddSingleton(provider => new SecretClient(Options(provider).VaultUri, Credential(provider), WithTimeout(new SecretClientOptions())))
            .AddSingleton<ISecretVault, KeyVault>();
        if (!HasEmailSender(services))
            AddCommunicationServices(services);
        if (!HasEmailSender(services))
        {
            services.AddOptions<AzureOptions>().Validate(
                _ => false, "Credentialing__Mail__Smtp__Host: It is required, because this build of the app has no Azure Communication Services (CommunicationServices=false).");
        }

        return services;
    }

    /// <summary>Azure Communication Services. Without a body, and so not called, in a build with <c>CommunicationServices=false</c>.</summary>
    static partial void AddCommunicationServices(IServiceCollection services);

    /// <summary>
    /// On Azure, which offers the app's identities at <c>IDENTITY_ENDPOINT</c>, the one that <c>AZURE_CLIENT_ID</c> names; on a
    /// developer's machine, the developer's own sign-in.
    /// </summary>
    private static TokenCredential CreateCredential(IConfiguration configuration)
    {
        var platform = configuration.Get<PlatformOptions>() ?? new PlatformOptions();
        if (platform.IdentityEndpoint is null)
            return new DefaultAzureCredential();
        return new ManagedIdentityCredential(platform.ClientId is { Length: > 0 } clientId
            ? ManagedIdentityId.FromUserAssignedClientId(clientId)
            : ManagedIdentityId.SystemAssigned);
    }

    private static bool HasEmailSender(IServiceCollection services) => services.Any(service => service.ServiceType == typeof(IEmailSender));

    private static TOptions WithTimeout<TOptions>(TOptions options)
        where TOptions : ClientOptions
    {
        options.Retry.NetworkTimeout = NetworkTimeout;
        return options;
    }

    private static TokenCredential Credential(IServiceProvider services) => services.GetRequiredService<TokenCredential>();

    private static AzureOptions Options(IServiceProvider services) => services.GetRequiredService<IOptions<AzureOptions>>().Value;
}
