using System.Text.RegularExpressions;
using Credentialing.DevHost;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

[Kind(TestKind.Browser)]
public sealed partial class AccessibilityTests(AzuriteFixture azurite, BrowserFixture browser)
{
    /// <summary>WCAG 2.2, levels A and AA, and axe's best practices.</summary>
    private static readonly string[] Rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

    /// <summary>The rules whose result depends on the layout.</summary>
    private static readonly string[] LayoutRules = ["scrollable-region-focusable", "target-size"];

    /// <summary>The accessibility rules as a script. Not from Deque's NuGet package, which opens another page for each check.</summary>
    private static readonly string Axe = File.ReadAllText(Path.Combine(ProjectFolder.Root, "Credentialing.Tests", "node_modules", "axe-core", "axe.min.js"));

    /// <summary>1280 by 1024 pixels at 400 % zoom: WCAG 2.2, success criterion 1.4.10 (reflow).</summary>
    private static readonly ViewportSize Narrow = new() { Width = 320, Height = 256 };

    /// <summary>The classes of the design system that the built style sheet does not contain.</summary>
    private static readonly HashSet<string> RemovedClasses =
    [
        .. ClassesOf(Path.Combine(ProjectFolder.Root, "web", "node_modules", "@uswds", "uswds", "dist", "css", "uswds.min.css"))
            .Except(ClassesOf(Path.Combine(BuiltSite.Folder, BuiltSite.Files.Single(file => file.EndsWith(".css", StringComparison.Ordinal))))),
    ];

    public static TheoryData<ScreenState> States => [.. Enum.GetValues<ScreenState>()];

    /// <summary>In Spanish, because its texts are longer.</summary>
    [Theory]
    [MemberData(nameof(States))]
    public async Task Axe_finds_no_violation_and_at_320_pixels_and_400_percent_zoom_no_content_is_clipped(ScreenState state)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await state.OpenAsync(browser, host, new() { Locale = "es-US" });

        await visit.Page.EvaluateAsync(Axe);
        await AssertNoAxeViolationAsync(visit, Rules);
        // The class names that scripts compose are not literals in the sources. The build must not remove their rules.
        Assert.Empty((await visit.Page.EvaluateAsync<string[]>("[...document.querySelectorAll('[class]')].flatMap(element => [...element.classList])")).Intersect(RemovedClasses));
        await visit.Page.SetViewportSizeAsync(Narrow.Width, Narrow.Height);

