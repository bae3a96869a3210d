using System.Net;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>Under faults, the screen reports correctly whether credentials were generated.</summary>
public sealed class GenerationFaultTests(AzuriteFixture azurite, BrowserFixture browser)
{
    private const string Api = "**/api/**";

    [Fact]
    public async Task Offline_nothing_is_generated_and_the_check_is_kept()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        await visit.Context.SetOfflineAsync(true);

        await visit.AskToGenerateAsync();

        await Expect(visit.Message).ToContainTextAsync("You are offline.");
        await Expect(visit.Message).ToContainTextAsync("No credentials were generated; any existing credentials are unchanged.");
        Assert.Equal(0, visit.Generations);
        await Expect(visit.Box).ToBeCheckedAsync();

        await visit.Context.SetOfflineAsync(false);
        await visit.Button("Generate Credentials").ClickAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.Hidden);
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task A_generation_that_storage_did_not_do_is_said_not_to_be_done()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        world.Traffic.Reset();
        world.Traffic.Break = number => number is >= 2 and <= 5 ? Fault.Before : Fault.None; // the write of the pointer and all its retries

        await visit.AskToGenerateAsync();

        await Expect(visit.Message).ToContainTextAsync("No new credentials have been generated so far.");
        await Expect(visit.Message).ToContainTextAsync("any existing credentials are unchanged");
        await Expect(visit.Box).ToBeCheckedAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);
    }

    [Fact]
    public async Task A_key_that_was_lost_on_its_way_is_told_of()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        await OnGenerationAsync(visit, LoseResponseAsync);

        await visit.AskToGenerateAsync();

        await Expect(visit.Message).ToContainTextAsync("Credentials were generated, but their secret key did not arrive here.");
        await Expect(visit.Message).ToContainTextAsync("Rosa Delgado generated them on Monday, November 23, 2026 at 12:00 PM.");
        await Expect(visit.Page.Locator("#show-key")).ToBeHiddenAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);

        await visit.Page.UnrouteAsync(Api);
        await visit.Button("Regenerate Credentials").ClickAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.Hidden);
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task An_answer_without_the_key_is_one_whose_key_was_lost()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        await visit.Page.RouteAsync(Api, async route =>
        {
            var response = await route.FetchAsync();
            await route.FulfillAsync(new() { Response = response, Body = (await response.TextAsync()).Replace("secretKey", "key", StringComparison.Ordinal) });
        });

        await visit.AskToGenerateAsync();

        await Expect(visit.Message).ToContainTextAsync("Credentials were generated, but their secret key did not arrive here.");
        Assert.Equal(1, visit.Generations);
    }

    [Theory]
    [InlineData(true, "Credentials were generated, but their secret key did not arrive here.")]
    [InlineData(false, "No new credentials have been generated so far.")]
    public async Task What_is_not_certain_is_said_not_to_be_and_can_be_found_out(bool arrives, string found)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        await visit.Page.RouteAsync(Api, async route =>
        {
            if (arrives && route.Request.Method == "POST")
                await route.FetchAsync();
            await route.AbortAsync();
        });

        await visit.AskToGenerateAsync();
        await Expect(visit.Message).ToContainTextAsync("It is not certain whether credentials were generated.");
        await visit.Button("Check again").ClickAsync();
        await Expect(visit.Message).ToContainTextAsync("It is not certain whether credentials were generated.");
        await Expect(visit.Button("Check again")).ToBeFocusedAsync();

        await visit.Page.UnrouteAsync(Api);
        await visit.Button("Check again").ClickAsync();
        await Expect(visit.Message).ToContainTextAsync(found);
    }

    [Fact]
    public async Task What_was_uncertain_is_forgotten_once_credentials_are_generated()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        await GenerateInTheDarkAsync(visit);
        await visit.Button("Generate Credentials").ClickAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.Hidden);

        await visit.Page.RunAndWaitForResponseAsync(visit.LookAgainAsync, "**/credentials");

        await Expect(visit.Message).ToBeEmptyAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.Hidden);
    }

    [Fact]
    public async Task A_request_that_arrives_late_is_not_taken_for_a_colleagues()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        await OnGenerationAsync(visit, route => route.AbortAsync());
        await visit.AskToGenerateAsync();
        await Expect(visit.Message).ToContainTextAsync("No new credentials have been generated so far.");
        await visit.Page.UnrouteAsync(Api);

        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await visit.Button("Generate Credentials").ClickAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();

        await Expect(visit.Message).ToContainTextAsync("Credentials were generated, but their secret key did not arrive here.");
    }

    [Fact]
    public async Task Who_must_sign_in_to_find_out_what_was_done_can()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        await OnGenerationAsync(visit, async route =>
        {
            await LoseResponseAsync(route);
            world.Clock.Advance(TimeSpan.FromHours(2));
        });

        await visit.AskToGenerateAsync();
        await Expect(visit.Message).ToContainTextAsync("It is not certain whether credentials were generated.");
        await visit.Button("Sign in again").ClickAsync();
        await visit.PickAsync("Rosa Delgado");

        await Expect(visit.Message).ToContainTextAsync("Credentials were generated, but their secret key did not arrive here.");
    }

    [Fact]
    public async Task Without_an_ETag_nothing_is_replaced_unseen()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.Page.RouteAsync(Api, async route =>
        {
            var response = await route.FetchAsync();
            await route.FulfillAsync(new() { Response = response, Headers = response.Headers.Where(header => header.Key != "etag") });
        });
        await visit.GoToAsync(Visit.Screen);

        await visit.AskToGenerateAsync();

        await Expect(visit.Message).ToContainTextAsync("No credentials were generated; any existing credentials are unchanged.");
        Assert.Equal(0, visit.Generations);
    }

    [Fact]
    public async Task Coming_back_to_the_tab_while_credentials_are_generated_loses_no_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        var answered = Signal();
        await OnGenerationAsync(visit, async route =>
        {
            await answered.Task;
            await route.ContinueAsync();
        });
        await visit.AskToGenerateAsync();
        await visit.LookAgainAsync();
        await visit.SettleAsync();
        answered.SetResult();

        await Expect(visit.Key).ToHaveTextAsync(Visit.Hidden);
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task A_state_read_before_the_generation_does_not_take_its_key_away()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        var (read, overtaken) = (Signal(), Signal());
        await HoldReadingAsync(visit, read, overtaken);
        await visit.LookAgainAsync();
        await read.Task;
        await visit.GenerateAsync();
        overtaken.SetResult();
        await visit.SettleAsync();

        await Expect(visit.Message).ToBeEmptyAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.Hidden);
    }

    [Fact]
    public async Task Checking_again_that_is_overtaken_by_a_generation_is_not_believed()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        await GenerateInTheDarkAsync(visit);
        var (read, overtaken) = (Signal(), Signal());
        await HoldReadingAsync(visit, read, overtaken);
        await visit.Button("Check again").ClickAsync();
        await read.Task;
        await visit.Button("Regenerate Credentials").ClickAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.Hidden);
        overtaken.SetResult();
        await visit.SettleAsync();

        await Expect(visit.Message).ToBeEmptyAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.Hidden);
    }

    [Fact]
    public async Task A_key_that_arrives_at_a_screen_that_was_left_is_not_shown_on_it()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        var (asked, left) = (Signal(), Signal());
        await OnGenerationAsync(visit, async route =>
        {
            asked.SetResult();
            await left.Task;
            await route.ContinueAsync();
        });
        await visit.AskToGenerateAsync();
        await asked.Task;
        await visit.LeaveAsync();
        left.SetResult();

        await Expect(visit.Message).ToContainTextAsync("Credentials were generated, but their secret key did not arrive here.");
        await Expect(visit.Page.Locator("#show-key")).ToBeHiddenAsync();
        await Expect(visit.Key).ToBeEmptyAsync();
    }

    [Fact]
    public async Task A_colleagues_generation_after_a_lost_key_is_a_colleagues()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        await OnGenerationAsync(visit, LoseResponseAsync);
        await visit.AskToGenerateAsync();
        await Expect(visit.Message).ToContainTextAsync("Credentials were generated, but their secret key did not arrive here.");
        await host.MustGenerateAsync("luis", TestWorld.Oakland, seenGeneration: 1);
        await visit.LookAgainAsync();
        await Expect(visit.Message).ToContainTextAsync("New credentials have been generated meanwhile.");
    }

    [Fact]
    public async Task A_generation_answered_with_an_error_of_the_service_is_looked_into()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        await OnGenerationAsync(visit, async route =>
        {
            await route.FetchAsync();
            await route.FulfillAsync(new() { Status = 500 });
        });
        await visit.AskToGenerateAsync();
        await Expect(visit.Message).ToContainTextAsync("Credentials were generated, but their secret key did not arrive here.");
    }

    [Fact]
    public async Task Who_has_lost_the_LEA_meanwhile_generates_nothing()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        var others = await host.SignInAsync("mei");
        await visit.Page.RouteAsync(Api, route => route.ContinueAsync(new()
        {
            Headers = route.Request.Headers.Where(header => header.Key != "authorization").Append(new("authorization", $"Bearer {others}")),
        }));

        await visit.AskToGenerateAsync();

        await Expect(visit.Message).ToContainTextAsync("You may not generate credentials for this LEA.");
        await Expect(visit.Message).ToContainTextAsync("No credentials were generated; any existing credentials are unchanged.");
    }

    [Fact]
    public async Task A_question_about_a_statement_that_has_changed_is_withdrawn()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickBoxAsync();
        await visit.Button("Generate Credentials").ClickAsync();
        await visit.Page.RouteAsync(Api, async route =>
        {
            var response = await route.FetchAsync();
            await route.FulfillAsync(new() { Response = response, Body = (await response.TextAsync()).Replace("2026-1", "2027-1", StringComparison.Ordinal) });
        });

        await visit.LookAgainAsync();

        await Expect(visit.Message).ToContainTextAsync("The statement of the authorization has changed.");
        await Expect(visit.Dialog).ToBeHiddenAsync();
        await Expect(visit.Box).Not.ToBeCheckedAsync();
        await Expect(visit.Page.Locator("#generate")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_statement_that_has_changed_must_be_read_again()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "favicon.svg");
        await visit.Page.RouteAsync(Api, async route =>
        {
            var response = await route.FetchAsync();
            await route.FulfillAsync(new() { Response = response, Body = (await response.TextAsync()).Replace("2026-1", "2025-1", StringComparison.Ordinal) });
        });
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Box).ToBeVisibleAsync();
        await visit.Page.UnrouteAsync(Api);

        await visit.AskToGenerateAsync();

        await Expect(visit.Message).ToContainTextAsync("The statement of the authorization has changed.");
        await Expect(visit.Box).Not.ToBeCheckedAsync();
        await Expect(visit.Box).ToBeFocusedAsync();
        await visit.GenerateAsync();
    }

    [Fact]
    public async Task What_nobody_expects_is_said_to_be_so()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        await visit.Page.RouteAsync(Api, route => route.FulfillAsync(new() { Status = 404, ContentType = "text/html", Body = "<h1>A gateway</h1>" }));

        await visit.AskToGenerateAsync();
        await Expect(visit.Message).ToContainTextAsync("Something unexpected happened.");
        await Expect(visit.Message).ToContainTextAsync("No credentials were generated");
        await visit.Page.ReloadAsync();
        await Expect(visit.Message).ToContainTextAsync("Something unexpected happened. The current state could not be read; nothing was changed.", new() { UseInnerText = true });
    }

    [Fact]
    public async Task A_double_click_generates_once()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickBoxAsync();
        await visit.Page.Locator("#generate").ClickAsync();

        await visit.Page.Locator("#confirm").DblClickAsync();

        await Expect(visit.Key).ToHaveTextAsync(Visit.Hidden);
        Assert.Equal(1, visit.Generations);
        Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland));
    }

    [Fact]
    public async Task While_credentials_are_generated_nothing_else_can_be_asked_for()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickBoxAsync();
        await visit.Page.Locator("#generate").ClickAsync();
        var gate = world.Outside.HoldAt(Called.Storage);
        await visit.Page.Locator("#confirm").FocusAsync();
        await visit.Page.Keyboard.PressAsync("Enter");
        await gate.Reached;

        foreach (var key in (string[])["Enter", "Enter", "Space", "Escape", "Escape", "Escape"])
            await visit.Page.Keyboard.PressAsync(key);
        await visit.SettleAsync();
        await Expect(visit.Button("Generating credentials…")).ToHaveAttributeAsync("aria-disabled", "true");
        await Expect(visit.Dialog.GetByRole(AriaRole.Status)).ToHaveTextAsync("Generating credentials…");
        await Expect(visit.Dialog).ToBeVisibleAsync();
        gate.Open();

        await Expect(visit.Key).ToHaveTextAsync(Visit.Hidden);
        await Expect(visit.Dialog).ToBeHiddenAsync();
        Assert.Equal(1, visit.Generations);
    }

    /// <summary>The second click hits the dialog, which covers the button that opened it.</summary>
    [Fact]
    public async Task A_double_click_on_the_button_does_not_answer_the_question()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickBoxAsync();
        await visit.Page.Locator("#generate").ClickAsync();
        var box = (await visit.Page.Locator("#confirm").BoundingBoxAsync())!;
        await visit.Button("Cancel").ClickAsync();
        await visit.Page.EvaluateAsync("Object.assign(document.getElementById('generate').style, { position: 'fixed', inset: 0, width: '100%' })");

        await visit.Page.Mouse.DblClickAsync(box.X + (box.Width / 2), box.Y + (box.Height / 2));

        await Expect(visit.Dialog).ToBeVisibleAsync();
        Assert.Equal(0, visit.Generations);
    }

    /// <summary>A held key opens the dialog and repeatedly activates the focused control in it.</summary>
    [Fact]
    public async Task Enter_held_down_generates_nothing()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickBoxAsync();
        await visit.Page.Locator("#generate").FocusAsync();

        for (var repeat = 0; repeat < 20; repeat++)
            await visit.Page.Keyboard.DownAsync("Enter");
        await visit.Page.Keyboard.UpAsync("Enter");

        Assert.Equal(0, visit.Generations);
    }

    /// <summary>Requests credentials while the service is unreachable. The outcome is then unknown.</summary>
    private static async Task GenerateInTheDarkAsync(Visit visit)
    {
        await visit.Page.RouteAsync(Api, route => route.AbortAsync());
        await visit.AskToGenerateAsync();
        await Expect(visit.Message).ToContainTextAsync("It is not certain whether credentials were generated.");
        await visit.Page.UnrouteAsync(Api);
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Intercepts requests to generate credentials.</summary>
    private static Task OnGenerationAsync(Visit visit, Func<IRoute, Task> happen) =>
        visit.Page.RouteAsync(Api, route => route.Request.Method == "POST" ? happen(route) : route.ContinueAsync());

    /// <summary>Forwards the request, and drops its response.</summary>
    private static async Task LoseResponseAsync(IRoute route)
    {
        await route.FetchAsync();
        await route.AbortAsync();
    }

    /// <summary>Executes reads immediately, and delays their responses until signaled.</summary>
    private static Task HoldReadingAsync(Visit visit, TaskCompletionSource read, TaskCompletionSource tell) => visit.Page.RouteAsync(Api, async route =>
    {
        var response = await route.FetchAsync();
        if (route.Request.Method == "GET")
        {
            read.TrySetResult();
            await tell.Task;
        }

        await route.FulfillAsync(new() { Response = response });
    });
}
