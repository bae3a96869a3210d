using Credentialing.Core;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>The screens of a coordinator of several LEAs. Nora coordinates Fresno, San Diego, Long Beach and San Francisco.</summary>
[Kind(TestKind.Browser)]
public sealed class SeveralLeasTests(AzuriteFixture azurite, BrowserFixture browser)
{
    private static readonly LeaId SanDiego = LeaId.Parse("37683380000000");
    private static readonly LeaId LongBeach = LeaId.Parse("19647250000000");
    private static readonly LeaId SanFrancisco = LeaId.Parse("38684780000000");

    [Fact]
    public async Task The_picker_shows_the_state_of_each_LEA_that_could_be_read()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await GenerateAtDaysAsync(host, (SanFrancisco, 0), (LongBeach, 5));
        world.Clock.Advance(TimeSpan.FromDays(361));
        await using var visit = await Visit.OpenAsync(browser, host, "nora", Visit.NoPage);
        await visit.Page.RouteAsync($"**/{TestWorld.Fresno}/**", route => route.FulfillAsync(new() { Status = 503 }));
        await visit.GoToAsync($"{Visit.Screen}?lea={SanDiego}");

        var options = visit.Page.Locator("#pick option");
        await Expect(options).ToHaveTextAsync(["Fresno Unified", "San Diego Unified: no credentials", "Long Beach Unified: expires in 4 days", "San Francisco Unified: expired"]);
        await Expect(visit.Page.GetByLabel("Your LEAs")).ToHaveValueAsync(SanDiego.Value);
        await visit.GenerateAsync();
        await Expect(options.Nth(1)).ToHaveTextAsync("San Diego Unified: expires in 365 days");
        await visit.Button("Español").ClickAsync();
        await Expect(options).ToHaveTextAsync(["Fresno Unified", "San Diego Unified: vencen en 365 días", "Long Beach Unified: vencen en 4 días", "San Francisco Unified: vencidas"]);
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task Without_an_LEA_in_the_URL_the_screen_opens_the_most_urgent_LEA()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, "nora");
        await Expect(visit.Page.Locator("#lea")).ToContainTextAsync("Fresno Unified"); // all without credentials: the first
        await GenerateAtDaysAsync(host, (SanFrancisco, 0), (LongBeach, 1), (TestWorld.Fresno, 5));

        await ExpectOpensAsync("San Diego Unified"); // the only one without credentials
        await GenerateAtDaysAsync(host, (SanDiego, 1));
        await ExpectOpensAsync("Fresno Unified"); // all active: the first
        await host.MustRevokeAsync("nora", SanDiego, seenGeneration: 1);
        await ExpectOpensAsync("San Diego Unified"); // revoked
        world.Clock.Advance(TimeSpan.FromDays(348));
        await ExpectOpensAsync("San Francisco Unified"); // expires first
        world.Clock.Advance(TimeSpan.FromDays(11));
        await host.MustGenerateAsync("nora", SanFrancisco, seenGeneration: 1);
        await ExpectOpensAsync("Long Beach Unified"); // expired

        async Task ExpectOpensAsync(string name)
        {
            await visit.ReloadWithNewSessionAsync(host, "nora");
            await Expect(visit.Page.Locator("#lea")).ToContainTextAsync(name);
            await Expect(visit.Notice).Not.ToBeEmptyAsync();
        }
    }

    [Fact]
    public async Task The_screen_opens_although_the_state_of_another_LEA_takes_long_to_read()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await GenerateAtDaysAsync(host, (SanFrancisco, 0));
        world.Clock.Advance(TimeSpan.FromDays(360));
        await using var visit = await Visit.OpenAsync(browser, host, "nora", "about:blank");
        await visit.Page.RouteAsync($"**/{TestWorld.Fresno}/**", _ => { });
        await visit.Page.Clock.InstallAsync();
        await visit.Page.RunAndWaitForResponseAsync(() => visit.GoToAsync(Visit.Screen), $"**/{SanFrancisco}/credentials");
        await visit.WaitUntilProcessedAsync();

        await visit.Page.Clock.FastForwardAsync(3_000);

        await Expect(visit.Page.Locator("#lea")).ToContainTextAsync("San Francisco Unified");
        await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 5 days.");
        await visit.Page.UnrouteAllAsync();
    }

    [Fact]
    public async Task The_most_urgent_LEA_opens_after_signing_in_again()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await GenerateAtDaysAsync(host, (SanFrancisco, 0));
        await using var visit = await Visit.OpenAsync(browser, host, "nora");
        await Expect(visit.Notice).Not.ToBeEmptyAsync();
        world.Clock.Advance(TimeSpan.FromDays(366));
        await visit.Page.ReloadAsync();
        await Expect(visit.Message).ToContainTextAsync("Your session has ended.");
        await visit.Button("Sign in again").ClickAsync();
        await visit.PickPersonaAsync("Nora Castellanos");

        await Expect(visit.Page.Locator("#lea")).ToContainTextAsync("San Francisco Unified");
        await Expect(visit.Notice).ToContainTextAsync("Current credentials have expired.");
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task MyTOMS_Home_lists_all_LEAs_with_their_state_and_a_link()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await GenerateAtDaysAsync(host, (SanFrancisco, 0), (LongBeach, 5), (SanDiego, 5));
        await host.MustRevokeAsync("nora", SanDiego, seenGeneration: 1);
        world.Clock.Advance(TimeSpan.FromDays(361));
        await using var visit = await Visit.OpenAsync(browser, host, "nora", Visit.NoPage);
        await visit.Page.RouteAsync($"**/{TestWorld.Fresno}/credentials", route => route.AbortAsync());
        await visit.GoToAsync(Visit.Home);

        var section = visit.Page.GetByRole(AriaRole.Region, new() { Name = "SIS vendor credentials of your LEAs" });
        await Expect(section.GetByRole(AriaRole.Listitem)).ToHaveTextAsync(["Fresno Unified", "San Diego Unifiedrevoked", "Long Beach Unifiedexpires in 4 days", "San Francisco Unifiedexpired"]);
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 3 })).ToHaveCountAsync(2);
        await visit.Button("Español").ClickAsync();
        await Expect(visit.Page.Locator("#leas li").Nth(1)).ToHaveTextAsync("San Diego Unifiedrevocadas");
        await Expect(visit.Message).ToBeEmptyAsync();
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Fresno Unified", Exact = true }).ClickAsync();
        await Expect(visit.Page.Locator("#lea")).ToContainTextAsync("Fresno Unified");
    }

    [Fact]
    public async Task With_one_LEA_no_other_state_is_read()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: Visit.Home);
        await Expect(visit.NoAnnouncements).ToBeVisibleAsync();
        await Expect(visit.Page.Locator("#leas-section")).ToBeHiddenAsync();
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Notice).Not.ToBeEmptyAsync();
        Assert.Equal(["announcements", "credentials"], visit.Requests.Where(request => request.Url.Contains("/api/", StringComparison.Ordinal)).Select(request => request.Url.Split('/')[^1]));
    }

    /// <summary>Generates credentials for each LEA after so many days, in ascending order.</summary>
    private static async Task GenerateAtDaysAsync(TestHost host, params (LeaId Lea, int Day)[] generations)
    {
        var today = 0;
        foreach (var (lea, day) in generations)
        {
            host.World.Clock.Advance(TimeSpan.FromDays(day - today));
            today = day;
            await host.MustGenerateAsync("nora", lea);
        }
    }
}
