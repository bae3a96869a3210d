using Credentialing.DevHost;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>
/// Takes the screenshots of the documentation. <c>CREDENTIALING_FIGURES=1</c> writes them to <c>docs/images</c>. Otherwise they are taken
/// and discarded.
/// </summary>
[Kind(TestKind.Browser)]
public sealed class FigureTests(AzuriteFixture azurite, BrowserFixture browser)
{
    private const int Width = 860;
    private const int BottomMargin = 40;

    /// <summary>The width of the figure of a table, and the height: its first rows.</summary>
    private const int TableWidth = 1280;
    private const int TableHeight = 1240;

    /// <summary>The height of the figures of a dialog on a long page.</summary>
    private const int DialogHeight = 740;

    private static readonly string Images = Path.Combine(ProjectFolder.Root, "docs", "images");

    public static TheoryData<string, ScreenState> Figures => new()
    {
        { "screen-navigation", ScreenState.HomeWithoutAnnouncements },
        { "screen-sections", ScreenState.NoCredentials },
        { "screen-generate", ScreenState.Authorized },
        { "screen-confirm", ScreenState.Confirming },
        { "screen-key-hidden", ScreenState.KeyHidden },
        { "screen-key-shown", ScreenState.KeyShown },
        { "screen-regenerate", ScreenState.ConfirmingRegeneration },
        { "screen-overlap-choice", ScreenState.ConfirmingOverlap },
        { "screen-overlap", ScreenState.Overlap },
        { "screen-revoked", ScreenState.Revoked },
        { "screen-expired", ScreenState.Expired },
        { "screen-share", ScreenState.Sharing },
        { "screen-shared", ScreenState.Shared },
        { "screen-history", ScreenState.History },
        { "screen-overview", ScreenState.StatewideOverview },
        { "share-ready", ScreenState.ShareReady },
        { "share-opened", ScreenState.ShareOpened },
        { "screen-home", ScreenState.HomeOfSeveralLeas },
    };

    [Theory]
    [MemberData(nameof(Figures))]
    public async Task The_documentation_shows_screenshots_of_the_screens(string name, ScreenState state)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await state.OpenAsync(browser, host, new() { ViewportSize = new() { Width = state is ScreenState.StatewideOverview ? TableWidth : Width, Height = 1400 } });
        await visit.Page.EvaluateAsync("document.fonts.ready");

        // Crops to the height of the content, without DevHost's panel.
        await visit.Page.EvaluateAsync("document.querySelector('aside').hidden = true");
        var bottom = await visit.Page.EvaluateAsync<int>("Math.ceil(document.querySelector('main').getBoundingClientRect().bottom)");
        var (width, height) = state switch
        {
            ScreenState.Sharing or ScreenState.Shared => (Width, DialogHeight),
            ScreenState.StatewideOverview => (TableWidth, TableHeight),
            _ => (Width, bottom - BottomMargin),
        };
        await visit.Page.SetViewportSizeAsync(width, height);
        await TakeAsync(visit.Page, name);
    }

    [Fact]
    public async Task The_documentation_shows_screenshots_of_a_notice_and_of_a_reminder()
    {
        await using var context = await browser.NewContextAsync(new() { ViewportSize = new() { Width = 1100, Height = 900 } });
        using var data = new TemporaryFolder();
        await using var host = await DevHostProcess.StartAsync(data.Path);
        using var inbox = new Inbox(host.Inbox);
        await using var visit = await Visit.FromContextAsync(await browser.NewContextAsync(new() { Locale = "en-US" }), host.Address);
        await visit.SignInAsync("Rosa Delgado");
        await visit.GenerateAndShowAsync();
        await host.GenerateAsync("If-Match", "\"1\"", keepPreviousForDays: 3);
        foreach (var (path, body) in (IEnumerable<(string, HttpContent?)>)[
            ("/dev/clock", new FormUrlEncodedContent([new("days", "351")])),
            ("/admin/functions/SendExpiryReminders", null)])
        {
            using var response = await host.Client.PostAsync(new Uri(path, UriKind.Relative), body, TestContext.Current.CancellationToken);
            response.EnsureSuccessStatusCode();
        }

        const string Notice = "Oakland Unified: Rosa Delgado regenerated the SIS vendor credentials";
        const string Reminder = "Oakland Unified: SIS vendor credentials expire in 14 days";
        var page = await context.NewPageAsync();
        foreach (var (subject, name) in ((string, string)[])[(Notice, "notice-email"), (Reminder, "reminder-email")])
        {
            await inbox.WaitForAsync(received => received == subject);
            await page.GotoAsync(host.Inbox.AbsoluteUri);
            await page.GetByText(subject).First.ClickAsync();
            await Expect(page.FrameLocator("iframe.panel-html").GetByText("Open SIS Vendor Credentialing")).ToBeVisibleAsync();
            await TakeAsync(page, name);
        }
    }

    [Fact]
    public async Task The_documentation_shows_a_screenshot_of_the_API_page()
    {
        await using var context = await browser.NewContextAsync(new() { ViewportSize = new() { Width = 960, Height = 1200 } });
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var page = await context.NewPageAsync();
        await page.GotoAsync(new Uri(host.Address, "docs/").AbsoluteUri);
        await Expect(page.GetByText("/v1/students/{ssid}/score-reports/{id}")).ToBeVisibleAsync();
        await page.EvaluateAsync("document.querySelector('.topbar').remove()");
        await TakeAsync(page, "api-page");
    }

    private static async Task TakeAsync(IPage page, string name)
    {
        using var discarded = new TemporaryFolder();
        var file = $"{name}.png";
        var path = Path.Combine(Environment.GetEnvironmentVariable("CREDENTIALING_FIGURES") == "1" ? Images : discarded.Path, file);
        await page.ScreenshotAsync(new() { Path = path, Caret = ScreenshotCaret.Initial });

        Assert.InRange(new FileInfo(path).Length, 5_000, 200_000);
        string[] pages = ["README.md", "docs/getting-started.md", "docs/api.md"];
        Assert.Contains(pages, page => File.ReadAllText(Path.Combine(ProjectFolder.Root, page)).Contains($"images/{file})", StringComparison.Ordinal));
        Assert.True(File.Exists(Path.Combine(Images, file)), "The screenshot is missing: take it with CREDENTIALING_FIGURES=1.");
    }
}
