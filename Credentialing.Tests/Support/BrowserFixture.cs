using Credentialing.Tests.Support;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(BrowserFixture))]

namespace Credentialing.Tests.Support;

/// <summary>One Chromium for the whole run, started for the first test that asks.</summary>
public sealed class BrowserFixture : IAsyncDisposable
{
    private static readonly string[] Programs = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    /// <summary>How long to wait for what is expected to show: two cores that do much else besides need not fail a test.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly string? Program = Environment.GetEnvironmentVariable("CHROMIUM") ?? FindOnPath();

    private readonly Lazy<Task<IPlaywright>> playwright = new(Playwright.CreateAsync);
    private readonly Lazy<Task<IBrowser>> browser;

    public BrowserFixture()
    {
        Assertions.SetDefaultExpectTimeout((float)Patience.TotalMilliseconds);
        browser = new(async () => await (await playwright.Value).Chromium.LaunchAsync(new()
        {
            ExecutablePath = Program,
            Args = Arguments,
        }));
    }

    /// <summary>What keeps it from calling its makers, whom a test's machine may not be able to reach.</summary>
    private static IEnumerable<string> Arguments => ["--disable-background-networking", "--disable-component-update", "--disable-sync"];

    /// <summary>A browser session of its own, with an empty cache. Skips the test where there is no Chromium.</summary>
    public async Task<IBrowserContext> NewContextAsync(BrowserNewContextOptions options)
    {
        SkipWithoutChromium();
        return await (await browser.Value).NewContextAsync(options);
    }

    /// <summary>
    /// A browser of its own that keeps what it keeps in a folder, and pages that were left in its history, ready to come back
    /// as they were, as a person's browser does.
    /// </summary>
    public async Task<IBrowserContext> LaunchKeepingAsync(string folder)
    {
        SkipWithoutChromium();
        return await (await playwright.Value).Chromium.LaunchPersistentContextAsync(folder, new()
        {
            ExecutablePath = Program,
            Args = Arguments,
            IgnoreDefaultArgs = ["--disable-back-forward-cache"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (browser.IsValueCreated)
            await (await browser.Value).DisposeAsync();
        if (playwright.IsValueCreated)
            (await playwright.Value).Dispose();
    }

    private static void SkipWithoutChromium() => Assert.SkipWhen(
        Program is null, "There is no Chromium: install it (on Debian, apt-get install chromium), or let CHROMIUM say where the program is.");

    private static string? FindOnPath() => (
        from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        from program in Programs
        select Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
