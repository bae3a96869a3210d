using System.Net;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>Under faults, the screen reports correctly whether credentials were generated.</summary>
[Kind(TestKind.Browser)]
public sealed class GenerationFaultTests(AzuriteFixture azurite, BrowserFixture browser)
{
    private const string Api = "**/api/**";

    [Fact]
    public async Task Offline_no_request_is_sent_and_the_box_stays_checked()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await visit.Context.SetOfflineAsync(true);

        await visit.RequestGenerationAsync();

        await Expect(visit.Message).ToContainTextAsync("You are offline.");
        await Expect(visit.Message).ToContainTextAsync("No credentials were generated; any existing credentials are unchanged.");
        Assert.Equal(0, visit.Generations);
        await Expect(visit.Checkbox).ToBeCheckedAsync();

        await visit.Context.SetOfflineAsync(false);
        await visit.Button("Generate Credentials").ClickAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task A_storage_failure_shows_that_nothing_was_generated()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await InterceptGenerationAsync(visit, async route =>
        {
            world.Traffic.Reset();
            world.Traffic.InjectFault = number => number >= 2 ? Fault.ConnectionFailed : Fault.None; // every write
            var response = await route.FetchAsync();
            world.Traffic.InjectFault = null;
            await route.FulfillAsync(new() { Response = response });
        });

        await visit.RequestGenerationAsync();

