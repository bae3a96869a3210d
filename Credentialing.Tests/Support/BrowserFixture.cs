using Credentialing.Tests.Support;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(BrowserFixture))]

namespace Credentialing.Tests.Support;

/// <summary>One Chromium for the whole test run, started on first use. Uses the first candidate that starts.</summary>
public sealed class BrowserFixture : IAsyncDisposable
{
    private static readonly string[] Programs =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "microsoft-edge-stable"];

    /// <summary>Timeout of UI assertions. Generous, because the build machine may have two busy cores.</summary>
    private static readonly TimeSpan AssertionTimeout = TimeSpan.FromSeconds(20);

    /// <summary>The path from CHROMIUM, which overrides all other candidates.</summary>
    private static readonly string? ConfiguredProgram = Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } program ? program : null;

    private readonly Lazy<Task<IPlaywright>> playwright = new(Playwright.CreateAsync);
    private readonly Lazy<Task<Search>> search;
    private readonly Lazy<Task<Search>> installedSearch;

    public BrowserFixture()
    {
        Assertions.SetDefaultExpectTimeout((float)AssertionTimeout.TotalMilliseconds);
        search = new(() => SearchAsync(packagedFirst: true));
        installedSearch = new(() => SearchAsync(packagedFirst: false));
    }

    /// <summary>Disables the browser's background network requests, which may be blocked on a test machine.</summary>
    private static IEnumerable<string> Arguments => ["--disable-background-networking", "--disable-component-update", "--disable-sync"];

    /// <summary>Creates a separate browser context with an empty cache. Skips the test if no browser starts.</summary>
    public async Task<IBrowserContext> NewContextAsync(BrowserNewContextOptions options) => await (await FindAsync(search)).Browser.NewContextAsync(options);

    /// <summary>
    /// Starts a separate browser with a persistent profile in the folder, and with the back/forward cache enabled if the browser
    /// has one, as in normal use. An installed browser is preferred: that of the npm package has no such cache.
    /// </summary>
    public async Task<IBrowserContext> LaunchPersistentAsync(string folder)
    {
        var (_, launch) = await FindAsync(installedSearch);
        return await (await playwright.Value).Chromium.LaunchPersistentContextAsync(folder, new()
        {
            ExecutablePath = launch.ExecutablePath,
            Channel = launch.Channel,
            Env = launch.Env,
            Args = launch.Args,
            IgnoreDefaultArgs = ["--disable-back-forward-cache"],
        });
    }

    /// <summary>Starts the browser of the npm package. Skips the test on other platforms than Linux x64.</summary>
    public async Task<IBrowser> LaunchPackagedAsync()
    {
        Assert.SkipUnless(PackagedChromium.RunsHere, "The npm package's Chromium is for Linux on x64.");
        return await LaunchAsync(PackagedChromium.Unpack());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var used in (Lazy<Task<Search>>[])[search, installedSearch])
        {
            if (used.IsValueCreated && (await used.Value).Found is { } found)
                await found.Browser.DisposeAsync();
        }

        if (playwright.IsValueCreated)
            (await playwright.Value).Dispose();
    }

    /// <summary>
    /// The candidates in order of preference. The npm package's Chromium has the same pinned version on every machine, and runs these
    /// tests in less than half the time of Debian's.
    /// </summary>
    private static IEnumerable<(string Name, Func<BrowserTypeLaunchOptions> Prepare)> Candidates(bool packagedFirst)
    {
        var packaged = PackagedChromium.RunsHere
            ? [("the npm package's Chromium", PackagedChromium.Unpack)]
            : Array.Empty<(string Name, Func<BrowserTypeLaunchOptions> Prepare)>();
        if (ConfiguredProgram is not null)
        {
            yield return ($"CHROMIUM={ConfiguredProgram}", () => new() { ExecutablePath = ConfiguredProgram });
            yield break;
        }

        if (packagedFirst)
        {
            foreach (var candidate in packaged)
                yield return candidate;
        }

        var installed =
            from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            from program in Programs
            select Path.Combine(folder, program);
        foreach (var program in installed.Where(File.Exists))
            yield return (program, () => new() { ExecutablePath = program });
        yield return ("Chrome", () => new() { Channel = "chrome" });
        yield return ("Edge", () => new() { Channel = "msedge" });
        if (!packagedFirst)
        {
            foreach (var candidate in packaged)
                yield return candidate;
        }

        yield return ("what 'playwright install' has installed", () => new());
        yield return ("what 'playwright install' downloads", Install);
    }

    private static BrowserTypeLaunchOptions Install()
    {
        var exitCode = Microsoft.Playwright.Program.Main(["install", "--only-shell", "chromium"]);
        return exitCode == 0 ? new() : throw new InvalidOperationException($"exit code {exitCode}");
    }

    private static async Task<(IBrowser Browser, BrowserTypeLaunchOptions Launch)> FindAsync(Lazy<Task<Search>> search)
    {
        var (found, tried) = await search.Value;
        var failures = $"""
            No browser has started. Install Chromium, Chrome or Edge, or set CHROMIUM to the path of the program. Tried:
            {string.Join('\n', tried)}
            """;
        Assert.SkipWhen(found is null && ConfiguredProgram is null, failures);
        Assert.True(found is not null, failures);
        return found.Value;
    }

    private async Task<Search> SearchAsync(bool packagedFirst)
    {
        var tried = new List<string>();
        foreach (var (name, prepare) in Candidates(packagedFirst))
        {
            try
            {
                var launch = prepare();
                return new((await LaunchAsync(launch), launch), tried);
            }
            catch (Exception exception) // try the next candidate
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

    /// <summary>The browser that started, if any, and the error of each candidate before it.</summary>
    private sealed record Search((IBrowser Browser, BrowserTypeLaunchOptions Launch)? Found, IReadOnlyList<string> Tried);
}
