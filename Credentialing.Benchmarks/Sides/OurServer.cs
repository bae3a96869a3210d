using Credentialing.Core.Credentials;
using Credentialing.Core.Storage;
using Credentialing.DevHost;
using Credentialing.Functions.Http;
using Credentialing.Tests.Performance;
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

    /// <summary>Runs the server until the standard input is closed.</summary>
    internal static async Task RunAsync(bool fromMemory)
    {
        await using var azurite = await Azurite.StartAsync(dataFolder: null, [Account], CancellationToken.None);
        await using var app = Build(azurite, fromMemory);
        var storage = app.Services.GetRequiredService<CredentialingStorage>();
        await storage.CreateMissingAsync(CancellationToken.None);
        var key = await MeasuredApp.GenerateAsync(app.Services);
        await SampleReports.UploadListedAsync(storage);
        await SampleReports.UploadDownloadedAsync(storage);
        await ServedSide.ServeAsync(app, new Username(MeasuredApp.Oakland).ToString(), key);
    }

    private static WebApplication Build(Azurite azurite, bool fromMemory)
    {
        var builder = ServedSide.NewBuilder();
        builder.Services.AddMeasuredApp(builder.Configuration, options => azurite.Tables(Account, options), options => azurite.Blobs(Account, options), fromMemory);
        var app = builder.Build();
        // A web application adds authentication before our code. The worker does not: the functions authenticate.
        ((IApplicationBuilder)app).Properties["__AuthenticationMiddlewareSet"] = true;
        app.Use((context, next) => Guard.RunAsync(context, FunctionEndpoints.NameOf(context), app.Logger, () => next(context)));
        app.MapFunctions();
        return app;
    }
}
