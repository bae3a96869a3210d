using System.Text;
using System.Text.Json;
using Credentialing.Tests.DevHosting;
using Credentialing.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Credentialing.Tests.Screens;

/// <summary>Uses a browser with a profile on disk and a back/forward history, as users' browsers have.</summary>
[Kind(TestKind.Browser)]
public sealed class SecretKeyTraceTests(AzuriteFixture azurite, BrowserFixture browser)
{
    /// <summary>Everything that a page can read: its DOM, storage, history and performance entries.</summary>
    private const string ReadableContentScript = """
        async () => JSON.stringify([
          document.documentElement.outerHTML,
          [...document.querySelectorAll("input, select, textarea")].map(field => field.value),
          { ...localStorage }, { ...sessionStorage }, document.cookie,
          await indexedDB.databases(), await caches.keys(),
          history.state, history.length, location.href, document.title, window.name,
          performance.getEntries().map(entry => entry.name),
        ])
        """;

    /// <summary>Whether the page was restored from the back/forward cache. Waits until the page is shown.</summary>
    private const string WasRestoredScript = """
        () => window.wasRestored ?? new Promise(resolve => addEventListener("pageshow", event => resolve(event.persisted)))
        """;

    [Fact]
    public async Task Leaving_the_screen_removes_the_secret_key_from_page_and_disk()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        using var profile = new TemporaryFolder();
        var keys = new List<string>();
        await using (var visit = await Visit.FromContextAsync(await browser.LaunchPersistentAsync(profile.Path), host.Address))
        {
            var notRestoredReasons = await WatchBackForwardCacheAsync(visit);
            await visit.SignInAsync("Rosa Delgado");
            keys.Add(await visit.GenerateAndShowAsync());
            Assert.Contains(keys[0], await visit.Page.EvaluateAsync<string>(ReadableContentScript), StringComparison.Ordinal);

            await visit.Page.GetByRole(AriaRole.Link, new() { Name = "MyTOMS Home" }).ClickAsync();
            await Expect(visit.NoAnnouncements).ToBeVisibleAsync();
            await AssertAbsentAsync(visit, keys[0]);

            await visit.Page.GoBackAsync(new() { WaitUntil = WaitUntilState.Commit }); // a restored page has no load event
            if (!await visit.Page.EvaluateAsync<bool>(WasRestoredScript))
            {
                // This browser has no back/forward cache and reloaded the page. The page itself must not prevent caching. The test
                // dispatches the events of a browser with such a cache.
                var reasons = await notRestoredReasons.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
                Assert.Contains(reasons, reason => reason.Name == "BackForwardCacheDisabledForDelegate");
                Assert.DoesNotContain(reasons, reason => reason.Type != "Circumstantial");
                keys.Add(await visit.GenerateAndShowAsync());
                await visit.DispatchPageHideAsync();
                await visit.DispatchPageShowAsync();
            }

            await Expect(visit.Notice).ToContainTextAsync("Current credentials expire in 365 days.");
            await Expect(visit.Page.Locator("#show-key")).ToBeHiddenAsync();
            await Expect(visit.Checkbox).Not.ToBeCheckedAsync();
            await AssertAbsentAsync(visit, keys[^1]);

            await visit.Page.ReloadAsync();
            await Expect(visit.Page.GetByText("cannot be shown again")).ToBeVisibleAsync();
            Assert.All(keys, key =>
            {
                Assert.DoesNotContain(visit.Console, line => line.Contains(key, StringComparison.Ordinal));
                Assert.DoesNotContain(visit.Requests, request => request.Url.Contains(key, StringComparison.Ordinal) || request.PostData?.Contains(key, StringComparison.Ordinal) is true);
            });
            await AssertAbsentAsync(visit, keys[^1]);
        }

