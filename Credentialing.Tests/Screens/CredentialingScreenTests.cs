using System.Net;
using System.Text.RegularExpressions;
using Credentialing.Core.Credentials;
using Credentialing.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

[Kind(TestKind.Browser)]
public sealed class CredentialingScreenTests(AzuriteFixture azurite, BrowserFixture browser)
{
    private static readonly DateTimeOffset At304Pm = new(2026, 11, 23, 23, 4, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_button_is_visible_only_while_the_box_is_checked()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);

        await Expect(visit.Notice).ToContainTextAsync("No credentials have been generated.");
        await Expect(visit.Checkbox).Not.ToBeCheckedAsync();
        await Expect(visit.Page.Locator("#generate")).ToBeHiddenAsync();
        await visit.ClickCheckboxAsync();
        await Expect(visit.Button("Generate Credentials")).ToBeVisibleAsync();
        await visit.ClickCheckboxAsync();
        await Expect(visit.Page.Locator("#generate")).ToBeHiddenAsync();

        await visit.GenerateAsync();
        await Expect(visit.Checkbox).Not.ToBeCheckedAsync();
        await Expect(visit.Page.Locator("#generate")).ToBeHiddenAsync();
        await visit.ClickCheckboxAsync();
        await Expect(visit.Button("Regenerate Credentials")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Cancel_and_Escape_close_the_dialog_and_change_nothing()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickCheckboxAsync();

        foreach (var close in (Func<Task>[])[() => visit.Button("Cancel").ClickAsync(), () => visit.Page.Keyboard.PressAsync("Escape")])
        {
            await visit.Button("Generate Credentials").ClickAsync();
            await Expect(visit.Dialog).ToContainTextAsync("A username and a secret key are generated for Oakland Unified. They last 365 days.");
            await close();
            await Expect(visit.Dialog).ToBeHiddenAsync();
            await Expect(visit.Checkbox).ToBeCheckedAsync();
        }

        Assert.Equal(0, visit.Generations);
        Assert.DoesNotContain(await world.RowsAsync("Leas"), row => row.RowKey == "credential");
    }

    [Fact]
    public async Task The_dialog_warns_that_a_regeneration_invalidates_the_previous_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var previousKey = await host.MustGenerateAsync("luis", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);

