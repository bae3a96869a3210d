using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>Faults when the state is read, completely or in part.</summary>
[Kind(TestKind.Browser)]
public sealed class ReadingFaultTests(AzuriteFixture azurite, BrowserFixture browser)
{
    private const string Api = "**/api/**";

    [Fact]
    public async Task An_unreachable_service_can_be_retried()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: Visit.NoPage);
        await visit.Page.RouteAsync(Api, route => route.AbortAsync());
        await visit.GoToAsync(Visit.Screen);

        await Expect(visit.Message).ToContainTextAsync("The service could not be reached. We could not load your credentials.", new() { UseInnerText = true });
        await Expect(visit.Checkbox).ToBeHiddenAsync();
        await visit.Page.UnrouteAsync(Api);
        await visit.Button("Try again").ClickAsync();
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task A_storage_failure_shows_that_the_service_is_unavailable_and_can_be_retried()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        world.Traffic.InjectFault = _ => Fault.ConnectionFailed;

        await visit.Page.ReloadAsync();
        await Expect(visit.Message).ToContainTextAsync("The service is not available at the moment.");
        await Expect(visit.Message).ToContainTextAsync("We could not load your credentials. Try again in a few seconds.");

        world.Traffic.InjectFault = null;
        await visit.Button("Try again").ClickAsync();
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Theory]
    [InlineData(500, "Something unexpected happened.")]
    [InlineData(503, "The service is not available at the moment.")]
    [InlineData(429, "The service is not available at the moment.")]
    public async Task A_failed_read_shows_neither_loading_nor_an_empty_state(int status, string message)
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
    public async Task An_invalid_response_is_rejected(string body)
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
            await Expect(visit.Message).ToContainTextAsync(path == Visit.Home ? "We could not load your announcements." : "We could not load your credentials.");
        }

        await visit.Page.UnrouteAsync(Api);
        await visit.GoToAsync(Visit.Screen);
        await visit.GenerateAsync();
    }

    [Fact]
    public async Task An_LEA_of_other_coordinators_is_not_shown()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: $"{Visit.Screen}?lea={TestWorld.Fresno}");
        await Expect(visit.Message).ToContainTextAsync("You don't have access to this LEA.");
        await Expect(visit.Checkbox).ToBeHiddenAsync();
    }

    [Theory]
    [InlineData("%3Cimg%20src%3Dx%3E")]
    [InlineData("016125900000001")]
    [InlineData("0161259000000x")]
    [InlineData("..")]
    public async Task An_invalid_LEA_in_the_URL_is_rejected(string lea)
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: $"{Visit.Screen}?lea={lea}");
        await Expect(visit.Message).ToContainTextAsync("There is no such LEA.");
        await Expect(visit.Checkbox).ToBeHiddenAsync();
        Assert.DoesNotContain(visit.Requests, request => request.Url.Contains("/api/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_clicks_on_Try_again_send_one_request()
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
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        Assert.Equal(before + 1, Reads());

        int Reads() => visit.Requests.Count(request => request.Url.EndsWith("/credentials", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_page_left_during_a_read_shows_the_failure_when_restored()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        var (requested, release) = (CreateSignal(), CreateSignal());
        await visit.Page.RouteAsync(Api, async route =>
        {
            requested.TrySetResult();
            await release.Task;
            await route.FulfillAsync(new() { Status = 503 });
        });
        await visit.GoToAsync(Visit.Screen);
        await requested.Task;

        await visit.DispatchPageHideAsync();
        await visit.DispatchPageShowAsync();
        release.SetResult();

        await Expect(visit.Message).ToContainTextAsync("The service is not available at the moment.");
    }

    [Fact]
    public async Task A_missing_permission_message_disappears_when_permission_is_granted()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.Page.RouteAsync(Api, route => route.FulfillAsync(new() { Status = 403 }));
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Message).ToContainTextAsync("You don't have access to this LEA.");
        await visit.Page.UnrouteAsync(Api);
        await visit.DispatchVisibilityChangeAsync();
        await Expect(visit.Checkbox).ToBeVisibleAsync();
        await Expect(visit.Message).ToBeEmptyAsync();
    }

    [Fact]
    public async Task A_request_without_a_response_times_out()
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
    public async Task A_failed_background_read_does_not_cancel_a_requested_read()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host, path: "about:blank");
        await visit.Page.RouteAsync(Api, route => route.AbortAsync());
        await visit.GoToAsync(Visit.Screen);
        await Expect(visit.Button("Try again")).ToBeVisibleAsync();
        var (requested, release) = (CreateSignal(), CreateSignal());
        await visit.Page.UnrouteAsync(Api);
        await visit.Page.RouteAsync(Api, async route =>
        {
            if (!requested.TrySetResult())
            {
                await route.AbortAsync();
                return;
            }

            await release.Task;
            await route.ContinueAsync();
        });
        await visit.Button("Try again").ClickAsync();
        await requested.Task;
        var failed = CreateSignal();
        visit.Page.RequestFailed += (_, _) => failed.TrySetResult();
        await visit.DispatchVisibilityChangeAsync();
        await failed.Task;
        release.SetResult();

        await Expect(visit.Notice).ToContainTextAsync("No credentials have been generated.");
        await Expect(visit.Message).ToBeEmptyAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Main)).ToBeFocusedAsync();
    }

    private static TaskCompletionSource CreateSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
