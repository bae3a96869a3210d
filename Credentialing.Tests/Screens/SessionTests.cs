using System.Net;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>Expired sessions and failing host modules.</summary>
[Kind(TestKind.Browser)]
public sealed class SessionTests(AzuriteFixture azurite, BrowserFixture browser)
{
    [Fact]
    public async Task Signing_in_again_keeps_the_LEA_and_the_checked_box()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, "luis", $"{Visit.Screen}?lea=01612590130617");
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));

        await visit.RequestGenerationAsync();
        await Expect(visit.Message).ToContainTextAsync("Your session has ended.");
        await Expect(visit.Message).ToContainTextAsync("No credentials were generated; any existing credentials are unchanged.");
        await visit.Button("Sign in again").ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await visit.Page.Keyboard.PressAsync("Escape"); // cancels the sign-in
        await Expect(visit.Message).ToContainTextAsync("Your session has ended.");
        await visit.Button("Sign in again").ClickAsync();
        await visit.PickPersonaAsync("Luis Ortega");
        await Expect(visit.Message).ToBeEmptyAsync();
        await Expect(visit.Checkbox).ToBeCheckedAsync();
        await visit.Button("Generate Credentials").ClickAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();

        await Expect(visit.Username).ToHaveTextAsync("sis-01612590130617");
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
    }

    [Fact]
    public async Task The_user_can_sign_in_again_when_the_page_opens_with_an_expired_session()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));

        await visit.Page.ReloadAsync();
        await Expect(visit.Message).ToContainTextAsync("Your session has ended. We could not load your credentials.", new() { UseInnerText = true });
        await visit.Button("Sign in again").ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await visit.Page.Keyboard.PressAsync("Escape"); // cancels the sign-in
        await Expect(visit.Message).ToContainTextAsync("Your session has ended.");
        await visit.Button("Sign in again").ClickAsync();
        await visit.PickPersonaAsync("Rosa Delgado");

        await Expect(visit.Message).ToBeEmptyAsync();
        await Expect(visit.Notice).ToContainTextAsync("No credentials have been generated.");
    }

    [Theory]
    [InlineData(Visit.Screen)]
    [InlineData(Visit.Home)]
    public async Task A_background_read_shows_that_the_session_has_ended(string path)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: path);
        await Expect(path == Visit.Home ? visit.NoAnnouncements : visit.Checkbox).ToBeVisibleAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));

        await visit.DispatchVisibilityChangeAsync();
        await Expect(visit.Message).ToContainTextAsync("Your session has ended.");
        await visit.Button("Sign in again").ClickAsync();
        await visit.PickPersonaAsync("Rosa Delgado");
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task A_key_on_the_screen_stays_after_the_session_has_expired()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.GenerateAsync();
        world.Clock.Advance(TimeSpan.FromHours(2));

        await visit.RequestGenerationAsync();
        await visit.Button("Sign in again").ClickAsync();
        await visit.PickPersonaAsync("Rosa Delgado");
        await Expect(visit.Message).ToBeEmptyAsync();
        await visit.Button("SHOW SECRET KEY").ClickAsync();

        Assert.Equal(HttpStatusCode.OK, (await host.AsVendorAsync(TestWorld.Oakland, await visit.Key.InnerTextAsync(), "v1/credential")).Status);
    }

    [Theory]
    [InlineData("Promise.reject(new Error())", "''", "Something unexpected happened.")]
    [InlineData("[{ id: '01612590000000', name: 'Oakland' }]", "Promise.reject(new Error())", "Your session has ended.")]
    public async Task A_failing_host_module_shows_a_message(string leas, string accessToken, string message)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.ReplaceHostModuleAsync(new(leas, accessToken, SignIn: "Promise.reject(new Error())"));
        foreach (var path in (string[])[Visit.Screen, Visit.Home])
        {
            await visit.GoToAsync(path);
            await Expect(visit.Message).ToContainTextAsync(message);
            await visit.Message.GetByRole(AriaRole.Button).ClickAsync();
            await Expect(visit.Message).ToContainTextAsync(message);
        }
    }

    [Fact]
    public async Task A_failed_sign_in_keeps_the_message()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.ReplaceHostModuleAsync(new(
            AccessToken: $"globalThis.ended ? Promise.reject(new Error()) : '{await host.SignInAsync("rosa")}'", SignIn: "Promise.reject(new Error())"));
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await visit.Page.EvaluateAsync("() => { globalThis.ended = true; }");
        await visit.RequestGenerationAsync();
        await visit.Button("Sign in again").ClickAsync();
        await visit.WaitUntilProcessedAsync();
        await Expect(visit.Message).ToContainTextAsync("Your session has ended.");
    }

    [Fact]
    public async Task Without_a_host_module_the_screen_asks_to_open_it_from_TOMS()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: Visit.NoPage);
        await visit.Page.RouteAsync("**/host.js", route => route.FulfillAsync(new() { Status = 404 }));
        foreach (var path in (string[])[Visit.Screen, Visit.Home])
        {
            await visit.GoToAsync(path);
            await Expect(visit.Message).ToContainTextAsync("Please open this screen from TOMS.");
            await Expect(visit.Page.Locator("#loading")).ToBeHiddenAsync();
        }

        visit.ClearErrors();
    }

    [Fact]
    public async Task A_user_without_LEAs_sees_a_message()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: Visit.NoPage);
        await visit.ReplaceHostModuleAsync(new(Leas: "[]"));
        foreach (var path in (string[])[Visit.Screen, Visit.Home])
        {
            await visit.GoToAsync(path);
            await Expect(visit.Message).ToContainTextAsync("You are not a coordinator of an LEA.");
        }
    }
}
