using System.Security.Cryptography;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Credentialing.Core;
using Credentialing.Core.Credentials;
using Credentialing.Core.Leas;
using Credentialing.Core.Secrets;
using Credentialing.Core.Storage;
using Credentialing.DevHost;
using Credentialing.Functions.Hosting;
using Credentialing.Functions.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Credentialing.Benchmarks.Sides;

/// <summary>Our function classes on Kestrel, over an Azurite of their own.</summary>
internal static class OurServer
{
    internal const string Name = "ours";

    /// <summary>The same, with table and blob responses from memory.</summary>
    internal const string NameFromMemory = "ours-from-memory";

    /// <summary>The storage account.</summary>
    internal const string Account = "benchmarks";

    /// <summary>The LEA of the credentials and of the reports.</summary>
    internal static readonly LeaId Oakland = LeaId.Parse("01612590000000");

    /// <summary>Runs the server until the standard input is closed.</summary>
    internal static async Task RunAsync(bool fromMemory)
    {
        await using var azurite = await Azurite.StartAsync(dataFolder: null, [Account], CancellationToken.None);
        await using var app = Build(azurite, fromMemory);
        await app.Services.GetRequiredService<CredentialingStorage>().CreateMissingAsync(CancellationToken.None);
        var key = await GenerateAsync(app.Services);
        await SampleReports.UploadAsync(app.Services.GetRequiredService<CredentialingStorage>());
        await ServedSide.ServeAsync(app, new Username(Oakland).ToString(), key.Reveal());
    }

    /// <summary>Generates Oakland's credentials.</summary>
    internal static async Task<SecretKey> GenerateAsync(IServiceProvider services)
    {
        var outcome = await services.GetRequiredService<CredentialService>().GenerateAsync(
            Oakland, new Coordinator("rosa", "Rosa Delgado", "rosa@lea.example"), ReleaseWording.Current, seenGeneration: null, keepPreviousForDays: 0, CancellationToken.None);
        return ((GenerationOutcome.Generated)outcome).SecretKey;
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

    private static WebApplication Build(Azurite azurite, bool fromMemory)
    {
        // The functions authenticate, as on the worker.
        AppContext.SetSwitch("Microsoft.AspNetCore.Authentication.SuppressAutoDefaultScheme", true);
        var builder = ServedSide.NewBuilder();
        foreach (var (setting, value) in Settings())
            builder.Configuration[setting] = value;
        builder.Services
            .AddSingleton(azurite.Tables(Account, Options(new TableClientOptions(), fromMemory)))
            .AddSingleton(azurite.Blobs(Account, Options(new BlobClientOptions(), fromMemory)))
            .AddSingleton<ISecretVault, OneVersionVault>()
            .AddCredentialing(builder.Configuration);
        var app = builder.Build();
        app.Use((context, next) => Guard.RunAsync(context, FunctionEndpoints.NameOf(context), app.Logger, () => next(context)));
        app.MapFunctions();
        return app;
    }

    private static Dictionary<string, string?> Settings() => new()
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
    };

    /// <summary>A vault with one version of each secret.</summary>
    private sealed class OneVersionVault : ISecretVault
    {
        private readonly byte[] value = RandomNumberGenerator.GetBytes(32);

        public Task<IReadOnlyList<string>> ListVersionsAsync(string name, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>(["1"]);

        public Task<SecretVersion> GetAsync(string name, string version, CancellationToken cancellationToken) => Task.FromResult(new SecretVersion(version, value));
    }
}
