using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>Faults when the state is read, completely or in part.</summary>
public sealed class ReadingFaultTests(AzuriteFixture azurite, BrowserFixture browser)
{
    private const string Api = "**/api/**";

    [Fact]
    public async Task A_service_that_cannot_be_reached_can_be_tried_again()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "favicon.svg");
        await visit.Page.RouteAsync(Api, route => route.AbortAsync());
        await visit.GoToAsync(Visit.Screen);

        await Expect(visit.Message).ToContainTextAsync("The service could not be reached. The current state could not be read; nothing was changed.", new() { UseInnerText = true });
        await Expect(visit.Box).ToBeHiddenAsync();
        await visit.Page.UnrouteAsync(Api);
        await visit.Button("Try again").ClickAsync();
        await Expect(visit.Box).ToBeVisibleAsync();
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task Trouble_with_storage_is_said_to_pass_and_does()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Box).ToBeVisibleAsync();
        world.Traffic.Break = _ => Fault.Before;

        await visit.Page.ReloadAsync();
        await Expect(visit.Message).ToContainTextAsync("The service is not available at the moment.");
        await Expect(visit.Message).ToContainTextAsync("The current state could not be read; nothing was changed. Try again in a few seconds.");

        world.Traffic.Break = null;
        await visit.Button("Try again").ClickAsync();
        await Expect(visit.Box).ToBeVisibleAsync();
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Theory]
    [InlineData(500, "Something unexpected happened.")]
    [InlineData(503, "The service is not available at the moment.")]
    [InlineData(429, "The service is not available at the moment.")]
    public async Task What_cannot_be_read_is_not_said_to_be_nothing_nor_to_be_on_its_way(int status, string message)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.Page.RouteAsync(Api, route => route.FulfillAsync(new() { Status = status, ContentType = "text/html", Body = "" }));
        foreach (var path in (string[])[Visit.Screen, Visit.Home])
        {
            await visit.GoToAsync(path);
            await Expect(visit.Message).ToContainTextAsync(message);
            await Expect(visit.Page.Locator("#loading")).ToBeHiddenAsync();
            await Expect(visit.Page.Locator("#none")).Not.ToBeVisibleAsync();
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"state\":\"revoked\",\"authorization\":{\"wordingVersion\":\"2026-1\",\"text\":\"\"}}")]
    [InlineData("{\"state\":\"active\",\"authorization\":{\"text\":\"\"},\"generatedAt\":\"2026-11-23T20:00:00Z\",\"expiresAt\":\"2027-11-23T20:00:00Z\",\"daysRemaining\":9,\"timeZone\":\"Nowhere\"}")]
    [InlineData("{\"state\":\"active\",\"authorization\":{\"text\":\"\"},\"generatedAt\":\"2026-11-23T20:00:00Z\",\"expiresAt\":\"soon\",\"daysRemaining\":9,\"timeZone\":\"America/Los_Angeles\"}")]
    [InlineData("{\"state\":\"active\",\"authorization\":{\"text\":\"\"},\"generatedAt\":\"soon\",\"expiresAt\":\"2027-11-23T20:00:00Z\",\"daysRemaining\":9,\"timeZone\":\"America/Los_Angeles\"}")]
    [InlineData("{\"state\":\"active\",\"authorization\":{\"text\":\"\"},\"generatedAt\":\"2026-11-23T20:00:00Z\",\"expiresAt\":\"2027-11-23T20:00:00Z\",\"daysRemaining\":null,\"timeZone\":\"America/Los_Angeles\"}")]
    [InlineData("[{\"state\":\"expired\",\"expiresAt\":\"soon\",\"daysRemaining\":0,\"timeZone\":\"America/Los_Angeles\"}]")]
    [InlineData("<html></html>")]
    public async Task An_answer_that_is_not_understood_is_not_believed(string body)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.Page.RouteAsync(Api, route => route.FulfillAsync(new() { ContentType = "application/json", Body = body }));
        foreach (var path in (string[])[Visit.Screen, Visit.Home])
        {
            if (path == Visit.Home && body == "[]")
                continue; // a valid response for that page
            await visit.GoToAsync(path);
            await Expect(visit.Message).ToContainTextAsync("The current state could not be read; nothing was changed.");
        }

        await visit.Page.UnrouteAsync(Api);
        await visit.GoToAsync(Visit.Screen);
        await visit.GenerateAsync();
    }

    [Fact]
    public async Task Another_LEA_than_ones_own_is_not_shown()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: $"{Visit.Screen}?lea={TestWorld.Fresno}");
        await Expect(visit.Message).ToContainTextAsync("You may not see this LEA.");
        await Expect(visit.Message).ToContainTextAsync("Nothing was changed.");
        await Expect(visit.Box).ToBeHiddenAsync();
    }

    [Theory]
    [InlineData("%3Cimg%20src%3Dx%3E")]
    [InlineData("016125900000001")]
    [InlineData("0161259000000x")]
    [InlineData("..")]
    public async Task An_address_with_something_else_than_an_LEA_is_said_to_be_wrong(string lea)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: $"{Visit.Screen}?lea={lea}");
        await Expect(visit.Message).ToContainTextAsync("There is no such LEA.");
        await Expect(visit.Box).ToBeHiddenAsync();
        Assert.DoesNotContain(visit.Requests, request => request.Url.Contains("/api/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Trying_again_twice_at_once_is_trying_again()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.Page.RouteAsync(Api, route => route.AbortAsync());
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Button("Try again")).ToBeVisibleAsync();
        await visit.Page.UnrouteAsync(Api);
        var before = Reads();
        await visit.Button("Try again").EvaluateAsync("button => { button.click(); button.click(); }");
        await Expect(visit.Box).ToBeVisibleAsync();
        Assert.Equal(before + 1, Reads());

        int Reads() => visit.Requests.Count(request => request.Url.EndsWith("/credentials", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_page_that_was_left_while_it_read_says_what_is_wrong_when_it_comes_back()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        var (asked, response) = (Signal(), Signal());
        await visit.Page.RouteAsync(Api, async route =>
        {
            asked.TrySetResult();
            await response.Task;
            await route.FulfillAsync(new() { Status = 503 });
        });
        await visit.GoToAsync(Visit.Screen);
        await asked.Task;

        await visit.LeaveAsync();
        await visit.ComeBackAsync();
        response.SetResult();

        await Expect(visit.Message).ToContainTextAsync("The service is not available at the moment.");
    }

    [Fact]
    public async Task Who_gets_the_LEA_meanwhile_is_no_longer_told_that_it_is_not_theirs()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.Page.RouteAsync(Api, route => route.FulfillAsync(new() { Status = 403 }));
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Message).ToContainTextAsync("You may not see this LEA.");
        await visit.Page.UnrouteAsync(Api);
        await visit.LookAgainAsync();
        await Expect(visit.Box).ToBeVisibleAsync();
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task A_service_that_never_answers_is_given_up()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.Page.AddInitScriptAsync("const timeout = AbortSignal.timeout.bind(AbortSignal); AbortSignal.timeout = milliseconds => timeout(milliseconds / 100);");
        await visit.Page.RouteAsync(Api, _ => { });
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Message).ToContainTextAsync("The service could not be reached.");
        await visit.Page.UnrouteAllAsync();
    }

    /// <summary>A background read fails while a read that the user requested is in progress.</summary>
    [Fact]
    public async Task What_was_asked_for_is_not_lost_over_what_was_not()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.Page.RouteAsync(Api, route => route.AbortAsync());
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Button("Try again")).ToBeVisibleAsync();
        var (asked, response) = (Signal(), Signal());
        await visit.Page.UnrouteAsync(Api);
        await visit.Page.RouteAsync(Api, async route =>
        {
            if (!asked.TrySetResult())
            {
                await route.AbortAsync();
                return;
            }

            await response.Task;
            await route.ContinueAsync();
        });
        await visit.Button("Try again").ClickAsync();
        await asked.Task;
        var failed = Signal();
        visit.Page.RequestFailed += (_, _) => failed.TrySetResult();
        await visit.LookAgainAsync();
        await failed.Task;
        response.SetResult();

        await Expect(visit.Notice).ToContainTextAsync("No credentials have been generated.");
        await Expect(visit.Message).ToBeEmptyAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Main)).ToBeFocusedAsync();
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
