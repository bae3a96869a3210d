using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Security.KeyVault.Secrets;
using Azure.Storage.Blobs;
using Credentialing.Core.Backups;
using Credentialing.Core.Mail;
using Credentialing.Core.Secrets;
using Credentialing.Core.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Credentialing.Functions.Hosting;

/// <summary>Registers the clients of Azure services. They authenticate with the app's managed identity.</summary>
public static partial class AzureRegistration
{
    /// <summary>
    /// Maximum retries of the vault's client. With exponential backoff, a refused connection fails after about six seconds.
    /// </summary>
    private const int MaxRetries = 3;

    /// <summary>Timeout of each attempt. The default, 100 seconds, is longer than any caller waits.</summary>
    private static readonly TimeSpan NetworkTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Registers storage, vault and identity, which are created when they are first used. Also registers Azure Communication Services,
    /// unless an email sender is registered already.
    /// </summary>
    public static IServiceCollection AddAzure(this IServiceCollection services)
    {
        services.AddValidated<AzureOptions>(AzureOptions.Section);
        services
            .AddSingleton(CreateCredential)
            .AddSingleton(provider => new TableServiceClient(Options(provider).TableEndpoint, Credential(provider), ForStorage(new TableClientOptions())))
            .AddSingleton(provider => new BlobServiceClient(Options(provider).BlobEndpoint, Credential(provider), ForStorage(new BlobClientOptions())))
            .AddSingleton(provider => new BackupStore(new BlobServiceClient(Options(provider).BackupEndpoint, Credential(provider), ForStorage(new BlobClientOptions()))))
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

    /// <summary>Sets the retry policy of a storage client, which limits the time of a call, and the timeout of reading a response's body.</summary>
    internal static TOptions ForStorage<TOptions>(TOptions options)
        where TOptions : ClientOptions
    {
        options.RetryPolicy = new StorageRetryPolicy(TimeProvider.System);
        options.Retry.NetworkTimeout = StorageRetryPolicy.TimeLimit;
        return options;
    }

    /// <summary>Sets the timeout and the retry limit of a client.</summary>
    internal static TOptions WithLimits<TOptions>(TOptions options)
        where TOptions : ClientOptions
    {
        options.Retry.NetworkTimeout = NetworkTimeout;
        options.Retry.MaxRetries = MaxRetries;
        return options;
    }

    /// <summary>Registers Azure Communication Services. Has no body in a build with <c>CommunicationServices=false</c>.</summary>
    static partial void AddCommunicationServices(IServiceCollection services);

    /// <summary>
    /// On Azure (<c>IDENTITY_ENDPOINT</c> is set), the managed identity that <c>AZURE_CLIENT_ID</c> names, or else the system-assigned
    /// one. On a developer's machine, the developer's own sign-in.
    /// </summary>
    private static TokenCredential CreateCredential(IServiceProvider services)
    {
        var platform = services.GetRequiredService<IOptions<PlatformOptions>>().Value;
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
