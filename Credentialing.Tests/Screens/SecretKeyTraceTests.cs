using System.Text;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>A browser that keeps its profile on disk and pages in its history, as a person's does.</summary>
public sealed class SecretKeyTraceTests(AzuriteFixture azurite, BrowserFixture browser)
{
    /// <summary>All that a page can read of itself and of what it keeps.</summary>
    private const string EverythingThePageHas = """
        async () => JSON.stringify([
          document.documentElement.outerHTML,
          [...document.querySelectorAll("input, select, textarea")].map(field => field.value),
          { ...localStorage }, { ...sessionStorage }, document.cookie,
          await indexedDB.databases(), await caches.keys(),
          history.state, history.length, location.href, document.title, window.name,
          performance.getEntries().map(entry => entry.name),
        ])
        """;

    [Fact]
    public async Task After_leaving_the_secret_key_is_nowhere_in_the_browser_not_even_on_its_disk()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        using var profile = new TemporaryFolder();
        string key;
        await using (var visit = await Visit.OfAsync(await browser.LaunchKeepingAsync(profile.Path), host.Address))
        {
            await visit.Page.AddInitScriptAsync("addEventListener('pageshow', event => { window.cameBack = event.persisted; })");
            await visit.SignInAsync("Rosa Delgado");
            key = await visit.GenerateAndShowAsync();
            Assert.Contains(key, await visit.Page.EvaluateAsync<string>(EverythingThePageHas), StringComparison.Ordinal);

            await visit.Page.GetByRole(AriaRole.Link, new() { Name = "MyTOMS Home" }).ClickAsync();
            await Expect(visit.NoAnnouncements).ToBeVisibleAsync();
            await AssertGoneAsync(visit, key);

            await visit.Page.GoBackAsync(new() { WaitUntil = WaitUntilState.Commit }); // a page that comes back does not load
            Assert.True(await visit.Page.EvaluateAsync<bool>("window.cameBack"), "The page was to come back from the browser's memory.");
            await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 365 days.");
            await Expect(visit.Page.Locator("#show-key")).ToBeHiddenAsync();
            await Expect(visit.Box).Not.ToBeCheckedAsync();
            await AssertGoneAsync(visit, key);

            await visit.Page.ReloadAsync();
            await Expect(visit.Page.GetByText("cannot be shown again")).ToBeVisibleAsync();
            await AssertGoneAsync(visit, key);
            Assert.DoesNotContain(visit.Console, line => line.Contains(key, StringComparison.Ordinal));
            Assert.DoesNotContain(visit.Requests, request => request.Url.Contains(key, StringComparison.Ordinal) || request.PostData?.Contains(key, StringComparison.Ordinal) is true);
        }

        var token = await host.SignInAsync("rosa");
        Assert.NotEmpty(FilesWith(profile.Path, token[..20])); // what is kept would be found
        Assert.Empty(FilesWith(profile.Path, key));
        Assert.Empty(FilesWith(profile.Path, key["tsk_".Length..]));
    }

    [Fact]
    public async Task Reloading_hides_the_secret_key_for_good()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        var key = await visit.GenerateAndShowAsync();

        await visit.Page.ReloadAsync();

        await Expect(visit.Page.GetByText("The secret key of these credentials cannot be shown again. If it is lost, regenerate the credentials.")).ToBeVisibleAsync();
        await AssertGoneAsync(visit, key);
    }

    [Fact]
    public async Task A_key_is_gone_from_a_screen_that_was_left_though_the_API_has_answered_nonsense_meanwhile()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        var key = await visit.GenerateAndShowAsync();
        await visit.Page.RouteAsync("**/api/**", route => route.FulfillAsync(new() { ContentType = "application/json", Body = "{\"state\":\"revoked\"}" }));
        await visit.Page.RunAndWaitForResponseAsync(visit.LookAgainAsync, "**/api/**");

        await visit.LeaveAsync();

        await AssertGoneAsync(visit, key);
    }

    private static async Task AssertGoneAsync(Visit visit, string key) =>
        Assert.DoesNotContain(key, await visit.Page.EvaluateAsync<string>(EverythingThePageHas), StringComparison.Ordinal);

    private static IEnumerable<string> FilesWith(string folder, string text)
    {
        byte[][] forms = [Encoding.UTF8.GetBytes(text), Encoding.Unicode.GetBytes(text)];
        return Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Where(file => forms.Any(form => File.ReadAllBytes(file).AsSpan().IndexOf(form) >= 0));
    }
}