        await Expect(visit.Message).ToContainTextAsync("No new credentials have been generated so far.");
        await Expect(visit.Message).ToContainTextAsync("any existing credentials are unchanged");
        await Expect(visit.Checkbox).ToBeCheckedAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);
    }

    [Fact]
    public async Task A_lost_response_shows_that_the_key_was_lost()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var key = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await InterceptGenerationAsync(visit, DropResponseAsync);

        await visit.RequestGenerationAsync();

        await Expect(visit.Message).ToContainTextAsync("Credentials were generated, but their secret key did not arrive here.");
        await Expect(visit.Message).ToContainTextAsync("Rosa Delgado generated them at 12:00 PM Pacific Time on Monday, November 23, 2026.");
        await Expect(visit.Page.Locator("#show-key")).ToBeHiddenAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);

        await visit.Page.UnrouteAsync(Api);
        await visit.Button("Regenerate Credentials").ClickAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task A_response_without_the_key_shows_that_the_key_was_lost()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await visit.Page.RouteAsync(Api, async route =>
        {
            var response = await route.FetchAsync();
            await route.FulfillAsync(new() { Response = response, Body = (await response.TextAsync()).Replace("secretKey", "key", StringComparison.Ordinal) });
        });

        await visit.RequestGenerationAsync();

        await Expect(visit.Message).ToContainTextAsync("Credentials were generated, but their secret key did not arrive here.");
        Assert.Equal(1, visit.Generations);
    }

    [Theory]
    [InlineData(true, "Credentials were generated, but their secret key did not arrive here.")]
    [InlineData(false, "No new credentials have been generated so far.")]
    public async Task An_unknown_outcome_is_shown_and_can_be_checked_again(bool arrives, string message)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await visit.Page.RouteAsync(Api, async route =>
        {
            if (arrives && route.Request.Method == "POST")
                await route.FetchAsync();
            await route.AbortAsync();
        });

        await visit.RequestGenerationAsync();
        await Expect(visit.Message).ToContainTextAsync("It is not certain whether credentials were generated.");
        var checkFailed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        visit.Page.RequestFailed += (_, _) => checkFailed.TrySetResult();
        await visit.Button("Check again").ClickAsync();
        await checkFailed.Task.WaitAsync(TestContext.Current.CancellationToken); // the message stays meanwhile
        await Expect(visit.Message).ToContainTextAsync("It is not certain whether credentials were generated.");
        await Expect(visit.Button("Check again")).ToBeFocusedAsync();

        await visit.Page.UnrouteAsync(Api);
        await visit.Button("Check again").ClickAsync();
        await Expect(visit.Message).ToContainTextAsync(message);
    }

    [Fact]
    public async Task An_unknown_outcome_is_cleared_by_a_successful_generation()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await GenerateWithUnknownOutcomeAsync(visit);
        await visit.Button("Generate Credentials").ClickAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);

        await visit.Page.RunAndWaitForResponseAsync(visit.DispatchVisibilityChangeAsync, "**/credentials");

        await Expect(visit.Message).ToBeEmptyAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
    }

    [Fact]
    public async Task A_delayed_request_is_not_attributed_to_a_colleague()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await InterceptGenerationAsync(visit, route => route.AbortAsync());
        await visit.RequestGenerationAsync();
        await Expect(visit.Message).ToContainTextAsync("No new credentials have been generated so far.");
        await visit.Page.UnrouteAsync(Api);

        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await visit.Button("Generate Credentials").ClickAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();

        await Expect(visit.Message).ToContainTextAsync("Credentials were generated, but their secret key did not arrive here.");
    }

    [Fact]
    public async Task An_unknown_outcome_can_be_checked_after_signing_in_again()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await InterceptGenerationAsync(visit, async route =>
        {
            await DropResponseAsync(route);
            world.Clock.Advance(TimeSpan.FromHours(2));
        });

        await visit.RequestGenerationAsync();
        await Expect(visit.Message).ToContainTextAsync("It is not certain whether credentials were generated.");
        await visit.Button("Sign in again").ClickAsync();
        await visit.PickPersonaAsync("Rosa Delgado");

        await Expect(visit.Message).ToContainTextAsync("Credentials were generated, but their secret key did not arrive here.");
    }

    [Fact]
    public async Task Without_an_ETag_no_generation_is_requested()
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

        await visit.RequestGenerationAsync();

        await Expect(visit.Message).ToContainTextAsync("No credentials were generated; any existing credentials are unchanged.");
        Assert.Equal(0, visit.Generations);
    }

    [Fact]
    public async Task A_background_read_during_a_generation_does_not_lose_the_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        var release = CreateSignal();
        await InterceptGenerationAsync(visit, async route =>
        {
            await release.Task;
            await route.ContinueAsync();
        });
        await visit.RequestGenerationAsync();
        await visit.DispatchVisibilityChangeAsync();
        await visit.WaitUntilProcessedAsync();
        release.SetResult();

        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task A_delayed_background_read_does_not_remove_the_new_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        var (read, release) = (CreateSignal(), CreateSignal());
        await HoldReadsAsync(visit, read, release);
        await visit.DispatchVisibilityChangeAsync();
        await read.Task;
        await visit.GenerateAsync();
        release.SetResult();
        await visit.WaitUntilProcessedAsync();

        await Expect(visit.Message).ToBeEmptyAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
    }

    [Fact]
    public async Task A_delayed_result_of_Check_again_is_ignored_after_a_generation()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await GenerateWithUnknownOutcomeAsync(visit);
        var (read, release) = (CreateSignal(), CreateSignal());
        await HoldReadsAsync(visit, read, release);
        await visit.Button("Check again").ClickAsync();
        await read.Task;
        await visit.Button("Regenerate Credentials").ClickAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
        release.SetResult();
        await visit.WaitUntilProcessedAsync();

        await Expect(visit.Message).ToBeEmptyAsync();
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
    }

    [Fact]
    public async Task A_key_that_arrives_after_the_user_left_the_page_is_not_shown()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        var (requested, left) = (CreateSignal(), CreateSignal());
        await InterceptGenerationAsync(visit, async route =>
        {
            requested.SetResult();
            await left.Task;
            await route.ContinueAsync();
        });
        await visit.RequestGenerationAsync();
        await requested.Task;
        await visit.DispatchPageHideAsync();
        left.SetResult();

        await Expect(visit.Message).ToContainTextAsync("Credentials were generated, but their secret key did not arrive here.");
        await Expect(visit.Page.Locator("#show-key")).ToBeHiddenAsync();
        await Expect(visit.Key).ToBeEmptyAsync();
    }

    [Fact]
    public async Task A_colleagues_generation_after_a_lost_key_is_attributed_to_the_colleague()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await InterceptGenerationAsync(visit, DropResponseAsync);
        await visit.RequestGenerationAsync();
        await Expect(visit.Message).ToContainTextAsync("Credentials were generated, but their secret key did not arrive here.");
        await host.MustGenerateAsync("luis", TestWorld.Oakland, seenGeneration: 1);
        await visit.DispatchVisibilityChangeAsync();
        await Expect(visit.Message).ToContainTextAsync("New credentials have been generated meanwhile.");
    }

    [Fact]
    public async Task After_status_500_the_screen_reads_whether_credentials_were_generated()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await InterceptGenerationAsync(visit, async route =>
        {
            await route.FetchAsync();
            await route.FulfillAsync(new() { Status = 500 });
        });
        await visit.RequestGenerationAsync();
        await Expect(visit.Message).ToContainTextAsync("Credentials were generated, but their secret key did not arrive here.");
    }

    [Fact]
    public async Task A_user_who_is_no_longer_a_coordinator_generates_nothing()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        var otherToken = await host.SignInAsync("mei");
        await visit.Page.RouteAsync(Api, route => route.ContinueAsync(new()
        {
            Headers = route.Request.Headers.Where(header => header.Key != "authorization").Append(new("authorization", $"Bearer {otherToken}")),
        }));

        await visit.RequestGenerationAsync();

        await Expect(visit.Message).ToContainTextAsync("You don't have access to this LEA.");
        await Expect(visit.Message).ToContainTextAsync("No credentials were generated; any existing credentials are unchanged.");
    }

    [Fact]
    public async Task The_dialog_closes_when_the_statement_has_changed()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickCheckboxAsync();
        await visit.Button("Generate Credentials").ClickAsync();
        await visit.Page.RouteAsync(Api, async route =>
        {
            var response = await route.FetchAsync();
            await route.FulfillAsync(new() { Response = response, Body = (await response.TextAsync()).Replace("2026-1", "2027-1", StringComparison.Ordinal) });
        });

        await visit.DispatchVisibilityChangeAsync();

        await Expect(visit.Message).ToContainTextAsync("The statement of the authorization has changed.");
        await Expect(visit.Dialog).ToBeHiddenAsync();
        await Expect(visit.Checkbox).Not.ToBeCheckedAsync();
        await Expect(visit.Page.Locator("#generate")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_changed_statement_must_be_agreed_to_again()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: Visit.NoPage);
        await visit.Page.RouteAsync(Api, async route =>
        {
            var response = await route.FetchAsync();
            await route.FulfillAsync(new() { Response = response, Body = (await response.TextAsync()).Replace("2026-1", "2025-1", StringComparison.Ordinal) });
        });
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await visit.Page.UnrouteAsync(Api);

        await visit.RequestGenerationAsync();

        await Expect(visit.Message).ToContainTextAsync("The statement of the authorization has changed.");
        await Expect(visit.Checkbox).Not.ToBeCheckedAsync();
        await Expect(visit.Checkbox).ToBeFocusedAsync();
        await visit.GenerateAsync();
    }

    [Fact]
    public async Task An_unexpected_status_shows_a_message()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await visit.Page.RouteAsync(Api, route => route.FulfillAsync(new() { Status = 404, ContentType = "text/html", Body = "<h1>A gateway</h1>" }));

        await visit.RequestGenerationAsync();
        await Expect(visit.Message).ToContainTextAsync("Something unexpected happened.");
        await Expect(visit.Message).ToContainTextAsync("No credentials were generated");
        await visit.Page.ReloadAsync();
        await Expect(visit.Message).ToContainTextAsync("Something unexpected happened. We could not load your credentials.", new() { UseInnerText = true });
    }

    [Fact]
    public async Task A_double_click_generates_once()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickCheckboxAsync();
        await visit.Page.Locator("#generate").ClickAsync();

        await visit.Page.Locator("#confirm").DblClickAsync();

        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
        Assert.Equal(1, visit.Generations);
        Assert.Single(await world.AuditEventsAsync(TestWorld.Oakland));
    }

    [Fact]
    public async Task During_a_generation_no_other_request_can_be_made()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickCheckboxAsync();
        await visit.Page.Locator("#generate").ClickAsync();
        var gate = world.ExternalCalls.BlockAt(ExternalService.Storage);
        await visit.Page.Locator("#confirm").FocusAsync();
        await visit.Page.Keyboard.PressAsync("Enter");
        await gate.Reached;

        foreach (var key in (string[])["Enter", "Enter", "Space", "Escape", "Escape", "Escape"])
            await visit.Page.Keyboard.PressAsync(key);
        await visit.WaitUntilProcessedAsync();
        await Expect(visit.Button("Generating credentials…")).ToHaveAttributeAsync("aria-disabled", "true");
        await Expect(visit.Dialog.GetByRole(AriaRole.Status)).ToHaveTextAsync("Generating credentials…");
        await Expect(visit.Dialog).ToBeVisibleAsync();
        gate.Open();

        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
        await Expect(visit.Dialog).ToBeHiddenAsync();
        Assert.Equal(1, visit.Generations);
    }

    /// <summary>The second click hits the dialog, which covers the button that opened it.</summary>
    [Fact]
    public async Task A_double_click_on_the_button_does_not_confirm_the_dialog()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickCheckboxAsync();
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
    public async Task Holding_Enter_generates_nothing()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickCheckboxAsync();
        await visit.Page.Locator("#generate").FocusAsync();

        for (var repeat = 0; repeat < 20; repeat++)
            await visit.Page.Keyboard.DownAsync("Enter");
        await visit.Page.Keyboard.UpAsync("Enter");

        Assert.Equal(0, visit.Generations);
    }

    /// <summary>Requests credentials while the service is unreachable. The outcome is then unknown.</summary>
    private static async Task GenerateWithUnknownOutcomeAsync(Visit visit)
    {
        await visit.Page.RouteAsync(Api, route => route.AbortAsync());
        await visit.RequestGenerationAsync();
        await Expect(visit.Message).ToContainTextAsync("It is not certain whether credentials were generated.");
        await visit.Page.UnrouteAsync(Api);
    }

    private static TaskCompletionSource CreateSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Intercepts requests to generate credentials.</summary>
    private static Task InterceptGenerationAsync(Visit visit, Func<IRoute, Task> handler) =>
        visit.Page.RouteAsync(Api, route => route.Request.Method == "POST" ? handler(route) : route.ContinueAsync());

    /// <summary>Forwards the request, and drops its response.</summary>
    private static async Task DropResponseAsync(IRoute route)
    {
        await route.FetchAsync();
        await route.AbortAsync();
    }

    /// <summary>Executes reads immediately, and delays their responses until <paramref name="release"/> completes.</summary>
    private static Task HoldReadsAsync(Visit visit, TaskCompletionSource read, TaskCompletionSource release) => visit.Page.RouteAsync(Api, async route =>
    {
        var response = await route.FetchAsync();
        if (route.Request.Method == "GET")
        {
            read.TrySetResult();
            await release.Task;
        }

        await route.FulfillAsync(new() { Response = response });
    });
}
