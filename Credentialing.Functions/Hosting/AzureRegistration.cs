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
    /// How often a client retries. With the clients' exponential backoff, a service that refuses connections is reported after some six
    /// seconds. The default of the blob client is five retries, which take 25 seconds.
    /// </summary>
    private const int MaxRetries = 3;

    /// <summary>How long a client waits for each response. The default, 100 seconds, is longer than any caller waits.</summary>
    private static readonly TimeSpan NetworkTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Adds storage, vault and identity, and Azure Communication Services unless email is sent by SMTP already.
    /// </summary>
    public static IServiceCollection AddAzure(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddValidated<AzureOptions>(AzureOptions.Section);
        services
            .AddSingleton(CreateCredential(configuration))
            .AddSingleton(provider => new TableServiceClient(Options(provider).TableEndpoint, Credential(provider), WithLimits(new TableClientOptions())))
            .AddSingleton(provider => new BlobServiceClient(Options(provider).BlobEndpoint, Credential(provider), WithLimits(new BlobClientOptions())))
            .AddSingleton(provider => new SecretClient(Options(provider).VaultUri, Credential(provider), WithLimits(new SecretClientOptions())))
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

    /// <summary>Sets how long and how often a client tries.</summary>
    internal static TOptions WithLimits<TOptions>(TOptions options)
        where TOptions : ClientOptions
    {
        options.Retry.NetworkTimeout = NetworkTimeout;
        options.Retry.MaxRetries = MaxRetries;
        return options;
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

    private static TokenCredential Credential(IServiceProvider services) => services.GetRequiredService<TokenCredential>();

    private static AzureOptions Options(IServiceProvider services) => services.GetRequiredService<IOptions<AzureOptions>>().Value;
}