        await Expect(visit.Page.Locator("html")).ToHaveAttributeAsync("lang", "es");
        await AssertNoAxeViolationAsync(visit, LayoutRules);
        // No horizontal scrolling and no clipped content, except content for screen readers only.
        Assert.Empty(await visit.Page.EvaluateAsync<string[]>("""
            () => [...document.querySelectorAll("body, body *")]
              .filter(element => element.checkVisibility() && !element.closest(".usa-sr-only, .usa-skipnav, .usa-checkbox__input, .usa-radio__input"))
              .filter(element => {
                const { left, right } = element.getBoundingClientRect();
                return left < 0 || right > innerWidth || (element.scrollWidth > element.clientWidth && getComputedStyle(element).overflowX !== "visible");
              })
              .map(element => element.outerHTML.slice(0, 200))
            """));
        Assert.True(await visit.Page.EvaluateAsync<bool>("document.scrollingElement.scrollWidth <= innerWidth"));
        foreach (var button in await visit.Page.Locator("button:visible").AllAsync())
        {
            await button.ScrollIntoViewIfNeededAsync();
            await Expect(button).ToBeInViewportAsync(new() { Ratio = 0.9f });
        }
    }

    [Fact]
    public async Task Everything_works_with_the_keyboard_alone()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, "luis", Visit.Home);
        await visit.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await Expect(visit.NoAnnouncements).ToBeVisibleAsync();

        await TabToAsync(visit, visit.Page.GetByRole(AriaRole.Link, new() { Name = "Skip to main content" }));
        await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "Skip to main content" })).ToBeInViewportAsync();
        await TabToAsync(visit, visit.Page.GetByRole(AriaRole.Link, new() { Name = "Credentialing" }));
        await PressAsync(visit, "Enter");
        await Expect(visit.Notice).Not.ToBeEmptyAsync();

        await TabToAsync(visit, visit.Page.GetByRole(AriaRole.Link, new() { Name = "Skip to main content" }));
        await PressAsync(visit, "Enter");
        await Expect(visit.Page.GetByRole(AriaRole.Main)).ToBeFocusedAsync();
        await TabToAsync(visit, visit.Page.GetByLabel("Your LEAs"));
        await PressAsync(visit, "ArrowDown");
        await TabToAsync(visit, visit.Button("Show this LEA"));
        await PressAsync(visit, "Enter");
        await Expect(visit.Page.GetByText("(CDS code 01612590130617)")).ToBeVisibleAsync();

        await TabToAsync(visit, visit.Checkbox);
        await PressAsync(visit, "Space");
        await TabToAsync(visit, visit.Button("Generate Credentials"));
        await PressAsync(visit, "Enter");
        await Expect(visit.Button("Cancel")).ToBeFocusedAsync();
        await TabToAsync(visit, visit.Button("Yes, Generate Credentials"));
        await PressAsync(visit, "Enter");
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "The secret key can be seen only until you leave this screen." })).ToBeFocusedAsync();

        await TabToAsync(visit, visit.Button("SHOW SECRET KEY"));
        await PressAsync(visit, "Enter");
        var key = await visit.Key.InnerTextAsync();
        Assert.StartsWith("tsk_", key, StringComparison.Ordinal);
        await TabToAsync(visit, visit.Button("Copy secret key"));
        await PressAsync(visit, "Space");
        await Expect(visit.Page.GetByText("The secret key was copied.")).ToBeVisibleAsync();
        Assert.Equal(key, await visit.Page.EvaluateAsync<string>("navigator.clipboard.readText()"));
    }

    [Fact]
    public async Task The_dialog_traps_the_focus_and_restores_it_when_closed()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.Confirming.OpenAsync(browser, host);
        foreach (var key in (string[])["Tab", "Tab", "Tab", "Tab", "Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab"])
        {
            await PressAsync(visit, key);
            // After the dialog's last control, focus moves to the browser's own controls, never to the page behind the dialog.
            Assert.True(await visit.Page.EvaluateAsync<bool>("document.activeElement === document.body || document.activeElement.closest('#confirmation') !== null"));
        }

        await PressAsync(visit, "Escape");
        await Expect(visit.Dialog).ToBeHiddenAsync();
        await Expect(visit.Button("Generate Credentials")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task The_old_key_is_chosen_and_stopped_and_the_credentials_are_revoked_with_the_keyboard_alone()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickCheckboxAsync();
        await TabToAsync(visit, visit.Button("Regenerate Credentials"));
        await PressAsync(visit, "Enter");
        await Expect(visit.Button("Cancel")).ToBeFocusedAsync();
        await PressAsync(visit, "Shift+Tab");
        await Expect(visit.Page.GetByLabel("right away")).ToBeFocusedAsync();
        await PressAsync(visit, "ArrowDown");
        await Expect(visit.Page.GetByLabel("in 1 day")).ToBeCheckedAsync();
        await TabToAsync(visit, visit.Button("Yes, Generate Credentials"));
        await PressAsync(visit, "Enter");
        await Expect(visit.Page.Locator("#warning-title")).ToBeFocusedAsync();

        await TabToAsync(visit, visit.Button("Stop the old key now"));
        await PressAsync(visit, "Enter");
        await Expect(visit.Previous).ToBeFocusedAsync();
        await ExpectAnnouncedAsync(visit, AriaRole.Status, "The old secret key no longer works.");

        await TabToAsync(visit, visit.Button("Revoke credentials"));
        await PressAsync(visit, "Enter");
        await Expect(visit.Button("Cancel")).ToBeFocusedAsync();
        await PressAsync(visit, "Escape");
        await Expect(visit.Button("Revoke credentials")).ToBeFocusedAsync();
        await PressAsync(visit, "Enter");
        await TabToAsync(visit, visit.Button("Yes, Revoke Credentials"));
        await PressAsync(visit, "Enter");
        await Expect(visit.Page.GetByLabel("Reason (required)")).ToBeFocusedAsync();
        await Expect(visit.Page.GetByLabel("Reason (required)")).ToHaveAccessibleDescriptionAsync("The coordinators of the LEA see it. At most 200 characters. Enter a reason.");
        await visit.Page.Keyboard.TypeAsync("The key was sent to the wrong person");
        await TabToAsync(visit, visit.Button("Yes, Revoke Credentials"));
        await PressAsync(visit, "Enter");
        await Expect(visit.Notice).ToBeFocusedAsync();
        await ExpectAnnouncedAsync(visit, AriaRole.Status, "Current credentials have been revoked.");
    }

    [Fact]
    public async Task Downloads_are_found_and_more_events_are_shown_with_the_keyboard_alone()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.HistoryWithErrors.OpenAsync(browser, host);
        await HistoryPageTests.AddManyAsync(world, 102);
        await Disclosures.Downloads.RecordAsync(world, TestWorld.Oakland);
        await visit.Page.ReloadAsync();
        await Expect(visit.Page.Locator("#events-list li")).ToHaveCountAsync(100);
        await TabToAsync(visit, visit.Page.GetByLabel("Student (SSID)"));
        await visit.Page.Keyboard.TypeAsync("901612590");
        await PressAsync(visit, "Enter");
        await Expect(visit.Page.GetByLabel("Student (SSID)")).ToBeFocusedAsync();
        await Expect(visit.Page.GetByLabel("Student (SSID)")).ToHaveAccessibleDescriptionAsync("10 digits. Leave empty for all students. Enter 10 digits, or leave this field empty.");
        await visit.Page.Keyboard.TypeAsync("1");
        await PressAsync(visit, "Enter");
        await Expect(visit.Page.GetByRole(AriaRole.Group, new() { Name = "Downloads found" })).ToBeFocusedAsync();
        await Expect(visit.Page.Locator("#found-list li")).ToHaveCountAsync(1);

        await TabToAsync(visit, visit.Button("Show more"));
        await PressAsync(visit, "Enter");
        await Expect(visit.Page.Locator("#events-list li").Nth(100)).ToBeFocusedAsync();
        await ExpectAnnouncedAsync(visit, AriaRole.Status, "2 more entries are shown.");
    }

    [Fact]
    public async Task A_link_is_shared_canceled_and_opened_with_the_keyboard_alone()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.HandingOver.OpenAsync(browser, host);
        await TabToAsync(visit, visit.Page.GetByLabel("SEIS", new() { Exact = true }));
        await PressAsync(visit, "Space");
        await Expect(visit.Page.GetByLabel("SEIS", new() { Exact = true })).ToBeCheckedAsync();
        await PressAsync(visit, "Tab");
        await PressAsync(visit, "Enter");
        await Expect(visit.Page.GetByLabel("Vendor (required)")).ToBeFocusedAsync();
        await Expect(visit.Page.GetByLabel("Vendor (required)")).ToHaveAccessibleDescriptionAsync("The coordinators of the LEA see the name. Create one link for each vendor.");
        await PressAsync(visit, "Escape");
        await Expect(visit.Button("Share with SEIS")).ToBeFocusedAsync();
        await PressAsync(visit, "Enter");
        await TabToAsync(visit, visit.Page.GetByLabel("The link works for"));
        await PressAsync(visit, "ArrowDown");
        await TabToAsync(visit, visit.Button("Create link"));
        await PressAsync(visit, "Enter");
        await Expect(visit.Page.Locator("#created")).ToBeFocusedAsync();
        await TabToAsync(visit, visit.Page.GetByLabel("Link", new() { Exact = true }));
        var link = await visit.Page.EvaluateAsync<string>("getSelection().toString()");
        await TabToAsync(visit, visit.Button("Copy link"));
        await TabToAsync(visit, visit.Button("Close"));
        await PressAsync(visit, "Enter");
        await TabToAsync(visit, visit.Button("Cancel the link for SEIS"));

        await using var vendor = await Visit.OpenAsync(browser, host, persona: null, path: SharedLink.Parse(link).Path);
        await Expect(vendor.Button("Show the credentials")).ToBeVisibleAsync();
        await TabToAsync(vendor, vendor.Button("Show the credentials"));
        await PressAsync(vendor, "Enter");
        await Expect(vendor.Page.Locator("#warning-title")).ToBeFocusedAsync();
        await TabToAsync(vendor, vendor.Button("SHOW SECRET KEY"));
        await PressAsync(vendor, "Enter");
        await ExpectAnnouncedAsync(vendor, AriaRole.Status, "The secret key is shown.");
        await TabToAsync(vendor, vendor.Page.GetByLabel("Text", new() { Exact = true }));
        await PressAsync(vendor, "ArrowDown");
        await Expect(vendor.Page.Locator("#formatted")).ToContainTextAsync("CREDENTIALING_SECRET_KEY=tsk_");

        await PressAsync(visit, "Enter"); // cancels the link that has been opened
        await ExpectAnnouncedAsync(visit, AriaRole.Alert, "The link for SEIS has been opened, so it was not canceled.");
        await Expect(visit.Page.Locator("#shares-title")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Changes_are_announced_to_screen_readers()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.Context.GrantPermissionsAsync(["clipboard-write"]);

        await ExpectAnnouncedAsync(visit, AriaRole.Status, "No credentials have been generated.");
        await visit.ClickCheckboxAsync();
        await ExpectAnnouncedAsync(visit, AriaRole.Status, "The button Generate Credentials is available now.");
        await visit.ClickCheckboxAsync();
        await ExpectAnnouncedAsync(visit, AriaRole.Status, "The button Generate Credentials is no longer available.");
        await visit.GenerateAsync();
        await ExpectAnnouncedAsync(visit, AriaRole.Status, "New credentials were generated. Current credentials expire in 365 days.");
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "The secret key can be seen only until you leave this screen." })).ToBeFocusedAsync();
        await visit.Button("SHOW SECRET KEY").ClickAsync();
        await ExpectAnnouncedAsync(visit, AriaRole.Status, "The secret key is shown.");
        await visit.Button("HIDE SECRET KEY").ClickAsync();
        await ExpectAnnouncedAsync(visit, AriaRole.Status, "The secret key is hidden.");
        await visit.Button("Copy secret key").ClickAsync();
        await ExpectAnnouncedAsync(visit, AriaRole.Status, "The secret key was copied.");

        world.Clock.Advance(TimeSpan.FromHours(2));
        await visit.RequestGenerationAsync();
        await ExpectAnnouncedAsync(visit, AriaRole.Alert, "Your session has ended.");
    }

    [Fact]
    public async Task An_unchanged_state_is_not_announced_again()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Page.Locator("#announcer")).ToHaveTextAsync("No credentials have been generated.");
        await visit.ClickCheckboxAsync();
        await visit.Page.RunAndWaitForResponseAsync(visit.DispatchVisibilityChangeAsync, "**/credentials");
        await visit.WaitUntilProcessedAsync();
        await Expect(visit.Page.Locator("#announcer")).ToHaveTextAsync("The button Generate Credentials is available now.");
    }

    [Fact]
    public async Task The_navigation_has_an_accessible_name()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, options: new() { Locale = "es-US" });
        await Expect(visit.Page.GetByRole(AriaRole.Navigation, new() { Name = "Principal" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Each_part_of_the_page_has_its_lang_attribute()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, options: new() { Locale = "es-MX" });
        await Expect(visit.Page.Locator("html")).ToHaveAttributeAsync("lang", "es");
        await Expect(visit.Button("English")).ToHaveAttributeAsync("lang", "en");
        await Expect(visit.Page.GetByText("I authorize the release")).ToHaveAttributeAsync("lang", "en");
        await Expect(visit.Page.GetByText("Autorizo que")).ToHaveAttributeAsync("lang", "es");
    }

    [Theory]
    [InlineData(ScreenState.ConfirmingRegeneration)]
    [InlineData(ScreenState.KeyShown)]
    [InlineData(ScreenState.HomeExpired)]
    public async Task Reduced_motion_disables_animations_and_transitions(ScreenState state)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await state.OpenAsync(browser, host, new() { ReducedMotion = ReducedMotion.Reduce });
        Assert.Empty(await visit.Page.EvaluateAsync<string[]>("""
            () => [...document.querySelectorAll("*")]
              .filter(element => ["", "::before", "::after"].some(part => {
                const { transitionDuration, animationName } = getComputedStyle(element, part);
                return animationName !== "none" || transitionDuration.split(", ").some(duration => duration !== "0s");
              }))
              .map(element => element.outerHTML.slice(0, 200))
            """));
    }

    /// <summary>Forced colors remove backgrounds, so borders must show the same information.</summary>
    [Theory]
    [InlineData(ScreenState.ConfirmingRegeneration, "#confirmation", "#cancel", "#confirm")]
    [InlineData(ScreenState.KeyShown, "#warning", "#show-key", "#copy-key", "nav [aria-current]")]
    [InlineData(ScreenState.Overlap, "#previous", "#end-previous", "#revoke")]
    [InlineData(ScreenState.RevokingWithoutReason, "#revocation", "#reason", "#confirm-revocation")]
    [InlineData(ScreenState.Authorized, "#notice .usa-alert", "#wording", "#generate")]
    [InlineData(ScreenState.SeveralLeas, "#pick", "#picker button")]
    [InlineData(ScreenState.HomeExpired, "#announcements .usa-alert")]
    [InlineData(ScreenState.Sharing, "#sharing", "#vendor", "#share-days", "#confirm-share")]
    [InlineData(ScreenState.Shared, "#link", "#copy-link")]
    [InlineData(ScreenState.ShareOpened, "#opened .usa-alert", "#show-key", "#formatted", "#copy-all")]
    [InlineData(ScreenState.SessionEnded, "#message .usa-alert", "#message button")]
    public async Task Forced_colors_show_borders(ScreenState state, params string[] selectors)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await state.OpenAsync(browser, host, new() { ForcedColors = ForcedColors.Active });
        foreach (var selector in selectors)
        {
            Assert.True(
                await visit.Page.Locator(selector).EvaluateAsync<bool>("""
                    element => ["borderTop", "borderBottom"].every(side => {
                      const style = getComputedStyle(element);
                      return parseFloat(style[`${side}Width`]) > 0 && style[`${side}Style`] !== "none" && style[`${side}Color`] !== style.backgroundColor;
                    })
                    """),
                $"{selector} has no border.");
        }
    }

    /// <summary>The check mark is an image. Compares screenshots of the box with and without it.</summary>
    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Forced_colors_show_the_check_mark_of_the_checked_box(ColorScheme scheme)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, options: new() { ForcedColors = ForcedColors.Active, ColorScheme = scheme });
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await visit.ClickCheckboxAsync();
        await visit.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        var box = (await visit.Page.Locator("label[for=agree]").BoundingBoxAsync())!;
        var clip = new PageScreenshotOptions { Clip = new() { X = box.X, Y = box.Y, Width = 24, Height = 24 } };
        var shown = await visit.Page.ScreenshotAsync(clip);

        await visit.Page.EvaluateAsync("document.styleSheets[0].insertRule('.usa-checkbox__label::before { background-image: none !important; }')");

        Assert.NotEqual(shown, await visit.Page.ScreenshotAsync(clip));
    }

    /// <summary>Runs the rules of axe that have one of the ids or tags. Fails if none applies to the page.</summary>
    private static async Task AssertNoAxeViolationAsync(Visit visit, string[] rules) =>
        Assert.Empty(await visit.Page.EvaluateAsync<string[]>("""
            async rules => {
              const { violations, passes } = await axe.run({ runOnly: rules });
              return passes.length === 0
                ? ["No rule applies."]
                : violations.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
            }
            """, rules));

    private static Task ExpectAnnouncedAsync(Visit visit, AriaRole role, string text) =>
        Expect(visit.Page.GetByRole(role).Filter(new() { HasText = text })).ToHaveCountAsync(1);

    /// <summary>Presses Tab until the element has focus. Fails after 30 presses.</summary>
    private static async Task TabToAsync(Visit visit, ILocator target)
    {
        for (var presses = 0; presses < 30; presses++)
        {
            await PressAsync(visit, "Tab");
            if (await target.EvaluateAsync<bool>("element => element === document.activeElement"))
                return;
        }

        Assert.Fail($"{target} cannot be reached by Tab.");
    }

    private static IEnumerable<string> ClassesOf(string css) => ClassSelector().Matches(File.ReadAllText(css)).Select(match => match.Groups["name"].Value);

    private static Task PressAsync(Visit visit, string key) => visit.Page.Keyboard.PressAsync(key);

    [GeneratedRegex(@"\.(?<name>[a-zA-Z][\w-]*)")]
    private static partial Regex ClassSelector();
}
