using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Credentialing.Core.Secrets;
using Credentialing.Functions.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Credentialing.DevHost;

/// <summary>What a DevHost is put together from.</summary>
/// <param name="Url">Where it listens; port 0 for any that is free.</param>
/// <param name="Tables">Its table storage.</param>
/// <param name="Blobs">Its blob storage.</param>
/// <param name="Vault">Its vault.</param>
/// <param name="Clock">Its clock.</param>
public sealed record DevHostParts(string Url, TableServiceClient Tables, BlobServiceClient Blobs, ISecretVault Vault, TimeProvider Clock);

/// <summary>Runs the function classes on Kestrel, as the Functions host would run them.</summary>
public static class DevHostApplication
{
    /// <summary>Puts one together, not yet started.</summary>
    /// <param name="parts">What it is made of.</param>
    /// <param name="configure">What a test changes of it.</param>
    public static WebApplication Build(DevHostParts parts, Action<WebApplicationBuilder>? configure = null)
    {
        // A web application would authenticate every request before any of our code. The functions do it, as on the worker.
        AppContext.SetSwitch("Microsoft.AspNetCore.Authentication.SuppressAutoDefaultScheme", true);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = ProjectFolder.Path });
        builder.WebHost.UseUrls(parts.Url);
        builder.Configuration["Credentialing:Toms:Authority"] = DevSignIn.Issuer;
        builder.Configuration["Credentialing:Toms:Audience"] = DevSignIn.Audience;
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning).AddFilter("Credentialing", LogLevel.Information);
        builder.Services
            .AddSingleton(parts.Tables)
            .AddSingleton(parts.Blobs)
            .AddSingleton(parts.Vault)
            .AddSingleton(parts.Clock)
            .AddCredentialing(builder.Configuration)
            .AddDevSignIn();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseBareNotFound();
        app.Use((context, next) => Guard.RunAsync(context, app.Logger, () => next(context)));
        app.MapFunctions();
        app.MapDevSignIn();
        if (parts.Clock is DevClock clock)
            app.MapDevClock(clock);
        return app;
    }
}
