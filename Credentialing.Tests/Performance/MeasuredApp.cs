using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Credentialing.Core;
using Credentialing.Core.Backups;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Secrets;
using Credentialing.Functions.Hosting;
using Credentialing.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Tests.Performance;

/// <summary>The services of the app with the production settings of the storage clients, for measurements.</summary>
internal static class MeasuredApp
{
    /// <summary>The LEA of the credentials and of the reports.</summary>
    internal static readonly LeaId Oakland = LeaId.Parse("01612590000000");

    /// <summary>Registers the services.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">Gets the required settings.</param>
    /// <param name="tables">Creates the client of the tables.</param>
    /// <param name="blobs">Creates the client of the blobs.</param>
    /// <param name="fromMemory">Whether responses of storage are replayed from memory.</param>
    internal static IServiceCollection AddMeasuredApp(
        this IServiceCollection services,
        IConfiguration configuration,
        Func<TableClientOptions, TableServiceClient> tables,
        Func<BlobClientOptions, BlobServiceClient> blobs,
        bool fromMemory)
    {
        foreach (var (setting, value) in Settings)
            configuration[setting] = value;
        var storedBlobs = blobs(Options(new BlobClientOptions(), fromMemory));
        return services
            .AddSingleton(configuration)
            .AddSingleton(tables(Options(new TableClientOptions(), fromMemory)))
            .AddSingleton(storedBlobs)
            .AddSingleton(new BackupStore(storedBlobs))
            .AddSingleton<ISecretVault, MemoryVault>()
            .AddCredentialing(configuration);
    }

    /// <summary>Generates Oakland's credentials, and returns the secret key.</summary>
    internal static async Task<string> GenerateAsync(IServiceProvider services)
    {
        await services.GetRequiredService<BackupStore>().CreateMissingAsync(CancellationToken.None);
        var outcome = await services.GetRequiredService<CredentialService>().GenerateAsync(
            Oakland, new Coordinator("rosa", "Rosa Delgado", "rosa@lea.example"), ReleaseWording.Current, seenGeneration: null, keepPreviousForDays: 0, CancellationToken.None);
        return ((GenerationOutcome.Generated)outcome).SecretKey.Reveal();
    }

    /// <summary>Sets the options of a storage client.</summary>
    internal static TOptions Options<TOptions>(TOptions options, bool fromMemory)
        where TOptions : ClientOptions
    {
        AzureRegistration.ForStorage(options);
        if (fromMemory)
            options.Transport = new ReplayTransport();
        return options;
    }

    private static Dictionary<string, string> Settings { get; } = new()
    {
        ["Credentialing:Toms:Authority"] = "https://identity.example",
        ["Credentialing:Toms:Audience"] = "api://credentialing",
        ["Credentialing:ScreenUrl"] = "https://toms.example/credentialing/",
        ["Credentialing:VendorBaseUrl"] = "https://toms.example/api/v1",
        ["Credentialing:MyToms:BaseUrl"] = "https://mytoms.example",
        ["Credentialing:MyToms:ApiKey"] = "unused",
        ["Credentialing:Mail:From"] = "toms@toms.example",
        ["Credentialing:Mail:Smtp:Host"] = "127.0.0.1",
        ["ReminderSchedule"] = "0 0 14 * * *",
        ["OverviewSchedule"] = "0 0 15 * * *",
        ["BackupSchedule"] = "0 0 16 * * *",
    };
}
