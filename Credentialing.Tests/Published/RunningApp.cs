namespace Credentialing.Tests.Published;

/// <summary>The published app and all that it needs, running for the tests of one class.</summary>
public sealed class RunningApp(PublishedApp app) : IAsyncLifetime
{
    internal ExternalServices Services { get; private set; } = null!;

    internal FunctionsHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (!PublishedApp.IsSupported)
            return; // the tests say that they are skipped
        Services = await ExternalServices.StartAsync();
        Host = await FunctionsHost.StartAsync(app, Services);
    }

    public async ValueTask DisposeAsync()
    {
        if (!PublishedApp.IsSupported)
            return;
        await Host.DisposeAsync();
        await Services.DisposeAsync();
    }
}
