using System.Net;
using Credentialing.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>The overlap of the old and the new secret key on the screen, and who uses which key.</summary>
[Kind(TestKind.Browser)]
public sealed class RotationTests(AzuriteFixture azurite, BrowserFixture browser)
{
    [Fact]
    public async Task Without_a_choice_the_old_key_stops_right_away()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var oldKey = await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickCheckboxAsync();
        await visit.Button("Regenerate Credentials").ClickAsync();
        await visit.ChooseOverlapAsync(7);
        await Expect(visit.Dialog).Not.ToContainTextAsync("right away, until you");
        await visit.Button("Cancel").ClickAsync();

        await visit.Button("Regenerate Credentials").ClickAsync();
        await Expect(visit.Page.GetByLabel("right away")).ToBeCheckedAsync();
        await Expect(visit.Page.Locator("#consequence")).ToHaveTextAsync("Oakland Unified gets a new secret key. Your vendors lose access right away, until you give each of them the new key.");
        await visit.Button("Yes, Generate Credentials").ClickAsync();

        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
        await Expect(visit.Previous).ToBeHiddenAsync();
        Assert.Equal("""{"authorized":true,"wordingVersion":"2026-1"}""", visit.Requests.Single(request => request.Method == "POST").PostData);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusOfAsync(host, oldKey));
    }

    [Fact]
    public async Task The_old_key_works_for_the_chosen_time_and_can_be_stopped_earlier()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        var oldKey = await host.MustGenerateAsync("luis", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host, showsTimeOfHost: true);
        await visit.ClickCheckboxAsync();
        await visit.Button("Regenerate Credentials").ClickAsync();
        await visit.ChooseOverlapAsync(3);
        await Expect(visit.Page.Locator("#consequence")).ToHaveTextAsync(
            "Oakland Unified gets a new secret key. The old key works until Thursday, November 26, 2026 at 12:00 PM Pacific Time. " +
            "Give each of your vendors the new key before then.");
        await visit.Button("Yes, Generate Credentials").ClickAsync();

        await Expect(visit.Previous).ToContainTextAsync("The old secret key works until Thursday, November 26, 2026 at 12:00 PM Pacific Time (in 3 days).");
        await visit.Button("SHOW SECRET KEY").ClickAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusOfAsync(host, oldKey));
        Assert.Equal(HttpStatusCode.OK, await StatusOfAsync(host, await visit.Key.InnerTextAsync()));

        await visit.Button("Stop the old key now").ClickAsync();
        await Expect(visit.Previous).ToContainTextAsync("The old secret key no longer works.");
        await Expect(visit.Page.Locator("#end-previous")).ToBeHiddenAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusOfAsync(host, oldKey));
        Assert.Equal(HttpStatusCode.OK, await StatusOfAsync(host, await visit.Key.InnerTextAsync()));
    }

    [Fact]
    public async Task The_dialog_says_when_the_old_key_expires_before_the_chosen_time()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(363));
        await using var visit = await Visit.OpenAsync(browser, host, showsTimeOfHost: true);
        await visit.ClickCheckboxAsync();
        await visit.Button("Regenerate Credentials").ClickAsync();
        await visit.ChooseOverlapAsync(1);
        await Expect(visit.Dialog).ToContainTextAsync("The old key works until Monday, November 22, 2027 at 12:00 PM Pacific Time. Give");
        await visit.ChooseOverlapAsync(3);
        await Expect(visit.Dialog).ToContainTextAsync("The old key works until Tuesday, November 23, 2027 at 12:00 PM Pacific Time, when it expires. Give");
        await visit.Button("Yes, Generate Credentials").ClickAsync();
        await Expect(visit.Previous).ToContainTextAsync("The old secret key works until Tuesday, November 23, 2027 at 12:00 PM Pacific Time (in 2 days).");

        // A regeneration during an overlap ends it.
        await visit.ClickCheckboxAsync();
        await visit.Button("Regenerate Credentials").ClickAsync();
        await visit.ChooseOverlapAsync(7);
        await Expect(visit.Dialog).ToContainTextAsync("The key from before the last regeneration, which still works now, stops right away.");
    }

    [Fact]
    public async Task The_screen_shows_which_client_used_which_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.Overlap.OpenAsync(browser, host);
        await Expect(visit.Usage).ToHaveTextAsync(["Aeries (new key)", "SEIS (old key, until Monday)"]);
        await Expect(visit.Usage.Locator("strong")).ToHaveTextAsync(["SEIS (old key, until Monday)"]);
        await visit.Button("Español").ClickAsync();
        await Expect(visit.Usage).ToHaveTextAsync(["Aeries (clave nueva)", "SEIS (clave anterior, hasta el lunes)"]);
        await Expect(visit.Previous).ToContainTextAsync("La clave secreta anterior funciona hasta el lunes, 30 de noviembre de 2026, 12:00 p.m. hora del Pacífico (en 4 días).");

        await visit.Button("Desactivar ahora la clave anterior").ClickAsync();
        await Expect(visit.Usage).ToHaveTextAsync(["Aeries (clave nueva)", "SEIS (clave anterior, que ya no funciona)"]);

        world.Clock.Advance(TimeSpan.FromDays(5));
        await visit.SetClockAsync(world);
        await visit.ReloadWithNewSessionAsync(host);
        await visit.Button("English").ClickAsync();
        await Expect(visit.Page.Locator("#last-used")).Not.ToBeEmptyAsync();
        await Expect(visit.Page.Locator("#usage-row")).ToBeHiddenAsync(); // no use in the last seven days

        await host.AsVendorAsync(TestWorld.Oakland, await visit.GenerateAndShowAsync(), "v1/credential");
        await visit.Page.ReloadAsync();
        await Expect(visit.Usage).ToHaveTextAsync(["Vendor without a name"]);
    }

    [Fact]
    public async Task A_visible_screen_shows_that_the_old_key_has_stopped()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1, keepPreviousForDays: 1);
        world.Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(5));
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.Page.Clock.InstallAsync(new() { TimeDate = world.Clock.GetUtcNow().UtcDateTime });
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Previous).ToContainTextAsync("(today)");

        world.Clock.Advance(TimeSpan.FromMinutes(5));
        await visit.Page.Clock.FastForwardAsync(5 * 60_000);

        await Expect(visit.Previous).ToContainTextAsync("The old secret key no longer works.");
        await Expect(visit.Page.Locator("#announcer")).ToHaveTextAsync("The old secret key no longer works.");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lost_response_shows_whether_the_old_key_was_stopped(bool arrives)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.Overlap.OpenAsync(browser, host);
        await visit.Page.RouteAsync("**/api/**", async route =>
        {
            if (arrives && route.Request.Method == "DELETE")
                await route.FetchAsync();
            await route.AbortAsync();
        });
        await visit.Button("Stop the old key now").ClickAsync();
        await Expect(visit.Message).ToContainTextAsync("It is not certain whether the old secret key was stopped.");
        await visit.Page.UnrouteAsync("**/api/**");
        await visit.Button("Check again").ClickAsync();

        if (!arrives)
        {
            await Expect(visit.Message).ToContainTextAsync("The old secret key has not been stopped so far.");
            await visit.Button("Stop the old key now").ClickAsync();
        }

        await Expect(visit.Previous).ToContainTextAsync("The old secret key no longer works.");
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task The_overlap_of_a_colleagues_regeneration_is_not_ended()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.Overlap.OpenAsync(browser, host);
        await host.MustGenerateAsync("luis", TestWorld.Oakland, seenGeneration: 2, keepPreviousForDays: 7);

        await visit.Button("Stop the old key now").ClickAsync();

        await Expect(visit.Message).ToContainTextAsync("New credentials have been generated meanwhile.");
        await Expect(visit.Previous).ToContainTextAsync("(in 7 days)");
        await Expect(visit.Button("Stop the old key now")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_failure_shows_that_the_old_key_was_not_stopped()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.Overlap.OpenAsync(browser, host);
        await visit.Context.SetOfflineAsync(true);
        await ExpectMessageAsync("You are offline. The old secret key was not stopped.");
        await visit.Context.SetOfflineAsync(false);
        foreach (var (status, message) in ((int, string)[])[
            (401, "Your session has ended. The old secret key was not stopped."),
            (403, "You don't have access to this LEA."),
            (503, "The old secret key has not been stopped so far.")])
        {
            await visit.Page.RouteAsync("**/credentials/previous", route => route.FulfillAsync(new() { Status = status }));
            await ExpectMessageAsync(message);
            await visit.Page.UnrouteAllAsync();
        }

        async Task ExpectMessageAsync(string message)
        {
            await visit.Button("Stop the old key now").ClickAsync();
            await Expect(visit.Message).ToContainTextAsync(message, new() { UseInnerText = true });
            await Expect(visit.Button("Stop the old key now")).ToBeVisibleAsync();
        }
    }

    [Fact]
    public async Task A_lost_new_key_does_not_claim_that_the_old_key_has_stopped()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.ClickCheckboxAsync();
        await visit.Button("Regenerate Credentials").ClickAsync();
        await visit.ChooseOverlapAsync(7);
        await visit.Page.RouteAsync("**/api/**", async route =>
        {
            if (route.Request.Method == "POST")
                await route.FetchAsync();
            await route.AbortAsync();
        });
        await visit.Button("Yes, Generate Credentials").ClickAsync();
        await Expect(visit.Message).ToContainTextAsync("If they were, the old secret key works for the time that you chose.");
        await visit.Page.UnrouteAsync("**/api/**");
        await visit.Button("Check again").ClickAsync();

        await Expect(visit.Message).ToContainTextAsync("The previous key works until Monday, November 30, 2026 at 12:00 PM Pacific Time, or until the next regeneration.");
    }

    private static async Task<HttpStatusCode> StatusOfAsync(TestHost host, string key) => (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status;
}
