using Credentialing.Tests.Support;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(BrowserFixture))]

namespace Credentialing.Tests.Support;

/// <summary>One Chromium for the whole run, started for the first test that asks: the first of the candidates that starts.</summary>
public sealed class BrowserFixture : IAsyncDisposable
{
    private static readonly string[] Programs =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "microsoft-edge-stable"];

    /// <summary>How long to wait for what is expected to show: two cores that do much else besides need not fail a test.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The program that is to be used, whatever else there is.</summary>
    private static readonly string? Chosen = Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } program ? program : null;

    private readonly Lazy<Task<IPlaywright>> playwright = new(Playwright.CreateAsync);
    private readonly Lazy<Task<Search>> search;

    public BrowserFixture()
    {
        Assertions.SetDefaultExpectTimeout((float)Patience.TotalMilliseconds);
        search = new(SearchAsync);
    }

    /// <summary>What keeps it from calling its makers, whom a test's machine may not be able to reach.</summary>
    private static IEnumerable<string> Arguments => ["--disable-background-networking", "--disable-component-update", "--disable-sync"];

    /// <summary>A browser session of its own, with an empty cache. Skips the test if no browser starts.</summary>
    public async Task<IBrowserContext> NewContextAsync(BrowserNewContextOptions options) => await (await FindAsync()).Browser.NewContextAsync(options);

    /// <summary>
    /// A browser of its own that keeps what it keeps in a folder, and, if it has a back/forward cache, pages that were left in its
    /// history, ready to come back as they were, as a person's browser does.
    /// </summary>
    public async Task<IBrowserContext> LaunchKeepingAsync(string folder)
    {
        var (_, launch) = await FindAsync();
        return await (await playwright.Value).Chromium.LaunchPersistentContextAsync(folder, new()
        {
            ExecutablePath = launch.ExecutablePath,
            Channel = launch.Channel,
            Env = launch.Env,
            Args = launch.Args,
            IgnoreDefaultArgs = ["--disable-back-forward-cache"],
        });
    }

    /// <summary>The browser of the npm package, whatever else is installed. Skips the test where that browser does not run.</summary>
    public async Task<IBrowser> LaunchPackagedAsync()
    {
        Assert.SkipUnless(PackagedChromium.RunsHere, "The npm package's Chromium is for Linux on x64.");
        return await LaunchAsync(PackagedChromium.Unpack());
    }

    public async ValueTask DisposeAsync()
    {
        if (search.IsValueCreated && (await search.Value).Found is { } found)
            await found.Browser.DisposeAsync();
        if (playwright.IsValueCreated)
            (await playwright.Value).Dispose();
    }

    private static IEnumerable<(string Name, Func<BrowserTypeLaunchOptions> Prepare)> Candidates()
    {
        if (Chosen is not null)
        {
            yield return ($"CHROMIUM={Chosen}", () => new() { ExecutablePath = Chosen });
            yield break;
        }

        var installed =
            from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            from program in Programs
            select Path.Combine(folder, program);
        foreach (var program in installed.Where(File.Exists))
            yield return (program, () => new() { ExecutablePath = program });
        yield return ("Chrome", () => new() { Channel = "chrome" });
        yield return ("Edge", () => new() { Channel = "msedge" });
        if (PackagedChromium.RunsHere)
            yield return ("the npm package's Chromium", PackagedChromium.Unpack);
        yield return ("what 'playwright install' has installed", () => new());
        yield return ("what 'playwright install' downloads", Install);
    }

    private static BrowserTypeLaunchOptions Install()
    {
        var exitCode = Microsoft.Playwright.Program.Main(["install", "--only-shell", "chromium"]);
        return exitCode == 0 ? new() : throw new InvalidOperationException($"exit code {exitCode}");
    }

    private async Task<(IBrowser Browser, BrowserTypeLaunchOptions Launch)> FindAsync()
    {
        var (found, tried) = await search.Value;
        var failures = $"""
            No browser has started. Install Chromium, Chrome or Edge, or set CHROMIUM to the path of the program. Tried:
            {string.Join('\n', tried)}
            """;
        Assert.SkipWhen(found is null && Chosen is null, failures);
        Assert.True(found is not null, failures);
        return found.Value;
    }

    private async Task<Search> SearchAsync()
    {
        var tried = new List<string>();
        foreach (var (name, prepare) in Candidates())
        {
            try
            {
                var launch = prepare();
                return new((await LaunchAsync(launch), launch), tried);
            }
            catch (Exception exception) // whatever is wrong with one, the next may start
            {
                var lines = exception.Message.Split('\n');
                tried.Add($"- {name}: {lines.FirstOrDefault(line => line.Contains("[err]", StringComparison.Ordinal)) ?? lines[0]}");
            }
        }

        return new(null, tried);
    }

    private async Task<IBrowser> LaunchAsync(BrowserTypeLaunchOptions launch)
    {
        launch.Args = Arguments;
        return await (await playwright.Value).Chromium.LaunchAsync(launch);
    }

    /// <summary>The browser that has started, if any, and why each candidate before it has not.</summary>
    private sealed record Search((IBrowser Browser, BrowserTypeLaunchOptions Launch)? Found, IReadOnlyList<string> Tried);
}
