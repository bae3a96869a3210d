using System.Net;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

[Kind(TestKind.Browser)]
public sealed class RevocationTests(AzuriteFixture azurite, BrowserFixture browser)
{
    private const string Reason = "The laptop with the key was stolen.";

    [Fact]
    public async Task A_coordinator_revokes_the_credentials_with_a_reason_and_can_generate_new_ones()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Notice).Not.ToBeEmptyAsync();
        await Expect(visit.Page.Locator("#revoke")).ToBeHiddenAsync(); // there are no credentials
        var key = await visit.GenerateAndShowAsync();
        await visit.ClickCheckboxAsync();

        await visit.Button("Revoke credentials").ClickAsync();
        await Expect(visit.Button("Cancel")).ToBeFocusedAsync();
        await Expect(visit.RevocationDialog.Locator("#revocation-consequences li")).ToHaveTextAsync(
        [
            "No secret key works any more. Your vendors lose access right away.",
            "The authorization to release student data is withdrawn.",
            "Reminders and announcements about these credentials stop.",
            "The other coordinators of the LEA are notified.",
            "This cannot be undone. You can generate new credentials afterwards.",
        ]);
        foreach (var (reason, error) in ((string, string)[])[("  ", "Enter a reason."), (new string('x', 201), "Shorten the reason to at most 200 characters.")])
        {
            await visit.Page.GetByLabel("Reason (required)").FillAsync(reason);
            await visit.Button("Yes, Revoke Credentials").ClickAsync();
            await Expect(visit.Page.Locator("#reason-error")).ToHaveTextAsync(error);
        }

        await visit.Page.GetByLabel("Reason (required)").FillAsync($" {Reason}");
        await visit.Button("Yes, Revoke Credentials").ClickAsync();

        await Expect(visit.Notice.GetByRole(AriaRole.Heading)).ToHaveTextAsync("Current credentials have been revoked.");
        await Expect(visit.Page.Locator("#notice .usa-alert--error")).ToContainTextAsync($"Rosa Delgado revoked these credentials on Monday, November 23, 2026 at 12:00 PM Pacific Time. Reason: {Reason}");
        await Expect(visit.Message).ToBeEmptyAsync();
        await Expect(visit.Page.Locator("#revoke")).ToBeHiddenAsync();
        await Expect(visit.Page.Locator("#show-key")).ToBeHiddenAsync();
        await Expect(visit.Checkbox).Not.ToBeCheckedAsync();
        var status = (await host.SendAsync(HttpMethod.Get, $"leas/{TestWorld.Oakland}/credentials", "rosa")).Json;
        await Expect(visit.Notice).ToContainTextAsync(status.GetProperty("notice").GetString()!);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.AsVendorAsync(TestWorld.Oakland, key, "v1/credential")).Status);

        await visit.ClickCheckboxAsync();
        await visit.Button("Generate Credentials").ClickAsync();
        await Expect(visit.Dialog).ToContainTextAsync("Oakland Unified gets a new secret key. Its vendors have access again once they have it.");
        await Expect(visit.Page.Locator("#overlap")).ToBeHiddenAsync();
        await visit.Button("Yes, Generate Credentials").ClickAsync();
        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 365 days.");
        await Expect(visit.Key).ToHaveTextAsync(Visit.MaskedKey);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lost_response_shows_whether_the_credentials_were_revoked(bool arrives)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.Active.OpenAsync(browser, host);
        await visit.Page.RouteAsync("**/api/**", async route =>
        {
            if (arrives && route.Request.Method == "POST")
                await route.FetchAsync();
            await route.AbortAsync();
        });
        await visit.RequestRevocationAsync(Reason);
        await Expect(visit.Message).ToContainTextAsync("It is not certain whether the credentials were revoked.");
        await visit.Page.UnrouteAsync("**/api/**");
        await visit.Button("Check again").ClickAsync();

        if (!arrives)
        {
            await Expect(visit.Message).ToContainTextAsync("The credentials have not been revoked so far.");
            await visit.Button("Revoke credentials").ClickAsync();
            await Expect(visit.Page.GetByLabel("Reason (required)")).ToHaveValueAsync(Reason);
            await visit.Button("Yes, Revoke Credentials").ClickAsync();
        }

        await Expect(visit.Notice).ToContainTextAsync($"Reason: {Reason}");
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task Credentials_that_a_colleague_has_generated_meanwhile_are_not_revoked()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.Active.OpenAsync(browser, host);
        await host.MustGenerateAsync("luis", TestWorld.Oakland, seenGeneration: 1);

        await visit.RequestRevocationAsync(Reason);

        await Expect(visit.Message).ToContainTextAsync("New credentials have been generated meanwhile.");
        await Expect(visit.RevocationDialog).ToBeHiddenAsync();
        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 365 days.");
        await Expect(visit.Button("Revoke credentials")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task After_an_ended_session_the_credentials_are_revoked_with_the_same_reason()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.Active.OpenAsync(browser, host);
        world.Clock.Advance(TimeSpan.FromHours(2));
        await visit.RequestRevocationAsync(Reason);
        await Expect(visit.Message).ToContainTextAsync("Your session has ended. The credentials were not revoked.", new() { UseInnerText = true });
        await visit.Button("Sign in again").ClickAsync();
        await visit.PickPersonaAsync("Rosa Delgado");
        await Expect(visit.Message).ToBeEmptyAsync();
        await visit.Button("Revoke credentials").ClickAsync();
        await visit.Button("Yes, Revoke Credentials").ClickAsync();
        await Expect(visit.Notice).ToContainTextAsync($"Reason: {Reason}");
    }

    [Fact]
    public async Task A_shown_key_is_removed_when_a_colleague_has_revoked_the_credentials()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await visit.GenerateAndShowAsync();
        await visit.ClickCheckboxAsync();
        await visit.Button("Regenerate Credentials").ClickAsync();

        await host.MustRevokeAsync("luis", TestWorld.Oakland, seenGeneration: 1);
        await visit.DispatchVisibilityChangeAsync();

        await Expect(visit.Notice).ToContainTextAsync("Luis Ortega revoked these credentials");
        await Expect(visit.Dialog).ToBeHiddenAsync();
        await Expect(visit.Checkbox).Not.ToBeCheckedAsync();
        Assert.DoesNotContain("tsk_", await visit.Page.ContentAsync(), StringComparison.Ordinal);
    }
}