        await visit.ClickCheckboxAsync();
        await visit.Button("Regenerate Credentials").ClickAsync();
        await Expect(visit.Dialog).ToContainTextAsync("Oakland Unified gets a new secret key. Your vendors lose access right away, until you give each of them the new key.");
        await visit.Button("Yes, Generate Credentials").ClickAsync();
        await visit.Button("SHOW SECRET KEY").ClickAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, (await host.AsVendorAsync(TestWorld.Oakland, previousKey, "v1/credential")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, await visit.Key.InnerTextAsync(), "v1/credential")).Status);
    }

    [Fact]
    public async Task The_secret_key_is_masked_and_can_be_shown_and_hidden()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);

        await visit.GenerateAsync();
        await Expect(visit.Page.Locator("#warning")).ToContainTextAsync("The secret key can be seen only until you leave this screen.");
        await Expect(visit.Username).ToHaveTextAsync("sis-01612590000000");
        Assert.DoesNotContain("tsk_", await visit.Page.ContentAsync(), StringComparison.Ordinal);
        await visit.Button("SHOW SECRET KEY").ClickAsync();
        await Expect(visit.Key).ToHaveTextAsync(new Regex("^tsk_[0-9A-Z]{59}$"));
        await visit.Button("HIDE SECRET KEY").ClickAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
        Assert.DoesNotContain("tsk_", await visit.Page.ContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Buttons_copy_the_username_and_the_masked_secret_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await visit.GenerateAsync();

        await visit.Button("Copy username").ClickAsync();
        await Expect(visit.Page.GetByText("The username was copied.")).ToBeVisibleAsync();
        Assert.Equal("sis-01612590000000", await ClipboardAsync());
        await visit.Button("Copy secret key").ClickAsync();
        await Expect(visit.Page.GetByText("The secret key was copied.")).ToBeVisibleAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, await ClipboardAsync(), "v1/credential")).Status);
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);

        Task<string> ClipboardAsync() => visit.Page.EvaluateAsync<string>("navigator.clipboard.readText()");
    }

    [Fact]
    public async Task Denied_clipboard_access_shows_a_message()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.GenerateAsync();
        await visit.DenyClipboardAsync();

        await visit.Button("Copy secret key").ClickAsync();

        await Expect(visit.Page.GetByText("The browser did not allow copying. Select the text on the screen and copy it by hand; a hidden secret key must be shown first.")).ToBeVisibleAsync();
        Assert.True(await WarnsBeforeLeavingAsync(visit));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(true, "SHOW SECRET KEY")]
    [InlineData(false, "Copy secret key")]
    [InlineData(false, "Copy all")]
    [InlineData(true, "Copy username")]
    [InlineData(true, "Copy address")]
    public async Task The_browser_warns_before_leaving_until_the_key_is_copied(bool warns, string? button = null)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.Context.GrantPermissionsAsync(["clipboard-write"]);
        await visit.GenerateAsync();
        if (button is not null)
            await visit.Button(button).ClickAsync();
        if (button?.StartsWith("Copy", StringComparison.Ordinal) is true)
            await Expect(visit.Copied).ToContainTextAsync("copied");

        Assert.Equal(warns, await WarnsBeforeLeavingAsync(visit));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public async Task The_browser_does_not_warn_before_leaving_while_the_box_I_have_saved_it_is_checked(bool warns, int clicks)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.GenerateAsync();
        for (var click = 0; click < clicks; click++)
            await visit.Page.GetByText("I have saved it").ClickAsync();

        Assert.Equal(warns, await WarnsBeforeLeavingAsync(visit));
    }

    [Fact]
    public async Task The_box_I_have_saved_it_is_unchecked_when_a_new_key_is_generated()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.GenerateAsync();
        await visit.Page.GetByText("I have saved it").ClickAsync();
        await visit.GenerateAsync();
        await Expect(visit.Page.GetByLabel("I have saved it")).Not.ToBeCheckedAsync();
        Assert.True(await WarnsBeforeLeavingAsync(visit));
    }

    [Fact]
    public async Task The_browser_warns_before_leaving_while_credentials_are_generated()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickCheckboxAsync();
        await visit.Page.Locator("#generate").ClickAsync();
        var gate = world.ExternalCalls.BlockAt(ExternalService.Storage);
        await visit.Page.Locator("#confirm").ClickAsync();
        await gate.Reached;
        var warned = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        visit.Page.Dialog += async (_, dialog) =>
        {
            warned.TrySetResult(dialog.Type);
            await dialog.DismissAsync();
        };
        visit.Page.Close += (_, _) => warned.TrySetResult("closed");
        await visit.Page.CloseAsync(new() { RunBeforeUnload = true });

        Assert.Equal("beforeunload", await warned.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        gate.Open();
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
    }

    [Fact]
    public async Task The_browser_does_not_warn_before_leaving_without_a_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickCheckboxAsync();
        Assert.False(await WarnsBeforeLeavingAsync(visit));
    }

    [Fact]
    public async Task A_coordinator_of_one_LEA_sees_no_LEA_picker()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Page.GetByText("Oakland Unified (CDS code 01612590000000)")).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Combobox)).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_coordinator_of_several_LEAs_picks_one()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host, "luis", $"{Visit.Screen}?lea={TestWorld.Oakland}");

        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 365 days.");
        await visit.Page.GetByLabel("Your LEAs").SelectOptionAsync("Oakland Military Institute, College Preparatory Academy: no credentials");
        await visit.Button("Show this LEA").ClickAsync();

        await Expect(visit.Page.GetByText("Oakland Military Institute, College Preparatory Academy (CDS code 01612590130617)")).ToBeVisibleAsync();
        await Expect(visit.Notice).ToContainTextAsync("No credentials have been generated.");
        await Expect(visit.Page.GetByLabel("Your LEAs")).ToHaveValueAsync("01612590130617");
        await visit.GenerateAsync();
        await Expect(visit.Username).ToHaveTextAsync("sis-01612590130617");
    }

    /// <summary>The credentials expire at 3:04 PM. Dates and times are in the LEA's time zone, not the browser's.</summary>
    [Theory]
    [InlineData(0, "info", "Current credentials expire in 365 days.")]
    [InlineData(350 * 24, "info", "Current credentials expire in 15 days.")]
    [InlineData(350 * 24 + 9, "warning", "Current credentials expire in 14 days.")]
    [InlineData(361 * 24, "warning", "Current credentials expire in 4 days.")]
    [InlineData(362 * 24, "error", "Current credentials expire in 3 days.")]
    [InlineData(364 * 24, "error", "Current credentials expire in 1 day.")]
    [InlineData(365 * 24 - 1, "error", "Current credentials expire today at 3:04 PM Pacific Time.")]
    [InlineData(365 * 24, "emergency", "Current credentials have expired.")]
    [InlineData(1000 * 24, "emergency", "Current credentials have expired.")]
    public async Task The_screen_shows_the_remaining_days(int hours, string tone, string notice)
    {
        await using var world = await TestWorld.CreateAsync(azurite, At304Pm);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromHours(hours));
        await using var visit = await Visit.OpenAsync(browser, host, options: new() { TimezoneId = "Asia/Tokyo" });

        await Expect(visit.Notice.GetByRole(AriaRole.Heading)).ToHaveTextAsync(notice);
        await Expect(visit.Page.Locator($"#notice .usa-alert--{tone}")).ToBeVisibleAsync();
        await Expect(visit.Page.Locator("#expires")).ToHaveTextAsync("Tuesday, November 23, 2027 at 3:04 PM Pacific Time");
        await Expect(visit.Page.Locator("#generated")).ToHaveTextAsync("Monday, November 23, 2026 at 3:04 PM Pacific Time, by Rosa Delgado");
        var status = (await host.SendAsync(HttpMethod.Get, $"leas/{TestWorld.Oakland}/credentials", "rosa")).Json;
        Assert.Equal(status.GetProperty("notice").GetString(), notice);
    }

    [Fact]
    public async Task Expired_credentials_show_instructions()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(365));
        await using var visit = await Visit.OpenAsync(browser, host);

        await Expect(visit.Notice.GetByRole(AriaRole.Listitem)).ToHaveTextAsync(
        [
            "Read the statement above and check its box.",
            "Select Regenerate Credentials.",
            "Give your vendors the username (unchanged) and the new secret key.",
        ]);
        await Expect(visit.Page.Locator("#once-only")).ToBeHiddenAsync();
        await visit.GenerateAsync();
        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 365 days.");
    }

    [Fact]
    public async Task The_screen_shows_the_last_use_by_a_vendor()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Page.Locator("#last-used")).ToHaveTextAsync("Not yet");
        await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential");
        await visit.Page.ReloadAsync();
        await Expect(visit.Page.Locator("#last-used")).ToHaveTextAsync("Monday, November 23, 2026");
    }

    [Fact]
    public async Task A_conflict_with_a_colleague_shows_who_and_when_and_keeps_the_box_checked()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Notice).ToContainTextAsync("No credentials have been generated.");
        var colleaguesKey = await host.MustGenerateAsync("luis", TestWorld.Oakland);

        await visit.RequestGenerationAsync();

        await Expect(visit.Message).ToContainTextAsync("New credentials have been generated meanwhile.");
        await Expect(visit.Message).ToContainTextAsync((await host.GenerateAsync("rosa", TestWorld.Oakland)).Json.GetProperty("detail").GetString()!);
        await Expect(visit.Message).ToContainTextAsync(
            "Luis Ortega already generated new credentials at 12:00 PM Pacific Time on Monday, November 23, 2026, so nothing was changed here. " +
            "Ask Luis Ortega for the secret key. If you regenerate, that key stops working.");
        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 365 days.");
        await Expect(visit.Checkbox).ToBeCheckedAsync();
        await Expect(visit.Button("Regenerate Credentials")).ToBeFocusedAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, colleaguesKey, "v1/credential")).Status);

        await visit.Button("Regenerate Credentials").ClickAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task A_tab_that_becomes_visible_shows_the_current_state()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickCheckboxAsync();
        await Expect(visit.Notice).ToContainTextAsync("in 365 days");

        world.Clock.Advance(TimeSpan.FromMinutes(1));
        await host.MustGenerateAsync("luis", TestWorld.Oakland, seenGeneration: 1);
        await visit.DispatchVisibilityChangeAsync();

        await Expect(visit.Message).ToContainTextAsync("New credentials have been generated meanwhile.");
        await Expect(visit.Message).ToContainTextAsync("at 12:01 PM Pacific Time");
        await Expect(visit.Checkbox).ToBeCheckedAsync();
    }

    [Fact]
    public async Task The_dialog_closes_when_a_colleague_has_replaced_the_credentials()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickCheckboxAsync();
        await visit.Button("Generate Credentials").ClickAsync();

        await host.MustGenerateAsync("luis", TestWorld.Oakland);
        await visit.DispatchVisibilityChangeAsync();

        await Expect(visit.Message).ToContainTextAsync("New credentials have been generated meanwhile.");
        await Expect(visit.Dialog).ToBeHiddenAsync();
        await Expect(visit.Button("Regenerate Credentials")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task The_copied_message_is_cleared_when_a_new_key_is_generated()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.KeyCopied.OpenAsync(browser, host);
        await visit.GenerateAsync();
        await Expect(visit.Copied).ToHaveCountAsync(0);
        Assert.True(await WarnsBeforeLeavingAsync(visit));
    }

    [Fact]
    public async Task The_dialog_stays_in_the_viewport_when_the_page_is_scrolled()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, options: new() { ViewportSize = new() { Width = 375, Height = 400 } });
        await visit.ClickCheckboxAsync();
        await visit.Button("Generate Credentials").ScrollIntoViewIfNeededAsync();
        await visit.Button("Generate Credentials").ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "Proceed with generating credentials?" })).ToBeInViewportAsync(new() { Ratio = 1 });
        await visit.Page.Mouse.WheelAsync(0, 300);
        await Expect(visit.Button("Yes, Generate Credentials")).ToBeInViewportAsync(new() { Ratio = 1 });
    }

    [Fact]
    public async Task A_shown_key_is_removed_when_a_colleague_has_replaced_it()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.GenerateAndShowAsync();

        await host.MustGenerateAsync("luis", TestWorld.Oakland, seenGeneration: 1);
        await visit.DispatchVisibilityChangeAsync();

        await Expect(visit.Message).ToContainTextAsync("The secret key that was shown here no longer works.");
        await Expect(visit.Message).ToContainTextAsync("Luis Ortega generated new credentials");
        Assert.DoesNotContain("tsk_", await visit.Page.ContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_restored_from_the_cache_is_reset_and_shows_the_current_state()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, "luis");
        await visit.ClickCheckboxAsync();
        await visit.Page.GetByLabel("Your LEAs").SelectOptionAsync("01612590130617");
        await visit.Button("Generate Credentials").ClickAsync();

        await visit.DispatchPageHideAsync();
        await Expect(visit.Dialog).ToBeHiddenAsync();
        await Expect(visit.Checkbox).Not.ToBeCheckedAsync();
        await Expect(visit.Page.Locator("#generate")).ToBeHiddenAsync();

        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await visit.DispatchPageShowAsync();
        await Expect(visit.Page.GetByLabel("Your LEAs")).ToHaveValueAsync("01612590000000");
        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 365 days.");
    }

    [Fact]
    public async Task The_screen_shows_the_current_state_when_the_network_returns()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await visit.Context.SetOfflineAsync(true);
        await host.MustGenerateAsync("luis", TestWorld.Oakland);
        await visit.Context.SetOfflineAsync(false);
        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 365 days.");
    }

    [Fact]
    public async Task A_visible_screen_shows_that_the_credentials_expire()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(365) - TimeSpan.FromMinutes(15));
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.Page.Clock.InstallAsync(new() { TimeDate = world.Clock.GetUtcNow().UtcDateTime });
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Notice).ToContainTextAsync("expire today");

        foreach (var minutes in (int[])[10, 5])
        {
            world.Clock.Advance(TimeSpan.FromMinutes(minutes));
            await visit.Page.RunAndWaitForResponseAsync(() => visit.Page.Clock.FastForwardAsync(minutes * 60_000), "**/credentials");
            await visit.WaitUntilProcessedAsync(); // the next read is scheduled
        }

        await Expect(visit.Notice).ToContainTextAsync("Current credentials have expired.");
    }

    [Fact]
    public async Task A_new_key_is_masked_after_the_previous_key_was_shown()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.GenerateAndShowAsync();
        await Expect(visit.Key).ToHaveAttributeAsync("aria-hidden", "false");
        await Expect(visit.Page.Locator("#key-hidden")).ToBeHiddenAsync();
        await visit.GenerateAsync();
        await Expect(visit.Key).ToHaveAttributeAsync("aria-hidden", "true");
        await Expect(visit.Page.Locator("#key-hidden")).ToBeVisibleAsync();
        await Expect(visit.Page.GetByText("cannot be shown again")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task The_dialog_for_expired_credentials_does_not_warn_of_lost_access()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.Expired.OpenAsync(browser, host);
        await visit.ClickCheckboxAsync();
        await visit.Button("Regenerate Credentials").ClickAsync();
        await Expect(visit.Dialog).ToContainTextAsync("Oakland Unified gets a new secret key. Its vendors have access again once they have it.");
    }

    [Fact]
    public async Task An_empty_LEA_in_the_URL_selects_the_first_LEA()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: $"{Visit.Screen}?lea=");
        await Expect(visit.Page.Locator("#lea")).ToContainTextAsync("Oakland Unified");
    }

    [Fact]
    public async Task The_screen_shows_that_new_credentials_were_generated()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Notice).Not.ToBeEmptyAsync();
        await Expect(visit.Page.Locator(".usa-alert--success")).ToBeHiddenAsync();
        await visit.GenerateAsync();
        await Expect(visit.Page.Locator(".usa-alert--success")).ToHaveTextAsync("New credentials were generated.");
        await Expect(visit.Page.Locator(".usa-alert--success")).ToBeInViewportAsync();
        await visit.DispatchPageHideAsync();
        await Expect(visit.Page.Locator(".usa-alert--success")).ToBeHiddenAsync();
    }

    [Theory]
    [InlineData("Copy username")]
    [InlineData("Copy secret key")]
    [InlineData("Copy address")]
    public async Task The_result_of_a_copy_is_beside_its_button_on_a_phone(string button)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, options: new() { ViewportSize = new() { Width = 375, Height = 667 } });
        await visit.Context.GrantPermissionsAsync(["clipboard-write"]);
        await visit.GenerateAsync();

        await visit.Button(button).ClickAsync();

        await Expect(visit.Copied).ToBeInViewportAsync(new() { Ratio = 1 });
        var clicked = (await visit.Button(button).BoundingBoxAsync())!;
        Assert.InRange((await visit.Copied.BoundingBoxAsync())!.Y, clicked.Y, clicked.Y + clicked.Height + 20);
    }

    [Fact]
    public async Task The_screen_shows_the_address_for_vendors_with_a_copy_button_and_the_vendor_guide()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);

        await Expect(visit.Page.Locator("#address")).ToHaveTextAsync($"{host.Address}api/v1");
        await visit.Button("Copy address").ClickAsync();
        await Expect(visit.Copied).ToHaveTextAsync("The address was copied.");
        Assert.Equal($"{host.Address}api/v1", await visit.Page.EvaluateAsync<string>("navigator.clipboard.readText()"));
        var guide = await visit.Context.RunAndWaitForPageAsync(() => visit.Page.GetByRole(AriaRole.Link, new() { Name = "Vendor guide (opens in a new tab)" }).ClickAsync());
        await Expect(guide.GetByText("# Vendor guide")).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData("toms-help@toms.example", "mailto:toms-help@toms.example")]
    [InlineData("+1 (916) 555-0123", "tel:+19165550123")]
    [InlineData("https://toms.example/help", "https://toms.example/help")]
    [InlineData("the TOMS help desk", null)]
    [InlineData("javascript:alert(1)", null)]
    [InlineData(null, null)]
    public async Task The_screen_shows_the_help_contact_and_the_vendor_guide_only_if_they_are_configured(string? help, string? link)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world, builder => builder.Services.AddSingleton(new ServiceAddresses(new Uri("https://toms.example/api/v1"), null, help)));
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);

        await Expect(visit.Page.Locator("#address")).ToHaveTextAsync("https://toms.example/api/v1");
        await Expect(visit.Page.Locator("#guide")).ToBeHiddenAsync();
        await Expect(visit.Page.Locator("#help")).ToHaveTextAsync(help is null ? "" : $"Need help? Contact {help}.");
        await Expect(visit.Page.Locator("#help")).ToBeVisibleAsync(new() { Visible = help is not null });
        await Expect(visit.Page.Locator("#help a")).ToHaveCountAsync(link is null ? 0 : 1);
        if (link is not null)
            await Expect(visit.Page.Locator("#help a")).ToHaveAttributeAsync("href", link);
    }

    [Fact]
    public async Task The_picker_shows_the_LEA_of_the_page_again_when_leaving_is_declined()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, "luis");
        await visit.GenerateAsync();
        await visit.Page.GetByLabel("Your LEAs").SelectOptionAsync("01612590130617");

        Assert.True(await WarnsBeforeLeavingAsync(visit, visit.Button("Show this LEA")));

        await Expect(visit.Page.GetByLabel("Your LEAs")).ToHaveValueAsync("01612590000000");
        await Expect(visit.Page.Locator("#lea")).ToContainTextAsync("Oakland Unified");
    }

    [Fact]
    public async Task At_400_percent_zoom_the_dialog_opens_at_its_question()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.ConfirmingRegeneration.OpenAsync(browser, host, new() { Locale = "es-US", ViewportSize = new() { Width = 320, Height = 256 } });
        await Expect(visit.Page.Locator("#question")).ToBeInViewportAsync(new() { Ratio = 1 });
        await Expect(visit.Page.Locator("#cancel")).ToBeFocusedAsync();
    }

    [Theory]
    [InlineData(ScreenState.SessionEnded)]
    [InlineData(ScreenState.Unavailable)]
    public async Task The_button_of_a_message_is_as_wide_as_its_text(ScreenState state)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await state.OpenAsync(browser, host);
        Assert.InRange((await visit.Message.GetByRole(AriaRole.Button).BoundingBoxAsync())!.Width, 50, 200);
    }

    [Theory]
    [InlineData(ScreenState.NotHosted)]
    [InlineData(ScreenState.NotPermitted)]
    [InlineData(ScreenState.SessionEnded)]
    [InlineData(ScreenState.Unavailable)]
    [InlineData(ScreenState.UnknownLea)]
    [InlineData(ScreenState.HomeUnavailable)]
    public async Task Below_an_error_there_is_no_heading_without_content(ScreenState state)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await state.OpenAsync(browser, host);
        await Expect(visit.Message.GetByRole(AriaRole.Heading)).ToBeVisibleAsync();
        await Expect(visit.Page.Locator("section:visible")).ToHaveCountAsync(0);
    }

    [Theory]
    [InlineData(ScreenState.NotPermitted)]
    [InlineData(ScreenState.Unavailable)]
    [InlineData(ScreenState.HomeUnavailable)]
    public async Task An_error_that_the_user_cannot_solve_shows_the_help_contact(ScreenState state)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await state.OpenAsync(browser, host);
        await Expect(visit.Page.GetByText("Need help? Contact toms-help@toms.example.")).ToBeVisibleAsync();
        await visit.Button("Español").ClickAsync();
        await Expect(visit.Page.GetByText("¿Necesita ayuda? Contacto: toms-help@toms.example.")).ToBeVisibleAsync();
    }

    /// <summary>Navigates away, by default to MyTOMS Home. Stays if the browser asks for confirmation.</summary>
    private static async Task<bool> WarnsBeforeLeavingAsync(Visit visit, ILocator? control = null)
    {
        var warned = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        visit.Page.Dialog += async (_, dialog) =>
        {
            warned.TrySetResult(dialog.Type == "beforeunload");
            await dialog.DismissAsync();
        };
        visit.Page.FrameNavigated += (_, frame) => warned.TrySetResult(false);
        await (control ?? visit.Page.GetByRole(AriaRole.Link, new() { Name = "MyTOMS Home" })).ClickAsync();
        return await warned.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }
}
