namespace Credentialing.Tests.Published;

/// <summary>Class fixture: the running published app with its external services.</summary>
public sealed class RunningApp(PublishedApp app) : IAsyncLifetime
{
    internal ExternalServices Services { get; private set; } = null!;

    internal FunctionsHost Host { get; private set; } = null!;

    /// <summary>The names of the deployed assemblies that were loaded when the app had sent its first response.</summary>
    internal IReadOnlyList<string> LoadedAtStart { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        if (!PublishedApp.IsSupported)
            return; // the tests skip themselves
        Services = await ExternalServices.StartAsync();
        Host = await FunctionsHost.StartAsync(app, Services);
        await Host.SendAsync(HttpMethod.Get, "health");
        LoadedAtStart = Host.LoadedAssemblies;
    }

    public async ValueTask DisposeAsync()
    {
        if (!PublishedApp.IsSupported)
            return;
        await Host.DisposeAsync();
        await Services.DisposeAsync();
    }
}