        var token = await host.SignInAsync("rosa");
        Assert.NotEmpty(FilesContaining(profile.Path, token[..20])); // control: the search finds a stored value
        Assert.All(keys, key =>
        {
            Assert.Empty(FilesContaining(profile.Path, key));
            Assert.Empty(FilesContaining(profile.Path, key["tsk_".Length..]));
        });
    }

    [Fact]
    public async Task Reloading_removes_the_secret_key()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        var key = await visit.GenerateAndShowAsync();

        await visit.Page.ReloadAsync();

        await Expect(visit.Page.GetByText("The secret key of these credentials cannot be shown again. If it is lost, regenerate the credentials.")).ToBeVisibleAsync();
        await AssertAbsentAsync(visit, key);
    }

    [Fact]
    public async Task Leaving_the_screen_removes_the_key_after_an_invalid_response()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await Visit.OpenAsync(browser, host);
        var key = await visit.GenerateAndShowAsync();
        await visit.Page.RouteAsync("**/api/**", route => route.FulfillAsync(new() { ContentType = "application/json", Body = "{\"state\":\"revoked\"}" }));
        await visit.Page.RunAndWaitForResponseAsync(visit.DispatchVisibilityChangeAsync, "**/api/**");

        await visit.DispatchPageHideAsync();

        await AssertAbsentAsync(visit, key);
    }

    /// <summary>
    /// Chromium keeps the address of a visited page in its history on disk and in the page's navigation timing, with the fragment, whatever
    /// the page does. So the key of the link is there. The ciphertext that it decrypts is not.
    /// </summary>
    [Fact]
    public async Task Sharing_and_opening_leave_no_secret_in_requests_page_and_disk()
    {
        const string Passphrase = "naranja ocho";
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        using var profile = new TemporaryFolder();
        string key, keyOfLink, ciphertext;
        await using (var visit = await Visit.FromContextAsync(await browser.LaunchPersistentAsync(profile.Path), host.Address))
        {
            await visit.SignInAsync("Rosa Delgado");
            key = await visit.GenerateAndShowAsync();
            var url = await visit.ShareAsync("Aeries", Passphrase);
            keyOfLink = url[^43..];
            ciphertext = JsonElement.Parse(visit.ApiRequests.Last(request => request.Method == "POST").PostData!).GetProperty("ciphertext").GetString()!;
            Assert.Contains(keyOfLink, await visit.Page.EvaluateAsync<string>(ReadableContentScript), StringComparison.Ordinal);
            await visit.Button("Close").ClickAsync();
            await Expect(visit.Page.Locator("#link")).ToHaveValueAsync("");
            await AssertAbsentAsync(visit, keyOfLink, Passphrase, ciphertext);

            await visit.Page.GotoAsync(url);
            await visit.Button("Show the credentials").ClickAsync();
            await visit.EnterPassphraseAsync(Passphrase);
            await visit.Button("SHOW SECRET KEY").ClickAsync();
            await Expect(visit.Key).ToHaveTextAsync(key);
            Assert.Equal(new Uri(host.Address, "share/").AbsoluteUri, visit.Page.Url);
            await AssertAbsentAsync(visit, Passphrase, ciphertext);
            Assert.Contains(key, await visit.Page.EvaluateAsync<string>(ReadableContentScript), StringComparison.Ordinal);

            await visit.DispatchPageHideAsync();
            await AssertAbsentAsync(visit, key, Passphrase, ciphertext);
            await visit.DispatchPageShowAsync();
            await Expect(visit.Message).ToContainTextAsync("You left this page, so it no longer shows the credentials.");
            Assert.All([key, keyOfLink, Passphrase, Uri.EscapeDataString(Passphrase)], secret =>
            {
                Assert.DoesNotContain(visit.Console, line => line.Contains(secret, StringComparison.Ordinal));
                Assert.DoesNotContain(visit.Requests, request =>
                    new Uri(request.Url).PathAndQuery.Contains(secret, StringComparison.Ordinal) || request.PostData?.Contains(secret, StringComparison.Ordinal) is true);
            });
        }

        var token = await host.SignInAsync("rosa");
        Assert.NotEmpty(FilesContaining(profile.Path, token[..20])); // control: the search finds a stored value
        Assert.All([key, key["tsk_".Length..], Passphrase, ciphertext, ciphertext[..40]], secret => Assert.Empty(FilesContaining(profile.Path, secret)));
    }

    [Fact]
    public async Task Leaving_the_screen_removes_a_shown_link()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.Shared.OpenAsync(browser, host);
        var link = SharedLink.Parse(await visit.Page.Locator("#link").InputValueAsync());

        await visit.DispatchPageHideAsync();

        await AssertAbsentAsync(visit, link.Path[^43..], "Send this link to Aeries");
        await Expect(visit.Page.Locator("#sharing")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_link_that_arrives_after_the_user_has_left_is_not_shown()
    {
        await using var world = await TestWorld.CreateAsync(azurite);
        await using var host = await TestHost.StartAsync(world);
        await using var visit = await ScreenState.Sharing.OpenAsync(browser, host);
        var response = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await visit.Page.RouteAsync("**/shares", async route =>
        {
            await response.Task;
            await route.ContinueAsync();
        });
        await visit.Page.RunAndWaitForRequestAsync(() => visit.Button("Create link").ClickAsync(), "**/shares");
        await visit.DispatchPageHideAsync();
        await visit.Page.RunAndWaitForResponseAsync(() => Task.Run(response.SetResult), "**/shares");
        await visit.WaitUntilProcessedAsync();

        await Expect(visit.Page.Locator("#sharing")).ToBeHiddenAsync();
        await Expect(visit.Page.Locator("#link")).ToHaveValueAsync("");
    }

    /// <summary>Records whether the page was restored from the back/forward cache. Returns the browser's reasons if not.</summary>
    private static async Task<Task<IReadOnlyList<(string Name, string Type)>>> WatchBackForwardCacheAsync(Visit visit)
    {
        await visit.Page.AddInitScriptAsync("""
            addEventListener("pagehide", () => { window.wasRestored = undefined; });
            addEventListener("pageshow", event => { window.wasRestored = event.persisted; });
            """);
        var reasons = new TaskCompletionSource<IReadOnlyList<(string, string)>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var session = await visit.Context.NewCDPSessionAsync(visit.Page);
        session.Event("Page.backForwardCacheNotUsed").OnEvent += (_, notUsed) => reasons.TrySetResult(
            [.. notUsed!.Value.GetProperty("notRestoredExplanations").EnumerateArray()
                .Select(reason => (reason.GetProperty("reason").GetString()!, reason.GetProperty("type").GetString()!))]);
        await session.SendAsync("Page.enable");
        return reasons.Task;
    }

    private static async Task AssertAbsentAsync(Visit visit, params string[] secrets)
    {
        var content = await visit.Page.EvaluateAsync<string>(ReadableContentScript);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, content, StringComparison.Ordinal));
    }

    private static IEnumerable<string> FilesContaining(string folder, string text)
    {
        byte[][] encodings = [Encoding.UTF8.GetBytes(text), Encoding.Unicode.GetBytes(text)];
        return Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Where(file => encodings.Any(bytes => File.ReadAllBytes(file).AsSpan().IndexOf(bytes) >= 0));
    }
}
