using Credentialing.Core;
using Credentialing.Core.Leas;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

[Kind(TestKind.Browser)]
public sealed class MyTomsHomeTests(AzuriteFixture azurite, BrowserFixture browser)
{
    private const string Announcements = "**/announcements";

    private static readonly LeaId Institute = LeaId.Parse("01612590130617");

    [Theory]
    [InlineData(0)]
    [InlineData(350)]
    public async Task There_is_no_announcement_earlier_than_14_days_before_expiry(int days)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(days));
        await using var visit = await Visit.OpenAsync(browser, host, path: Visit.Home);
        await Expect(visit.NoAnnouncements).ToHaveTextAsync("There are no announcements.");
        await Expect(visit.NoAnnouncements).ToBeVisibleAsync();
    }

    /// <summary>The text equals the text that is sent to MyTOMS.</summary>
    [Theory]
    [InlineData(351 * 24, "Oakland Unified: SIS vendor credentials expire in 14 days")]
    [InlineData(364 * 24, "Oakland Unified: SIS vendor credentials expire in 1 day")]
    [InlineData(365 * 24 - 1, "Oakland Unified: SIS vendor credentials expire today at 12:00 PM Pacific Time")]
    [InlineData(365 * 24, "Oakland Unified: SIS vendor credentials have expired")]
    public async Task The_announcement_has_the_text_of_the_API(int hours, string title)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await world.Register.SaveAsync(new Lea(TestWorld.Oakland, "Oakland Unified", []), "test", TestContext.Current.CancellationToken);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromHours(hours));
        var announcement = Assert.Single((await host.SendAsync(HttpMethod.Get, $"leas/{TestWorld.Oakland}/announcements", "rosa")).Json.EnumerateArray());
        Assert.Equal(title, announcement.GetProperty("title").GetString());
        await using var visit = await Visit.OpenAsync(browser, host, path: Visit.Home);

        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = title })).ToBeVisibleAsync();
        await Expect(visit.Page.GetByText(announcement.GetProperty("text").GetString()!, new() { Exact = true })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Announcements_are_sorted_by_expiry_and_link_to_the_screen_of_their_LEA()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("luis", Institute);
        world.Clock.Advance(TimeSpan.FromDays(10));
        await host.MustGenerateAsync("luis", TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(356));
        await using var visit = await Visit.OpenAsync(browser, host, "luis", Visit.Home);

        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 3 })).ToHaveTextAsync(
            ["Oakland Military Institute, College Preparatory Academy: SIS vendor credentials have expired", "Oakland Unified: SIS vendor credentials expire in 9 days"]);
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Go to SIS Vendor Credentialing for Oakland Unified" }).ClickAsync();
        await Expect(visit.Page.GetByText("Oakland Unified (CDS code 01612590000000)")).ToBeVisibleAsync();
        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 9 days.");

        await visit.GenerateAndShowAsync();
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "MyTOMS Home" }).ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 3 })).ToHaveTextAsync(["Oakland Military Institute, College Preparatory Academy: SIS vendor credentials have expired"]);
    }

    [Fact]
    public async Task A_partial_failure_shows_the_announcements_that_were_read()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("luis", TestWorld.Oakland);
        world.Clock.Advance(TimeSpan.FromDays(400));
        await using var visit = await Visit.OpenAsync(browser, host, "luis", Visit.NoPage);
        await visit.Page.RouteAsync($"**/{Institute}/announcements", route => route.AbortAsync());
        await visit.GoToAsync(Visit.Home);

        await Expect(visit.Message).ToContainTextAsync("The announcements of Oakland Military Institute, College Preparatory Academy are missing here.");
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 3 })).ToHaveTextAsync(["Oakland Unified: SIS vendor credentials have expired"]);
        await visit.Page.UnrouteAsync($"**/{Institute}/announcements");
        await visit.Button("Try again").ClickAsync();
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Theory]
    [InlineData(503, "The announcements of Oakland Military Institute, College Preparatory Academy are missing here.")]
    [InlineData(401, "Your session has ended.")]
    public async Task After_a_partial_failure_the_page_does_not_show_that_there_are_no_announcements(int status, string message)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, "luis", "about:blank");
        await visit.Page.RouteAsync($"**/{Institute}/announcements", route => route.FulfillAsync(new() { Status = status }));
        await visit.GoToAsync(Visit.Home);
        await Expect(visit.Message).ToContainTextAsync(message);
        await Expect(visit.NoAnnouncements).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_tab_that_becomes_visible_shows_the_current_announcements()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await host.MustGenerateAsync("rosa", TestWorld.Oakland);
        await using var visit = await Visit.OpenAsync(browser, host, path: Visit.Home);
        await Expect(visit.NoAnnouncements).ToBeVisibleAsync();
        world.Clock.Advance(TimeSpan.FromDays(360));
        await visit.ReloadWithNewSessionAsync(host);
        var item = visit.Page.Locator("#announcements li");
        await Expect(item).ToHaveCountAsync(1);
        await item.EvaluateAsync("element => { element.id = 'same'; }");

        await visit.Page.RunAndWaitForResponseAsync(visit.DispatchVisibilityChangeAsync, Announcements);
        await visit.WaitUntilProcessedAsync();
        await Expect(visit.Page.Locator("#same")).ToHaveCountAsync(1); // not replaced, so screen readers do not read it again

        await visit.Page.RouteAsync(Announcements, route => route.FulfillAsync(new() { Status = 503 }));
        await visit.Page.RunAndWaitForResponseAsync(visit.DispatchVisibilityChangeAsync, Announcements);
        await visit.WaitUntilProcessedAsync();
        await Expect(visit.Message).ToBeEmptyAsync();
        await visit.Page.UnrouteAsync(Announcements);

        await host.MustGenerateAsync("rosa", TestWorld.Oakland, seenGeneration: 1);
        await visit.DispatchVisibilityChangeAsync();
        await Expect(visit.NoAnnouncements).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_user_can_sign_in_again_after_the_session_has_expired()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: Visit.Home);
        world.Clock.Advance(TimeSpan.FromHours(2));
        await visit.Page.ReloadAsync();
        await Expect(visit.Message).ToContainTextAsync("Your session has ended.");
        await visit.Button("Sign in again").ClickAsync();
        await visit.PickPersonaAsync("Rosa Delgado");
        await Expect(visit.NoAnnouncements).ToBeVisibleAsync();
        await Expect(visit.Message).ToBeEmptyAsync();
    }
}
